"""The form that carries the response, as no browser would send it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.providers.saml.conftest import COOKIE
from tests.providers.saml.corpus.variants import Stage, plays

FAMILY = "parser"
TYPE = "application/x-www-form-urlencoded"


def form(stage: Stage) -> dict[str, str]:
    return {"SAMLResponse": stage.response(), "RelayState": stage.request["relay"]}


def sends(stage: Stage, body: bytes, kind: str = TYPE, **headers: Any) -> Any:
    """Any body at all, with the cookie of the browser that set out."""
    client = Client()
    client.cookies[COOKIE] = stage.browser.client.cookies[COOKIE].value
    return client.generic("POST", reverse("saml-acs", args=[stage.scene.integration.uuid]), body, content_type=kind, **headers)


@plays(FAMILY, codes=("request_unknown",))
def no_form_at_all(stage: Stage) -> Any:
    return sends(stage, b"")


@plays(FAMILY, codes=("request_unknown",))
def form_of_another_kind(stage: Stage) -> Any:
    return sends(stage, urlencode(form(stage)).encode(), "application/json")


@plays(FAMILY, codes=("missing",))
def file_in_the_place_of_a_field(stage: Stage) -> Any:
    told = form(stage)
    return stage.browser.posts_from_elsewhere(
        reverse("saml-acs", args=[stage.scene.integration.uuid]),
        {**told, "SAMLResponse": SimpleUploadedFile("x", told["SAMLResponse"].encode())},  # type: ignore[dict-item]
    )


@plays(FAMILY, codes=("unreadable",))
def form_without_boundary(stage: Stage) -> Any:
    return sends(stage, b"--x\r\n", "multipart/form-data")


@plays(FAMILY, codes=("request_unknown",))
def form_that_breaks_off(stage: Stage) -> Any:
    return sends(stage, b"--x\r\nContent-Disposition: form-data", "multipart/form-data; boundary=x")


@plays(FAMILY, codes=("unreadable",))
def form_of_too_many_fields(stage: Stage) -> Any:
    return sends(stage, urlencode([*form(stage).items(), *((f"a{number}", "") for number in range(25_000))]).encode())


@plays(FAMILY, codes=("unreadable",))
def form_in_utf_16(stage: Stage) -> Any:
    return sends(stage, urlencode(form(stage)).encode("utf-16"), f"{TYPE}; charset=utf-16")


@plays(FAMILY, codes=("unreadable",))
def form_in_a_charset_that_is_none(stage: Stage) -> Any:
    return sends(stage, urlencode(form(stage)).encode(), f"{TYPE}; charset=rot13")


@plays(FAMILY, codes=("too_large",))
def form_of_a_negative_length(stage: Stage) -> Any:
    return sends(stage, urlencode(form(stage)).encode(), CONTENT_LENGTH="-1")


@plays(FAMILY, codes=("too_large",))
def form_of_no_length(stage: Stage) -> Any:
    return sends(stage, urlencode(form(stage)).encode(), CONTENT_LENGTH="\u0661\u0662")


@plays(FAMILY, codes=("too_large",))
def form_of_six_megabytes(stage: Stage) -> Any:
    return sends(stage, b"SAMLResponse=" + b"x" * 6_000_000)


@plays(FAMILY, codes=("base64_wrong",))
def response_twice_the_wrong_one_last(stage: Stage) -> Any:
    return sends(stage, urlencode([*form(stage).items(), ("SAMLResponse", "****")]).encode())


@plays(FAMILY, codes=("request_unknown",))
def response_in_the_address(stage: Stage) -> Any:
    """Only what was posted counts."""
    told = form(stage)
    client = Client()
    client.cookies[COOKIE] = stage.browser.client.cookies[COOKIE].value
    return client.post(f"{reverse('saml-acs', args=[stage.scene.integration.uuid])}?{urlencode(told)}")
