"""How messages travel with the browser: in the address (Redirect), or in a form (POST). SAML bindings 2.0, 3.4 and 3.5."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus

import xmlsec
from lxml import etree

from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import KeyPair, Step
from integrations.providers.saml.gate import MAX_BYTES, SIGNATURES, Blocked, decode
from integrations.providers.saml.signatures import TRANSFORMS, Keys, has_curve, sign, signer, signing_key

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
MESSAGES = ("SAMLRequest", "SAMLResponse")
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
IN_ADDRESS = {*MESSAGES, "RelayState", "SigAlg", "Signature", "SAMLEncoding"}
MAX_QUERY = 64 * 1024
MAX_RELAY = 2048
"""More than the 80 bytes of the specification: not every identity provider keeps to them, and has to get back what it sent."""


def redirect_url(location: str, parameter: str, xml: str, relay_state: str, key: KeyPair | None) -> str:
    """The address that carries the message, signed over its very octets when there is a `key`."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = base64.b64encode(packer.compress(xml.encode()) + packer.flush()).decode()
    pairs = [(parameter, packed), *([("RelayState", relay_state)] if relay_state else [])]
    algorithm = ECDSA_SHA256 if key and has_curve(key) else RSA_SHA256
    if key:
        pairs.append(("SigAlg", algorithm))
    query = "&".join(f"{name}={quote_plus(value)}" for name, value in pairs)
    if key:
        context = xmlsec.SignatureContext()
        context.key = signing_key(key)
        query += f"&Signature={quote_plus(base64.b64encode(context.sign_binary(query.encode(), TRANSFORMS[algorithm])).decode())}"
    return f"{location}{'&' if '?' in location else '?'}{query}"


def post_fields(parameter: str, xml: str, relay_state: str, key: KeyPair | None) -> dict[str, str]:
    """The fields of the form that carries the message, with the signature inside it, after the issuer."""
    root = etree.fromstring(xml.encode())
    if key:
        sign(root, key, before=1)
    fields = {parameter: base64.b64encode(etree.tostring(root)).decode()}
    return {**fields, "RelayState": relay_state} if relay_state else fields


@dataclass(frozen=True)
class Carried:
    """A message that was brought. Out of an address: `signed` are the octets that `signature` was made over, in their right order."""

    parameter: str
    xml: bytes
    relay_state: str
    algorithm: str = ""
    signature: bytes = b""
    signed: bytes = b""


def read_redirect(raw_query: str) -> Carried:
    """Take an address' query apart as it stands there: a signature counts the escapes as their sender wrote them.

    Raises `Blocked`.
    """
    if len(raw_query) > MAX_QUERY:
        raise Blocked(Step.SIZE, Code.TOO_LARGE)
    if not raw_query.isascii():
        raise Blocked(Step.ENCODING, Code.BASE64_WRONG, "not escaped")
    raw: dict[str, str] = {}
    for pair in raw_query.split("&"):
        key, _equals, value = pair.partition("=")
        key = unquote_plus(key)
        if key in IN_ADDRESS:
            if key in raw:
                raise Blocked(Step.STRUCTURE, Code.PARAMETER_REPEATED, key)
            raw[key] = value
    parameter = _one_message(raw)
    plain = {key: unquote_plus(value) for key, value in raw.items()}
    if plain.get("SAMLEncoding", DEFLATE) != DEFLATE:
        raise Blocked(Step.ENCODING, Code.BASE64_WRONG, "SAMLEncoding")
    return Carried(
        parameter=parameter,
        xml=inflate(decode(plain[parameter])),
        relay_state=_relay_state(plain),
        algorithm=plain.get("SigAlg", ""),
        signature=decode(plain["Signature"]) if plain.get("Signature") else b"",
        signed="&".join(f"{key}={raw[key]}" for key in (parameter, "RelayState", "SigAlg") if key in raw).encode(),
    )


def read_post(form: Mapping[str, str]) -> Carried:
    """Take the fields of a form, in which a signature stands inside the message. Raises `Blocked`."""
    parameter = _one_message(form)
    return Carried(parameter=parameter, xml=decode(form[parameter]), relay_state=_relay_state(form))


def _one_message(fields: Mapping[str, str]) -> str:
    found = [parameter for parameter in MESSAGES if parameter in fields]
    if len(found) != 1:
        raise Blocked(Step.SIZE, Code.PARAMETER_REPEATED if found else Code.MISSING)
    return found[0]


def _relay_state(fields: Mapping[str, str]) -> str:
    relay_state = fields.get("RelayState", "")
    if len(relay_state) > MAX_RELAY:
        raise Blocked(Step.SIZE, Code.TOO_LARGE, "RelayState")
    return relay_state


def inflate(packed: bytes) -> bytes:
    """Unpack what is not larger than a message may be. Raises `Blocked`."""
    opened = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        xml = opened.decompress(packed, MAX_BYTES + 1)
    except zlib.error:
        raise Blocked(Step.ENCODING, Code.BASE64_WRONG, "deflate") from None
    if len(xml) > MAX_BYTES or opened.unconsumed_tail:
        raise Blocked(Step.SIZE, Code.TOO_LARGE)
    if not opened.eof or opened.unused_data:
        raise Blocked(Step.ENCODING, Code.BASE64_WRONG, "deflate")
    return xml


def signed_with(carried: Carried, keys: Keys) -> str:
    """The fingerprint of the key that the address was signed with; '' when none of them fits. Raises `Blocked`."""
    if carried.algorithm not in SIGNATURES:
        raise Blocked(Step.ALGORITHMS, Code.ALGORITHM_FORBIDDEN, carried.algorithm)
    found = signer(carried.signed, carried.algorithm, carried.signature, keys)
    return found[0] if found else ""
