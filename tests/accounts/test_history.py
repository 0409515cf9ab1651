from __future__ import annotations

import json

from auditlog.models import LogEntry
from django.test import Client

from accounts import second_factor
from accounts.invitations import accept, invite
from accounts.models import Membership, Role
from tests.accounts.pages import sign_in, with_second_factor
from tests.conftest import PASSWORD, World, make_user


def test_change_of_a_role_says_who_changed_what_and_whose_it_is(client: Client, world: World):
    client.force_login(world.owner)
    member = Membership.everywhere.get(user=world.member)
    client.post(f"/admin/accounts/membership/{member.pk}/change/", {"role": "auditor"})
    entry = LogEntry.objects.get_for_object(member).latest("id")
    assert entry.actor == world.owner
    assert entry.changes == {"role": ["member", "auditor"]}
    assert entry.additional_data == {"organization": world.organization.pk}


def test_settings_of_the_organization_are_in_the_history(client: Client, world: World):
    client.force_login(world.owner)
    fields = {"name": "Northwind", "time_zone": "Europe/Berlin", "currency": "EUR", "requires_second_factor": "on"}
    client.post(f"/admin/accounts/organization/{world.organization.pk}/change/", fields)
    entry = LogEntry.objects.get_for_object(world.organization).latest("id")
    assert entry.changes == {"name": ["Northwind Studio", "Northwind"], "requires_second_factor": ["False", "True"]}


def test_no_secret_is_in_the_history(client: Client, world: World):
    key, codes = with_second_factor(world.member)
    invitation, token = invite(world.organization, "ana@example.com", Role.MEMBER, world.owner)
    accept(invitation, make_user("ana@example.com"))
    sign_in(client, world.member)
    client.post("/login/code/", {"code": codes[0]})
    world.member.set_password("another long password")
    world.member.save()
    second_factor.remove(world.member)
    told = json.dumps(list(LogEntry.objects.values("changes", "object_repr", "serialized_data", "additional_data")))
    for secret in (PASSWORD, "another long", "md5$", world.member.password, token, invitation.token_digest, key, codes[1]):
        assert secret not in told
    assert not LogEntry.objects.filter(changes__has_key="last_login").exists()


def test_accepting_outside_of_any_organization_is_in_the_history_as_well(world: World):
    invitation, _token = invite(world.organization, "ana@example.com", Role.MEMBER, world.owner)
    accept(invitation, make_user("ana@example.com"))
    entry = LogEntry.objects.get_for_object(invitation).latest("id")
    assert set(entry.changes) == {"accepted_at"}
