"""What goes through before anything is believed, and what does not. Whole messages are in the corpus; here each rule stands alone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from integrations.providers.saml.gate import MAX_BYTES, Blocked, check_ids, check_response, check_signatures, decode, read
from integrations.providers.saml.xml import MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_IN_SCOPE
from tests.providers.saml.forge import DS, NS, SAML, SAMLP
from tests.providers.saml.judging import Desk


def refusal(act: Callable[[], Any]) -> str:
    """The code; '' where nothing is refused."""
    try:
        act()
    except Blocked as blocked:
        return blocked.refusal.code
    return ""


# The form field ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["", "\n", "\r\n", " ", "\t", "\r\n    "])
def test_base64_may_be_wrapped_in_lines(between: str) -> None:
    xml = bytes(range(256))
    plain = base64.b64encode(xml).decode()
    assert decode(between.join(plain[start : start + 76] for start in range(0, len(plain), 76)) + between) == xml


@pytest.mark.parametrize("wrong", ["PHg-", "PHg_", "P=Hg", "PHg", "PHg==", "PH\x0bg+", "PHg+\u00a0", "ＰＨg+", "PHg+%3D", "\ufeffPHg+"])
def test_base64_of_any_other_spelling_is_refused(wrong: str) -> None:
    assert refusal(lambda: decode(wrong)) == "base64_wrong"


def test_the_limit_of_the_size_is_met_to_the_octet() -> None:
    assert len(decode(base64.b64encode(b"x" * MAX_BYTES).decode())) == MAX_BYTES
    assert refusal(lambda: decode(base64.b64encode(b"x" * (MAX_BYTES + 1)).decode())) == "too_large"
    assert refusal(lambda: decode("!" * MAX_BYTES * 2)) == "too_large", "before anything is decoded"


# XML --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (b"<r/>", ""),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><r/>', ""),
        (b"<?xml version='1.0' encoding='US-ASCII' standalone='no'?>\n<!-- made by hand --><r/>\n", ""),
        ("<r>é</r>".encode("latin-1"), "xml_wrong"),
        ("<r/>".encode("utf-16"), "xml_wrong"),
        (b'<?xml version="1.0" encoding="utf-7"?><r/>', "xml_wrong"),
        (b'<?xml version="1.0" encoding="latin-1"?><r/>', "xml_wrong"),
        (b' <?xml version="1.0"?><r/>', "xml_forbidden"),
        (b"<!DOCTYPE r><r/>", "xml_forbidden"),
        (b"<r><!DOCTYPE r></r>", "xml_forbidden"),
        (b"<r><?php x?></r>", "xml_forbidden"),
        (b"<?xml-stylesheet href='x'?><r/>", "xml_forbidden"),
        (b"<r>&unknown;</r>", "xml_wrong"),
        (b"<r>&#0;</r>", "xml_wrong"),
        (b"<r/><r/>", "xml_wrong"),
        (b"<r/>text", "xml_wrong"),
        (b"<r a='1' a='2'/>", "xml_wrong"),
        (b"<r><p:x/></r>", "xml_wrong"),
        (b"<r xmlns='relative'/>", "xml_wrong"),
        (b"<r xmlns:p='./x'/>", "xml_wrong"),
        (b"<r xmlns:p='urn:with space'/>", "xml_wrong"),
        (b"<r xmlns='urn:x'><a xmlns=''/></r>", ""),
        (b"", "xml_wrong"),
        (b"\x00", "xml_wrong"),
    ],
    ids=str,
)
def test_only_plain_documents_in_utf8_are_read(xml: bytes, code: str) -> None:
    assert refusal(lambda: read(xml)) == code


def test_text_is_whole_whatever_comments_and_sections_are_in_it() -> None:
    root = read("<r>jane@northwind.example<!-- -->.evil<![CDATA[.example]]>&#46;é</r>".encode())
    assert root.text == "jane@northwind.example.evil.example.é"
    assert len(root) == 0


@pytest.mark.parametrize(
    ("make", "limit"),
    [
        (lambda count: "<a>" * count + "</a>" * count, MAX_DEPTH),
        (lambda count: "<r>" + "<a/>" * (count - 1) + "</r>", MAX_ELEMENTS),
        (lambda count: "<r " + " ".join(f"a{number}=''" for number in range(count)) + "/>", MAX_ATTRIBUTES),
        (lambda count: "<r " + " ".join(f"xmlns:p{number}='urn:p'" for number in range(count)) + "/>", MAX_IN_SCOPE),
        (
            lambda count: "".join(f"<r xmlns:p{n}='urn:p' xmlns:q{n}='urn:q'>" for n in range(count // 2)) + "</r>" * (count // 2),
            2 * MAX_DEPTH,
        ),
    ],
    ids=["depth", "elements", "attributes of one element", "namespaces of one element", "namespaces around an element"],
)
def test_limits_are_met_to_the_last(make: Callable[[int], str], limit: int) -> None:
    assert refusal(lambda: read(make(limit).encode())) == ""
    assert refusal(lambda: read(make(limit + 2).encode())) == "xml_too_complex"


def test_namespaces_that_have_gone_out_of_scope_do_not_count() -> None:
    """As Keycloak declares them anew for every value."""
    value = "<v xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='xs:string'/>"
    assert refusal(lambda: read(f"<r>{value * 1000}</r>".encode())) == ""


# IDs and signatures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["ID", "Id", "id", "iD", "xml:id", "p:ID", "p:Id", "p:id"])
@pytest.mark.parametrize("other", ["ID", "xml:id", "p:iD"])
def test_ids_of_every_spelling_are_unique_together(spelling: str, other: str) -> None:
    def document(second: str) -> Any:
        return f"<r xmlns:p='urn:p'><a {spelling}='_one'/><b {other}='{second}'/></r>".encode()

    assert refusal(lambda: check_ids(read(document("_two")))) == ""
    assert refusal(lambda: check_ids(read(document("_one")))) in {"id_wrong", "xml_wrong"}


@pytest.mark.parametrize("value", ["", " _x", "_x ", "1x", "#x", "_x&#10;", "a:b", "xpointer(id('x'))", "x" * 257, "ｘ", "é"])
def test_ids_are_plain_names(value: str) -> None:
    assert refusal(lambda: check_ids(etree.fromstring(f'<r ID="{value}"/>'))) == "id_wrong"


@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
def test_what_identity_providers_sign_goes_through(signs: str) -> None:
    desk = Desk()
    root = etree.fromstring(base64.b64decode(desk.response(signs=signs, prefixes="#default saml ds xs xsi")))
    assert check_response(root) is root.find(f"{{{SAML}}}Assertion")


INFO = "saml:Assertion/ds:Signature/ds:SignedInfo"


@pytest.mark.parametrize(
    ("path", "change", "code"),
    [
        (f"{INFO}/ds:CanonicalizationMethod", lambda e: etree.SubElement(e, "x"), "algorithm_forbidden"),
        (f"{INFO}/ds:SignatureMethod", lambda e: etree.SubElement(e, "x"), "algorithm_forbidden"),
        (f"{INFO}/ds:SignatureMethod", lambda e: e.attrib.clear(), "algorithm_forbidden"),
        (f"{INFO}/ds:Reference", lambda e: e.set("Type", "urn:x"), "signature_shape"),
        (f"{INFO}/ds:Reference", lambda e: e.set("{urn:x}URI", "#x"), "signature_shape"),
        (f"{INFO}/ds:Reference/ds:DigestMethod", lambda e: etree.SubElement(e, "x"), "signature_shape"),
        (f"{INFO}/ds:Reference/ds:DigestValue", lambda e: etree.SubElement(e, "x"), "signature_shape"),
        (f"{INFO}/ds:Reference/ds:Transforms", lambda e: e.append(e[1].__copy__()), "algorithm_forbidden"),
        (f"{INFO}/ds:Reference/ds:Transforms", lambda e: e.insert(0, e[1]), "algorithm_forbidden"),
        (f"{INFO}/ds:Reference/ds:Transforms", lambda e: setattr(e[0], "tag", "Transform"), "algorithm_forbidden"),
        (f"{INFO}/ds:Reference/ds:Transforms", lambda e: etree.SubElement(e[0], f"{{{DS}}}XPath"), "algorithm_forbidden"),
        (f"{INFO}/ds:Reference/ds:Transforms", lambda e: etree.SubElement(e[1], f"{{{DS}}}XPath"), "algorithm_forbidden"),
        ("saml:Assertion/ds:Signature/ds:SignatureValue", lambda e: etree.SubElement(e, "x"), "signature_shape"),
        ("saml:Assertion/ds:Signature", lambda e: e.insert(0, e[1]), "signature_shape"),
        ("saml:Assertion/ds:Signature", lambda e: e.append(e[2].__copy__()), "signature_shape"),
        ("saml:Assertion", lambda e: e.set("ID", "_other"), "signature_shape"),
        ("saml:Assertion/saml:Subject", lambda e: e.append(e.getparent().find("ds:Signature", NS)), "signature_misplaced"),
        ("saml:Assertion/saml:Subject", lambda e: etree.SubElement(e, f"{{{DS}}}SignedInfo"), "signature_misplaced"),
        ("saml:Assertion/saml:Subject", lambda e: etree.SubElement(e, f"{{{DS}}}Object"), "signature_misplaced"),
        ("saml:Assertion/saml:Subject", lambda e: etree.SubElement(e, f"{{{SAML}}}EncryptedID"), "encryption_forbidden"),
        ("saml:Assertion/saml:Subject", lambda e: etree.SubElement(e, f"{{{NS['xenc']}}}EncryptedData"), "encryption_forbidden"),
        ("saml:Assertion/saml:Subject", lambda e: etree.SubElement(e, f"{{{SAML}}}Assertion"), "assertions_not_one"),
        ("samlp:Status", lambda e: etree.SubElement(e, f"{{{SAML}}}EncryptedAssertion"), "assertions_not_one"),
        (".", lambda e: setattr(e, "tag", f"{{{SAMLP}}}LogoutResponse"), "root_wrong"),
        (".", lambda e: setattr(e, "tag", "Response"), "root_wrong"),
    ],
)
def test_everything_else_about_a_signature_and_its_place_is_refused(path: str, change: Callable[[Any], Any], code: str) -> None:
    root = etree.fromstring(base64.b64decode(Desk().response()))
    assert refusal(lambda: check_response(root)) == ""
    change(root if path == "." else root.find(path, NS))
    assert refusal(lambda: check_response(root)) == code


def test_a_handful_of_prefixes_may_be_included_and_not_more() -> None:
    desk = Desk()
    for count, code in ((6, ""), (7, "algorithm_forbidden")):
        prefixes = " ".join(f"p{number}" for number in range(count))
        root = etree.fromstring(base64.b64decode(desk.response(prefixes=prefixes)))
        assert refusal(lambda root=root: check_response(root)) == code


def test_where_no_signature_may_be_none_is_let_through() -> None:
    root = etree.fromstring(base64.b64decode(Desk().response()))
    assert refusal(lambda: check_signatures(root, set())) == "signature_misplaced"
