"""The watch over secrets sees one wherever it stands."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from integrations.crypto import encrypt
from tests import canaries

SECRET = "k4nari-of-the-watch-itself"


@pytest.fixture
def seen() -> Iterator[list[str]]:
    """What was seen so far; forgotten before the watch itself looks."""
    encrypt(json.dumps({"access_token": SECRET}))
    yield canaries._seen
    canaries._seen.clear()


@pytest.mark.parametrize("secret", [SECRET, settings.SECRET_KEY, settings.ENCRYPTION_KEYS[0].partition(":")[2]])
def test_a_secret_in_a_page_is_seen(seen: list[str], secret: str) -> None:
    canaries.Reader(lambda request: HttpResponse(f"<p>{secret}</p>"))(HttpRequest())
    assert len(seen) == 1


def test_a_secret_in_a_header_is_seen(seen: list[str]) -> None:
    canaries.Reader(lambda request: HttpResponse(headers={"Location": f"/?token={SECRET}"}))(HttpRequest())
    assert len(seen) == 1


def test_a_secret_in_the_log_is_seen_also_in_a_traceback(seen: list[str]) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("somewhere").exception("it failed")
    assert seen == ["the log, somewhere"]


def test_what_is_no_secret_is_none(seen: list[str]) -> None:
    canaries.Reader(lambda request: HttpResponse("nothing of interest, and no key"))(HttpRequest())
    logging.getLogger("somewhere").error("nothing of interest")
    assert seen == []


def test_what_is_named_like_no_secret_in_a_document_is_none() -> None:
    assert list(canaries.secrets_in({"scope": "accounting.transactions", "extra": {"id_token": SECRET}, "access_token": "short"})) == [
        SECRET
    ]
