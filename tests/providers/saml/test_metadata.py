"""What is read of an identity provider's metadata, and in which words the rest is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.providers.saml.complaints import MetadataProblem
from integrations.providers.saml.config import Endpoint, IdentityProvider
from integrations.providers.saml.keys import certificate_of
from integrations.providers.saml.metadata import check_address, from_json, read, to_json
from tests.providers.saml.forge import POST, REDIRECT, Forge, key
from tests.providers.saml.written import (
    BOTH,
    ENTITY,
    LOGOUT,
    MD,
    SERVICE_PROVIDER,
    SLO,
    SSO,
    described,
    endpoint,
    entity,
    group,
    role,
)

NOW = datetime.now(UTC)
OURS = "https://patchbay.example/sso/"


def understood(document: bytes | str, **options: Any) -> IdentityProvider:
    return read(document, NOW, own=OURS, **options)


def refused(document: bytes | str, **options: Any) -> MetadataProblem:
    with pytest.raises(MetadataProblem) as caught:
        understood(document, **options)
    assert str(caught.value).strip()
    return caught.value


def fingerprint(*name: str) -> str:
    return certificate_of(key(*name).certificate).fingerprint


def private_der() -> str:
    return "".join(key().private.strip().splitlines()[1:-1])


# What is read -----------------------------------------------------------------------------------------------------------


def test_everything_that_sign_on_needs_is_read() -> None:
    formats = ["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"]
    document = entity(role(formats=formats, attributes=' WantAuthnRequestsSigned="true"'), attributes=' cacheDuration="PT6H"')
    provider = understood(document)
    assert provider.entity_id == ENTITY
    assert provider.sso == (Endpoint(REDIRECT, SSO), Endpoint(POST, SSO))
    assert provider.slo == (Endpoint(REDIRECT, SLO), Endpoint(POST, SLO))
    assert [one.fingerprint for one in provider.certificates] == [fingerprint()]
    assert provider.wants_signed_requests
    assert provider.name_id_formats == tuple(formats)
    assert (provider.valid_until, provider.cache_seconds) == (None, 6 * 3600)


def test_what_other_tests_take_for_metadata_is_some() -> None:
    assert understood(Forge().metadata()).entity_id == Forge().entity_id


def test_an_identity_provider_that_takes_forms_only_is_fine() -> None:
    assert understood(entity(role(sso=endpoint("SingleSignOnService", POST, SSO)))).sso == (Endpoint(POST, SSO),)


def test_an_identity_provider_without_logout_is_fine() -> None:
    assert understood(entity(role(slo=""))).slo == ()


def test_answers_to_logout_may_go_to_another_address() -> None:
    slo = endpoint("SingleLogoutService", REDIRECT, SLO, "https://idp.example/slo/done")
    assert understood(entity(role(slo=slo))).slo == (Endpoint(REDIRECT, SLO, "https://idp.example/slo/done"),)


def test_endpoints_of_other_bindings_are_left_out_whatever_their_address() -> None:
    soap = endpoint("SingleSignOnService", "urn:oasis:names:tc:SAML:2.0:bindings:SOAP", "http://idp.example:8080/soap")
    assert len(understood(entity(role(sso=soap + BOTH))).sso) == 2


def test_metadata_without_an_address_for_sign_on_is_read_for_the_admin_may_give_one() -> None:
    assert understood(entity(role(sso=""))).sso == ()
    assert understood(entity(role(sso=endpoint("SingleSignOnService", POST, None)))).sso == ()


def test_a_key_that_is_for_everything_signs() -> None:
    assert understood(entity(role(keys=described(key(), use=None)))).certificates


def test_a_key_for_encryption_is_never_taken_for_one_that_signs() -> None:
    keys = described(key("signs")) + described(key("encrypts"), use="encryption")
    assert [one.fingerprint for one in understood(entity(role(keys=keys))).certificates] == [fingerprint("signs")]
    problem = refused(entity(role(keys=described(key("encrypts"), use="encryption"))))
    assert (problem.code, "encryption" in str(problem)) == ("encryption_only", True)


def test_several_signing_keys_are_all_believed_and_the_same_one_counts_once() -> None:
    keys = described(key("a")) + described(key("b")) + described(key("a"), use=None)
    assert [one.fingerprint for one in understood(entity(role(keys=keys))).certificates] == [fingerprint("a"), fingerprint("b")]


def test_of_a_chain_only_the_first_certificate_is_believed_for_an_authority_signs_for_many() -> None:
    certificates = understood(entity(role(keys=described(key("leaf"), key("authority"))))).certificates
    assert [one.fingerprint for one in certificates] == [fingerprint("leaf")]


def test_certificates_may_be_broken_into_lines_or_carry_the_marks_of_a_pem_file() -> None:
    lines = "\n\t".join(key().bare_certificate[place : place + 76] for place in range(0, 2000, 76))
    assert understood(entity(role(keys=described(f"\r\n  {lines}  ")))).certificates
    assert understood(entity(role(keys=described(key().certificate)))).certificates


def test_certificates_on_elliptic_curves_are_believed() -> None:
    assert understood(entity(role(keys=described(key("curve", curve=True))))).certificates


def test_a_certificate_that_begins_later_is_known_already() -> None:
    keys = described(key()) + described(key("later", days=(20, 400)))
    assert len(understood(entity(role(keys=keys))).certificates) == 2


def test_a_group_with_one_identity_provider_among_applications_is_read() -> None:
    applications = [entity(SERVICE_PROVIDER, entity_id=f"https://app{number}.example") for number in range(3)]
    assert understood(group(*applications, entity())).entity_id == ENTITY
    assert understood(group(group(*applications), group(group(entity())))).entity_id == ENTITY


def test_an_entity_that_is_an_application_too_is_read() -> None:
    assert understood(entity(SERVICE_PROVIDER, role())).entity_id == ENTITY


def test_an_old_protocol_beside_saml_2_does_not_matter() -> None:
    old = role().replace('protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"', 'protocolSupportEnumeration="urn:x:saml1"')
    assert understood(entity(old, role())).entity_id == ENTITY


def test_foreign_parts_such_as_adfs_adds_are_no_trouble() -> None:
    federation = (
        '<md:RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="urn:fed" xsi:type="fed:X" '
        f'protocolSupportEnumeration="urn:fed">{described(key("federation"))}</md:RoleDescriptor>'
    )
    provider = understood(entity(federation, role()))
    assert [one.fingerprint for one in provider.certificates] == [fingerprint()]


def test_a_federation_that_declares_a_namespace_with_every_claim_is_read() -> None:
    """As AD FS does: one for each of some hundred claims, in each of its roles."""
    claims = "".join(f'<auth:ClaimType xmlns:auth="urn:auth" Uri="urn:{number}" Optional="true"/>' for number in range(700))
    federation = f'<md:RoleDescriptor protocolSupportEnumeration="urn:fed"><f:All xmlns:f="urn:f">{claims}</f:All></md:RoleDescriptor>'
    assert understood(entity(federation, role(), federation)).entity_id == ENTITY
    declared = "".join(f'<a xmlns:n{number}="urn:{number}"/>' for number in range(6000))
    assert refused(entity(f"<md:Extensions>{declared}</md:Extensions>", role())).code == "complex"


def test_the_certificate_of_the_metadatas_own_signature_is_no_key_for_sign_on() -> None:
    own = f"<ds:X509Data><ds:X509Certificate>{key('federation').bare_certificate}</ds:X509Certificate></ds:X509Data>"
    signature = f"<ds:Signature><ds:SignedInfo/><ds:SignatureValue/><ds:KeyInfo>{own}</ds:KeyInfo></ds:Signature>"
    for document in (entity(signature, role()), group(signature, entity())):
        assert [one.fingerprint for one in understood(document).certificates] == [fingerprint()]
    assert refused(entity(signature, role(keys=""))).code == "no_certificate"


@pytest.mark.parametrize("written", ["true", "1", " true "])
def test_a_wish_for_signed_requests_is_heard(written: str) -> None:
    assert understood(entity(role(attributes=f' WantAuthnRequestsSigned="{written}"'))).wants_signed_requests


@pytest.mark.parametrize("written", ["false", "0", "yes", ""])
def test_no_such_wish_is_heard_in_anything_else(written: str) -> None:
    assert not understood(entity(role(attributes=f' WantAuthnRequestsSigned="{written}"'))).wants_signed_requests


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("PT1H", 3600),
        ("P1D", 86400),
        ("P1DT12H30M5S", 86400 + 12 * 3600 + 30 * 60 + 5),
        ("PT604800S", 604800),
        ("PT1.5S", 1),
        ("PT0S", 0),
        ("P1M", 30 * 86400),
        ("P1Y", 365 * 86400),
        ("-P1D", None),
        ("P", None),
        ("PT", None),
        ("1 day", None),
        ("", None),
        ("P１D", None),
    ],
)
def test_how_long_it_may_be_kept_is_read_as_xml_schema_writes_it(written: str, seconds: int | None) -> None:
    assert understood(entity(attributes=f' cacheDuration="{written}"')).cache_seconds == seconds


def test_an_endless_duration_is_only_a_long_one() -> None:
    assert (understood(entity(attributes=f' cacheDuration="P{"9" * 5000}Y"')).cache_seconds or 0) > 86400


def test_of_several_durations_and_dates_the_shortest_counts() -> None:
    soon, late = NOW + timedelta(days=2), NOW + timedelta(days=20)
    said = [f' validUntil="{moment:%Y-%m-%dT%H:%M:%S}Z" cacheDuration="{kept}"' for moment, kept in ((late, "P3D"), (soon, "P2D"))]
    for outer, inner in (said, said[::-1]):
        provider = understood(group(entity(role(attributes=inner)), attributes=outer))
        assert provider.cache_seconds == 2 * 86400
        assert provider.valid_until == soon.replace(microsecond=0)


@pytest.mark.parametrize("fraction", ["", ".1", ".123", ".1234567"])
def test_dates_may_have_fractions_of_a_second(fraction: str) -> None:
    moment = f"{NOW + timedelta(days=2):%Y-%m-%dT%H:%M:%S}{fraction}Z"
    assert understood(entity(attributes=f' validUntil="{moment}"')).valid_until


def test_what_was_read_comes_back_from_the_row_as_it_was() -> None:
    document = entity(role(formats=["urn:x"]), attributes=f' validUntil="{NOW + timedelta(days=2):%Y-%m-%dT%H:%M:%S}Z" cacheDuration="P1D"')
    provider = understood(document)
    assert from_json(to_json(provider)) == provider


def test_a_row_without_any_names_an_identity_provider_that_nobody_believes() -> None:
    nobody = from_json({})
    assert (nobody.entity_id, nobody.sso, nobody.certificates) == ("", (), ())


# How a text looks that was carried here by hand -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda xml: f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}', id="declaration"),
        pytest.param(lambda xml: f'\n\n  <?xml version="1.0"?>{xml}\n\n', id="blank lines around"),
        pytest.param(lambda xml: f"\ufeff{xml}", id="byte order mark"),
        pytest.param(lambda xml: f'\ufeff<?xml version="1.0" encoding="utf-8"?>{xml}', id="byte order mark and declaration"),
        pytest.param(lambda xml: xml.replace("><", ">\r\n\t<"), id="indented"),
        pytest.param(lambda xml: f"<!-- Okta -->{xml}<!-- end -->", id="comments"),
    ],
)
def test_what_is_harmless_around_the_document_is_let_pass(wrap: Any) -> None:
    assert understood(wrap(entity())).entity_id == ENTITY
    assert understood(wrap(entity()).encode()).entity_id == ENTITY


@pytest.mark.parametrize("encoding", ["UTF-16", "windows-1252", "ISO-8859-1"])
def test_a_pasted_text_is_decoded_already_whatever_it_says_of_itself(encoding: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?>{entity()}'
    assert understood(document).entity_id == ENTITY
    assert refused(document.encode()).code == "encoding"


@pytest.mark.parametrize(
    ("mangle", "code", "said"),
    [
        pytest.param(lambda xml: "", "empty", "empty", id="nothing"),
        pytest.param(lambda xml: " \n\t ", "empty", "empty", id="blanks"),
        pytest.param(lambda xml: xml.replace('="', "=“").replace('"', "”"), "curly", "curly", id="curly quotes"),
        pytest.param(lambda xml: xml.replace('="', "=„").replace('"', "“"), "curly", "curly", id="German quotes"),
        pytest.param(lambda xml: xml.replace('="', "=‘").replace('"', "’"), "curly", "curly", id="single curly quotes"),
        pytest.param(lambda xml: xml.replace("<", "&lt;").replace(">", "&gt;"), "escaped", "&lt;", id="escaped tags"),
        pytest.param(lambda xml: f"{ENTITY} {key().bare_certificate} {SSO}".removeprefix("https://"), "no_tags", "tags", id="lost tags"),
        pytest.param(lambda xml: "{\\rtf1\\ansi\\ansicpg1252\n" + xml + "}", "formatted", "TextEdit", id="rich text"),
        pytest.param(lambda xml: ENTITY, "address", "field for the metadata address", id="the address instead"),
        pytest.param(lambda xml: f"Dear Jane, here it is:\n{xml}", "leading", "before the first tag", id="text before"),
        pytest.param(lambda xml: f"{xml}\nKind regards", "end", "behind", id="text behind"),
        pytest.param(lambda xml: xml[:-30], "end", "The end is missing", id="the end is cut off"),
        pytest.param(lambda xml: xml.replace("</md:IDPSSODescriptor>", ""), "malformed", "damaged", id="a tag is missing"),
        pytest.param(lambda xml: xml.replace('Location="', "Location="), "malformed", "damaged", id="a quote is missing"),
        pytest.param(lambda xml: xml.replace(SSO, f"{SSO}?a=1&b=2"), "malformed", "damaged", id="a bare ampersand"),
        pytest.param(lambda xml: xml.replace("xmlns:md=", "xmlns:other="), "malformed", "damaged", id="a prefix without a namespace"),
        pytest.param(lambda xml: xml.replace(" entityID", "\u00a0entityID"), "malformed", "damaged", id="a blank that does not break"),
        pytest.param(lambda xml: "<!DOCTYPE html><html><body>Sign in</body></html>", "page", "web page", id="a page"),
        pytest.param(lambda xml: "\n<html lang='en'><head><title>Sign in</head></html>", "page", "web page", id="a page that is no XML"),
        pytest.param(lambda xml: '<html xmlns="http://www.w3.org/1999/xhtml"/>', "page", "web page", id="a page that is XML"),
        pytest.param(lambda xml: '<?xml version="1.0"?><!DOCTYPE HTML PUBLIC "x"><HTML/>', "page", "web page", id="an old page"),
        pytest.param(lambda xml: f'<!DOCTYPE x [<!ENTITY a "b">]>{xml}', "forbidden", "document type", id="a document type"),
        pytest.param(
            lambda xml: f'<!DOCTYPE x SYSTEM "file:///etc/passwd">{xml}', "forbidden", "document type", id="a foreign document type"
        ),
        pytest.param(lambda xml: f'<?xml-stylesheet href="x"?>{xml}', "forbidden", "instructions", id="an instruction"),
        pytest.param(lambda xml: "<a>" * 100 + "</a>" * 100, "complex", "too deeply", id="nested too deeply"),
        pytest.param(lambda xml: "<a>" * 5000 + "</a>" * 5000, "malformed", "depth", id="nested far too deeply"),
        pytest.param(lambda xml: f"<a>{'<b/>' * 30_000}</a>", "complex", "too long", id="too many elements"),
        pytest.param(lambda xml: f"<a>{'x' * 1_000_001}</a>", "too_large", "megabyte", id="too large"),
        pytest.param(lambda xml: f"<a>{xml}</a>", "root", "begins with <a>", id="another root"),
        pytest.param(lambda xml: xml.replace(MD, f"{MD}:x"), "root", "begins with", id="another namespace"),
        pytest.param(lambda xml: '{"issuer": "https://idp.example"}', "no_tags", "tags", id="JSON"),
        pytest.param(lambda xml: "\x00", "no_tags", "tags", id="a zero"),
        pytest.param(lambda xml: xml.replace("idp", "idp\x00"), "malformed", "damaged", id="a zero inside"),
        pytest.param(lambda xml: f"\ud800{xml}", "encoding", "UTF-8", id="half a character"),
    ],
)
def test_a_mangled_text_is_refused_in_words_that_say_what_happened(mangle: Any, code: str, said: str) -> None:
    problem = refused(mangle(entity()))
    assert problem.code == code
    assert said in str(problem)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (entity().encode("utf-16"), "encoding"),
        (entity().replace("idp.example", "idp.exämple").encode("latin-1"), "encoding"),
        (b"PK\x03\x04\x14\x00\xff\xfe", "encoding"),
        (b"\xff" * 100, "encoding"),
        (b"x" * 1_000_001, "too_large"),
    ],
)
def test_octets_that_are_no_text_are_refused_in_words(octets: bytes, code: str) -> None:
    assert refused(octets).code == code


def test_a_private_key_is_refused_wherever_it_stands() -> None:
    pasted = [
        entity() + key().private,
        entity(role(keys=described(key().private))),
        entity(role(keys=described(private_der()))),
        entity(role(keys=described(key()) + described(private_der()))),
        f"<!-- {key().private} -->{entity()}",
        key().private,
    ]
    for document in pasted:
        problem = refused(document)
        assert (problem.code, "secret" in str(problem)) == ("private_key", True)


def test_nothing_outside_is_looked_at() -> None:
    """Neither entities nor inclusions are resolved."""
    inclusion = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    assert refused(entity(entity_id="&passwd;")).code == "malformed"
    assert understood(entity(inclusion, role())).entity_id == ENTITY


# Who it is about --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entity_id", [None, "", "   ", "x" * 1025, "a\u200bb", "a&#10;b"])
def test_an_entity_without_a_usable_name_is_refused(entity_id: str | None) -> None:
    assert refused(entity(entity_id=entity_id)).code == "entity_id"


def test_a_name_may_be_long_and_need_be_no_address() -> None:
    assert understood(entity(entity_id="x" * 1024)).entity_id == "x" * 1024
    assert understood(entity(entity_id="urn:example:idp")).entity_id == "urn:example:idp"


def test_nobody_may_bear_a_name_that_we_give_to_ourselves_whosever_it_is() -> None:
    for name in ("3f0c8f4e/metadata/", "another/metadata/", ""):
        assert refused(entity(entity_id=f"{OURS}{name}")).code == "own"
    assert understood(entity(entity_id="https://patchbay.example/ssosandbox/metadata")).entity_id


def test_two_identity_providers_are_refused_and_counted() -> None:
    documents = [
        group(entity(), entity(entity_id="https://other.example")),
        entity(role(), role()),
        group(group(entity()), group(entity())),
    ]
    for document in documents:
        problem = refused(document)
        assert (problem.code, "2 identity providers" in str(problem)) == ("several", True)


def test_the_metadata_of_an_application_is_refused_as_such() -> None:
    assert refused(entity(SERVICE_PROVIDER)).code == "service_provider"


@pytest.mark.parametrize("document", [entity("<x/>"), group(), group(entity("<x/>")), f'<EntityDescriptor xmlns="{MD}"/>'])
def test_metadata_that_names_nobody_is_refused(document: str) -> None:
    assert refused(document).code == "no_provider"


def test_an_identity_provider_of_an_older_saml_is_refused() -> None:
    old = role().replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol")
    assert refused(entity(old)).code == "protocol"


def test_an_entity_that_hides_among_extensions_is_none() -> None:
    hidden = f"<md:Extensions>{entity(entity_id='https://evil.example')}</md:Extensions>"
    for wrap in (str, group, lambda document: group(group(document))):
        assert understood(wrap(entity(hidden, role()))).entity_id == ENTITY
        assert refused(wrap(entity(hidden))).code == "no_provider"


# Where people are sent --------------------------------------------------------------------------------------------------

BAD_ADDRESSES = [
    "http://idp.example/sso",
    "ftp://idp.example/sso",
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "//idp.example/sso",
    "/sso",
    "idp.example/sso",
    "https://",
    "https:///sso",
    "https://user:secret@idp.example/sso",
    "https://user@idp.example/sso",
    "https://idp.example\\@evil.example/sso",
    "https://idp.example/s so",
    "https://idp.example/sso#part",
    "https://login.example/{tenantid}/saml2",
    "https://idp.example:99999/",
    "https://[::1/sso",
    "https://idp.example/<script>",
    "https://idp.example/'x'",
    f"https://idp.example/{'x' * 1000}",
    "https://idp.example/\u202egnp",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_address_that_nobody_should_be_sent_to_is_refused(address: str) -> None:
    with pytest.raises(MetadataProblem) as caught:
        check_address(address)
    assert caught.value.code == "address"


@pytest.mark.parametrize("kind", ["SingleSignOnService", "SingleLogoutService"])
@pytest.mark.parametrize("place", ["Location", "ResponseLocation"])
def test_such_an_address_is_refused_wherever_it_stands(kind: str, place: str) -> None:
    told = endpoint(kind, POST, "http://idp.example/x") if place == "Location" else endpoint(kind, POST, SSO, "http://idp.example/x")
    problem = refused(entity(role(sso=BOTH + told, slo="") if kind == "SingleSignOnService" else role(slo=LOGOUT + told)))
    assert problem.code == "address"
    assert "http://idp.example/x" in str(problem)


@pytest.mark.parametrize(
    "address", ["https://idp.example", "https://idp.example:8443/a/b?c=d&e=f", "https://[2001:db8::1]/x", "https://10.0.0.1/"]
)
def test_other_addresses_are_fine(address: str) -> None:
    """Browsers are sent there, we do not call them: it may well be an address of the organization's own network."""
    check_address(address)


def test_addresses_without_encryption_are_for_simulated_identity_providers_only() -> None:
    document = entity(role(sso=endpoint("SingleSignOnService", REDIRECT, "http://127.0.0.1:8001/sso")))
    assert refused(document).code == "address"
    assert understood(document, allow_http=True).sso[0].location == "http://127.0.0.1:8001/sso"
    assert refused(document.replace("http://127", "ftp://127"), allow_http=True).code == "address"


# By which keys it is believed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param("", id="no keys"),
        pytest.param('<md:KeyDescriptor use="signing"/>', id="nothing in it"),
        pytest.param(described(), id="no certificate in it"),
        pytest.param("<md:KeyDescriptor><ds:KeyInfo><ds:KeyName>x</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>", id="a name of a key only"),
        pytest.param(described(key(), use="unknown"), id="for something else"),
    ],
)
def test_metadata_without_a_signing_certificate_is_refused(keys: str) -> None:
    assert refused(entity(role(keys=keys))).code == "no_certificate"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("  \n ", id="blank"),
        pytest.param("%%%", id="not base64"),
        pytest.param("MIIB", id="cut off"),
        pytest.param("ü", id="not ASCII"),
        pytest.param(base64.b64encode(b"hello" * 99).decode(), id="no certificate"),
        pytest.param(key().bare_certificate[:-40], id="the end is missing"),
        pytest.param(f"<b>{key().bare_certificate}</b>", id="an element inside"),
        pytest.param(f"MII<b/>{key().bare_certificate}", id="text and an element"),
    ],
)
def test_what_is_no_certificate_is_refused_for_the_file_is_damaged(text: str) -> None:
    assert refused(entity(role(keys=described(text)))).code == "unreadable"
    assert refused(entity(role(keys=described(key()) + described(text)))).code == "unreadable"


def test_a_certificate_that_ended_is_refused_with_its_date_and_left_out_beside_another_one() -> None:
    old = key("old", days=(-800, -10))
    problem = refused(entity(role(keys=described(old))))
    assert problem.code == "ended"
    assert (NOW - timedelta(days=10)).date().isoformat() in str(problem)
    certificates = understood(entity(role(keys=described(old) + described(key())))).certificates
    assert [one.fingerprint for one in certificates] == [fingerprint()]


def test_a_weak_certificate_is_refused_with_what_it_takes_and_left_out_beside_another_one() -> None:
    weak = key("weak", bits=1024)
    problem = refused(entity(role(keys=described(weak))))
    assert (problem.code, "2048" in str(problem)) == ("weak", True)
    certificates = understood(entity(role(keys=described(weak) + described(key())))).certificates
    assert [one.fingerprint for one in certificates] == [fingerprint()]


def test_more_certificates_than_anybody_needs_are_refused() -> None:
    few = "".join(described(key(f"many {number}", curve=True)) for number in range(10))
    assert len(understood(entity(role(keys=few))).certificates) == 10
    assert refused(entity(role(keys=few + described(key())))).code == "certificates"


# Until when it counts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "never", "", "2020-13-45T99:00:00Z", "99999-01-01T00:00:00Z"])
def test_metadata_that_ended_is_refused_wherever_that_is_said(until: str) -> None:
    said = f' validUntil="{until}"'
    for document in (
        entity(attributes=said),
        entity(role(attributes=said)),
        group(entity(), attributes=said),
        group(group(entity()), attributes=said),
    ):
        problem = refused(document)
        assert (problem.code, until in str(problem)) == ("expired", True)


def test_metadata_of_the_last_second_counts_no_more() -> None:
    moment = NOW.replace(microsecond=0)
    document = entity(attributes=f' validUntil="{moment:%Y-%m-%dT%H:%M:%S}Z"')
    assert read(document, moment - timedelta(seconds=1)).valid_until == moment
    with pytest.raises(MetadataProblem):
        read(document, moment)
