"""At the same time: several processes, several browsers, and changes while somebody is on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from social_django.models import UserSocialAuth

from accounts.models import Membership, User
from integrations.models import Connection
from integrations.providers.saml.configuring import approve, config_of, mark_of, take_metadata
from integrations.providers.saml.models import Event, PendingRequest, SamlIntegration, SeenAssertion, SignOn
from integrations.providers.saml.rotating import make_key
from tests.conftest import PASSWORD
from tests.providers.saml.conftest import COOKIE, Browser, SignOnScene, reference_of
from tests.providers.saml.forge import key

ROOT = Path(__file__).resolve().parents[3]
JANE = "jane@northwind-studio.example"
PROCESSES = 3
ROUNDS = 4


@dataclass
class Workers:
    """Processes of one installation, each of which takes in what it is given the moment it is given it."""

    processes: list[subprocess.Popen[str]]

    def bring(self, *posts: dict[str, Any]) -> list[int]:
        """What they answer, each to the post of its turn, or all to the only one."""
        given = posts * len(self.processes) if len(posts) == 1 else posts
        lines = [json.dumps(post) + "\n" for post in given]
        for process, line in zip(self.processes, lines, strict=False):
            assert process.stdin
            process.stdin.write(line)
        for process, _line in zip(self.processes, lines, strict=False):
            assert process.stdin
            process.stdin.flush()
        return sorted(self._answer(process) for process, _line in zip(self.processes, lines, strict=False))

    @staticmethod
    def _answer(process: subprocess.Popen[str]) -> int:
        assert process.stdout
        line = process.stdout.readline()
        assert line.strip().isdigit(), line
        return int(line)


def url_of_database() -> str:
    """The database of the tests, as another process is told of it."""
    made = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{made['NAME']}"
    login = quote(made["USER"]) + (f":{quote(made['PASSWORD'])}" if made["PASSWORD"] else "")
    return f"postgres://{login}@{made['HOST']}:{made['PORT']}/{made['NAME']}"


@pytest.fixture(scope="module")
def workers(django_db_setup: None) -> Iterator[Workers]:
    environment = {**os.environ, "DATABASE_URL": url_of_database()}
    command = [sys.executable, "-m", "tests.providers.saml.bringing"]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    yield Workers(started)
    for process in started:
        process.communicate(timeout=20)  # which closes what it reads from, so it ends


def post(scene: SignOnScene, browser: Browser, response: str, relay: str = "") -> dict[str, Any]:
    morsel = browser.client.cookies.get(COOKIE)
    address = reverse("saml-acs", args=[scene.integration.uuid])
    return {"address": address, "cookie": morsel.value if morsel else "", "form": {"SAMLResponse": response, "RelayState": relay}}


@pytest.mark.django_db(transaction=True)
def test_one_response_brought_to_several_processes_at_once_is_one_sign_on(scene: SignOnScene, workers: Workers) -> None:
    for number in range(1, ROUNDS + 1):
        browser = Browser()
        request = browser.begins(scene.integration)
        answers = workers.bring(post(scene, browser, scene.forge.response(scene.saying(request)), request["relay"]))
        assert answers == [302, 403, 403]
        assert SignOn.everywhere.count() == SeenAssertion.everywhere.count() == number
    assert User.objects.filter(email=JANE).count() == UserSocialAuth.objects.count() == 1
    codes = set(Event.everywhere.filter(is_refusal=True).values_list("code", flat=True))
    assert codes <= {"request_used", "replayed"}


@pytest.mark.django_db(transaction=True)
def test_one_response_that_nobody_asked_for_brought_to_several_processes_at_once_is_one_sign_on(
    scene: SignOnScene, workers: Workers
) -> None:
    scene.integration.allows_idp_initiated = True
    scene.integration.save()
    for number in range(1, ROUNDS + 1):
        answers = workers.bring(post(scene, Browser(), scene.forge.response(scene.saying())))
        assert answers == [302, 403, 403]
        assert SignOn.everywhere.count() == SeenAssertion.everywhere.count() == number


@pytest.mark.django_db(transaction=True)
def test_somebody_new_who_comes_in_several_browsers_at_once_gets_one_account(scene: SignOnScene, workers: Workers) -> None:
    for number in range(ROUNDS):
        email = f"new{number}@northwind-studio.example"
        posts = []
        for _ in range(PROCESSES):
            browser = Browser()
            request = browser.begins(scene.integration)
            said = scene.saying(request, name_id=email, attributes={"email": [email]})
            posts.append(post(scene, browser, scene.forge.response(said), request["relay"]))
        assert workers.bring(*posts) == [302, 302, 302]
        user = User.objects.get(email=email)
        assert Membership.everywhere.filter(user=user).count() == 1
        assert UserSocialAuth.objects.filter(user=user).count() == 1
        assert SignOn.everywhere.filter(user=user).count() == PROCESSES


@pytest.mark.django_db(transaction=True)
def test_two_who_claim_one_address_at_once_are_not_both_let_in(scene: SignOnScene, workers: Workers) -> None:
    """Two names at the identity provider with the address of one member: the first is linked, no other ever."""
    for number in range(ROUNDS):
        email = f"shared{number}@northwind-studio.example"
        posts = []
        for name in ("one", "two", "three"):
            browser = Browser()
            request = browser.begins(scene.integration)
            said = scene.saying(request, name_id=f"{name}{number}", name_id_format="urn:x", attributes={"email": [email]})
            posts.append(post(scene, browser, scene.forge.response(said), request["relay"]))
        assert workers.bring(*posts) == [302, 403, 403]
        assert UserSocialAuth.objects.filter(user__email=email).count() == 1


def test_a_response_is_good_in_the_browser_that_set_out_only(scene: SignOnScene) -> None:
    first, second = Browser(), Browser()
    request, other = first.begins(scene.integration), second.begins(scene.integration)
    response = scene.forge.response(scene.saying(request))
    codes = []
    for relay in (request["relay"], other["relay"]):
        answer = second.brings(scene.integration, response, relay)
        codes.append(Event.everywhere.get(reference=reference_of(answer)).code)
        assert second.user is None
    assert codes == ["request_other_browser", "request_other"]
    assert first.brings(scene.integration, response, request["relay"]).status_code == 302


def test_tabs_of_one_browser_do_not_get_in_each_others_way(scene: SignOnScene, browser: Browser) -> None:
    pages = ["/profile/", "/admin/runs/"]
    requests = [browser.begins(scene.integration, page) for page in pages]
    for request, page in reversed(list(zip(requests, pages, strict=True))):
        answer = browser.brings(scene.integration, scene.forge.response(scene.saying(request)), request["relay"])
        assert (answer.status_code, answer["Location"]) == (302, page)


# Changes while somebody is on the way -----------------------------------------------------------------------------------


def another_certificate(scene: SignOnScene) -> None:
    take_metadata(scene.integration, scene.forge.metadata(keys=[scene.forge.key, key("second")]))


def another_identity_provider(scene: SignOnScene) -> None:
    """Which an admin approves."""
    take_metadata(scene.integration, scene.forge.called(entity_id="https://new.example/", key=key("new")).metadata())
    row = scene.reload()
    assert approve(row, scene.world.admin, mark_of(row))


def another_address(scene: SignOnScene) -> None:
    scene.integration.sso_target_url = "https://idp.example/elsewhere"
    scene.integration.save(update_fields=["sso_target_url"])


@pytest.mark.parametrize("change", [another_certificate, another_identity_provider, another_address])
def test_a_sign_on_that_began_with_other_metadata_is_refused_and_a_new_one_is_not(
    scene: SignOnScene, browser: Browser, change: Any
) -> None:
    request = browser.begins(scene.integration)
    response = scene.forge.response(scene.saying(request))
    change(scene)
    answer = browser.brings(scene.integration, response, request["relay"])
    event = Event.everywhere.get(reference=reference_of(answer))
    assert (answer.status_code, event.code, browser.user) == (403, "metadata_changed", None)
    provider = config_of(scene.reload()).idp
    scene.forge = scene.forge.called(
        entity_id=provider.entity_id, key=scene.forge.key if change is not another_identity_provider else key("new")
    )
    scene.signs_on(browser)


def same_metadata(scene: SignOnScene) -> None:
    take_metadata(scene.integration, scene.forge.metadata(attributes=' cacheDuration="PT6H"'))


def a_new_key_of_ours(scene: SignOnScene) -> None:
    assert make_key(scene.integration)


def a_change_that_waits(scene: SignOnScene) -> None:
    take_metadata(scene.integration, scene.forge.called(entity_id="https://new.example/").metadata())


@pytest.mark.parametrize("change", [same_metadata, a_new_key_of_ours, a_change_that_waits])
def test_changes_on_which_no_trust_rests_disturb_nobody(scene: SignOnScene, browser: Browser, change: Any) -> None:
    request = browser.begins(scene.integration)
    response = scene.forge.response(scene.saying(request), encrypts_for=config_of(scene.integration).keys[0].certificate)
    change(scene)
    assert browser.brings(scene.integration, response, request["relay"]).status_code == 302


def test_switching_off_and_on_again_lets_nobody_in_meanwhile(scene: SignOnScene, browser: Browser) -> None:
    request = browser.begins(scene.integration)
    response = scene.forge.response(scene.saying(request))
    rows = SamlIntegration.everywhere.filter(pk=scene.integration.pk)
    rows.update(connection=Connection.DISCONNECTED)
    assert browser.brings(scene.integration, response, request["relay"]).status_code == 403
    rows.update(connection=Connection.CONNECTED)
    assert browser.brings(scene.integration, response, request["relay"]).status_code == 302


# The session ------------------------------------------------------------------------------------------------------------


def test_whoever_knows_the_session_before_does_not_know_it_after(scene: SignOnScene) -> None:
    """A session that somebody else has planted in the browser is not the one that is signed in."""
    planted = Client()
    session = planted.session  # which is begun by asking for it
    browser = Browser()
    browser.client.cookies["sessionid"] = session.session_key
    scene.signs_on(browser)
    assert browser.client.session.session_key != session.session_key
    assert planted.get("/profile/").status_code == 302
    assert browser.client.get("/profile/").status_code == 200


def test_somebody_who_was_signed_in_before_is_not_the_one_who_is_signed_in(scene: SignOnScene, browser: Browser) -> None:
    """Two people at one browser: the second gets a session of the own, and the first one's ends."""
    browser.client.post(reverse("login"), {"username": scene.world.admin.email, "password": PASSWORD})
    before = browser.client.session.session_key
    first = Client()
    first.cookies["sessionid"] = before
    assert first.get("/profile/").status_code == 200
    scene.signs_on(browser)
    assert browser.user == User.objects.get(email=JANE).pk
    assert first.get("/profile/").status_code == 302


def test_signing_out_while_the_identity_provider_asks_leaves_nobody_signed_in(scene: SignOnScene, browser: Browser) -> None:
    """The session in which somebody set out has ended meanwhile: it does not come back, a new one begins."""
    browser.client.post(reverse("login"), {"username": scene.world.member.email, "password": PASSWORD})
    before = browser.client.session.session_key
    request = browser.begins(scene.integration)
    assert PendingRequest.everywhere.get().session_key == before
    cookie = browser.client.cookies[COOKIE].value
    browser.client.post(reverse("logout"))
    browser.client.cookies[COOKIE] = cookie
    answer = browser.brings(scene.integration, scene.forge.response(scene.saying(request)), request["relay"])
    assert answer.status_code == 302
    assert browser.user == User.objects.get(email=JANE).pk
    assert browser.client.session.session_key != before
    assert not browser.client.session.exists(before)


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_sign_on_that_fails_at_its_very_end_leaves_no_trace(scene: SignOnScene, browser: Browser, signed_in: bool) -> None:
    """The database takes the person, the association and the session, and then refuses what would be remembered of the sign-on."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX only_one_sign_on ON saml_signon (integration_id)")
    scene.signs_on(Browser(), name_id="first", name_id_format="urn:x", attributes={"email": ["first@northwind-studio.example"]})
    if signed_in:
        browser.client.post(reverse("login"), {"username": scene.world.member.email, "password": PASSWORD})
    was, key_before = browser.user, browser.client.session.session_key
    request = browser.begins(scene.integration)
    answer = browser.brings(scene.integration, scene.forge.response(scene.saying(request)), request["relay"])
    assert (answer.status_code, Event.everywhere.get(reference=reference_of(answer)).code) == (403, "busy")
    assert not User.objects.filter(email=JANE).exists()
    assert SignOn.everywhere.count() == SeenAssertion.everywhere.count() == 1
    assert (browser.user, browser.client.session.session_key) == (was, key_before)
