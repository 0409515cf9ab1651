"""Opening what is encrypted, such as an assertion, with one of our keys: RSA-OAEP around a key for AES, as XML Encryption 1.1 has it.

https://www.w3.org/TR/xmlenc-core1/, sections 5.2 (block encryption) and 5.5.2 (RSA-OAEP). Done with `cryptography`, on what the
gate let through, because xmlsec would first look for keys wherever the message points.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import Step
from integrations.providers.saml.gate import BLANKS, Blocked, read
from integrations.providers.saml.xml import DS, SAML, XENC, XENC11, Element, children, name

HASHES: dict[str, hashes.HashAlgorithm] = {
    f"{DS}sha1": hashes.SHA1(),  # noqa: S303 - inside OAEP nothing rests on its collisions, and it is the standard's default
    f"{XENC}sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    f"{XENC}sha512": hashes.SHA512(),
}
MASKS: dict[str, hashes.HashAlgorithm] = {
    f"{XENC11}mgf1sha1": hashes.SHA1(),  # noqa: S303
    f"{XENC11}mgf1sha256": hashes.SHA256(),
    f"{XENC11}mgf1sha384": hashes.SHA384(),
    f"{XENC11}mgf1sha512": hashes.SHA512(),
}
BLOCK, NONCE, TAG = 16, 12, 16
DECLARED = re.compile(rb"\A(\xef\xbb\xbf)?\s*(<\?xml\s[^>]*?\?>)?")


def decrypt(encrypted: Element, keys: Sequence[RSAPrivateKey], local: str = "Assertion") -> Element:
    """What is inside an EncryptedAssertion, or another element of that kind, which went through the gate; it has to be a `local`.

    Raises `Blocked`, always with the same code.
    """
    try:
        plain = _decrypt(encrypted, keys)
        return _opened(plain, encrypted, local)
    except (ValueError, LookupError, InvalidTag, Blocked):
        raise Blocked(Step.DECRYPTION, Code.DECRYPTION_FAILED) from None


def _decrypt(encrypted: Element, keys: Sequence[RSAPrivateKey]) -> bytes:
    data = children(encrypted, XENC, "EncryptedData")[0]
    wrapped = list(encrypted.iter(name(XENC, "EncryptedKey")))
    algorithm = children(data, XENC, "EncryptionMethod")[0].get("Algorithm", "")
    size = int(algorithm.rpartition("#aes")[2][:3]) // 8
    content = _value(data)
    for part in wrapped:
        for key in keys:
            try:
                secret = key.decrypt(_value(part), _oaep(part))
            except ValueError:
                continue
            if len(secret) == size:
                return _gcm(secret, content) if algorithm.endswith("-gcm") else _cbc(secret, content)
    raise ValueError("None of our keys opens it.")


def _oaep(part: Element) -> padding.OAEP:
    method = children(part, XENC, "EncryptionMethod")[0]
    digests, masks = children(method, DS, "DigestMethod"), children(method, XENC11, "MGF")
    parameters = children(method, XENC, "OAEPparams")
    digest = HASHES[digests[0].get("Algorithm", "")] if digests else HASHES[f"{DS}sha1"]
    mask = MASKS[masks[0].get("Algorithm", "")] if masks else MASKS[f"{XENC11}mgf1sha1"]
    label = base64.b64decode((parameters[0].text or "").translate(BLANKS), validate=True) if parameters else None
    return padding.OAEP(mgf=padding.MGF1(mask), algorithm=digest, label=label or None)


def _value(part: Element) -> bytes:
    data = children(part, XENC, "CipherData")[0]
    value = children(data, XENC, "CipherValue")[0]
    return base64.b64decode((value.text or "").translate(BLANKS), validate=True)


def _gcm(secret: bytes, content: bytes) -> bytes:
    if len(content) < NONCE + TAG:
        raise ValueError
    return AESGCM(secret).decrypt(content[:NONCE], content[NONCE:], None)


def _cbc(secret: bytes, content: bytes) -> bytes:
    """The last byte tells how many bytes of padding there are; what else is in them is random."""
    if len(content) < 2 * BLOCK or len(content) % BLOCK:
        raise ValueError
    opened = Cipher(algorithms.AES(secret), modes.CBC(content[:BLOCK])).decryptor()
    plain = opened.update(content[BLOCK:]) + opened.finalize()
    pad = plain[-1]
    if not 1 <= pad <= BLOCK:
        raise ValueError
    return plain[:-pad]


def _opened(plain: bytes, encrypted: Element, local: str) -> Element:
    """The one element that was encrypted, read in the namespaces of the place where it stood."""
    wrapper = etree.Element("opened", nsmap={prefix: uri for prefix, uri in encrypted.nsmap.items() if prefix != "xml"})
    shell = etree.tostring(wrapper)
    opened = read(shell.removesuffix(b"/>") + b">" + DECLARED.sub(b"", plain, count=1) + b"</opened>")
    if len(opened) != 1 or opened[0].tag != name(SAML, local) or (opened.text or "").strip() or (opened[0].tail or "").strip():
        raise ValueError
    element: Element = opened[0]
    element.tail = None
    return element
