"""Whatever somebody pastes or an address answers: it is read, or refused in words."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.providers.saml.complaints import MetadataProblem
from integrations.providers.saml.config import IdentityProvider
from integrations.providers.saml.metadata import check_address, from_json, read, to_json
from tests.providers.saml.forge import POST, REDIRECT, key
from tests.providers.saml.written import DS, LOGOUT, MD, OPENING, SSO, described, endpoint, entity, group, role

NOW = datetime.now(UTC)
GENUINE = group(entity(role(formats=["urn:x"], attributes=' validUntil="2999-01-01T00:00:00Z"'), attributes=' cacheDuration="P1D"'))
PIECES = [
    "<",
    ">",
    "&",
    '"',
    "“",
    "]]>",
    "<!--",
    "-->",
    "<?xml?>",
    "<!DOCTYPE a>",
    "<![CDATA[",
    "&#0;",
    "&#x202e;",
    "\x00",
    "\ufeff",
    "\ud800",
]


def answer_to(document: bytes | str) -> IdentityProvider | MetadataProblem:
    try:
        return read(document, NOW)
    except MetadataProblem as problem:
        return problem


def survives(document: bytes | str) -> None:
    """It is read, and what was read can be kept; or it is refused with a code and words."""
    answer = answer_to(document)
    if isinstance(answer, MetadataProblem):
        assert answer.code
        assert 0 < len(str(answer).strip()) < 1000
    else:
        assert answer.entity_id.strip()
        assert answer.certificates
        assert all(address.location.lower().startswith("https://") for address in (*answer.sso, *answer.slo))
        assert from_json(to_json(answer)) == answer


@given(st.binary(max_size=3000))
@settings(max_examples=300, deadline=None)
def test_octets(document: bytes) -> None:
    survives(document)


@given(st.text(st.characters(exclude_categories=()), max_size=1000))
@settings(max_examples=300, deadline=None)
def test_texts(document: str) -> None:
    survives(document)


@given(place=st.integers(0, len(GENUINE)), length=st.integers(0, 400), piece=st.sampled_from(PIECES) | st.text(max_size=5))
@settings(max_examples=600, deadline=None)
def test_genuine_metadata_with_a_part_replaced(place: int, length: int, piece: str) -> None:
    survives(GENUINE[:place] + piece + GENUINE[place + length :])


@given(changes=st.lists(st.tuples(st.integers(0, len(GENUINE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=600, deadline=None)
def test_genuine_metadata_with_octets_changed(changes: list[tuple[int, int]]) -> None:
    octets = bytearray(GENUINE.encode())
    for place, octet in changes:
        octets[place] = octet
    survives(bytes(octets))


TEXTS = st.text(st.characters(exclude_characters='<>&"', exclude_categories=("Cs", "Cc")), max_size=40)
ODD = st.sampled_from(
    ["", " ", "P1D", "-P1D", "PT9999999999999999999S", "2999-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-14:00",
     "https://[", "https://a:b", "https://a:-1/", "https://ａ.example", "HTTPS://idp.example", "true", REDIRECT, POST,
     "signing", "x" * 2000]
)  # fmt: skip
VALUES = TEXTS | ODD
NAMES = st.sampled_from(
    ["entityID", "validUntil", "cacheDuration", "WantAuthnRequestsSigned", "protocolSupportEnumeration", "use", "Binding", "Location",
     "ResponseLocation", "ID", "errorURL"]
)  # fmt: skip
ATTRIBUTES = st.dictionaries(NAMES, VALUES, max_size=4).map(lambda found: "".join(f' {name}="{value}"' for name, value in found.items()))
TAGS = st.sampled_from(
    ["md:EntityDescriptor", "md:EntitiesDescriptor", "md:IDPSSODescriptor", "md:SPSSODescriptor", "md:KeyDescriptor", "ds:KeyInfo",
     "ds:X509Data", "ds:X509Certificate", "md:SingleSignOnService", "md:SingleLogoutService", "md:NameIDFormat", "md:Extensions"]
)  # fmt: skip
LEAVES = VALUES | st.sampled_from([key().bare_certificate, described(key()), endpoint("SingleSignOnService", POST, SSO), LOGOUT, role()])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda tag, attributes, inside: f"<{tag}{attributes}>{''.join(inside)}</{tag}>", TAGS, ATTRIBUTES, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


@given(root=st.sampled_from(["EntityDescriptor", "EntitiesDescriptor"]), attributes=ATTRIBUTES, inside=st.lists(TREES, max_size=5))
@settings(max_examples=500, deadline=None)
def test_metadata_put_together_at_random(root: str, attributes: str, inside: list[str]) -> None:
    survives(f"<md:{root} {OPENING}{attributes}>{''.join(inside)}</md:{root}>")


@given(said=ATTRIBUTES, entity_id=VALUES, location=VALUES, response=VALUES, use=VALUES, duration=VALUES, until=VALUES)
@settings(max_examples=500, deadline=None)
def test_metadata_with_odd_values(said: str, entity_id: str, location: str, response: str, use: str, duration: str, until: str) -> None:
    sso = endpoint("SingleSignOnService", POST, SSO) + endpoint("SingleSignOnService", REDIRECT, location, response)
    keys = described(key()) + described(key(), use=use)
    survives(entity(role(keys=keys, sso=sso), entity_id=entity_id, attributes=f' cacheDuration="{duration}" validUntil="{until}"'))
    survives(entity(f"<md:IDPSSODescriptor{said}/>", entity_id=entity_id))


@given(st.text(max_size=60) | st.builds(lambda rest: f"https://{rest}", st.text(max_size=40)) | ODD)
@settings(max_examples=500, deadline=None)
def test_addresses(address: str) -> None:
    with suppress(MetadataProblem):
        check_address(address)


def test_the_genuine_metadata_that_is_altered_here_is_read() -> None:
    assert read(GENUINE, NOW).certificates
    assert {MD, DS} <= set(OPENING.split('"'))
