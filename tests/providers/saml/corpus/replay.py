"""One assertion is good for one sign-on."""

from __future__ import annotations

import base64
from typing import Any

from lxml import etree

from tests.providers.saml.conftest import Browser
from tests.providers.saml.corpus.variants import Stage, find, plays, text
from tests.providers.saml.forge import SAML, encrypt, new_id

FAMILY = "replay"
INITIATED = {"allows_idp_initiated": True}


def signs_on(stage: Stage) -> None:
    """Jane signs on; her browser's request and the response are remembered by whoever looks over her shoulder."""
    stage.set_out()
    root = stage.tree()
    stage.kept["response"] = (dict(stage.request), root)
    assert stage.brings(base64.b64encode(text(root)).decode()).status_code == 302
    stage.browser = Browser()


def signs_on_unasked(stage: Stage) -> None:
    root = stage.tree()
    stage.kept["response"] = ({}, root)
    assert stage.brings(base64.b64encode(text(root)).decode()).status_code == 302
    stage.browser = Browser()


def kept(stage: Stage) -> tuple[dict[str, str], Any]:
    request, root = stage.kept["response"]
    return request, etree.fromstring(etree.tostring(root))


@plays(FAMILY, prepare=signs_on, sets_out=False, codes=("request_other_browser",))
def same_response_in_another_browser(stage: Stage) -> Any:
    request, root = kept(stage)
    return stage.brings(base64.b64encode(text(root)).decode(), request["relay"])


@plays(FAMILY, prepare=signs_on, codes=("request_other",))
def same_response_for_another_request(stage: Stage) -> Any:
    _request, root = kept(stage)
    return stage.brings(base64.b64encode(text(root)).decode())


@plays(FAMILY, prepare=signs_on, codes=("request_other",))
def same_assertion_in_a_new_response(stage: Stage) -> Any:
    _request, root = kept(stage)
    root.set("ID", new_id())
    root.set("InResponseTo", stage.request["id"])
    return stage.brings(base64.b64encode(text(root)).decode())


@plays(FAMILY, prepare=signs_on, codes=("request_other",))
def same_assertion_encrypted_again(stage: Stage) -> Any:
    _request, root = kept(stage)
    encrypt(root, stage.own_certificate, what=etree.tostring(find(root, "saml:Assertion")))
    return stage.brings(base64.b64encode(text(root)).decode())


@plays(FAMILY, prepare=signs_on, sets_out=False, settings=INITIATED, codes=("unsolicited",))
def same_assertion_as_if_nobody_had_asked(stage: Stage) -> Any:
    _request, root = kept(stage)
    del root.attrib["InResponseTo"]
    return stage.brings(base64.b64encode(text(root)).decode(), "")


@plays(FAMILY, prepare=signs_on_unasked, sets_out=False, settings=INITIATED, codes=("replayed",))
def unasked_response_twice(stage: Stage) -> Any:
    _request, root = kept(stage)
    return stage.brings(base64.b64encode(text(root)).decode(), "")


@plays(FAMILY, prepare=signs_on_unasked, sets_out=False, settings=INITIATED, codes=("replayed",))
def unasked_assertion_in_a_new_response(stage: Stage) -> Any:
    _request, root = kept(stage)
    root.set("ID", new_id())
    return stage.brings(base64.b64encode(text(root)).decode(), "")


@plays(FAMILY, prepare=signs_on_unasked, sets_out=False, settings=INITIATED, codes=("replayed",))
def unasked_assertion_encrypted_again(stage: Stage) -> Any:
    _request, root = kept(stage)
    encrypt(root, stage.own_certificate, what=etree.tostring(find(root, f"{{{SAML}}}Assertion")))
    return stage.brings(base64.b64encode(text(root)).decode(), "")


@plays(FAMILY, prepare=signs_on, sets_out=False, settings=INITIATED, codes=("request_used",))
def same_response_in_the_same_browser(stage: Stage) -> Any:
    """As when somebody goes back and sends the page once more, after having signed out."""
    from tests.providers.saml.conftest import COOKIE

    request, root = kept(stage)
    from integrations.providers.saml.models import PendingRequest
    from integrations.providers.saml.requests import _digest

    token = "x" * 43
    stage.browser.client.cookies[COOKIE] = token
    PendingRequest.everywhere.filter(relay=request["relay"]).update(browser_digest=_digest(token))
    return stage.brings(base64.b64encode(text(root)).decode(), request["relay"])


def signs_on_with_both_signed(stage: Stage) -> None:
    root = stage.tree(None, signs="both")
    stage.kept["response"] = ({}, root)
    assert stage.brings(base64.b64encode(text(root)).decode()).status_code == 302
    stage.browser = Browser()


@plays(FAMILY, prepare=signs_on_with_both_signed, sets_out=False, settings=INITIATED, codes=("replayed",))
def unasked_assertion_without_the_signature_around_it(stage: Stage) -> Any:
    _request, root = kept(stage)
    root.remove(find(root, "ds:Signature"))
    root.set("ID", new_id())
    return stage.brings(base64.b64encode(text(root)).decode(), "")


@plays(FAMILY, prepare=signs_on_unasked, sets_out=False, settings=INITIATED, codes=("replayed",))
def unasked_assertion_of_another_person_with_the_same_id(stage: Stage) -> Any:
    """An identity provider that gives an ID twice is not believed the second time."""
    _request, root = kept(stage)
    same = {"assertion_id": find(root, "saml:Assertion").get("ID"), "name_id": "ana@northwind-studio.example"}
    return stage.brings(stage.response(same), "")


@plays(FAMILY, prepare=signs_on, settings=INITIATED, codes=("request_other",))
def same_response_for_another_request_where_none_is_needed(stage: Stage) -> Any:
    _request, root = kept(stage)
    return stage.brings(base64.b64encode(text(root)).decode())


def signed_on_encrypted(stage: Stage) -> None:
    root = stage.tree(None, encrypts_for=stage.own_certificate)
    stage.kept["response"] = ({}, root)
    assert stage.brings(base64.b64encode(text(root)).decode()).status_code == 302
    stage.browser = Browser()


@plays(FAMILY, prepare=signed_on_encrypted, sets_out=False, settings=INITIATED, codes=("replayed",))
def unasked_encrypted_response_twice(stage: Stage) -> Any:
    _request, root = kept(stage)
    return stage.brings(base64.b64encode(text(root)).decode(), "")
