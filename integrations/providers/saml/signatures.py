"""XML signatures of what went through the gate, verified with the certificates of the agreement and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from integrations.providers.saml.config import Certificate, Config, KeyPair
from integrations.providers.saml.gate import BLANKS
from integrations.providers.saml.xml import DS, Element, children

ID_ATTRIBUTES = ["ID"]
LONGEST_SIGNED_INFO = 8 * 1024
TRANSFORMS = {
    f"http://www.w3.org/2001/04/xmldsig-more#{method}": getattr(xmlsec.constants, f"Transform{constant}")
    for method, constant in (
        ("rsa-sha256", "RsaSha256"),
        ("rsa-sha384", "RsaSha384"),
        ("rsa-sha512", "RsaSha512"),
        ("ecdsa-sha256", "EcdsaSha256"),
        ("ecdsa-sha384", "EcdsaSha384"),
        ("ecdsa-sha512", "EcdsaSha512"),
    )
}
Keys = Sequence[tuple[str, xmlsec.Key]]
"""The identity provider's, by fingerprint."""


def verification_keys(config: Config) -> list[tuple[str, xmlsec.Key]]:
    """The identity provider's keys by fingerprint, loaded once for each version of the agreement."""
    keys: list[tuple[str, xmlsec.Key]] | None = config.prepared.get("verification")
    if keys is None:
        keys = [(certificate.fingerprint, _public(certificate)) for certificate in config.idp.certificates]
        config.prepared["verification"] = keys
    return keys


def decryption_keys(config: Config) -> Sequence[RSAPrivateKey]:
    keys: list[RSAPrivateKey] | None = config.prepared.get("decryption")
    if keys is None:
        loaded = [load_pem_private_key(pair.private_key.encode(), None) for pair in config.keys]
        keys = [key for key in loaded if isinstance(key, RSAPrivateKey)]
        config.prepared["decryption"] = keys
    return keys


def signing_key(pair: KeyPair) -> xmlsec.Key:
    key = xmlsec.Key.from_memory(pair.private_key.encode(), xmlsec.constants.KeyDataFormatPem, None)
    key.load_cert_from_memory(pair.certificate.encode(), xmlsec.constants.KeyDataFormatPem)
    return key


def has_curve(pair: KeyPair) -> bool:
    """Whether the key is one of elliptic curves, and signs with ECDSA."""
    return isinstance(x509.load_pem_x509_certificate(pair.certificate.encode()).public_key(), EllipticCurvePublicKey)


def _public(certificate: Certificate) -> xmlsec.Key:
    return xmlsec.Key.from_memory(certificate.pem.encode(), xmlsec.constants.KeyDataFormatCertPem, None)


def signature_of(element: Element) -> Element | None:
    """The signature that the element carries."""
    return next(iter(children(element, DS, "Signature")), None)


def verified_with(element: Element, keys: Keys) -> str:
    """The fingerprint of the key that the element's signature was made with; '' when none of them fits.

    The element has been through the gate: its signature refers to the element itself, by the ID that is its alone.
    Whose signature it is shows in a few octets. Only if it is one of theirs the element is looked at, which may be long: what
    a stranger sends costs little, however many keys there are.
    """
    signature = signature_of(element)
    if signature is None or (found := _signer(signature, keys)) is None:
        return ""
    fingerprint, key = found
    xmlsec.tree.add_ids(element, ID_ATTRIBUTES)
    context = xmlsec.SignatureContext()
    context.key = key
    try:
        context.verify(signature)
    except xmlsec.Error:
        return ""
    return fingerprint


def _signer(signature: Element, keys: Keys) -> tuple[str, xmlsec.Key] | None:
    """The key by which the signature's value fits what it signs, which says nothing yet of the digest that stands in there."""
    info, value, *_key_info = signature
    octets = etree.tostring(info, method="c14n", exclusive=True, with_comments=False)
    try:
        signed = base64.b64decode((value.text or "").translate(BLANKS), validate=True)
    except ValueError:
        return None
    return signer(octets, info[1].get("Algorithm", ""), signed, keys) if len(octets) <= LONGEST_SIGNED_INFO else None


def signer(octets: bytes, algorithm: str, signature: bytes, keys: Keys) -> tuple[str, xmlsec.Key] | None:
    """Fingerprint and key with which the octets were signed; None when none of them fits, or the algorithm is not allowed."""
    for fingerprint, key in keys if algorithm in TRANSFORMS else ():
        context = xmlsec.SignatureContext()
        context.key = key
        try:
            context.verify_binary(octets, TRANSFORMS[algorithm], signature)
        except xmlsec.Error:
            continue
        return fingerprint, key
    return None


def sign(root: Element, pair: KeyPair, before: int) -> None:
    """Put a signature of the root element at the place `before` among its children: exclusive canonicalization, SHA-256."""
    method = xmlsec.constants.TransformEcdsaSha256 if has_curve(pair) else xmlsec.constants.TransformRsaSha256
    signature = xmlsec.template.create(root, xmlsec.constants.TransformExclC14N, method, ns="ds")
    root.insert(before, signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.constants.TransformSha256, uri=f"#{root.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.tree.add_ids(root, ID_ATTRIBUTES)
    context = xmlsec.SignatureContext()
    context.key = signing_key(pair)
    context.sign(signature)
