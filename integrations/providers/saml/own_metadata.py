"""Our side of the agreement, as identity providers read it: SAML metadata 2.0."""

from __future__ import annotations

from datetime import datetime, timedelta

from lxml import etree

from integrations.providers.saml.config import EMAIL, POST, REDIRECT, Config
from integrations.providers.saml.keys import certificate_of
from integrations.providers.saml.messages import new_id
from integrations.providers.saml.signatures import sign as put_signature
from integrations.providers.saml.xml import DS, MD, SAMLP, Element, name, written

CACHED = "P1D"
LEAST = timedelta(days=1)
NAMESPACES = {"md": MD, "ds": DS}


def own_metadata(config: Config, now: datetime, *, sign: bool = False, organization: str = "", address: str = "") -> str:
    """The document. While keys are changed both are in it: theirs may encrypt for either, and believe what either signed.

    It is valid for as long as the last of the keys: whoever was given it by hand would else have to be given it again and again.
    `organization` and `address` name whoever it belongs to; `sign` puts our signature on it.
    """
    ends = max((certificate_of(pair.certificate).valid_until for pair in config.keys), default=now)
    root = etree.Element(name(MD, "EntityDescriptor"), nsmap=NAMESPACES)
    root.set("ID", new_id())
    root.set("entityID", config.entity_id)
    root.set("validUntil", written(max(ends, now + LEAST)))
    root.set("cacheDuration", CACHED)
    descriptor = _sub(root, "SPSSODescriptor")
    descriptor.set("AuthnRequestsSigned", "true" if config.signs_requests or config.idp.wants_signed_requests else "false")
    descriptor.set("WantAssertionsSigned", "true")
    descriptor.set("protocolSupportEnumeration", SAMLP)
    for use in ("signing", "encryption"):
        for pair in config.keys:
            _key(descriptor, use, pair.certificate)
    for binding in (REDIRECT, POST):
        _endpoint(descriptor, "SingleLogoutService", binding, config.sls_url)
    for kind in dict.fromkeys((config.name_id_format, EMAIL)):
        _sub(descriptor, "NameIDFormat").text = kind
    consumer = _endpoint(descriptor, "AssertionConsumerService", POST, config.acs_url)
    consumer.set("index", "0")
    consumer.set("isDefault", "true")
    if organization and address:
        _organization(root, organization, address)
    if sign and config.keys:
        put_signature(root, config.keys[0], before=0)
    return etree.tostring(root, encoding="unicode")


def _key(descriptor: Element, use: str, certificate: str) -> None:
    key = _sub(descriptor, "KeyDescriptor")
    key.set("use", use)
    data = etree.SubElement(etree.SubElement(key, name(DS, "KeyInfo")), name(DS, "X509Data"))
    etree.SubElement(data, name(DS, "X509Certificate")).text = "".join(certificate.split("\n")[1:-2])


def _endpoint(descriptor: Element, local: str, binding: str, location: str) -> Element:
    endpoint = _sub(descriptor, local)
    endpoint.set("Binding", binding)
    endpoint.set("Location", location)
    return endpoint


def _organization(root: Element, organization: str, address: str) -> None:
    element = _sub(root, "Organization")
    for local, text in (("OrganizationName", organization), ("OrganizationDisplayName", organization), ("OrganizationURL", address)):
        part = _sub(element, local)
        part.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
        part.text = "".join(character for character in text if character.isprintable())


def _sub(parent: Element, local: str) -> Element:
    return etree.SubElement(parent, name(MD, local))
