"""Where a sign-on leads: to a page of this installation, whatever was asked."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.providers.saml.models import PendingRequest
from tests.providers.saml.conftest import Browser, SignOnScene, reference_of

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "http:evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "http://testserver.evil.example/",
    "http://testserver@evil.example/",
    "/x\r\nSet-Cookie: a=b",
    "/\x00",
    "\t//evil.example",
    " https://evil.example/",
    "/" * 3000,
    "https://[::1",
    "/%0d%0aLocation:https://evil.example",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_no_sign_on_leads_elsewhere(scene: SignOnScene, wanted: str) -> None:
    browser = Browser()
    request = browser.begins(scene.integration, wanted)
    answer = browser.brings(scene.integration, scene.forge.response(scene.saying(request)), request["relay"])
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith("//")
    assert "evil.example" not in answer["Location"] or answer["Location"].startswith("/%0d")


@pytest.mark.parametrize("wanted", ["/profile/", "/admin/?show=needs_you", "/admin/runs/?page=2"])
def test_a_sign_on_leads_where_somebody_wanted_to_go(scene: SignOnScene, wanted: str) -> None:
    browser = Browser()
    request = browser.begins(scene.integration, wanted)
    answer = browser.brings(scene.integration, scene.forge.response(scene.saying(request)), request["relay"])
    assert answer["Location"] == wanted


def test_what_was_kept_is_looked_at_once_more(scene: SignOnScene) -> None:
    """Even if somebody could write into the table, it would lead nowhere else."""
    browser = Browser()
    request = browser.begins(scene.integration)
    PendingRequest.everywhere.filter(relay=request["relay"]).update(next_url="https://evil.example/")
    answer = browser.brings(scene.integration, scene.forge.response(scene.saying(request)), request["relay"])
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize(
    "relay",
    [
        "",
        "x",
        "https://evil.example/",
        '{"next": {}}',
        '{"next": [1]}',
        '{"next": true}',
        "[" * 5000,
        "x" * 100_000,
        "\x00",
        "' OR 1=1 --",
        "é" * 43,
    ],
)
def test_a_relay_state_that_is_none_of_ours_is_refused_and_never_an_error(scene: SignOnScene, relay: str) -> None:
    browser = Browser()
    request = browser.begins(scene.integration)
    answer = browser.brings(scene.integration, scene.forge.response(scene.saying(request)), relay)
    assert answer.status_code == 403
    assert reference_of(answer)
    assert browser.user is None


def test_a_relay_state_that_is_none_of_ours_leads_home_where_nothing_was_asked(scene: SignOnScene) -> None:
    scene.integration.allows_idp_initiated = True
    scene.integration.save()
    browser = Browser()
    answer = browser.brings(scene.integration, scene.forge.response(scene.saying()), "https://evil.example/")
    assert (answer.status_code, answer["Location"]) == (302, reverse("home"))
