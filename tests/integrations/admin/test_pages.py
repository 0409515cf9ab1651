"""What holds for every page of the integrations: who gets in, what other organizations cannot see, and that no address breaks it."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import World
from tests.integrations.admin.scenes import make_export, make_incident, make_integration

pytestmark = pytest.mark.django_db
LISTS = ("index", "catalogue", "runs", "incidents")
RUN_PAGES = ("run", "run-progress", "run-csv")
RUN_ACTIONS = ("run-retry", "run-skip", "run-cancel")
ODD_IDS = ("0", "99999999999999999999", "abc", "-1", "1.5", "%00", "١")


def read(response: HttpResponse) -> str:
    return (response.getvalue() if response.streaming else response.content).decode()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def canary(stranger: World) -> World:
    """Everything that the pages show, in another organization."""
    theirs = make_integration(stranger.organization, "Canary connection")
    make_incident(theirs, "Canary incident")
    run = make_export(theirs, stranger.owner)
    run.items.model.everywhere.filter(run=run).update(message="Canary message")
    return stranger


@pytest.mark.parametrize("role", ["owner", "admin", "auditor"])
@pytest.mark.parametrize("name", LISTS)
def test_page_is_open_to_everybody_who_manages_and_to_auditors(world: World, role: str, name: str):
    assert signed_in(getattr(world, role)).get(reverse(f"admin:{name}")).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_member_and_stranger_to_the_session_do_not_get_in(client: Client, world: World, name: str):
    assert client.get(reverse(f"admin:{name}")).status_code == 302
    response = signed_in(world.member).get(reverse(f"admin:{name}"), follow=True)
    assert response.redirect_chain[-1][0] == reverse("home")


@pytest.mark.parametrize("role", ["owner", "admin", "auditor"])
@pytest.mark.parametrize("name", LISTS)
def test_no_page_shows_a_name_of_another_organization(world: World, canary: World, role: str, name: str):
    make_integration(world.organization, "Ours")
    assert "Canary" not in read(signed_in(getattr(world, role)).get(reverse(f"admin:{name}")))


@pytest.mark.parametrize("role", ["owner", "admin", "auditor", "member"])
@pytest.mark.parametrize("name", [*RUN_PAGES, *RUN_ACTIONS])
@pytest.mark.parametrize("method", ["get", "post"])
def test_run_of_another_organization_answers_like_one_that_does_not_exist(world: World, canary: World, role: str, name: str, method: str):
    from integrations.models import Run

    client = signed_in(getattr(world, role))
    theirs = Run.everywhere.get(organization=canary.organization).pk
    answers = [getattr(client, method)(reverse(f"admin:{name}", args=[pk])) for pk in (theirs, theirs + 1000)]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].status_code in {302, 403, 404, 405}
    one, other = (read(answer).replace(f"/runs/{theirs + pk}/", "/runs/x/") for answer, pk in zip(answers, (0, 1000), strict=True))
    assert _without_tokens(one) == _without_tokens(other)
    assert "Canary" not in one


@pytest.mark.parametrize("odd", ODD_IDS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_odd_ids_are_missing_pages(admin: Client, world: World, odd: str, method: str):
    for path in ("", "progress/", "rows.csv", "retry/", "skip/", "cancel/"):
        assert getattr(admin, method)(f"/admin/runs/{odd}/{path}").status_code in {404, 405}


@pytest.mark.parametrize("name", [*LISTS, *RUN_PAGES, "run-skip", "catalogue-connect"])
def test_no_parameter_breaks_a_page(admin: Client, world: World, name: str):
    run = make_export(make_integration(world.organization))
    args = ["xero"] if name == "catalogue-connect" else [run.pk] if name.startswith("run-") or name == "run" else []
    keys = ("page", "show", "state", "action", "integration", "category", "q", "item", "__proto__", "a[]")
    for value in ("abc", "-1", "99999999999999999999", "1e9", "\x00", "%", "'\"<script>", "🙂", "x" * 3000):
        response = admin.get(reverse(f"admin:{name}", args=args), dict.fromkeys(keys, value))
        assert response.status_code in {200, 302, 404}, value
        if response.status_code == 200:
            assert "'\"<script>" not in read(response)


def test_pages_are_not_kept_by_caches_and_stay_within_the_policy(admin: Client, world: World):
    run = make_export(make_integration(world.organization))
    for address in (reverse("admin:index"), reverse("admin:run", args=[run.pk]), reverse("admin:run-progress", args=[run.pk])):
        response = admin.get(address)
        assert "no-store" in response.headers["Cache-Control"]
        page = read(response)
        assert " style=" not in page
        assert " onclick=" not in page


def _without_tokens(page: str) -> str:
    return "".join(part.split('"', 1)[-1] for part in page.split('name="csrfmiddlewaretoken" value="'))
