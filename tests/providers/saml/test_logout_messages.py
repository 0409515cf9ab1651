"""A message about logging out counts when the identity provider signed it, for us, just now; nothing else does, and nothing breaks."""

from __future__ import annotations

import base64
import random
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
import xmlsec
from django.test import Client
from django.urls import reverse
from lxml import etree
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.logout_response import OneLogin_Saml2_Logout_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from integrations.providers.saml import messages
from integrations.providers.saml.bindings import post_fields, redirect_url
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED, Config, LogoutMessage, Refusal
from integrations.providers.saml.logout import verify_logout_post, verify_logout_redirect
from integrations.providers.saml.models import Event
from tests.providers.saml.conftest import SignOnScene
from tests.providers.saml.forge import DS, NS, SAMLP, SUCCESS, Forge, encoded, key
from tests.providers.saml.peers import agreement, now, peer, peer_settings, tree, visit

JANE = "jane@northwind.example"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
PARTIAL = f"{STATUS}PartialLogout"
RESPONDER = f"{STATUS}Responder"


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def config(forge: Forge) -> Config:
    return agreement(forge)


def by_address(forge: Forge, config: Config, xml: str, parameter: str = "SAMLRequest", **options: Any) -> LogoutMessage | Refusal:
    return verify_logout_redirect(forge.query(parameter, xml, **options), config, now())


def by_form(forge: Forge, config: Config, xml: str, parameter: str = "SAMLRequest", **options: Any) -> LogoutMessage | Refusal:
    relay = options.pop("relay", "")
    return verify_logout_post({parameter: forge.posted(xml, **options), "RelayState": relay}, config, now())


Ways = pytest.mark.parametrize("bring", [by_address, by_form], ids=["address", "form"])
Bring = Callable[..., LogoutMessage | Refusal]


def accepted(found: LogoutMessage | Refusal) -> LogoutMessage:
    assert isinstance(found, LogoutMessage), found
    return found


def code_of(found: LogoutMessage | Refusal) -> str:
    assert isinstance(found, Refusal), found
    return found.code


# ---- what counts


@Ways
def test_a_signed_request_counts(forge: Forge, config: Config, bring: Bring) -> None:
    xml = forge.logout_request(config.sls_url, JANE, sessions=("one", "two"), id="_42")
    found = accepted(bring(forge, config, xml, relay="token"))
    assert found == LogoutMessage("request", "_42", JANE, EMAIL, ("one", "two"), relay_state="token")


@Ways
@pytest.mark.parametrize("name_id_format", [EMAIL, PERSISTENT, UNSPECIFIED, None])
def test_a_request_that_names_no_session_is_about_all_of_them(
    forge: Forge, config: Config, bring: Bring, name_id_format: str | None
) -> None:
    found = accepted(bring(forge, config, forge.logout_request(config.sls_url, JANE, format=name_id_format)))
    assert (found.session_indexes, found.name_id_format) == ((), name_id_format or UNSPECIFIED)


@Ways
@pytest.mark.parametrize(
    ("status", "succeeded"),
    [
        ((SUCCESS,), True),
        ((SUCCESS, PARTIAL), True),
        ((RESPONDER, PARTIAL), True),
        ((RESPONDER,), False),
        ((f"{STATUS}Requester", SUCCESS), False),
    ],
)
def test_an_answer_says_whether_their_session_ended(
    forge: Forge, config: Config, bring: Bring, status: tuple[str, ...], succeeded: bool
) -> None:
    said = agreement(forge, entity_id=forge.entity_id)
    xml = messages.logout_response(said, "_7", now(), destination=config.sls_url, in_response_to="_42", status=status)
    found = accepted(bring(forge, config, xml, "SAMLResponse", relay="token"))
    assert found == LogoutMessage("response", "_7", in_response_to="_42", succeeded=succeeded, relay_state="token")


@Ways
def test_every_certificate_of_the_metadata_counts(forge: Forge, bring: Bring) -> None:
    config = agreement(forge, theirs=(key("next"), forge.key))
    xml = forge.logout_request(config.sls_url, JANE)
    accepted(bring(forge, config, xml))
    accepted(bring(forge, config, xml, key=key("next")))
    assert code_of(bring(forge, config, xml, key=key("somebody else"))) == Code.SIGNATURE_WRONG


@Ways
def test_a_comment_cuts_no_name_in_two(forge: Forge, config: Config, bring: Bring) -> None:
    xml = forge.logout_request(config.sls_url, JANE).replace("northwind.example<", "northwind.example<!-- -->.evil.example<")
    assert accepted(bring(forge, config, xml)).name_id == f"{JANE}.evil.example"


def test_a_browser_whose_address_has_more_in_it_is_understood(forge: Forge, config: Config) -> None:
    query = forge.query("SAMLRequest", forge.logout_request(config.sls_url, JANE), quoted=lambda value: quote(value, safe=""))
    accepted(verify_logout_redirect(f"lang=de&{query}&x", config, now()))


# ---- encrypted names


@Ways
@pytest.mark.parametrize("which", ["new", "old"])
def test_an_encrypted_name_is_opened_with_any_of_our_keys(forge: Forge, bring: Bring, which: str) -> None:
    config = agreement(forge, keys=(key("new"), key("old")))
    found = accepted(bring(forge, config, with_encrypted_name(forge, config, key(which).certificate, EMAIL)))
    assert (found.name_id, found.name_id_format) == (JANE, EMAIL)


def with_encrypted_name(forge: Forge, config: Config, certificate: str, name_id_format: str = EMAIL, **named: Any) -> str:
    encrypted = OneLogin_Saml2_Utils.generate_name_id(named.get("value", JANE), named.get("of"), name_id_format, certificate)
    plain = forge.logout_request(config.sls_url, JANE)
    before, _name, after = plain.partition("<saml:NameID")
    return f"{before}{encrypted}{after.partition('</saml:NameID>')[2]}"


@Ways
def test_a_name_that_was_encrypted_for_somebody_else_is_refused(forge: Forge, config: Config, bring: Bring) -> None:
    assert code_of(bring(forge, config, with_encrypted_name(forge, config, key("other").certificate))) == Code.DECRYPTION_FAILED


@Ways
def test_an_encrypted_name_is_judged_like_any_other(forge: Forge, config: Config, bring: Bring) -> None:
    ours = config.keys[0].certificate
    assert code_of(bring(forge, config, with_encrypted_name(forge, config, ours, TRANSIENT))) == Code.NAME_ID_TRANSIENT
    assert code_of(bring(forge, config, with_encrypted_name(forge, config, ours, of="https://other.example"))) == Code.NAME_ID_OF_ANOTHER
    assert code_of(bring(forge, config, with_encrypted_name(forge, config, ours, value=" "))) == Code.NAME_ID_MISSING


@Ways
def test_nothing_is_opened_for_somebody_who_cannot_sign(forge: Forge, config: Config, bring: Bring) -> None:
    for certificate in (config.keys[0].certificate, key("other").certificate):
        xml = with_encrypted_name(forge, config, certificate)
        assert code_of(bring(forge, config, xml, key=key("somebody else"))) == Code.SIGNATURE_WRONG


@Ways
@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("xmlenc#rsa-oaep-mgf1p", "xmlenc#rsa-1_5"),
        ("xmlenc#aes128-cbc", "xmlenc#tripledes-cbc"),
        ("<xenc:CipherValue>", '<xenc:CipherReference URI="file:///etc/passwd"/><xenc:CipherValue>'),
        ("<xenc:EncryptedKey>", '<dsig:RetrievalMethod URI="https://evil.example/"/><xenc:EncryptedKey>'),
    ],
)
def test_only_the_encryption_that_is_accepted_elsewhere_is_accepted(
    forge: Forge, config: Config, bring: Bring, was: str, becomes: str
) -> None:
    xml = with_encrypted_name(forge, config, config.keys[0].certificate)
    assert was in xml
    assert code_of(bring(forge, config, xml.replace(was, becomes, 1))) == Code.ENCRYPTION_FORBIDDEN


@Ways
def test_nothing_else_in_a_message_may_be_encrypted(forge: Forge, config: Config, bring: Bring) -> None:
    encrypted = OneLogin_Saml2_Utils.generate_name_id(JANE, None, EMAIL, config.keys[0].certificate)
    hidden = f"<samlp:Extensions>{encrypted}</samlp:Extensions><saml:NameID"
    xml = forge.logout_request(config.sls_url, JANE).replace("<saml:NameID", hidden, 1)
    assert code_of(bring(forge, config, xml)) == Code.ENCRYPTION_FORBIDDEN


# ---- what is refused

WRONG: dict[str, tuple[dict[str, Any], Callable[[str], str], Code]] = {
    "no issuer": ({"issuer": None}, str, Code.ISSUER_MISSING),
    "an empty issuer": ({"issuer": ""}, str, Code.ISSUER_MISSING),
    "another issuer": ({"issuer": "https://other.example"}, str, Code.ISSUER_OTHER),
    "an issuer that begins alike": ({"issuer": "https://idp.example/metadata/2"}, str, Code.ISSUER_OTHER),
    "no destination": ({"said_destination": None}, str, Code.DESTINATION_MISSING),
    "an empty destination": ({"said_destination": ""}, str, Code.DESTINATION_OTHER),
    "a longer destination": ({}, lambda xml: xml.replace('/sls/"', '/sls/2"'), Code.DESTINATION_OTHER),
    "a shorter destination": ({}, lambda xml: xml.replace('/sls/"', '/sls"'), Code.DESTINATION_OTHER),
    "another integration's destination": ({}, lambda xml: xml.replace("3f0c8f4e", "3f0c8f4f"), Code.DESTINATION_OTHER),
    "made long ago": ({"issued": -13 * 60}, str, Code.ISSUED_LONG_AGO),
    "made in the future": ({"issued": 130}, str, Code.ISSUED_IN_THE_FUTURE),
    "made at no time": ({}, lambda xml: xml.replace('IssueInstant="2', 'IssueInstant="x'), Code.SCHEMA_WRONG),
    "made before there was time": ({}, lambda xml: xml.replace('IssueInstant="2', 'IssueInstant="-2'), Code.TIME_WRONG),
    "over": ({}, lambda xml: xml.replace(" Version", ' NotOnOrAfter="2026-01-01T00:00:00Z" Version'), Code.EXPIRED),
    "never over": ({}, lambda xml: xml.replace(" Version", ' NotOnOrAfter="9999-12-31T23:59:59Z" Version'), Code.TIME_WRONG),
    "an old version": ({}, lambda xml: xml.replace('"2.0"', '"1.1"'), Code.VERSION_WRONG),
    "an ID that stands there twice": ({"id": "_1"}, lambda xml: xml.replace("<saml:NameID", '<saml:NameID xml:id="_1"'), Code.ID_WRONG),
    "no name": ({}, lambda xml: xml.replace("saml:NameID", "saml:BaseID"), Code.SCHEMA_WRONG),
    "an empty name": ({}, lambda xml: xml.replace(JANE, " "), Code.NAME_ID_MISSING),
    "a name with elements": ({}, lambda xml: xml.replace(JANE, f"{JANE}<b/>"), Code.SCHEMA_WRONG),
    "a name of two lines": ({}, lambda xml: xml.replace(JANE, f"{JANE}&#10;x"), Code.NAME_ID_ODD),
    "a name without end": ({}, lambda xml: xml.replace(JANE, "x" * 1025), Code.NAME_ID_ODD),
    "a name that is new each time": ({"format": TRANSIENT}, str, Code.NAME_ID_TRANSIENT),
    "another application's name": (
        {},
        lambda xml: xml.replace("<saml:NameID", '<saml:NameID SPNameQualifier="x"'),
        Code.NAME_ID_OF_ANOTHER,
    ),
    "two names": (
        {},
        lambda xml: xml.replace("</samlp:LogoutRequest>", "<saml:NameID>x</saml:NameID></samlp:LogoutRequest>"),
        Code.SCHEMA_WRONG,
    ),
    "an empty session": ({"sessions": ("one", "")}, str, Code.ATTRIBUTES_ODD),
    "sessions without end": ({"sessions": ("one",) * 101}, str, Code.ATTRIBUTES_ODD),
    "an answer in place of a request": (
        {},
        lambda xml: xml.replace("samlp:LogoutRequest", "samlp:LogoutResponse"),
        Code.ROOT_WRONG,
    ),
    "another kind of message": ({}, lambda xml: xml.replace("samlp:LogoutRequest", "samlp:ManageNameIDRequest"), Code.ROOT_WRONG),
    "another namespace": ({}, lambda xml: xml.replace(SAMLP, SAMLP.replace("2.0", "1.0")), Code.ROOT_WRONG),
    "elements of its own": ({}, lambda xml: xml.replace("</samlp:LogoutRequest>", "<x/></samlp:LogoutRequest>"), Code.SCHEMA_WRONG),
}


@Ways
@pytest.mark.parametrize("wrong", WRONG)
def test_a_signed_request_that_is_not_for_us_and_of_now_is_refused(forge: Forge, config: Config, bring: Bring, wrong: str) -> None:
    changes, change, code = WRONG[wrong]
    assert code_of(bring(forge, config, change(forge.logout_request(config.sls_url, JANE, **changes)))) == code


def test_a_request_without_an_id_is_refused(forge: Forge, config: Config) -> None:
    xml = forge.logout_request(config.sls_url, JANE, id="4 2")
    assert code_of(by_address(forge, config, xml)) == Code.ID_WRONG
    assert code_of(by_address(forge, config, xml.replace(" ID=", " Consent="))) == Code.SCHEMA_WRONG


@Ways
def test_a_clock_that_is_wrong_by_as_much_as_is_allowed_is_no_reason(forge: Forge, bring: Bring) -> None:
    patient = agreement(forge, clock_skew_seconds=300)
    strict = agreement(forge, clock_skew_seconds=0)
    ahead, behind = (forge.logout_request(patient.sls_url, JANE, issued=seconds) for seconds in (290, -14 * 60))
    accepted(bring(forge, patient, ahead))
    accepted(bring(forge, patient, behind))
    assert code_of(bring(forge, strict, ahead)) == Code.ISSUED_IN_THE_FUTURE
    assert code_of(bring(forge, strict, behind)) == Code.ISSUED_LONG_AGO


@Ways
def test_an_answer_in_the_place_of_a_request_and_the_other_way_round_is_refused(forge: Forge, config: Config, bring: Bring) -> None:
    request = forge.logout_request(config.sls_url, JANE)
    answer = forge.logout_response(config.sls_url, "_42")
    assert code_of(bring(forge, config, request, "SAMLResponse")) == Code.ROOT_WRONG
    assert code_of(bring(forge, config, answer, "SAMLRequest")) == Code.ROOT_WRONG


@Ways
@pytest.mark.parametrize("parameter", ["SAMLRequest", "SAMLResponse"])
def test_what_is_not_signed_is_refused(forge: Forge, config: Config, bring: Bring, parameter: str) -> None:
    request, answer = forge.logout_request(config.sls_url, JANE), forge.logout_response(config.sls_url, "_42")
    xml = request if parameter == "SAMLRequest" else answer
    assert code_of(bring(forge, config, xml, parameter, signed=False)) == Code.LOGOUT_UNSIGNED


def test_a_signature_inside_the_message_does_not_stand_in_for_the_address(forge: Forge, config: Config) -> None:
    signed = base64.b64decode(forge.posted(forge.logout_request(config.sls_url, JANE))).decode()
    assert code_of(by_address(forge, config, signed, signed=False)) == Code.SIGNATURE_MISPLACED
    assert code_of(by_address(forge, config, signed)) == Code.SIGNATURE_MISPLACED


def test_the_signature_of_an_address_does_not_stand_in_for_the_form(forge: Forge, config: Config) -> None:
    xml = forge.logout_request(config.sls_url, JANE)
    fields = dict(pair.split("=", 1) for pair in forge.query("SAMLRequest", xml).split("&"))
    assert code_of(verify_logout_post({**fields, "SAMLRequest": encoded(xml.encode())}, config, now())) == Code.LOGOUT_UNSIGNED


def test_a_message_changed_after_it_was_signed_is_refused(forge: Forge, config: Config) -> None:
    xml = forge.logout_request(config.sls_url, JANE)

    def renamed(root: Any) -> None:
        root.find("saml:NameID", NS).text = "joan@northwind.example"

    assert code_of(by_form(forge, config, xml, after=renamed)) == Code.SIGNATURE_WRONG
    ours, others = (
        dict(pair.split("=", 1) for pair in forge.query("SAMLRequest", one).split("&")) for one in (xml, xml.replace("jane", "joan"))
    )
    mixed = "&".join(f"{name}={value}" for name, value in {**others, "Signature": ours["Signature"]}.items())
    assert code_of(verify_logout_redirect(mixed, config, now())) == Code.SIGNATURE_WRONG


def wrapped(root: Any) -> Any:
    """The signed request goes into the extensions of another one, where its signature still fits."""
    signature = root.find("ds:Signature", NS)
    outer = etree.fromstring(etree.tostring(root))
    outer.set("ID", "_evil")
    outer.remove(outer.find("ds:Signature", NS))
    outer.find("saml:NameID", NS).text = "joan@northwind.example"
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(root)
    outer.insert(1, signature)
    outer.insert(2, extensions)
    return outer


def hidden(root: Any) -> Any:
    outer = wrapped(root)
    signature = outer.find("ds:Signature", NS)
    outer.remove(signature)
    outer.find(f"samlp:Extensions/{{{SAMLP}}}LogoutRequest", NS).insert(1, signature)
    return outer


def doubled(root: Any) -> None:
    root.insert(2, etree.fromstring(etree.tostring(root.find("ds:Signature", NS))))


def same_id(root: Any) -> Any:
    outer = wrapped(root)
    outer.set("ID", root.get("ID"))
    return outer


def set_in_signature(path: str, attribute: str, value: str) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        root.find(f"ds:Signature/{path}", NS).set(attribute, value)

    return change


def second_reference(root: Any) -> None:
    info = root.find("ds:Signature/ds:SignedInfo", NS)
    info.append(etree.fromstring(etree.tostring(info.find("ds:Reference", NS))))
    info[-1].set("URI", "file:///dev/zero")


def stylesheet(signed: Any) -> Any:
    root = etree.fromstring(etree.tostring(signed))
    transforms = root.find("ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms", NS)
    etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
    return root


def object_inside(root: Any) -> None:
    etree.SubElement(root.find("ds:Signature", NS), f"{{{DS}}}Object")


WRAPPED: dict[str, tuple[Callable[[Any], Any], Code]] = {
    "wrapped": (wrapped, Code.SIGNATURE_SHAPE),
    "wrapped and signed inside": (hidden, Code.SIGNATURE_MISPLACED),
    "wrapped under the same ID": (same_id, Code.ID_WRONG),
    "signed twice": (doubled, Code.SIGNATURE_MISPLACED),
    "a reference to nothing": (set_in_signature("ds:SignedInfo/ds:Reference", "URI", ""), Code.SIGNATURE_SHAPE),
    "a reference to another ID": (set_in_signature("ds:SignedInfo/ds:Reference", "URI", "#_other"), Code.SIGNATURE_SHAPE),
    "a reference to a file": (set_in_signature("ds:SignedInfo/ds:Reference", "URI", "file:///etc/passwd"), Code.SIGNATURE_SHAPE),
    "a second reference": (second_reference, Code.SIGNATURE_SHAPE),
    "a stylesheet": (stylesheet, Code.ALGORITHM_FORBIDDEN),
    "an object": (object_inside, Code.SIGNATURE_SHAPE),
    "a secret instead of a key": (
        set_in_signature("ds:SignedInfo/ds:SignatureMethod", "Algorithm", f"{DS}hmac-sha1"),
        Code.ALGORITHM_FORBIDDEN,
    ),
    "another canonicalization": (
        set_in_signature("ds:SignedInfo/ds:CanonicalizationMethod", "Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        Code.ALGORITHM_FORBIDDEN,
    ),
}


@pytest.mark.parametrize("how", WRAPPED)
def test_a_signature_that_is_not_plainly_of_the_whole_message_is_refused(forge: Forge, config: Config, how: str) -> None:
    change, code = WRAPPED[how]
    assert code_of(by_form(forge, config, forge.logout_request(config.sls_url, JANE), after=change)) == code


@pytest.mark.parametrize(
    "options", [{"method": xmlsec.constants.TransformRsaSha1}, {"digest": xmlsec.constants.TransformSha1}], ids=["signature", "digest"]
)
def test_sha1_in_a_form_is_refused(forge: Forge, config: Config, options: dict[str, Any]) -> None:
    assert code_of(by_form(forge, config, forge.logout_request(config.sls_url, JANE), **options)) == Code.ALGORITHM_FORBIDDEN


def test_a_certificate_that_the_message_brings_along_proves_nothing(forge: Forge, config: Config) -> None:
    xml = forge.logout_request(config.sls_url, JANE)
    assert code_of(by_form(forge, config, xml, key=key("somebody else"))) == Code.SIGNATURE_WRONG
    accepted(by_form(forge, config, xml, key_info=False))


@Ways
@pytest.mark.parametrize(
    ("before", "code"),
    [
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', Code.XML_FORBIDDEN),
        ("<?xml-stylesheet href='x'?>", Code.XML_FORBIDDEN),
        ("<a/>", Code.XML_WRONG),
        ("\x00", Code.XML_WRONG),
    ],
)
def test_xml_with_more_than_a_message_in_it_is_refused(forge: Forge, config: Config, bring: Bring, before: str, code: Code) -> None:
    xml = before + forge.logout_request(config.sls_url, JANE)
    if bring is by_address:
        found = by_address(forge, config, xml)
    else:
        found = verify_logout_post({"SAMLRequest": encoded(xml.encode())}, config, now())
    assert code_of(found) == code


# ---- whatever comes


NONSENSE = ["", "x", "=", "&", "&&==", "%", "%00", "\x00", "é", "\udcff", "SAMLRequest", "SAMLRequest=%", "{}", "a" * 200_000, "&" * 60_000]
BODIES = ["", "AAAA", "PA==", "PHgvPg==", "=" * 1000, "é", "\udcff", "\x00", "A" * 1_000_000, encoded(b"<x>" * 5000), encoded(b"\xff\xfe<")]


def test_no_nonsense_is_believed_or_breaks_anything(config: Config) -> None:
    for query in NONSENSE:
        assert isinstance(verify_logout_redirect(query, config, now()), Refusal)
        assert isinstance(verify_logout_redirect(f"SAMLRequest={query}&Signature={query}&SigAlg={query}", config, now()), Refusal)
    for body in BODIES:
        for parameter in ("SAMLRequest", "SAMLResponse", "other"):
            assert isinstance(verify_logout_post({parameter: body, "RelayState": body}, config, now()), Refusal)
        packed = quote(base64.b64encode(zlib.compress(body.encode(errors="replace"), wbits=-15)))
        assert isinstance(verify_logout_redirect(f"SAMLRequest={packed}", config, now()), Refusal)


def test_no_single_changed_octet_makes_another_message_of_a_signed_address(forge: Forge, config: Config) -> None:
    chance = random.Random(7)
    query = forge.query("SAMLRequest", forge.logout_request(config.sls_url, JANE), relay="token")
    meant = accepted(verify_logout_redirect(query, config, now()))
    for _try in range(400):
        place, octet = chance.randrange(len(query)), chr(chance.randrange(32, 127))
        found = verify_logout_redirect(query[:place] + octet + query[place + 1 :], config, now())
        assert isinstance(found, Refusal) or found == meant


def test_no_single_changed_octet_makes_another_message_of_a_signed_form(forge: Forge, config: Config) -> None:
    chance = random.Random(8)
    xml = base64.b64decode(forge.posted(forge.logout_request(config.sls_url, JANE)))
    meant = accepted(verify_logout_post({"SAMLRequest": encoded(xml)}, config, now()))
    for _try in range(400):
        place = chance.randrange(len(xml))
        changed = xml[:place] + bytes([chance.randrange(256)]) + xml[place + 1 :]
        found = verify_logout_post({"SAMLRequest": encoded(changed)}, config, now())
        assert isinstance(found, Refusal) or found == meant


# ---- python3-saml as the other side


def test_a_request_of_ours_is_valid_for_python3_saml(forge: Forge, config: Config) -> None:
    xml = messages.logout_request(
        config, messages.new_id(), now(), destination=str(forge.slo), name_id=JANE, name_id_format=EMAIL, session_indexes=("one",)
    )
    address = redirect_url(str(forge.slo), "SAMLRequest", xml, "token", config.keys[0])
    other = peer(forge, config, address)
    sent = other.process_slo(keep_local_session=True)
    assert other.get_errors() == [], other.get_last_error_reason()
    found = accepted(verify_logout_redirect(urlsplit(sent).query, config, now()))
    assert found == LogoutMessage("response", found.id, in_response_to=tree(xml).get("ID"), succeeded=True, relay_state="token")


def test_a_request_of_ours_in_a_form_fits_what_python3_saml_reads(forge: Forge, config: Config) -> None:
    xml = messages.logout_request(config, messages.new_id(), now(), destination=str(forge.slo), name_id=JANE, name_id_format=EMAIL)
    fields = post_fields("SAMLRequest", xml, "", config.keys[0])
    read = OneLogin_Saml2_Logout_Request(peer_settings(forge, config, wantMessagesSigned=False), fields["SAMLRequest"])
    assert read.is_valid(visit(str(forge.slo)), raise_exceptions=True)
    assert OneLogin_Saml2_Logout_Request.get_nameid(read.get_xml()) == JANE


@pytest.mark.parametrize("encrypts", [False, True], ids=["plain", "encrypted"])
def test_a_request_of_python3_saml_is_valid_for_us_and_our_answer_for_it(forge: Forge, config: Config, encrypts: bool) -> None:
    other = peer(forge, config, str(forge.slo), nameIdEncrypted=encrypts)
    sent = other.logout(return_to="https://idp.example/bye?to=a b", name_id=JANE, session_index="one", name_id_format=EMAIL)
    found = accepted(verify_logout_redirect(urlsplit(sent).query, config, now()))
    relay = "https://idp.example/bye?to=a b"
    assert found == LogoutMessage("request", other.get_last_request_id(), JANE, EMAIL, ("one",), relay_state=relay)
    xml = messages.logout_response(config, "_9", now(), destination=str(forge.slo), in_response_to=found.id, status=(SUCCESS,))
    answered = peer(forge, config, redirect_url(str(forge.slo), "SAMLResponse", xml, found.relay_state, config.keys[0]))
    answered.process_slo(keep_local_session=True, request_id=found.id)
    assert answered.get_errors() == [], answered.get_last_error_reason()


def test_an_answer_of_ours_in_a_form_fits_what_python3_saml_reads(forge: Forge, config: Config) -> None:
    xml = messages.logout_response(config, "_9", now(), destination=str(forge.slo), in_response_to="_8", status=(SUCCESS,))
    fields = post_fields("SAMLResponse", xml, "", config.keys[0])
    read = OneLogin_Saml2_Logout_Response(peer_settings(forge, config, wantMessagesSigned=False), fields["SAMLResponse"])
    assert read.is_valid(visit(str(forge.slo)), request_id="_8", raise_exceptions=True)
    assert read.get_status() == SUCCESS


def test_what_python3_saml_signs_inside_a_message_is_valid_for_us(forge: Forge, config: Config) -> None:
    made = OneLogin_Saml2_Logout_Request(peer_settings(forge, config), name_id=JANE, session_index="one", name_id_format=EMAIL)
    signed = OneLogin_Saml2_Utils.add_sign(made.get_xml(), forge.key.private, forge.key.certificate)
    found = accepted(verify_logout_post({"SAMLRequest": encoded(signed if isinstance(signed, bytes) else signed.encode())}, config, now()))
    assert (found.id, found.name_id, found.session_indexes) == (made.id, JANE, ("one",))


def test_another_organizations_identity_provider_cannot_log_anybody_out_here(forge: Forge, config: Config) -> None:
    theirs = Forge(entity_id="https://other.example/metadata", key=key("other organization"))
    xml = theirs.logout_request(config.sls_url, JANE)
    assert code_of(by_address(theirs, config, xml)) == Code.SIGNATURE_WRONG
    assert code_of(by_form(theirs, config, xml)) == Code.SIGNATURE_WRONG
    posing = theirs.called(entity_id=forge.entity_id)
    assert code_of(by_form(posing, config, posing.logout_request(config.sls_url, JANE))) == Code.SIGNATURE_WRONG


def test_a_message_is_not_believed_for_long(forge: Forge, config: Config) -> None:
    query = forge.query("SAMLRequest", forge.logout_request(config.sls_url, JANE))
    accepted(verify_logout_redirect(query, config, now() + timedelta(minutes=11)))
    assert code_of(verify_logout_redirect(query, config, now() + timedelta(minutes=13))) == Code.ISSUED_LONG_AGO


def test_an_agreement_without_certificates_believes_nobody(forge: Forge, config: Config) -> None:
    nobody = replace(config, idp=replace(config.idp, certificates=()), prepared={})
    assert code_of(by_form(forge, nobody, forge.logout_request(config.sls_url, JANE))) == Code.SIGNATURE_WRONG


def test_a_form_that_says_a_thing_twice_is_refused_at_the_address_itself(scene: SignOnScene, client: Client) -> None:
    posted = scene.forge.posted(scene.forge.logout_request(scene.sls, JANE))
    body = urlencode([("SAMLRequest", posted), ("SAMLRequest", posted)])
    answer = client.post(reverse("saml-sls", args=[scene.integration.uuid]), body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 403
    assert Event.everywhere.filter(integration=scene.integration).latest("pk").code == Code.PARAMETER_REPEATED
