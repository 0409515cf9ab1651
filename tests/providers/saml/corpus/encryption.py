"""Encryption proves nothing: anybody can encrypt for us."""

from __future__ import annotations

import base64
from copy import deepcopy
from typing import Any

import xmlsec
from lxml import etree

from tests.providers.saml.corpus.variants import Stage, Variant, add, find, text
from tests.providers.saml.forge import DS, NS, SAML, encrypt, key, sign

FAMILY = "encryption"
FAILED, FORBIDDEN = ("decryption_failed",), ("encryption_forbidden",)
ENCRYPTED = "saml:EncryptedAssertion"
XENC = NS["xenc"]
CONSTANTS = xmlsec.constants


def encrypted(name: str, *, accepts: bool = False, codes: tuple[str, ...] = (), settings: Any = None, **options: Any) -> None:
    def act(stage: Stage) -> Any:
        return stage.brings(stage.response(None, encrypts_for=stage.own_certificate, **options))

    add(Variant(name, FAMILY, accepts, act, codes, dict(settings or {})))


encrypted("aes256_gcm", accepts=True)
encrypted("aes128_gcm", accepts=True, cipher=CONSTANTS.TransformAes128Gcm)
encrypted("aes128_cbc", accepts=True, cipher=CONSTANTS.TransformAes128Cbc)
encrypted("aes256_cbc", accepts=True, cipher=CONSTANTS.TransformAes256Cbc)
encrypted("encrypted_and_response_signed", accepts=True, signs="response")
encrypted("encrypted_and_both_signed", accepts=True, signs="both")
encrypted("encrypted_where_required", accepts=True, settings={"wants_encrypted": True})
add(
    Variant(
        "clear_where_encryption_is_required",
        FAMILY,
        False,
        lambda stage: stage.brings(stage.response()),
        ("not_encrypted",),
        {"wants_encrypted": True},
    )
)

encrypted("unsigned_inside", codes=("unsigned",), signs="none")
encrypted("signed_by_a_stranger_inside", codes=("signature_wrong",), key=key("stranger"))
encrypted("wrapped_with_rsa_1_5", codes=FORBIDDEN, wrap=CONSTANTS.TransformRsaPkcs1)


def plays(name: str, *, codes: tuple[str, ...] = (), accepts: bool = False) -> Any:
    def register(act: Any) -> Any:
        add(Variant(name, FAMILY, accepts, act, codes))
        return act

    return register


@plays("encrypted_for_somebody_else", codes=FAILED)
def _somebody_else(stage: Stage) -> Any:
    return stage.brings(stage.response(None, encrypts_for=key("other").certificate))


def spoils(name: str, path: str, change: Any, *, codes: tuple[str, ...] = FAILED) -> None:
    def act(stage: Stage) -> Any:
        root = stage.tree(None, encrypts_for=stage.own_certificate)
        change(find(root, path))
        return stage.brings(base64.b64encode(text(root)).decode())

    add(Variant(name, FAMILY, False, act, codes))


def retext(value: str) -> Any:
    def change(element: Any) -> None:
        element.text = value

    return change


def flip(element: Any) -> None:
    raw = bytearray(base64.b64decode(element.text))
    raw[20] ^= 1
    element.text = base64.b64encode(bytes(raw)).decode()


DATA = f"{ENCRYPTED}/xenc:EncryptedData"
KEY = f"{DATA}/ds:KeyInfo/xenc:EncryptedKey"
spoils("ciphertext_flipped", f"{DATA}/xenc:CipherData/xenc:CipherValue", flip)
spoils("ciphertext_empty", f"{DATA}/xenc:CipherData/xenc:CipherValue", retext(""))
spoils("ciphertext_short", f"{DATA}/xenc:CipherData/xenc:CipherValue", retext("AAAA"))
spoils("ciphertext_not_base64", f"{DATA}/xenc:CipherData/xenc:CipherValue", retext("%%%"), codes=(*FAILED, "schema_wrong"))
spoils("wrapped_key_flipped", f"{KEY}/xenc:CipherData/xenc:CipherValue", flip)
spoils("wrapped_key_empty", f"{KEY}/xenc:CipherData/xenc:CipherValue", retext(""))
for name, algorithm in {"tripledes": f"{XENC}tripledes-cbc", "unknown": "urn:x", "empty": ""}.items():
    spoils(f"cipher_{name}", f"{DATA}/xenc:EncryptionMethod", lambda e, a=algorithm: e.set("Algorithm", a), codes=FORBIDDEN)
spoils("cipher_other_length", f"{DATA}/xenc:EncryptionMethod", lambda e: e.set("Algorithm", f"{XENC}aes128-cbc"))
spoils("cipher_missing", f"{DATA}/xenc:EncryptionMethod", lambda e: e.getparent().remove(e), codes=FORBIDDEN)
spoils("wrap_unknown", f"{KEY}/xenc:EncryptionMethod", lambda e: e.set("Algorithm", f"{XENC}kw-aes256"), codes=FORBIDDEN)
spoils(
    "oaep_digest_unknown", f"{KEY}/xenc:EncryptionMethod", lambda e: etree.SubElement(e, f"{{{DS}}}DigestMethod").set("Algorithm", "urn:x")
)
spoils("three_keys", KEY, lambda e: (e.addnext(deepcopy(e)), e.addnext(deepcopy(e))), codes=FORBIDDEN)
spoils("no_key", KEY, lambda e: e.getparent().remove(e), codes=FORBIDDEN)


def reference(uri: str) -> Any:
    def change(element: Any) -> None:
        data = element.getparent()
        data.remove(element)
        etree.SubElement(data, f"{{{XENC}}}CipherReference").set("URI", uri)

    return change


spoils("cipher_reference", f"{DATA}/xenc:CipherData/xenc:CipherValue", reference("http://127.0.0.1:9/x"), codes=FORBIDDEN)
spoils("cipher_reference_inside", f"{DATA}/xenc:CipherData/xenc:CipherValue", reference("#x"), codes=FORBIDDEN)
spoils("cipher_reference_to_a_file", f"{KEY}/xenc:CipherData/xenc:CipherValue", reference("file:///etc/passwd"), codes=FORBIDDEN)
spoils(
    "retrieval_method_outside",
    f"{DATA}/ds:KeyInfo",
    lambda e: etree.SubElement(e, f"{{{DS}}}RetrievalMethod").set("URI", "http://127.0.0.1:9/k"),
    codes=FORBIDDEN,
)
spoils(
    "retrieval_method_file",
    f"{DATA}/ds:KeyInfo",
    lambda e: etree.SubElement(e, f"{{{DS}}}RetrievalMethod").set("URI", "file:///etc/passwd"),
    codes=FORBIDDEN,
)
spoils("encrypted_data_twice", DATA, lambda e: e.addnext(deepcopy(e)), codes=FORBIDDEN)
spoils("encrypted_assertion_twice", ENCRYPTED, lambda e: e.addnext(deepcopy(e)), codes=("assertions_not_one",))


def holds(name: str, plain: Any, *, codes: tuple[str, ...] = FAILED) -> None:
    """Something that is no assertion, or more than one, is encrypted as it should be."""

    def act(stage: Stage) -> Any:
        root = stage.tree()
        genuine = etree.tostring(find(root, "saml:Assertion"))
        encrypt(root, stage.own_certificate, what=plain(genuine))
        return stage.brings(base64.b64encode(text(root)).decode())

    add(Variant(name, FAMILY, False, act, codes))


def renamed(assertion: bytes) -> bytes:
    return assertion.replace(b"jane@", b"owner@").replace(b' ID="', b' ID="x')


holds("text_inside", lambda genuine: b"hello")
holds("blank_inside", lambda genuine: b" ")
holds("response_inside", lambda genuine: f'<x xmlns="{SAML}"/>'.encode())
holds("two_assertions_inside", lambda genuine: renamed(genuine) + genuine)
holds("assertion_and_text_inside", lambda genuine: genuine + b"text")
holds("wrapper_closed_inside", lambda genuine: genuine + b"</opened><opened>")
holds("doctype_inside", lambda genuine: b"<!DOCTYPE x>" + genuine)
holds(
    "forged_around_genuine_inside",
    lambda genuine: renamed(genuine).replace(b"</saml:Assertion>", genuine + b"</saml:Assertion>"),
    codes=("assertions_not_one",),
)
holds("changed_after_signing_inside", lambda genuine: genuine.replace(b"jane@", b"owner@"), codes=("signature_wrong",))


@plays("genuine_beside_a_forged_encrypted_one", codes=("assertions_not_one",))
def _beside(stage: Stage) -> Any:
    root = stage.tree()
    forged = stage.tree({"name_id": "owner@northwind-studio.example"}, signs="none", encrypts_for=stage.own_certificate)
    root.insert(1, find(forged, ENCRYPTED))
    return stage.brings(base64.b64encode(text(root)).decode())


@plays("comment_put_in_and_encrypted_again", codes=("domain_unverified",))
def _comment(stage: Stage) -> Any:
    whole = "owner@northwind-studio.example.evil.example"
    root = stage.tree({"name_id": whole, "attributes": {}})
    genuine = etree.tostring(find(root, "saml:Assertion")).replace(whole.encode(), b"owner@northwind-studio.example<!-- -->.evil.example")
    encrypt(root, stage.own_certificate, what=genuine)
    return stage.brings(base64.b64encode(text(root)).decode())


@plays("encrypted_name_id", codes=(*FORBIDDEN, "schema_wrong"))
def _name_id(stage: Stage) -> Any:
    def before(root: Any) -> None:
        named = find(root, "saml:Assertion/saml:Subject/saml:NameID")
        box = etree.Element(f"{{{SAML}}}EncryptedID")
        etree.SubElement(box, f"{{{XENC}}}EncryptedData")
        named.getparent().replace(named, box)

    return stage.brings(stage.response(None, before=before))


@plays("response_signed_and_assertion_encrypted_for_it_by_a_stranger", codes=("signature_wrong", "unsigned"))
def _swapped(stage: Stage) -> Any:
    """The response is signed over one encrypted assertion, which is then swapped for another."""
    root = stage.tree(None, signs="response", encrypts_for=stage.own_certificate)
    other = stage.tree({"name_id": "owner@northwind-studio.example"}, signs="none", encrypts_for=stage.own_certificate)
    root.replace(find(root, ENCRYPTED), find(other, ENCRYPTED))
    return stage.brings(base64.b64encode(text(root)).decode())


@plays("signed_around_what_is_encrypted", accepts=True)
def _around(stage: Stage) -> Any:
    root = stage.tree(None, signs="none", encrypts_for=stage.own_certificate)
    sign(root, stage.scene.forge.key)
    return stage.brings(base64.b64encode(text(root)).decode())
