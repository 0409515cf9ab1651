"""What a message has to look like before any of it is believed, and before xmlsec sees it: sizes, structure, algorithms.

Transforms and references are run before a signature's value is looked at, so whoever can send a message could have files read
and processors kept busy. Here only the shapes that identity providers really use go through.
"""

from __future__ import annotations

import base64
import binascii
import re

from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import Refusal, Step
from integrations.providers.saml.xml import DS, SAML, SAMLP, XENC, XENC11, Element, XmlProblem, children, name, parse

MAX_BYTES = 256 * 1024
BLANKS = str.maketrans("", "", " \t\r\n")
ID_NAMES = {"id", "ID", "Id", "iD", "{http://www.w3.org/XML/1998/namespace}id", "AssertionID", "ResponseID"}
ID_VALUE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,255}")

EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
SIGNATURES = {
    f"http://www.w3.org/2001/04/xmldsig-more#{method}"
    for method in ("rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512")
}
DIGESTS = {f"{XENC}sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", f"{XENC}sha512"}
CIPHERS = {f"{XENC}aes{bits}-cbc" for bits in (128, 192, 256)} | {f"{XENC11}aes{bits}-gcm" for bits in (128, 192, 256)}
KEY_WRAPS = {f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep"}
MAX_PREFIXES = 6


class Blocked(Exception):
    """A message that is refused. `refusal` says why."""

    def __init__(self, step: Step, code: Code, detail: str = "") -> None:
        super().__init__(code)
        self.refusal = Refusal(step, code.value, detail[:200])


def decode(encoded: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a form field. Blanks are let through, as identity providers wrap lines; nothing else is. Raises `Blocked`."""
    if not encoded:
        raise Blocked(Step.SIZE, Code.MISSING)
    if len(encoded) > max_bytes * 3 // 2:
        raise Blocked(Step.SIZE, Code.TOO_LARGE)
    compact = encoded.translate(BLANKS)
    try:
        decoded = base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        raise Blocked(Step.ENCODING, Code.BASE64_WRONG) from None
    if len(compact) % 4 or compact.endswith("==="):  # which the decoder passes over where no padding is needed
        raise Blocked(Step.ENCODING, Code.BASE64_WRONG)
    if len(decoded) > max_bytes:
        raise Blocked(Step.SIZE, Code.TOO_LARGE)
    return decoded


def read(xml: bytes) -> Element:
    """The root of the message. Raises `Blocked`."""
    try:
        return parse(xml)
    except XmlProblem as problem:
        code = {"forbidden": Code.XML_FORBIDDEN, "complex": Code.XML_TOO_COMPLEX}.get(problem.kind, Code.XML_WRONG)
        raise Blocked(Step.ENCODING, code, str(problem)) from None


def check_response(root: Element, *, decrypted: bool = False) -> Element:
    """The one assertion, or encrypted assertion, of a response; raises `Blocked` for every other shape."""
    if root.tag != name(SAMLP, "Response"):
        raise Blocked(Step.STRUCTURE, Code.ROOT_WRONG, _shown(root))
    every = list(root.iter(name(SAML, "Assertion"), name(SAML, "EncryptedAssertion")))
    if len(every) != 1 or every[0].getparent() is not root:
        raise Blocked(Step.STRUCTURE, Code.ASSERTIONS_NOT_ONE, str(len(every)))
    assertion = every[0]
    if decrypted and assertion.tag != name(SAML, "Assertion"):
        raise Blocked(Step.STRUCTURE, Code.ASSERTIONS_NOT_ONE)
    check_ids(root)
    check_signatures(root, {root, assertion})
    check_encryption(root, assertion)
    return assertion


def check_ids(root: Element) -> None:
    """IDs in every spelling that a processor might take for one are unique, and are names."""
    seen: set[str] = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            if key in ID_NAMES or key.rpartition("}")[2].lower() == "id":
                if value in seen or not ID_VALUE.fullmatch(value):
                    raise Blocked(Step.STRUCTURE, Code.ID_WRONG)
                seen.add(value)


def check_signatures(root: Element, owners: set[Element]) -> None:
    """Signatures stand only as direct children of these elements, one each, and sign just their parent."""
    signed: set[Element] = set()
    for signature in root.iter(name(DS, "Signature")):
        parent = signature.getparent()
        if parent is None or parent not in owners or parent in signed:
            raise Blocked(Step.STRUCTURE, Code.SIGNATURE_MISPLACED)
        signed.add(parent)
        _check_signature(signature, parent)
    inside = {name(DS, local) for local in ("SignedInfo", "Reference", "Object", "Manifest", "SignatureProperties")}
    for element in root.iter(*inside):
        if not any(ancestor.tag == name(DS, "Signature") for ancestor in element.iterancestors()):
            raise Blocked(Step.STRUCTURE, Code.SIGNATURE_MISPLACED)


def _check_signature(signature: Element, parent: Element) -> None:
    shape = [child.tag for child in signature]
    required = [name(DS, "SignedInfo"), name(DS, "SignatureValue")]
    if shape not in (required, [*required, name(DS, "KeyInfo")]):
        raise Blocked(Step.STRUCTURE, Code.SIGNATURE_SHAPE)
    info = signature[0]
    if [child.tag for child in info] != [name(DS, local) for local in ("CanonicalizationMethod", "SignatureMethod", "Reference")]:
        raise Blocked(Step.STRUCTURE, Code.SIGNATURE_SHAPE)
    method, algorithm, reference = info
    _allow(method, {EXC_C14N})
    _allow(algorithm, SIGNATURES)
    if len(method) or len(algorithm):
        raise Blocked(Step.ALGORITHMS, Code.ALGORITHM_FORBIDDEN)
    identifier = parent.get("ID")
    if not identifier or reference.get("URI") != f"#{identifier}" or set(reference.attrib) - {"URI", "Id"}:
        raise Blocked(Step.STRUCTURE, Code.SIGNATURE_SHAPE, "reference")
    if [child.tag for child in reference] != [name(DS, local) for local in ("Transforms", "DigestMethod", "DigestValue")]:
        raise Blocked(Step.STRUCTURE, Code.SIGNATURE_SHAPE, "reference")
    transforms, digest, value = reference
    used = [transform.get("Algorithm") for transform in transforms]
    if used != [ENVELOPED, EXC_C14N] or any(transform.tag != name(DS, "Transform") for transform in transforms) or len(transforms[0]):
        raise Blocked(Step.ALGORITHMS, Code.ALGORITHM_FORBIDDEN, "transforms")
    _check_prefixes(transforms[1])
    _allow(digest, DIGESTS)
    if len(digest) or len(value) or len(signature[1]):
        raise Blocked(Step.STRUCTURE, Code.SIGNATURE_SHAPE)


def _check_prefixes(method: Element) -> None:
    """What is signed may be canonicalized with prefixes to include, and nothing else."""
    for child in method:
        prefixes = child.get("PrefixList", "").split()
        if child.tag != f"{{{EXC_C14N}}}InclusiveNamespaces" or len(method) > 1 or len(prefixes) > MAX_PREFIXES:
            raise Blocked(Step.ALGORITHMS, Code.ALGORITHM_FORBIDDEN, "canonicalization")


def check_encryption(root: Element, assertion: Element) -> None:
    """Only an encrypted assertion is encrypted, as a whole."""
    if next(root.iter(name(SAML, "EncryptedID"), name(SAML, "EncryptedAttribute")), None) is not None:
        raise Blocked(Step.STRUCTURE, Code.ENCRYPTION_FORBIDDEN, "parts")
    check_encrypted(root, assertion if assertion.tag == name(SAML, "EncryptedAssertion") else None)


def check_encrypted(root: Element, holder: Element | None) -> None:
    """Nothing is encrypted but what is in `holder`: for at most two of our keys, with what is inside the message."""
    for element in root.iter(name(XENC, "CipherReference"), name(XENC, "DataReference"), name(XENC, "KeyReference")):
        if element.tag == name(XENC, "CipherReference") or not element.get("URI", "#").startswith("#"):
            raise Blocked(Step.STRUCTURE, Code.ENCRYPTION_FORBIDDEN, "reference")
    for method in root.iter(name(DS, "RetrievalMethod")):
        if not method.get("URI", "").startswith("#") or len(method):
            raise Blocked(Step.STRUCTURE, Code.ENCRYPTION_FORBIDDEN, "retrieval")
    encrypted = list(root.iter(name(XENC, "EncryptedData")))
    keys = list(root.iter(name(XENC, "EncryptedKey")))
    if holder is None:
        if encrypted or keys:
            raise Blocked(Step.STRUCTURE, Code.ENCRYPTION_FORBIDDEN, "parts")
        return
    if len(encrypted) != 1 or encrypted[0].getparent() is not holder or not 1 <= len(keys) <= 2:
        raise Blocked(Step.STRUCTURE, Code.ENCRYPTION_FORBIDDEN, "shape")
    for part, allowed in ((encrypted[0], CIPHERS), *((key, KEY_WRAPS) for key in keys)):
        if holder not in part.iterancestors():
            raise Blocked(Step.STRUCTURE, Code.ENCRYPTION_FORBIDDEN, "shape")
        methods = children(part, XENC, "EncryptionMethod")
        if len(methods) != 1 or methods[0].get("Algorithm") not in allowed:
            raise Blocked(Step.ALGORITHMS, Code.ENCRYPTION_FORBIDDEN, methods[0].get("Algorithm", "")[:120] if methods else "")


def _allow(method: Element, allowed: set[str]) -> None:
    if method.get("Algorithm") not in allowed:
        raise Blocked(Step.ALGORITHMS, Code.ALGORITHM_FORBIDDEN, method.get("Algorithm", "")[:120])


def _shown(element: Element) -> str:
    return str(element.tag).rpartition("}")[2][:80]
