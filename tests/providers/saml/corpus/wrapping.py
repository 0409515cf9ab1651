"""Signature wrapping: something genuine is signed, something forged is there to be read."""

from __future__ import annotations

import base64
from copy import deepcopy
from typing import Any

from lxml import etree

from tests.providers.saml.corpus.variants import Stage, Variant, add, find, text
from tests.providers.saml.forge import DS, NS, SAML, SAMLP, new_id

FAMILY = "wrapping"
ASSERTION = "saml:Assertion"
VICTIM = "owner@northwind-studio.example"


def forged(root: Any, *, keep_id: bool = False, keep_signature: bool = False) -> Any:
    """A copy of the assertion that names the organization's owner."""
    evil = deepcopy(find(root, ASSERTION))
    find(evil, "saml:Subject/saml:NameID").text = VICTIM
    for element in evil.iter(f"{{{SAML}}}AttributeValue"):
        if "@" in (element.text or ""):
            element.text = VICTIM
    if not keep_id:
        evil.set("ID", new_id())
    if not keep_signature:
        signature = evil.find("ds:Signature", NS)
        if signature is not None:
            evil.remove(signature)
    return evil


def wraps(name: str, change: Any, *, signs: str = "assertion", codes: tuple[str, ...] = ("assertions_not_one",)) -> None:
    def act(stage: Stage) -> Any:
        root = stage.tree(None, signs=signs)
        other = change(root)
        return stage.brings(base64.b64encode(text(root if other is None else other)).decode())

    add(Variant(name, FAMILY, False, act, codes))


def holder(root: Any, local: str, place: int = 0) -> Any:
    element = etree.Element(f"{{{SAMLP}}}{local}")
    root.insert(place, element)
    return element


def xsw1(root: Any) -> Any:
    evil = deepcopy(root)
    evil.set("ID", new_id())
    evil.replace(find(evil, ASSERTION), forged(root))
    signature = find(evil, "ds:Signature")
    etree.SubElement(signature, f"{{{DS}}}Object").append(root)
    return evil


def xsw2(root: Any) -> Any:
    evil = deepcopy(root)
    evil.set("ID", new_id())
    evil.replace(find(evil, ASSERTION), forged(root))
    evil.insert(0, root)
    return evil


def xsw3(root: Any) -> None:
    root.insert(list(root).index(find(root, ASSERTION)), forged(root))


def xsw4(root: Any) -> None:
    genuine = find(root, ASSERTION)
    evil = forged(root)
    root.replace(genuine, evil)
    evil.append(genuine)


def xsw5(root: Any) -> None:
    genuine = find(root, ASSERTION)
    evil = forged(root, keep_signature=True)
    root.replace(genuine, evil)
    genuine.remove(find(genuine, "ds:Signature"))
    root.append(genuine)


def xsw6(root: Any) -> None:
    genuine = find(root, ASSERTION)
    evil = forged(root, keep_signature=True)
    root.replace(genuine, evil)
    genuine.remove(find(genuine, "ds:Signature"))
    etree.SubElement(find(evil, "ds:Signature"), f"{{{DS}}}Object").append(genuine)


def xsw7(root: Any) -> None:
    holder(root, "Extensions", 1).append(forged(root, keep_id=True))


def xsw8(root: Any) -> None:
    evil = forged(root, keep_id=True, keep_signature=True)
    genuine = find(root, ASSERTION)
    genuine.remove(find(genuine, "ds:Signature"))
    root.replace(genuine, evil)
    etree.SubElement(find(evil, "ds:Signature"), f"{{{DS}}}Object").append(genuine)


wraps("xsw1_response_in_object_of_the_signature", xsw1, signs="response")
wraps("xsw2_response_before_the_forged_one", xsw2, signs="response")
wraps("xsw3_forged_assertion_before_the_genuine_one", xsw3)
wraps("xsw4_genuine_assertion_inside_the_forged_one", xsw4)
wraps("xsw5_signature_moved_to_the_forged_one", xsw5)
wraps("xsw6_genuine_assertion_in_the_signature_of_the_forged_one", xsw6)
wraps("xsw7_forged_assertion_in_extensions", xsw7)
wraps("xsw8_genuine_assertion_in_object", xsw8)
wraps("xsw3_after", lambda root: root.append(forged(root)))
wraps("xsw3_signed_response", xsw3, signs="response")
wraps("xsw4_signed_both", xsw4, signs="both")
wraps("same_id_twice", lambda root: root.append(forged(root, keep_id=True)))
wraps("same_id_twice_before", lambda root: root.insert(1, forged(root, keep_id=True)))


def in_status(root: Any) -> None:
    etree.SubElement(find(root, "samlp:Status"), f"{{{SAMLP}}}StatusDetail").append(find(root, ASSERTION))
    root.append(forged(root_of(root)))


def root_of(root: Any) -> Any:
    """A response with the assertion where it belongs again, to copy it from."""
    other = deepcopy(root)
    other.append(next(other.iter(f"{{{SAML}}}Assertion")))
    return other


def in_advice(root: Any) -> None:
    genuine = find(root, ASSERTION)
    evil = forged(root)
    root.replace(genuine, evil)
    etree.SubElement(evil, f"{{{SAML}}}Advice").append(genuine)


def in_attribute(root: Any) -> None:
    genuine = find(root, ASSERTION)
    evil = forged(root)
    root.replace(genuine, evil)
    find(evil, "saml:AttributeStatement/saml:Attribute/saml:AttributeValue").append(genuine)


def in_confirmation(root: Any) -> None:
    genuine = find(root, ASSERTION)
    evil = forged(root)
    root.replace(genuine, evil)
    find(evil, "saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData").append(genuine)


def in_soap(root: Any) -> Any:
    envelope = etree.Element("{http://schemas.xmlsoap.org/soap/envelope/}Envelope")
    etree.SubElement(envelope, "{http://schemas.xmlsoap.org/soap/envelope/}Body").append(root)
    return envelope


def polluted(attribute: str) -> Any:
    """The forged assertion says that it has the genuine one's ID, in another spelling."""

    def change(root: Any) -> None:
        genuine = find(root, ASSERTION)
        evil = forged(root)
        evil.set(attribute, genuine.get("ID"))
        root.insert(list(root).index(genuine), evil)

    return change


def near(namespace: str) -> Any:
    """The genuine assertion is hidden under a namespace that looks alike, the forged one stands in its place."""

    def change(root: Any) -> None:
        genuine = find(root, ASSERTION)
        box = etree.Element(f"{{{namespace}}}Assertion")
        evil = forged(root)
        root.replace(genuine, evil)
        box.append(genuine)
        root.append(box)

    return change


wraps("genuine_in_status_detail", in_status)
wraps("genuine_in_advice", in_advice)
wraps("genuine_in_attribute_value", in_attribute)
wraps("genuine_in_confirmation", in_confirmation)
wraps("genuine_in_soap", in_soap, codes=("root_wrong",))
for number, attribute in enumerate(("Id", "id", "{http://www.w3.org/XML/1998/namespace}id", "{urn:x}ID", "AssertionID")):
    wraps(f"id_pollution_{number}", polluted(attribute))
wraps("near_namespace", near("urn:oasis:names:tc:SAML:2.0:assertion/"))
wraps("saml_1_namespace", near("urn:oasis:names:tc:SAML:1.0:assertion"))
wraps("response_in_response", lambda root: find(root, "samlp:Status").append(deepcopy(root)))
wraps("assertion_alone", lambda root: find(root, ASSERTION), codes=("root_wrong",))


def out_of_sight(hide: Any) -> Any:
    """The genuine assertion is there for whoever searches the text, the forged one stands in its place."""

    def change(root: Any) -> None:
        genuine = find(root, ASSERTION)
        root.replace(genuine, forged(root))
        hide(root, etree.tostring(genuine).decode())

    return change


def in_a_comment(root: Any, genuine: str) -> None:
    root.insert(1, etree.Comment(genuine))


def in_a_message(root: Any, genuine: str) -> None:
    etree.SubElement(find(root, "samlp:Status"), f"{{{SAMLP}}}StatusMessage").text = genuine


def in_a_value(root: Any, genuine: str) -> None:
    find(root, f"{ASSERTION}/saml:AttributeStatement/saml:Attribute/saml:AttributeValue").text = etree.CDATA(genuine)


def under_another_name(local: str) -> Any:
    """The genuine assertion is renamed, so that only the forged one has the name; the ID stays the genuine one's."""

    def change(root: Any) -> None:
        genuine = find(root, ASSERTION)
        root.replace(genuine, forged(root))
        genuine.tag = local
        holder(root, "Extensions", 1).append(genuine)

    return change


def emptied(root: Any) -> None:
    """The signature goes to the forged assertion, which has the ID of the genuine one that is left out."""
    root.replace(find(root, ASSERTION), forged(root, keep_id=True, keep_signature=True))


def of_saml_1(root: Any) -> None:
    genuine = find(root, ASSERTION)
    root.replace(genuine, etree.Element("{urn:oasis:names:tc:SAML:1.0:assertion}Assertion", AssertionID=genuine.get("ID")))


def encrypted_in_advice(root: Any) -> None:
    advice = etree.SubElement(find(root, ASSERTION), f"{{{SAML}}}Advice")
    etree.SubElement(advice, f"{{{SAML}}}EncryptedAssertion")


def in_key_info(root: Any) -> None:
    genuine = find(root, ASSERTION)
    evil = forged(root, keep_signature=True)
    root.replace(genuine, evil)
    genuine.remove(find(genuine, "ds:Signature"))
    find(evil, "ds:Signature/ds:KeyInfo").append(genuine)


def in_issuer(root: Any) -> None:
    genuine = find(root, ASSERTION)
    root.replace(genuine, forged(root))
    find(root, "saml:Issuer").append(genuine)


MISPLACED = ("signature_misplaced", "id_wrong", "assertions_not_one")
wraps("genuine_in_a_comment", out_of_sight(in_a_comment), codes=("unsigned",))
wraps("genuine_in_a_status_message", out_of_sight(in_a_message), codes=("unsigned",))
wraps("genuine_in_a_value_as_text", out_of_sight(in_a_value), codes=("unsigned",))
wraps("genuine_under_another_name", under_another_name(f"{{{SAML}}}AssertioN"), codes=MISPLACED)
wraps("genuine_under_no_namespace", under_another_name("Assertion"), codes=MISPLACED)
wraps("genuine_under_the_name_of_a_request", under_another_name(f"{{{SAMLP}}}AuthnRequest"), codes=MISPLACED)
wraps("genuine_left_out", emptied, codes=("signature_wrong",))
wraps("genuine_in_key_info", in_key_info)
wraps("genuine_in_the_issuer", in_issuer)
wraps("only_an_assertion_of_saml_1", of_saml_1)
wraps("encrypted_one_in_advice", encrypted_in_advice)
wraps("no_assertion_at_all", lambda root: root.remove(find(root, ASSERTION)))
wraps("near_response", lambda root: setattr(root, "tag", "{urn:oasis:names:tc:SAML:2.0:protocol/}Response"), codes=("root_wrong",))
wraps("response_of_saml_1", lambda root: setattr(root, "tag", "{urn:oasis:names:tc:SAML:1.0:protocol}Response"), codes=("root_wrong",))


def two_roots(name: str, *, forged_first: bool) -> None:
    def act(stage: Stage) -> Any:
        roots = [text(forged_response(stage)), text(stage.tree())]
        return stage.brings(base64.b64encode(b"".join(roots if forged_first else reversed(roots))).decode())

    add(Variant(name, FAMILY, False, act, ("xml_wrong",)))


def forged_response(stage: Stage) -> Any:
    return stage.tree({"name_id": VICTIM, "attributes": {"email": [VICTIM]}}, signs="none")


two_roots("two_roots_the_forged_one_first", forged_first=True)
two_roots("two_roots_the_forged_one_last", forged_first=False)
