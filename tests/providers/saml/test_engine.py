"""What a response proves, and what is told of one that proves nothing. The attacks are in the corpus, which goes through the views."""

from __future__ import annotations

import base64
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
import xmlsec
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth

from integrations import clock
from integrations.providers.saml.config import EMAIL, PERSISTENT, Step
from integrations.providers.saml.keys import certificate_of
from tests.providers.saml.forge import DS, NS, SAML, SAMLP, SUCCESS, Forge, encoded, key
from tests.providers.saml.judging import JANE, REQUEST, TOLD, Desk
from tests.providers.saml.peers import agreement, pair

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
IN_THE_CLEAR = tuple(step for step in Step if step is not Step.DECRYPTION)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


def rewritten(*changes: tuple[str, str]) -> Any:
    """A change of a tree by its text."""

    def change(root: Any) -> Any:
        text = etree.tostring(root).decode()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return etree.fromstring(text.encode())

    return change


# What is told -----------------------------------------------------------------------------------------------------------


def test_all_that_an_assertion_tells_is_read(desk: Desk) -> None:
    now = clock.now()
    said = {"assertion_id": "_a1", "session_until": 3600, "now": now, "sp_name_qualifier": desk.config.entity_id}
    identity = desk.judges(desk.response(said), now=now).identity
    assert identity is not None
    to_the_second = now.replace(microsecond=0)
    assert (identity.name_id, identity.name_id_format, identity.name_qualifier) == (JANE, EMAIL, "")
    assert identity.sp_name_qualifier == desk.config.entity_id
    assert (identity.email, identity.first_name, identity.last_name, identity.groups) == (JANE, "Jane", "Doe", ("staff", "design"))
    assert identity.attributes == {name: tuple(values) for name, values in TOLD.items()}
    assert (identity.session_index, identity.session_until) == ("session-1", to_the_second + timedelta(hours=1))
    assert identity.assertion_digest == sha256(b"_a1").hexdigest()
    assert (identity.issued_at, identity.in_response_to) == (to_the_second, REQUEST)
    assert identity.remembered_until == to_the_second + timedelta(seconds=300 + desk.config.clock_skew_seconds)
    assert identity.certificate == certificate_of(desk.forge.key.certificate).fingerprint


@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
@pytest.mark.parametrize("encrypted", [False, True])
def test_every_step_is_passed_in_order(desk: Desk, signs: str, encrypted: bool) -> None:
    encrypts_for = desk.config.keys[0].certificate if encrypted else ""
    verdict = desk.judges(desk.response(signs=signs, encrypts_for=encrypts_for))
    assert verdict.refusal is None
    assert verdict.passed == (tuple(Step) if encrypted else IN_THE_CLEAR)


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Requester"}, Step.STATUS),
        ({"issuer": "https://other.example/"}, Step.ISSUER),
        ({"destination": "https://other.example/"}, Step.DESTINATION),
        ({"audience": "https://other.example/"}, Step.AUDIENCE),
        ({"recipient": "https://other.example/"}, Step.RECIPIENT),
        ({"in_response_to": "_other"}, Step.REQUEST),
        ({"confirmation_until": -600}, Step.TIME),
        ({"name_id": None}, Step.SUBJECT),
        ({"attributes": {"email": ["no address"]}}, Step.ATTRIBUTES),
    ],
    ids=lambda value: value.value if isinstance(value, Step) else "",
)
def test_a_refusal_names_its_step_and_those_before_were_passed(desk: Desk, said: dict[str, Any], step: Step) -> None:
    verdict = desk.judges(desk.response(said))
    assert verdict.refusal is not None
    assert verdict.refusal.step is step
    assert step not in verdict.passed
    assert verdict.passed == IN_THE_CLEAR[: len(verdict.passed)]
    assert Step.SIGNATURE in verdict.passed or step is Step.STATUS


@pytest.mark.parametrize("ahead", [-90, 0, 75])
def test_how_far_their_clock_is_ahead_is_told_also_of_what_is_refused(desk: Desk, ahead: int) -> None:
    now = clock.now()
    for said in ({}, {"audience": "https://other.example/"}):
        difference = desk.judges(desk.response({**said, "issued": ahead, "now": now}), now=now).clock_difference
        assert difference is not None
        assert difference == pytest.approx(ahead, abs=1)


def test_a_failure_that_the_identity_provider_tells_comes_without_an_assertion(desk: Desk) -> None:
    status = "urn:oasis:names:tc:SAML:2.0:status:"

    def after(root: Any) -> None:
        root.remove(root.find(f"{{{SAML}}}Assertion"))
        code = root.find("samlp:Status/samlp:StatusCode", NS)
        etree.SubElement(code, f"{{{SAMLP}}}StatusCode").set("Value", f"{status}RequestDenied")

    said = {"status": f"{status}Responder", "status_message": "Jane  is not\nassigned. " + "x" * 500}
    refusal = desk.judges(desk.response(said, signs="none", after=after)).refusal
    assert refusal is not None
    assert (refusal.step, refusal.code) == (Step.STATUS, "status_failed")
    assert refusal.detail.startswith("Responder RequestDenied Jane is not assigned. xxx")
    assert len(refusal.detail) == 200
    assert desk.code(desk.response({"status": SUCCESS}, signs="none", after=after)) == "assertions_not_one"


@pytest.mark.parametrize(
    "nonsense",
    [None, "", " ", 5, b"PHg+", [], {}, "\ud800", "\0", "é", "====", "A", "AAA", "PHg+" * 200_000],
    ids=lambda value: repr(value)[:20],
)
def test_nothing_that_is_brought_makes_it_raise(desk: Desk, nonsense: Any) -> None:
    verdict = desk.judges(nonsense)
    assert verdict.identity is None
    assert verdict.refusal is not None


def test_nothing_is_written_to_the_terminal_by_the_libraries(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    ours = desk.config.keys[0].certificate
    for options in (
        {"key": key("stranger")},
        {"after": rewritten(("jane@", "eve@"))},
        {"after": rewritten(('Format="', 'ID="_x" Format="'))},
        {"encrypts_for": key("other").certificate},
        {"encrypts_for": ours, "key": key("stranger")},
        {"encrypts_for": ours, "between": rewritten(("jane@", "eve@"))},
    ):
        assert desk.code(desk.response(**options))
    assert desk.by(idp=replace(desk.config.idp, certificates=(certificate_of(key("curve", curve=True).certificate),))).code(desk.response())
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


# Whose word it is -------------------------------------------------------------------------------------------------------


def test_any_of_their_certificates_vouches_and_is_named(desk: Desk) -> None:
    keys = [key(name) for name in ("old", "idp", "new")]
    several = replace(desk, config=agreement(desk.forge, theirs=tuple(keys), claims=desk.config.claims))
    for one in keys:
        identity = several.judges(several.response(key=one, signs="both")).identity
        assert identity is not None
        assert identity.certificate == certificate_of(one.certificate).fingerprint
    assert several.code(several.response(key=key("stranger"))) == "signature_wrong"


def test_two_signatures_may_be_of_two_certificates_of_theirs_but_both_have_to_be_theirs(desk: Desk) -> None:
    from tests.providers.saml.forge import sign

    both = replace(desk, config=agreement(desk.forge, theirs=(desk.forge.key, key("new")), claims=desk.config.claims))
    for outer, code in ((key("new"), ""), (key("stranger"), "signature_wrong")):
        root = both.forge.tree(both.saying())
        sign(root, outer)
        assert both.code(encoded(etree.tostring(root))) == code


@pytest.mark.parametrize("hashed", ["256", "384", "512"])
def test_elliptic_curves_sign_as_well(desk: Desk, hashed: str) -> None:
    curve = key("curve", curve=True)
    theirs = replace(desk, config=agreement(desk.forge, theirs=(desk.forge.key, curve), claims=desk.config.claims))
    method = getattr(xmlsec.constants, f"TransformEcdsaSha{hashed}")
    assert theirs.code(theirs.response(key=curve, method=method, signs="both")) == ""
    assert theirs.code(theirs.response(key=key("curve of a stranger", curve=True), method=method)) == "signature_wrong"


def test_without_certificates_nobody_is_believed(desk: Desk) -> None:
    assert desk.by(idp=replace(desk.config.idp, certificates=())).code(desk.response()) == "signature_wrong"


def test_prefixes_are_included_where_the_signature_says_so(desk: Desk) -> None:
    """Typed values, whose namespaces are declared far outside, as OpenSAML and WSO2 write them."""
    before = rewritten(
        ("<samlp:Response ", f"<samlp:Response {XSI} "), ("<saml:AttributeValue>", '<saml:AttributeValue xsi:type="xs:string">')
    )
    for options in ({}, {"signs": "both"}, {"encrypts_for": desk.config.keys[0].certificate, "signs": "both"}):
        assert desk.code(desk.response(before=before, prefixes="#default xs xsi samlp", **options)) == ""


def test_a_genuine_signature_is_not_enough_where_the_digest_is_of_something_else(desk: Desk) -> None:
    for signs in ("assertion", "response", "both"):
        assert desk.code(desk.response(signs=signs, after=rewritten(("Jane", "Eve")))) == "signature_wrong"


def test_python3_saml_finds_the_same(desk: Desk) -> None:
    """A second implementation accepts what we accept, and reads the same name and attributes."""
    config, forge = desk.config, desk.forge
    settings = {
        "strict": True,
        "sp": {
            "entityId": config.entity_id,
            "assertionConsumerService": {"url": config.acs_url},
            "x509cert": config.keys[0].certificate,
            "privateKey": config.keys[0].private_key,
        },
        "idp": {"entityId": forge.entity_id, "singleSignOnService": {"url": forge.sso}, "x509cert": forge.key.certificate},
    }
    for options in ({}, {"signs": "response"}, {"signs": "both"}, {"encrypts_for": config.keys[0].certificate}, {"prefixes": "xs"}):
        response = desk.response(**options)
        visit = {"http_host": "patchbay.example", "script_name": config.acs_url.partition(".example")[2], "https": "on", "get_data": {}}
        library = OneLogin_Saml2_Auth({**visit, "post_data": {"SAMLResponse": response}}, old_settings=settings)
        library.process_response(request_id=REQUEST)
        identity = desk.judges(response).identity
        assert identity is not None
        assert library.is_authenticated(), library.get_last_error_reason()
        assert library.get_nameid() == identity.name_id
        assert {name: tuple(values) for name, values in library.get_attributes().items()} == identity.attributes


# What is encrypted ------------------------------------------------------------------------------------------------------


def test_the_older_of_our_two_keys_still_opens(desk: Desk) -> None:
    rotating = desk.by(keys=(pair(key("newer")), *desk.config.keys))
    for one in rotating.config.keys:
        assert rotating.code(rotating.response(encrypts_for=one.certificate)) == ""
    assert rotating.code(rotating.response(encrypts_for=key("other").certificate)) == "decryption_failed"


def test_what_is_encrypted_for_two_of_our_keys_is_opened(desk: Desk) -> None:
    """One of the wrapped keys is for somebody else: the identity provider has kept an old certificate."""
    response = desk.forge.tree(desk.saying(), encrypts_for=desk.config.keys[0].certificate)
    other = desk.forge.tree(desk.saying(), encrypts_for=key("other").certificate)
    path = "saml:EncryptedAssertion/xenc:EncryptedData/ds:KeyInfo/xenc:EncryptedKey"
    response.find(path, NS).addprevious(other.find(path, NS))
    assert desk.code(encoded(etree.tostring(response))) == ""


def test_the_wrapped_key_may_stand_beside_the_data(desk: Desk) -> None:
    """As ADFS and SimpleSAMLphp can write it, with a RetrievalMethod that points there."""
    root = desk.forge.tree(desk.saying(), encrypts_for=desk.config.keys[0].certificate)
    root = etree.fromstring(etree.tostring(root))
    data = root.find("saml:EncryptedAssertion/xenc:EncryptedData", NS)
    info = data.find("ds:KeyInfo", NS)
    wrapped = info.find("xenc:EncryptedKey", NS)
    wrapped.set("Id", "_key")
    data.addnext(wrapped)
    pointer = etree.SubElement(info, f"{{{DS}}}RetrievalMethod")
    pointer.set("URI", "#_key")
    assert desk.code(encoded(etree.tostring(root))) == ""
    pointer.set("URI", "http://127.0.0.1:9/key")
    assert desk.code(encoded(etree.tostring(root))) == "encryption_forbidden"


def test_encryption_may_be_demanded(desk: Desk) -> None:
    demanding = desk.by(wants_encrypted=True)
    assert demanding.code(demanding.response(signs="both")) == "not_encrypted"
    assert demanding.code(demanding.response(encrypts_for=demanding.config.keys[0].certificate)) == ""


def test_what_cannot_be_opened_is_told_in_one_way_whatever_the_fault(desk: Desk) -> None:
    def spoiled(path: str, place: int) -> str:
        root = desk.forge.tree(desk.saying(), encrypts_for=desk.config.keys[0].certificate, cipher=xmlsec.constants.TransformAes256Cbc)
        value = root.find(f"saml:EncryptedAssertion/xenc:EncryptedData/{path}xenc:CipherData/xenc:CipherValue", NS)
        raw = bytearray(base64.b64decode(value.text))
        raw[place] ^= 0x55
        value.text = base64.b64encode(raw).decode()
        return encoded(etree.tostring(root))

    refusals = {desk.judges(spoiled("", place)).refusal for place in (0, 1, 20, -40, -17, -1)}
    refusals |= {desk.judges(spoiled("ds:KeyInfo/xenc:EncryptedKey/", place)).refusal for place in (0, 100, -1)}
    refusals.add(desk.judges(desk.response(encrypts_for=key("other").certificate)).refusal)
    assert {(one.step, one.code, one.detail) for one in refusals if one} == {(Step.DECRYPTION, "decryption_failed", "")}


# Whom it is for, and when -----------------------------------------------------------------------------------------------


def test_a_condition_that_is_not_understood_is_not_passed_over(desk: Desk) -> None:
    hidden = (
        '<saml:Condition xsi:type="saml:AudienceRestrictionType"><saml:Audience>https://other.example/</saml:Audience></saml:Condition>'
    )
    before = rewritten(("<saml:Conditions ", f"<saml:Conditions {XSI} "), ("</saml:Conditions>", f"{hidden}</saml:Conditions>"))
    assert desk.code(desk.response(before=before)) == "audience_other"
    known = "<saml:OneTimeUse/><saml:ProxyRestriction Count='0'/></saml:Conditions>"
    assert desk.code(desk.response(before=rewritten(("</saml:Conditions>", known)))) == ""


@pytest.mark.parametrize("skew", [0, 120, 300])
@pytest.mark.parametrize(
    "said",
    [{}, {"confirmation_until": 7200, "not_on_or_after": 7200}, {"confirmation_until": 60}, {"not_on_or_after": 90}, {"issued": -1800}],
    ids=str,
)
def test_what_is_not_remembered_any_more_is_not_accepted_any_more(desk: Desk, said: dict[str, Any], skew: int) -> None:
    now = clock.now().replace(microsecond=0)
    initiated = desk.by(allows_idp_initiated=True, clock_skew_seconds=skew)
    response = initiated.response({"in_response_to": None, "now": now, **said})
    identity = initiated.judges(response, unsolicited=True, now=now).identity
    assert identity is not None
    left = (identity.remembered_until - now).total_seconds()
    assert left <= 3600 + skew
    assert initiated.code(response, unsolicited=True, now=now, later=left - 1) == ""
    assert initiated.code(response, unsolicited=True, now=now, later=left) in {"expired", "issued_long_ago"}


@pytest.mark.parametrize(
    ("said", "later", "code"),
    [
        ({"issued": 119}, 0, ""),
        ({"issued": 121}, 0, "issued_in_the_future"),
        ({"not_before": 119}, 0, ""),
        ({"not_before": 121}, 0, "not_yet_valid"),
        ({"confirmation_until": 60, "not_on_or_after": 600}, 179, ""),
        ({"confirmation_until": 60, "not_on_or_after": 600}, 180, "expired"),
        ({"confirmation_until": 600, "not_on_or_after": 60}, 180, "expired"),
        ({"not_on_or_after": None}, 0, ""),
        ({"confirmation_until": None}, 0, "expiry_missing"),
        ({"confirmation_until": 2 * 86400 + 1}, 0, "time_wrong"),
        ({"not_on_or_after": 3650 * 86400}, 0, "time_wrong"),
        ({"confirmation_until": 86460, "not_on_or_after": 86460}, 3700, ""),
        ({"confirmation_until": 86460, "not_on_or_after": 86460}, 3720, "issued_long_ago"),
        ({"session_until": 10}, 9, ""),
        ({"session_until": 10}, 10, "session_over"),
    ],
    ids=str,
)
def test_times_count_to_the_second_with_the_skew_on_either_side(desk: Desk, said: dict[str, Any], later: int, code: str) -> None:
    now = clock.now().replace(microsecond=0)
    assert desk.code(desk.response({"now": now, **said}), now=now, later=later) == code


@pytest.mark.parametrize("moment", ["2026-11-27T24:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("attribute", ["NotBefore", "NotOnOrAfter"])
def test_times_that_no_calendar_has_are_refused(desk: Desk, attribute: str, moment: str) -> None:
    def before(root: Any) -> Any:
        return etree.fromstring(re.sub(f'{attribute}="[^"]*"', f'{attribute}="{moment}"', etree.tostring(root).decode()))

    assert desk.code(desk.response(before=before)) in {"time_wrong", "schema_wrong", "expired"}


# What it answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("flagged", [False, True])
@pytest.mark.parametrize("answers", [None, REQUEST])
def test_without_a_request_both_the_agreement_and_the_caller_have_to_allow_it(
    desk: Desk, allowed: bool, flagged: bool, answers: str | None
) -> None:
    from integrations.providers.saml.engine import verify

    by = desk.by(allows_idp_initiated=allowed)
    verdict = verify(by.response({"in_response_to": answers}), by.config, None, clock.now(), unsolicited=flagged)
    assert (verdict.refusal is None) == (allowed and flagged and answers is None)
    if verdict.refusal:
        assert verdict.refusal.code == "unsolicited"


def test_a_request_that_waits_is_answered_even_where_none_is_needed(desk: Desk) -> None:
    from integrations.providers.saml.config import Pending
    from integrations.providers.saml.engine import verify

    by, now = desk.by(allows_idp_initiated=True), clock.now()
    verdict = verify(by.response({"in_response_to": None}), by.config, Pending(REQUEST, now), now, unsolicited=True)
    assert verdict.refusal is not None
    assert verdict.refusal.code == "request_other"


@pytest.mark.parametrize(("outside", "code"), [(None, ""), (REQUEST, ""), ("_other", "request_other"), ("", "schema_wrong")])
def test_what_the_response_says_of_the_request_may_be_missing_but_not_different(desk: Desk, outside: str | None, code: str) -> None:
    assert desk.code(desk.response({"response_in_response_to": outside})) == code
    stolen = {"in_response_to": "_stolen", "response_in_response_to": outside}
    assert desk.code(desk.response(stolen)) in {"request_other", "schema_wrong"}


# How real ones write it -------------------------------------------------------------------------------------------------


def test_values_of_one_attribute_may_come_in_several(desk: Desk) -> None:
    """As Keycloak lists roles; an address that comes twice stays refused."""

    def more(name: str, value: str) -> Any:
        part = f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
        return rewritten(("</saml:AttributeStatement>", f"{part}</saml:AttributeStatement>"))

    identity = desk.judges(desk.response(before=more("groups", "third"))).identity
    assert identity is not None
    assert identity.groups == ("staff", "design", "third")
    assert desk.code(desk.response(before=more("email", "eve@evil.example"))) == "email_odd"


def test_messages_that_are_written_in_many_lines_are_read(desk: Desk) -> None:
    """Blanks between all the parts, also between those of the signature, before it is made."""
    for options in ({}, {"signs": "both"}, {"encrypts_for": desk.config.keys[0].certificate}):
        before = rewritten(("><", ">\n  <"))
        spread = rewritten(("</ds:SignedInfo>", "</ds:SignedInfo>\n    "), ("<ds:KeyInfo>", "\n<ds:KeyInfo>\n"))
        assert desk.code(desk.response(before=before, **options)) == ""
        if "encrypts_for" not in options:
            assert desk.code(desk.response(before=before, after=spread, signs="response")) == ""


def test_hosts_of_one_word_are_served(desk: Desk) -> None:
    """As within a company: https://sso/…"""
    address = "https://patchbay/sso/3f0c8f4e"
    near = desk.by(entity_id=f"{address}/metadata/", acs_url=f"{address}/acs/", sls_url=f"{address}/sls/")
    assert near.code(near.response()) == ""


@pytest.mark.parametrize("kind", [PERSISTENT, "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", None, ""])
def test_kinds_of_names_are_taken_as_they_come(desk: Desk, kind: str | None) -> None:
    identity = desk.judges(desk.response({"name_id": "8f3a-11", "name_id_format": kind})).identity
    assert identity is not None
    assert (identity.name_id, identity.email) == ("8f3a-11", JANE)


def test_nothing_is_fetched_that_a_message_points_at(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        schema = f'xsi:schemaLocation="urn:q {address}" xsi:noNamespaceSchemaLocation="{address}" xml:base="{address}"'
        inclusion = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{address}"/>'
        extension = f'<samlp:Extensions><q xmlns="urn:q">{inclusion}</q></samlp:Extensions>'
        retrieval = f'<ds:RetrievalMethod URI="{address}"/>'
        for after in (
            rewritten(("<samlp:Response ", f"<samlp:Response {XSI} {schema} ")),
            rewritten(("<samlp:Status>", f"{extension}<samlp:Status>")),
            rewritten(("<ds:X509Data>", f"{retrieval}<ds:X509Data>")),
            rewritten(("<ds:SignatureValue>", f'<ds:SignatureValue Id="_v" xml:base="{address}">')),
        ):
            desk.judges(desk.response(after=after))
        desk.judges(encoded(f'<!DOCTYPE r SYSTEM "{address}"><r/>'.encode()))
        with pytest.raises(TimeoutError):
            server.accept()


def test_one_agreement_serves_many_threads_at_once(desk: Desk) -> None:
    shared = desk.by()
    good, bad = shared.response(signs="both"), shared.response(key=key("stranger"))
    sealed = shared.response(encrypts_for=shared.config.keys[0].certificate)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(shared.code, [good, bad, sealed] * 60))
    assert codes == ["", "signature_wrong", ""] * 60


def test_a_new_version_of_the_agreement_does_not_know_the_old_keys(desk: Desk) -> None:
    assert desk.code(desk.response()) == ""
    turned = replace(
        desk.config, version=2, idp=replace(desk.config.idp, certificates=(certificate_of(key("new").certificate),)), prepared={}
    )
    assert replace(desk, config=turned).code(desk.response()) == "signature_wrong"


def test_the_same_response_is_judged_the_same_twice(desk: Desk) -> None:
    response = desk.response(signs="both", encrypts_for=desk.config.keys[0].certificate)
    now = clock.now()
    assert desk.judges(response, now=now) == desk.judges(response, now=now)


def test_another_integration_of_the_same_identity_provider_is_another_audience(desk: Desk) -> None:
    home = "https://patchbay.example/sso/another"
    other = desk.by(uuid="another", entity_id=f"{home}/metadata/", acs_url=f"{home}/acs/")
    assert other.code(desk.response()) == "destination_other"
    assert other.code(desk.response({"destination": other.config.acs_url})) == "audience_other"
    assert other.code(desk.response({"destination": other.config.acs_url, "audience": other.config.entity_id})) == "recipient_other"
    elsewhere = Forge(entity_id="https://other.example/")
    assert desk.code(elsewhere.response(desk.saying(issuer=elsewhere.entity_id))) == "issuer_other"
