"""Two organizations on one installation: what belongs to the one opens nothing in the other."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from accounts.models import Invitation, Membership, Role, User
from accounts.tenancy import within
from tests.conftest import PASSWORD, make_world
from tests.providers.saml.conftest import SignOnScene, make_sign_on
from tests.providers.saml.corpus.tenants import FAMILY, member, other, told
from tests.providers.saml.corpus.variants import JANE, Stage, plays

OWNER: dict[str, Any] = {"attributes": {"email": ["owner@canary-gmbh.example"]}}


@plays(FAMILY, codes=("signature_wrong",), prepare=other)
def signed_by_the_other_organizations_identity_provider(stage: Stage) -> Any:
    return stage.brings(stage.response(None, key=other(stage).forge.key))


@plays(FAMILY, codes=("issuer_other", "signature_wrong"), prepare=other)
def genuine_response_of_the_other_organization(stage: Stage) -> Any:
    """Made for the other organization, brought to this one."""
    theirs = other(stage)
    return stage.brings(theirs.forge.response(theirs.saying(stage.request, name_id="owner@canary-gmbh.example")))


@plays(FAMILY, codes=("request_unknown",), prepare=other, sets_out=False)
def request_of_the_other_organization(stage: Stage) -> Any:
    request = stage.browser.begins(other(stage).integration)
    stage.request = request
    return stage.brings(stage.response(), request["relay"])


def shares(stage: Stage) -> None:
    """Two organizations have the very same identity provider: one company, two tenants."""
    world = make_world("Canary Gmbh")
    stage.kept["other"] = SignOnScene(world, stage.scene.forge, make_sign_on(world.organization, stage.scene.forge))


@plays(FAMILY, codes=("audience_other", "destination_other", "recipient_other"), prepare=shares)
def shared_identity_provider_and_a_response_for_the_other(stage: Stage) -> Any:
    theirs = other(stage)
    return stage.brings(theirs.forge.response(theirs.saying(stage.request)))


@plays(FAMILY, codes=("audience_other",), prepare=shares)
def shared_identity_provider_and_only_the_audience_of_the_other(stage: Stage) -> Any:
    return stage.brings(stage.response({"audience": other(stage).entity_id}))


@plays(FAMILY, codes=("recipient_other",), prepare=shares)
def shared_identity_provider_and_only_the_recipient_of_the_other(stage: Stage) -> Any:
    return stage.brings(stage.response({"recipient": other(stage).acs}))


@plays(FAMILY, codes=("domain_unverified",), prepare=shares)
def shared_identity_provider_names_somebody_of_the_other(stage: Stage) -> Any:
    return told(stage, "owner@canary-gmbh.example")


def knows_the_name(stage: Stage) -> None:
    """Somebody of the other organization is known there by a name that this identity provider may give as well."""
    theirs = other(stage)
    theirs.signs_on(name_id="0001", attributes={"email": ["owner@canary-gmbh.example"]}, name_id_format="urn:x")


@plays(FAMILY, codes=("domain_unverified",), prepare=knows_the_name)
def same_name_id_as_somebody_of_the_other(stage: Stage) -> Any:
    return told(stage, "owner@canary-gmbh.example", name_id="0001", name_id_format="urn:x")


def is_invited_elsewhere(stage: Stage) -> None:
    """The browser has opened an invitation, of the other organization."""
    theirs = other(stage).world.organization
    with within(theirs):
        invitation = Invitation(organization=theirs, email="new@elsewhere.example", role=Role.ADMIN)
        token = invitation.renew()
        invitation.save()
    stage.browser.client.get(reverse("invitation", args=[token]))


@plays(FAMILY, codes=("domain_unverified",), prepare=is_invited_elsewhere)
def invitation_of_another_organization(stage: Stage) -> Any:
    return told(stage, "new@elsewhere.example")


def sits_at_it(stage: Stage) -> None:
    """Somebody of the other organization is signed in in this browser, with the password."""
    owner = other(stage).world.owner
    stage.browser.client.post(reverse("login"), {"username": owner.email, "password": PASSWORD})
    assert stage.browser.user == owner.pk


@plays(FAMILY, codes=("address_taken",), prepare=sits_at_it, signs_in_as="owner@canary-gmbh.example")
def member_of_another_organization_who_sits_at_the_browser(stage: Stage) -> Any:
    """The own session proves the address, and makes nobody a member."""
    return told(stage, "owner@canary-gmbh.example")


@plays(FAMILY, accepts=True, prepare=sits_at_it)
def somebody_else_sits_at_the_browser(stage: Stage) -> Any:
    """Whoever signs on gets a session of the own."""
    return told(stage, JANE)


def works_for_both(stage: Stage) -> None:
    member(JANE)(stage)
    Membership.everywhere.create(organization=other(stage).world.organization, user=User.objects.get(email=JANE), role=Role.OWNER)


@plays(FAMILY, accepts=True, prepare=works_for_both)
def owner_of_another_organization_who_is_a_member_here(stage: Stage) -> Any:
    """Comes into this organization, and into no other."""
    return told(stage, JANE)


@plays(FAMILY, accepts=True, settings={"group_roles": {"gods": "owner", "operators": "operator", "staff": "is_staff"}})
def groups_that_would_be_owners(stage: Stage) -> Any:
    """No group makes an owner, whatever somebody has written into the row."""
    return told(stage, JANE, attributes={"email": [JANE], "groups": ["gods", "operators", "staff"]})


@plays(FAMILY, accepts=True)
def attributes_that_would_be_columns(stage: Stage) -> Any:
    flags = {"is_staff": ["true"], "is_superuser": ["1"], "is_operator": ["1"], "role": ["owner"], "password": ["x"], "id": ["1"]}
    return told(stage, JANE, attributes={"email": [JANE], **flags})


@plays(FAMILY, codes=("domain_unverified",), prepare=lambda stage: other(stage).signs_on(name_id="0001", name_id_format="urn:x", **OWNER))
def name_id_that_looks_like_anothers_association(stage: Stage) -> Any:
    uid = f"{other(stage).integration.uuid}:urn:x:0001"
    return told(stage, "owner@canary-gmbh.example", name_id=uid, name_id_format="")


def second_one(stage: Stage) -> None:
    """The same organization has a second single sign-on, with the same identity provider."""
    world, forge = stage.scene.world, stage.scene.forge
    stage.kept["other"] = SignOnScene(world, forge, make_sign_on(world.organization, forge))


@plays(FAMILY, codes=("destination_other",), prepare=second_one)
def response_for_another_sign_on_of_the_same_organization(stage: Stage) -> Any:
    second = other(stage)
    return stage.brings(second.forge.response(second.saying(stage.request)))


@plays(FAMILY, codes=("request_unknown",), prepare=second_one, sets_out=False)
def request_of_another_sign_on_of_the_same_organization(stage: Stage) -> Any:
    stage.request = stage.browser.begins(other(stage).integration)
    return stage.brings(stage.response(), stage.request["relay"])
