"""Genuine signatures of something else than what is read, or where none belongs."""

from __future__ import annotations

import base64
from typing import Any

from tests.providers.saml.corpus.variants import Stage, find, plays, text
from tests.providers.saml.forge import key, sign

FAMILY = "signature"
WRONG = ("signature_wrong",)
ASSERTION = "saml:Assertion"


@plays(FAMILY, codes=WRONG)
def one_of_two_signatures_is_wrong(stage: Stage) -> Any:
    root = stage.tree(None, signs="assertion", key=key("stranger"))
    sign(root, stage.scene.forge.key)
    return stage.brings(base64.b64encode(text(root)).decode())


@plays(FAMILY, codes=("signature_shape",))
def signature_of_another_response(stage: Stage) -> Any:
    """A genuine signature, moved onto a response that nobody signed."""
    genuine, forged = stage.tree(), stage.tree({"name_id": "ana@northwind-studio.example"}, signs="none")
    find(forged, ASSERTION).insert(1, find(genuine, f"{ASSERTION}/ds:Signature"))
    return stage.brings(base64.b64encode(text(forged)).decode())


@plays(FAMILY, codes=WRONG)
def signature_of_another_response_under_its_id(stage: Stage) -> Any:
    genuine = stage.tree()
    same = {"name_id": "ana@northwind-studio.example", "assertion_id": find(genuine, ASSERTION).get("ID")}
    forged = stage.tree(same, signs="none")
    find(forged, ASSERTION).insert(1, find(genuine, f"{ASSERTION}/ds:Signature"))
    return stage.brings(base64.b64encode(text(forged)).decode())


@plays(FAMILY, codes=("signature_shape",))
def signature_of_the_response_that_signs_the_assertion(stage: Stage) -> Any:
    root = stage.tree()
    root.insert(1, find(root, f"{ASSERTION}/ds:Signature"))
    return stage.brings(base64.b64encode(text(root)).decode())


@plays(FAMILY, codes=("schema_wrong",))
def signature_at_the_end_of_the_assertion(stage: Stage) -> Any:
    root = stage.tree()
    find(root, ASSERTION).append(find(root, f"{ASSERTION}/ds:Signature"))
    return stage.brings(base64.b64encode(text(root)).decode())


@plays(FAMILY, codes=("signature_shape",))
def signature_of_the_response_moved_into_the_assertion(stage: Stage) -> Any:
    root = stage.tree(None, signs="response")
    find(root, ASSERTION).insert(1, find(root, "ds:Signature"))
    return stage.brings(base64.b64encode(text(root)).decode())


@plays(FAMILY, codes=("signature_misplaced", "schema_wrong"))
def signature_in_the_subject(stage: Stage) -> Any:
    root = stage.tree()
    find(root, f"{ASSERTION}/saml:Subject").append(find(root, f"{ASSERTION}/ds:Signature"))
    return stage.brings(base64.b64encode(text(root)).decode())
