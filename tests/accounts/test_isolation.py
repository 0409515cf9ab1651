"""Nobody of one organization sees, or can tell the existence of, anything of another one."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from accounts.invitations import invite
from accounts.models import Invitation, Membership, Role, User
from tests.accounts.pages import content, enter
from tests.conftest import World

ROLES = ["owner", "admin", "member", "auditor", "operator"]


@pytest.fixture
def canaries(stranger: World) -> list[str]:
    """Words of the other organization, which has an open invitation, too."""
    invite(stranger.organization, "invited@canary-gmbh.example", Role.MEMBER, stranger.owner)
    return ["Canary", "canary"]


@pytest.fixture
def visitor(client: Client, world: World, operator: User, request: pytest.FixtureRequest) -> Client:
    role = request.param
    client.force_login(operator if role == "operator" else getattr(world, role))
    enter(client, world.organization)
    return client


def own_rows(model: str, world: World) -> list[int]:
    model_class = Membership if model == "membership" else Invitation
    return list(model_class.everywhere.filter(organization=world.organization).values_list("pk", flat=True))


@pytest.mark.parametrize("visitor", ROLES[:4], indirect=True)
def test_no_page_shows_a_word_of_another_organization(visitor: Client, world: World, canaries: list[str]):
    invite(world.organization, "own@northwind-studio.example", Role.MEMBER, world.owner)
    plain = [
        reverse(route.name)
        for route in get_resolver("accounts.urls").url_patterns
        if isinstance(route, URLPattern) and "<" not in str(route.pattern)
    ]
    lists = [reverse(f"admin:accounts_{model}_changelist") for model in ("membership", "invitation", "organization", "user")]
    objects = [
        reverse(f"admin:accounts_{model}_{page}", args=[pk])
        for model in ("membership", "invitation")
        for page in ("change", "history", "delete")
        for pk in own_rows(model, world)
    ]
    assert len(plain) > 10
    seen = 0
    for path in [*plain, reverse("admin:index"), reverse("admin:app_list", args=["accounts"]), *lists, *objects]:
        response = visitor.get(path, {"q": "a"})
        assert response.status_code < 500, path
        assert not any(canary in content(response) for canary in canaries), path
        seen += response.status_code == 200
    assert seen > 5


@pytest.mark.parametrize("visitor", ROLES, indirect=True)
@pytest.mark.parametrize("model", ["membership", "invitation"])
def test_foreign_id_answers_exactly_like_a_missing_one(visitor: Client, world: World, stranger: World, canaries: list[str], model: str):
    model_class = Membership if model == "membership" else Invitation
    foreign = model_class.everywhere.filter(organization=stranger.organization).first()
    before = list(model_class.everywhere.order_by("pk").values())
    for page in ("change", "history", "delete"):
        for method, data in (("get", {}), ("post", {"post": "yes", "role": "owner", "email": "x@example.com"})):
            answers = [
                getattr(visitor, method)(reverse(f"admin:accounts_{model}_{page}", args=[pk]), data, follow=True)
                for pk in (foreign.pk, 999999)
            ]
            texts = [
                content(answer).replace(f"“{pk}”", "ID").replace(f"/{pk}/", "/ID/")
                for answer, pk in zip(answers, (foreign.pk, 999999), strict=True)
            ]
            assert texts[0] == texts[1]
            assert answers[0].status_code == answers[1].status_code
            assert [url.replace(f"/{foreign.pk}/", "/999999/") for url, _ in answers[0].redirect_chain] == [
                url for url, _ in answers[1].redirect_chain
            ]
    assert list(model_class.everywhere.order_by("pk").values()) == before


@pytest.mark.parametrize("visitor", ROLES, indirect=True)
def test_bulk_actions_reach_no_foreign_row(visitor: Client, stranger: World, canaries: list[str]):
    before = list(Membership.everywhere.values()) + list(Invitation.everywhere.values())
    for model, model_class in (("membership", Membership), ("invitation", Invitation)):
        foreign = list(model_class.everywhere.filter(organization=stranger.organization).values_list("pk", flat=True))
        for action in ("delete_selected", "revoke", "send_again"):
            visitor.post(reverse(f"admin:accounts_{model}_changelist"), {"action": action, "_selected_action": foreign, "post": "yes"})
    assert list(Membership.everywhere.values()) + list(Invitation.everywhere.values()) == before


@pytest.mark.parametrize("visitor", ROLES, indirect=True)
@pytest.mark.parametrize(
    "query",
    [
        "?organization=1",
        "?organization__id__exact=1",
        "?organization__name__startswith=C",
        "?o=9.9.-9",
        "?p=-1",
        "?all=",
        "?q=%00",
        "?role__exact=%00",
        "?e=1",
        "?_facets=True",
        "?id__in=a,b",
        "?user__email=x",
    ],
)
def test_no_query_makes_a_list_fail_or_leak(visitor: Client, canaries: list[str], query: str):
    for model in ("membership", "invitation", "organization", "user"):
        response = visitor.get(reverse(f"admin:accounts_{model}_changelist") + query, follow=True)
        assert response.status_code < 500
        if model in {"membership", "invitation"}:
            assert not any(canary in content(response) for canary in canaries)


def test_tables_of_the_login_apps_have_no_admin():
    labels = {model._meta.app_label for model in admin.site._registry}
    assert not labels & {"axes", "otp_totp", "otp_static", "auth", "sessions", "admin"}


@pytest.mark.parametrize("pk", ["abc", "0", "-1", "9" * 40, "1.0", "%00", "1'--"])
@pytest.mark.parametrize("model", ["membership", "invitation", "organization", "user"])
def test_impossible_ids_never_make_a_page_fail(client: Client, world: World, operator: User, model: str, pk: str):
    client.force_login(operator)
    enter(client, world.organization)
    for page in ("change", "history", "delete"):
        assert client.get(f"/admin/accounts/{model}/{pk}/{page}/", follow=True).status_code in {200, 403, 404}
