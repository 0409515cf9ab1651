from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import path, reverse

from accounts.models import Membership
from config import urls
from config.errors import server_error
from tests.conftest import World

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret detail")


def without_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("database or disk is full: /srv/secret/path")


urlpatterns = [
    *urls.urlpatterns,
    path("forbidden/", forbidden),
    path("broken/", broken),
    path("without-database/", without_database),
]

pytestmark = pytest.mark.urls(__name__)


def test_server_error_needs_no_database() -> None:
    """This test may not touch the database, so the page cannot either."""
    response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


def test_server_error_tells_nothing_of_its_cause(db: None, client: Client) -> None:
    client.raise_request_exception = False
    response = client.get("/broken/")
    assert response.status_code == 500
    assert "Go to the start page" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_a_database_that_takes_nothing_is_said_in_words_and_that_nothing_was_saved(db: None, client: Client) -> None:
    client.raise_request_exception = False
    response = client.get("/without-database/")
    assert response.status_code == 503
    assert "Nothing of what you did last was saved" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_missing_page_keeps_the_navigation_of_who_is_signed_in(world: World, client: Client) -> None:
    outside = client.get("/nowhere/")
    client.force_login(world.owner)
    inside = client.get("/nowhere/")
    assert outside.status_code == inside.status_code == 404
    assert "People and roles" not in outside.content.decode()
    assert "People and roles" in inside.content.decode()


def test_foreign_row_answers_like_a_missing_one(world: World, stranger: World, client: Client) -> None:
    client.force_login(world.owner)
    foreign = Membership.everywhere.get(user=stranger.member).pk
    answers = []
    for pk in (foreign, 987654):
        response = client.get(reverse("admin:accounts_membership_change", args=[pk]), follow=True)
        said = [str(message).replace(f"“{pk}”", "“id”") for message in response.context["messages"]]
        answers.append((response.status_code, response.redirect_chain, said))
    assert answers[0] == answers[1]
    assert answers[0][2] != []


def test_refusal_says_who_can_help(world: World, client: Client) -> None:
    client.force_login(world.owner)
    response = client.get("/forbidden/")
    assert response.status_code == 403
    assert "Ask an owner or an admin" in response.content.decode()


def test_form_without_its_token_says_that_nothing_was_saved(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("login"), {})
    assert response.status_code == 403
    assert "Nothing was saved" in response.content.decode()


def test_unknown_host_gets_a_page_too(db: None, client: Client) -> None:
    response = client.get("/", headers={"host": "elsewhere.example"})
    assert response.status_code == 400
    assert "That request made no sense" in response.content.decode()


@pytest.mark.parametrize(
    "name", ["base.html", "door.html", "frame.html", "admin/edit_inline/stacked.html", "admin/edit_inline/tabular.html"]
)
def test_template_compiles(name: str) -> None:
    get_template(name)
