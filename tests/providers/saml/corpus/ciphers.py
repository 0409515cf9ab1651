"""Encryption as XML Encryption 1.1 has it, put together by hand: with every digest, and with every fault of padding."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from tests.providers.saml.corpus.variants import Stage, Variant, add, find, text
from tests.providers.saml.forge import DS, NS, SAML, key

FAMILY = "encryption"
FAILED, FORBIDDEN = ("decryption_failed",), ("encryption_forbidden",)
XENC, XENC11 = NS["xenc"], "http://www.w3.org/2009/xmlenc11#"
MGF1P, OAEP = f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep"
SHA1, SHA256, SHA512 = hashes.SHA1(), hashes.SHA256(), hashes.SHA512()
DIGESTS = {"sha1": f"{DS}sha1", "sha256": f"{XENC}sha256", "sha512": f"{XENC}sha512"}


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def wrapped(
    certificate: str, secret: bytes, wrap: str, digest: Any, mask: Any, *, label: bytes = b"", said: dict[str, str] | None = None
) -> str:
    """An EncryptedKey. `said` are algorithms that it names in the place of the true ones."""
    public: Any = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    value = public.encrypt(secret, padding.OAEP(padding.MGF1(mask), digest, label or None))
    named = {"digest": DIGESTS[digest.name], "mask": f"{XENC11}mgf1{mask.name}", **(said or {})}
    inner = f'<ds:DigestMethod Algorithm="{named["digest"]}"/>'
    if wrap == OAEP:
        inner += f'<x11:MGF xmlns:x11="{XENC11}" Algorithm="{named["mask"]}"/>'
    if label:
        inner = f"<xenc:OAEPparams>{b64(label)}</xenc:OAEPparams>{inner}"
    return (
        f'<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{wrap}">{inner}</xenc:EncryptionMethod>'
        f"<xenc:CipherData><xenc:CipherValue>{b64(value)}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
    )


def gcm(secret: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(secret).encrypt(nonce, plain, None)


def cbc(pad: Callable[[bytes], bytes]) -> Callable[[bytes, bytes], bytes]:
    def encrypt(secret: bytes, plain: bytes) -> bytes:
        vector = os.urandom(16)
        made = Cipher(algorithms.AES(secret), modes.CBC(vector)).encryptor()
        return vector + made.update(pad(plain)) + made.finalize()

    return encrypt


def padded(plain: bytes) -> bytes:
    missing = 16 - len(plain) % 16
    return plain + os.urandom(missing - 1) + bytes([missing])


def last_byte(value: int) -> Callable[[bytes], bytes]:
    return lambda plain: padded(plain)[:-1] + bytes([value])


def box(stage: Stage, keys: Callable[[str, bytes], str], cipher: str, size: int, encrypt: Callable[[bytes, bytes], bytes]) -> Any:
    """A response whose assertion is in a box. `keys` makes what the KeyInfo holds, of our certificate and the secret."""
    root = stage.tree()
    assertion = find(root, "saml:Assertion")
    secret = os.urandom(size)
    holder = etree.fromstring(
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}" xmlns:xenc="{XENC}" xmlns:ds="{DS}">'
        f'<xenc:EncryptedData Type="{XENC}Element"><xenc:EncryptionMethod Algorithm="{cipher}"/>'
        f"<ds:KeyInfo>{keys(stage.own_certificate, secret)}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>"
        f"{b64(encrypt(secret, etree.tostring(assertion)))}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"
    )
    root.replace(assertion, holder)
    return root


GCM256, CBC128 = f"{XENC11}aes256-gcm", f"{XENC}aes128-cbc"


def sealed(
    name: str,
    *,
    wrap: str = OAEP,
    digest: Any = SHA256,
    mask: Any = SHA256,
    cipher: str = GCM256,
    size: int = 32,
    encrypt: Callable[[bytes, bytes], bytes] = gcm,
    codes: tuple[str, ...] = (),
    keys: Callable[[str, bytes], str] | None = None,
    **how: Any,
) -> None:
    """It is accepted where no code is given."""
    make = keys or (lambda certificate, secret: wrapped(certificate, secret, wrap, digest, mask, **how))

    def act(stage: Stage) -> Any:
        return stage.brings(b64(text(box(stage, make, cipher, size, encrypt))))

    add(Variant(f"sealed_{name}", FAMILY, not codes, act, codes))


sealed("as_keycloak_does")
sealed("with_sha512", digest=SHA512, mask=SHA512)
sealed("with_sha1_as_the_standard_has_it", wrap=MGF1P, digest=SHA1, mask=SHA1)
sealed("with_sha256_and_the_old_mask", wrap=MGF1P, digest=SHA256, mask=SHA1)
sealed("with_two_digests", digest=SHA512, mask=SHA1)
sealed("with_a_label", label=b"saml")
sealed("with_aes_192", cipher=f"{XENC11}aes192-gcm", size=24)
sealed("with_cbc", cipher=CBC128, size=16, encrypt=cbc(padded))
sealed("for_us_and_somebody_else", keys=lambda mine, secret: both(key("other").certificate, mine, secret))
sealed(
    "for_somebody_else_and_junk", keys=lambda mine, secret: both(key("other").certificate, key("more").certificate, secret), codes=FAILED
)


def both(first: str, second: str, secret: bytes) -> str:
    return "".join(wrapped(certificate, secret, OAEP, SHA256, SHA256) for certificate in (first, second))


sealed("under_another_digest_than_it_says", codes=FAILED, said={"digest": DIGESTS["sha512"]})
sealed("under_another_mask_than_it_says", codes=FAILED, said={"mask": f"{XENC11}mgf1sha1"})
sealed("under_a_mask_that_nobody_knows", codes=FAILED, said={"mask": "urn:x"})
sealed("under_md5", codes=FAILED, said={"digest": "http://www.w3.org/2001/04/xmldsig-more#md5"})
sealed("with_a_key_too_short", codes=FAILED, size=16)
sealed("with_a_tag_cut", codes=FAILED, encrypt=lambda secret, plain: gcm(secret, plain)[:-4])
sealed("with_nothing_but_a_nonce", codes=FAILED, encrypt=lambda secret, plain: os.urandom(12))
sealed("with_cbc_called_gcm", codes=FAILED, encrypt=cbc(padded))
sealed("with_gcm_called_cbc", codes=FAILED, cipher=CBC128, size=16, encrypt=gcm)
for value in (0, 17, 255):
    sealed(f"with_padding_{value}", codes=FAILED, cipher=CBC128, size=16, encrypt=cbc(last_byte(value)))
sealed("with_half_a_block", codes=FAILED, cipher=CBC128, size=16, encrypt=lambda secret, plain: cbc(padded)(secret, plain)[:-8])
sealed("with_the_vector_only", codes=FAILED, cipher=CBC128, size=16, encrypt=lambda secret, plain: os.urandom(16))


def flipped(secret: bytes, plain: bytes) -> bytes:
    """A letter of the signed assertion is turned without knowing the key, as CBC lets anybody do."""
    made = bytearray(cbc(padded)(secret, plain))
    made[16 * 20] ^= 1
    return bytes(made)


sealed("with_a_letter_turned", codes=("decryption_failed", "signature_wrong"), cipher=CBC128, size=16, encrypt=flipped)
