"""The simulated identity provider's keys: the same whenever it starts, as everybody may know them."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from integrations.providers.saml.config import KeyPair

FROM, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


def simulated_key(number: int) -> KeyPair:
    """The key of that number, on an elliptic curve, with its certificate."""
    secret = int.from_bytes(sha256(f"simulated identity provider {number}".encode()).digest()) >> 1
    key = ec.derive_private_key(secret, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Simulated identity provider {number}")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1000 + number)
    certificate = builder.not_valid_before(FROM).not_valid_after(UNTIL).sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return KeyPair(
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        private_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )
