"""The identity provider's metadata, pasted or fetched: one strict reader, which says in words what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.utils.translation import gettext as _

from integrations.providers.saml.complaints import MetadataProblem, is_page, page, private_key, why
from integrations.providers.saml.config import POST, REDIRECT, Endpoint, IdentityProvider
from integrations.providers.saml.their_keys import signing_certificates
from integrations.providers.saml.xml import DECLARATION, MD, SAMLP, Element, XmlProblem, children, name, parse, text_of, time_of

MAX_BYTES = 1_000_000
MAX_ELEMENTS = 20_000
MAX_NAMESPACES = 5_000
"""AD FS and Entra ID declare one with every claim that they know."""
LONGEST_ENTITY_ID, LONGEST_ADDRESS = 1024, 1000
BEFORE_XML = "\ufeff \t\r\n"
DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?", re.ASCII)
SECONDS = (365 * 86400, 30 * 86400, 86400, 3600, 60, 1)
NEVER_IN_ADDRESSES = set(" \"'<>\\^`{|}#")


def read(document: bytes | str, now: datetime, *, allow_http: bool = False, own: str = "") -> IdentityProvider:
    """What the document says of the one identity provider in it. Raises `MetadataProblem`, whatever the document is.

    `allow_http` is for simulated identity providers: real ones are reached with https only. `own` is what the entity IDs begin with
    that we give to ourselves: no identity provider may have such a one.
    """
    root = _root(document)
    descriptor = _only_provider(root)
    entity = descriptor.getparent()
    assert entity is not None
    entity_id = (entity.get("entityID") or "").strip()
    if not entity_id or len(entity_id) > LONGEST_ENTITY_ID or not entity_id.isprintable():
        raise MetadataProblem("entity_id", _("The metadata has no usable entityID. Copy the whole file once more."))
    if own and entity_id.startswith(own):
        raise MetadataProblem("own", _("This is Patchbay's own metadata. Use that of the identity provider."))
    return IdentityProvider(
        entity_id=entity_id,
        sso=_endpoints(descriptor, "SingleSignOnService", allow_http),
        slo=_endpoints(descriptor, "SingleLogoutService", allow_http),
        certificates=signing_certificates(descriptor, now),
        wants_signed_requests=(descriptor.get("WantAuthnRequestsSigned") or "").strip() in ("true", "1"),
        name_id_formats=tuple(text_of(one)[:255] for one in children(descriptor, MD, "NameIDFormat"))[:20],
        valid_until=_valid_until(descriptor, now),
        cache_seconds=_cache_seconds(descriptor),
    )


def _root(document: bytes | str) -> Element:
    octets = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    if len(octets) > MAX_BYTES:
        raise MetadataProblem("too_large", _("The metadata is larger than a megabyte. Use the metadata of this one application only."))
    text = octets.decode("utf-8", "replace").strip(BEFORE_XML)
    if isinstance(document, str):  # decoded already, whatever it says of itself
        octets = DECLARATION.sub("", document.strip(BEFORE_XML), count=1).encode("utf-8", "surrogatepass")
    if "PRIVATE KEY-----" in text:
        raise private_key()
    try:
        root = parse(octets.removeprefix(b"\xef\xbb\xbf").strip(), max_elements=MAX_ELEMENTS, max_namespaces=MAX_NAMESPACES)
    except XmlProblem as problem:
        raise MetadataProblem(*why(text, problem)) from None
    if root.tag in (name(MD, "EntityDescriptor"), name(MD, "EntitiesDescriptor")):
        return root
    if is_page(text):
        raise MetadataProblem("page", page())
    words = _("The XML begins with <%(tag)s>, and metadata begins with <EntityDescriptor>. Copy the whole metadata file.")
    raise MetadataProblem("root", words % {"tag": str(root.tag).rpartition("}")[2][:60]})


def _entities(element: Element) -> Iterator[Element]:
    """The entities of a document, also of groups in groups; whatever hides in extensions is none."""
    if element.tag == name(MD, "EntityDescriptor"):
        yield element
    elif element.tag == name(MD, "EntitiesDescriptor"):
        for child in element:
            yield from _entities(child)


def _only_provider(root: Element) -> Element:
    entities = list(_entities(root))
    found = [one for entity in entities for one in children(entity, MD, "IDPSSODescriptor")]
    fitting = [one for one in found if SAMLP in (one.get("protocolSupportEnumeration") or "").split()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        words = _("The metadata names %(count)d identity providers. Use the metadata of this one application only.")
        raise MetadataProblem("several", words % {"count": len(fitting)})
    if found:
        raise MetadataProblem("protocol", _("The identity provider in it does not speak SAML 2.0."))
    if any(children(entity, MD, "SPSSODescriptor") for entity in entities):
        raise MetadataProblem("service_provider", _("This is the metadata of an application, not of an identity provider."))
    raise MetadataProblem("no_provider", _("The metadata names no identity provider: <IDPSSODescriptor> is missing. Copy the whole file."))


def _endpoints(descriptor: Element, local: str, allow_http: bool) -> tuple[Endpoint, ...]:
    """The endpoints in ways that are spoken here. Raises `MetadataProblem` for addresses without encryption."""
    found = []
    for element in children(descriptor, MD, local):
        binding = (element.get("Binding") or "").strip()
        addresses = [(element.get(attribute) or "").strip() for attribute in ("Location", "ResponseLocation")]
        if binding not in (REDIRECT, POST) or not addresses[0]:
            continue
        for address in filter(None, addresses):
            check_address(address, allow_http=allow_http)
        found.append(Endpoint(binding, *addresses))
    return tuple(found)


def check_address(address: str, *, allow_http: bool = False) -> None:
    """Raises `MetadataProblem` for an address that nobody should be sent to."""
    if not _is_fit(address, ("https", "http") if allow_http else ("https",)):
        words = _("The address %(address)s cannot be used: it has to begin with https://, without a user name, blanks or # in it.")
        raise MetadataProblem("address", words % {"address": address[:100]})


def _is_fit(address: str, schemes: tuple[str, ...]) -> bool:
    if len(address) > LONGEST_ADDRESS or not address.isprintable() or NEVER_IN_ADDRESSES & set(address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def _around(descriptor: Element, attribute: str) -> list[str]:
    """What the descriptor, its entity and the groups around that say."""
    told = [element.get(attribute) for element in (descriptor, *descriptor.iterancestors())]
    return [text.strip() for text in told if text is not None]


def _valid_until(descriptor: Element, now: datetime) -> datetime | None:
    untils = []
    for text in _around(descriptor, "validUntil"):
        until = time_of(text)
        if until is None or until <= now:
            words = _("The metadata was valid until %(until)s. Get it anew from the identity provider.")
            raise MetadataProblem("expired", words % {"until": text[:40]})
        untils.append(until)
    return min(untils, default=None)


def _cache_seconds(descriptor: Element) -> int | None:
    """For how long it may be kept, as XML Schema writes durations; one that cannot be read says nothing."""
    matches = [match for text in _around(descriptor, "cacheDuration") if (match := DURATION.fullmatch(text)) and any(match.groups())]
    found = [sum(int(part[:9]) * each for part, each in zip(match.groups(), SECONDS, strict=True) if part) for match in matches]
    return min(found, default=None)


def to_json(provider: IdentityProvider) -> dict[str, Any]:
    """As it is kept in the row, and comes back from there."""
    written: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(provider))
    return written


def from_json(written: dict[str, Any]) -> IdentityProvider:
    """What was kept; of a row without any, an identity provider that nobody can be sent to and whom nothing is believed."""
    return msgspec.convert(written, IdentityProvider) if written else IdentityProvider("", (), ())
