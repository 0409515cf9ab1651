"""Reading and signing of the simulated identity provider: lxml and xmlsec alone, so that it never errs together with the product."""

from __future__ import annotations

import base64
import binascii
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote_plus, unquote_plus

import xmlsec
from lxml import etree

from integrations.providers.saml.config import POST, REDIRECT, KeyPair

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
TRANSFORMS = {ECDSA_SHA256: xmlsec.constants.TransformEcdsaSha256, RSA_SHA256: xmlsec.constants.TransformRsaSha256}
PARAMETERS = ("SAMLRequest", "SAMLResponse")
LONGEST = 256 * 1024

Element = etree._Element


class Unreadable(Exception):
    """What was brought is no message; the text says why."""


@dataclass(frozen=True)
class Message:
    """A message that a browser brought by `binding`. In an address `signature` was made over `signed`; in a form it stands inside."""

    binding: str
    parameter: str
    root: Element
    relay_state: str = ""
    algorithm: str = ""
    signature: bytes = b""
    signed: bytes = b""

    @property
    def issuer(self) -> str:
        return (self.root.findtext(name(SAML, "Issuer")) or "").strip()

    @property
    def is_signed(self) -> bool:
        return bool(self.signature) or self.root.find(name(DS, "Signature")) is not None

    def is_signed_by(self, certificates: Sequence[str]) -> bool:
        """Whether the message, whole, is signed with the key of one of the certificates (PEM)."""
        return any(self._fits(certificate) for certificate in certificates)

    def _fits(self, certificate: str) -> bool:
        context = xmlsec.SignatureContext()
        try:
            context.key = xmlsec.Key.from_memory(certificate.encode(), xmlsec.constants.KeyDataFormatCertPem, None)
            if self.binding == REDIRECT:
                context.verify_binary(self.signed, TRANSFORMS[self.algorithm], self.signature)
                return True
            signature = self.root.find(name(DS, "Signature"))
            references = [] if signature is None else [one.get("URI") for one in signature.iter(name(DS, "Reference"))]
            if signature is None or references != [f"#{self.root.get('ID')}"]:
                return False
            xmlsec.tree.add_ids(self.root, ["ID"])
            context.verify(signature)
        except (KeyError, xmlsec.Error):
            return False
        return True


def name(namespace: str, local: str) -> str:
    return f"{{{namespace}}}{local}"


def new_id() -> str:
    return f"_{secrets.token_hex(16)}"


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Reading ---------------------------------------------------------------------------------------------------------------


def parse(document: bytes) -> Element:
    """The root of an XML document. Raises `Unreadable`."""
    if len(document) > LONGEST:
        raise Unreadable("It is too long.")
    try:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True))
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"It is no XML: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable("It declares a type of document.")
    return root


def from_address(query: str) -> Message:
    """The message in an address; a signature counts its escapes as they stand there. Raises `Unreadable`."""
    raw = {parameter: value for parameter, _equals, value in (pair.partition("=") for pair in query.split("&"))}
    parameter = _parameter(raw)
    plain = {key: unquote_plus(value) for key, value in raw.items()}
    opened = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        document = opened.decompress(_decoded(plain[parameter]), LONGEST)
    except zlib.error:
        raise Unreadable("It is not packed as messages in addresses are.") from None
    if opened.unconsumed_tail:
        raise Unreadable("It is too long.")
    return Message(
        REDIRECT,
        parameter,
        parse(document),
        plain.get("RelayState", ""),
        plain.get("SigAlg", ""),
        _decoded(plain.get("Signature", "")),
        "&".join(f"{key}={raw[key]}" for key in (parameter, "RelayState", "SigAlg") if key in raw).encode(),
    )


def from_form(fields: Mapping[str, Sequence[str]]) -> Message:
    """The message in a posted form. Raises `Unreadable`."""
    parameter = _parameter(fields)
    return Message(POST, parameter, parse(_decoded(fields[parameter][-1])), fields.get("RelayState", [""])[-1])


def _parameter(given: Mapping[str, object]) -> str:
    found = [parameter for parameter in PARAMETERS if parameter in given]
    if len(found) != 1:
        raise Unreadable("There is not exactly one message.")
    return found[0]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("It is not in base64.") from None


# Signing ---------------------------------------------------------------------------------------------------------------


def sign(element: Element, pair: KeyPair) -> None:
    """Sign the element with a key of elliptic curves; the signature follows its issuer."""
    signature = xmlsec.template.create(element, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformEcdsaSha256, ns="ds")
    element.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.constants.TransformSha256, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.tree.add_ids(element, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = _loaded(pair)
    context.sign(signature)


def in_address(location: str, parameter: str, root: Element, relay_state: str, pair: KeyPair) -> str:
    """The address that carries a signed message."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = base64.b64encode(packer.compress(etree.tostring(root)) + packer.flush()).decode()
    pairs = [(parameter, packed), *([("RelayState", relay_state)] if relay_state else []), ("SigAlg", ECDSA_SHA256)]
    query = "&".join(f"{key}={quote_plus(value)}" for key, value in pairs)
    context = xmlsec.SignatureContext()
    context.key = _loaded(pair)
    signature = base64.b64encode(context.sign_binary(query.encode(), TRANSFORMS[ECDSA_SHA256])).decode()
    return f"{location}{'&' if '?' in location else '?'}{query}&Signature={quote_plus(signature)}"


def in_form(parameter: str, root: Element, relay_state: str, pair: KeyPair) -> dict[str, str]:
    """The fields of the form that carries a signed message."""
    sign(root, pair)
    fields = {parameter: base64.b64encode(etree.tostring(root)).decode()}
    return {**fields, "RelayState": relay_state} if relay_state else fields


def _loaded(pair: KeyPair) -> xmlsec.Key:
    key = xmlsec.Key.from_memory(pair.private_key.encode(), xmlsec.constants.KeyDataFormatPem, None)
    key.load_cert_from_memory(pair.certificate.encode(), xmlsec.constants.KeyDataFormatPem)
    return key
