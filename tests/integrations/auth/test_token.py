"""Keys that an admin brings along."""

from __future__ import annotations

import base64

import pytest

from integrations.auth.token import SecretInput, Token, answers, basic, bearer
from integrations.errors import ConfigProblem

KEY = SecretInput("api_key", "API key", help="Settings, API keys", pattern=r"pat-[a-z0-9-]+")
SUBDOMAIN = SecretInput("subdomain", "Subdomain", secret=False, pattern=r"[a-z0-9_-]+")


def test_what_is_kept_is_what_was_asked_without_the_blanks_of_copying():
    declared = Token((SUBDOMAIN, KEY), lambda kept: basic(kept["api_key"], "x"))

    kept = answers(declared.asks, {"subdomain": " northwind ", "api_key": "pat-eu1-0815\n", "other": "ignored"})

    assert kept == {"subdomain": "northwind", "api_key": "pat-eu1-0815"}
    assert declared.headers(kept) == {"authorization": "Basic " + base64.b64encode(b"pat-eu1-0815:x").decode()}


def test_a_pair_of_keys_makes_two_headers():
    declared = Token(
        (SecretInput("app", "App secret"), SecretInput("grant", "Grant token")),
        lambda kept: {"X-AppSecretToken": kept["app"], "X-AgreementGrantToken": kept["grant"]},
    )

    assert declared.headers(answers(declared.asks, {"app": "1", "grant": "2"})) == {"X-AppSecretToken": "1", "X-AgreementGrantToken": "2"}


@pytest.mark.parametrize("given", [{}, {"api_key": ""}, {"api_key": "  \n"}])
def test_a_missing_key_is_named(given):
    with pytest.raises(ConfigProblem, match="API key is needed") as caught:
        answers((KEY,), given)

    assert caught.value.field == "api_key"


@pytest.mark.parametrize("given", ["k4nari", "pat-K4NARI", "pat-k4nari\r\nx: y", "pat-k4nari\x00", "pat-k4nari extra"])
def test_a_key_that_does_not_look_right_is_refused_without_quoting_it(given):
    with pytest.raises(ConfigProblem, match="API key does not look right") as caught:
        KEY.read(given)

    assert "k4nari" not in str(caught.value).lower()


def test_a_bearer_token_is_one_header():
    assert bearer("t") == {"authorization": "Bearer t"}
