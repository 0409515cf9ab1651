"""Keys and certificates: ours are made here, theirs are read here."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from cryptography.x509.oid import NameOID

from integrations.providers.saml.config import Certificate, KeyPair

BITS = 2048
LASTS = timedelta(days=5 * 365)
RSA_BITS = range(2048, 8193)
"""Shorter ones protect nothing, longer ones are only there to keep us busy."""
CURVE_BITS = 256
BEGINS_BEFORE = timedelta(days=1)
"""The clocks of others may be behind ours."""


class WeakKey(ValueError):
    """The certificate's key is of a kind or length that protects nothing."""


def new_key_pair(common_name: str, now: datetime) -> KeyPair:
    """An RSA key with a certificate that it signed itself, good for five years."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEGINS_BEFORE)
        .not_valid_after(now + LASTS)
        .sign(key, hashes.SHA256())
    )
    return KeyPair(
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        private_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


def read_certificate(der: bytes) -> Certificate:
    """One certificate. Raises `ValueError` for what is none, `WeakKey` for one that is too weak to be believed."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        raise WeakKey("unknown") from None
    except x509.InvalidVersion as problem:
        raise ValueError(str(problem)) from None
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in RSA_BITS:
            raise WeakKey(str(key.key_size))
    elif not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size < CURVE_BITS:
        raise WeakKey(type(key).__name__)
    return Certificate(
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        subject="".join(character for character in certificate.subject.rfc4514_string() if character.isprintable())[:200],
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
    )


def is_private_key(der: bytes) -> bool:
    """Whether somebody took a private key for a certificate."""
    try:
        load_der_private_key(der, None)
    except (ValueError, UnsupportedAlgorithm):
        return False
    except TypeError:  # it is encrypted with a password
        pass
    return True


def certificate_of(pem: str) -> Certificate:
    """The same for one in PEM."""
    return read_certificate(x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER))
