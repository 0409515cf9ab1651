"""Signatures: missing, wrong, weak, moved, or of something else than what is read."""

from __future__ import annotations

import base64
import hashlib
import hmac
from copy import deepcopy
from typing import Any

import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from tests.providers.saml.corpus.variants import Stage, find, plays, raw, signed, text
from tests.providers.saml.forge import DS, NS, key

FAMILY = "signature"
WRONG, SHAPE, FORBIDDEN = ("signature_wrong",), ("signature_shape", "algorithm_forbidden", "id_wrong"), ("algorithm_forbidden",)
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ASSERTION = "saml:Assertion"
INFO = f"{ASSERTION}/ds:Signature/ds:SignedInfo"

signed(FAMILY, "signed_assertion", accepts=True)
signed(FAMILY, "signed_response", accepts=True, signs="response")
signed(FAMILY, "signed_both", accepts=True, signs="both")
signed(FAMILY, "signed_without_key_info", accepts=True, key_info=False)
signed(FAMILY, "signed_sha512", accepts=True, method=xmlsec.constants.TransformRsaSha512, digest=xmlsec.constants.TransformSha512)
signed(FAMILY, "signed_sha384", accepts=True, method=xmlsec.constants.TransformRsaSha384, digest=xmlsec.constants.TransformSha384)
signed(FAMILY, "signed_with_prefix_list", accepts=True, prefixes="xs")
signed(FAMILY, "signed_with_prefix_list_without_end", codes=("algorithm_forbidden",), prefixes=" ".join(f"p{n}" for n in range(50)))

signed(FAMILY, "unsigned", codes=("unsigned",), signs="none")
signed(FAMILY, "wrong_key", codes=WRONG, key=key("stranger"))
signed(FAMILY, "wrong_key_no_key_info", codes=WRONG, key=key("stranger"), key_info=False)
signed(FAMILY, "wrong_key_on_response", codes=WRONG, key=key("stranger"), signs="response")
signed(FAMILY, "wrong_key_look_alike_certificate", codes=WRONG, key=key("idp", days=(-2, 3650)))
signed(FAMILY, "rsa_sha1", codes=FORBIDDEN, method=xmlsec.constants.TransformRsaSha1)
signed(FAMILY, "sha1_digest_only", codes=FORBIDDEN, digest=xmlsec.constants.TransformSha1)
signed(FAMILY, "both_sha1", codes=FORBIDDEN, method=xmlsec.constants.TransformRsaSha1, digest=xmlsec.constants.TransformSha1)
signed(FAMILY, "c14n_inclusive", codes=FORBIDDEN, c14n=xmlsec.constants.TransformInclC14N)
signed(FAMILY, "c14n_with_comments", codes=FORBIDDEN, c14n=xmlsec.constants.TransformExclC14NWithComments)


def altered(name: str, path: str, change: Any, *, codes: tuple[str, ...] = (), signs: str = "assertion", accepts: bool = False) -> None:
    """A good response, of which one element is changed afterwards."""

    def after(root: Any) -> None:
        change(find(root, path))

    signed(FAMILY, name, codes=codes, signs=signs, after=after, accepts=accepts)


def inclusive(count: int) -> Any:
    listed = " ".join(f"p{number}" for number in range(count))
    return etree.fromstring(f'<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{listed}"/>')


def set_to(attribute: str, value: str) -> Any:
    return lambda element: element.set(attribute, value)


def retext(value: str) -> Any:
    def change(element: Any) -> None:
        element.text = value

    return change


def drop(element: Any) -> None:
    element.getparent().remove(element)


altered("stripped", f"{ASSERTION}/ds:Signature", drop, codes=("unsigned",))
altered("name_id_changed", f"{ASSERTION}/saml:Subject/saml:NameID", retext("ana@northwind-studio.example"), codes=WRONG)
altered("attribute_changed", f"{ASSERTION}/saml:AttributeStatement/saml:Attribute/saml:AttributeValue", retext("x@y.example"), codes=WRONG)
altered("audience_changed", f"{ASSERTION}/saml:Conditions/saml:AudienceRestriction/saml:Audience", retext("x"), codes=WRONG)
altered("issuer_changed", f"{ASSERTION}/saml:Issuer", retext("https://idp.example/metadatA"), codes=WRONG)
altered("response_changed_though_signed", ".", set_to("Consent", "urn:x"), signs="response", codes=WRONG)
altered(
    "assertion_changed_in_a_signed_response", f"{ASSERTION}/saml:Subject/saml:NameID", retext("x@y.example"), signs="response", codes=WRONG
)
altered("assertion_id_changed", ASSERTION, set_to("ID", "_other"), codes=SHAPE)
altered("assertion_id_removed", ASSERTION, lambda element: element.attrib.pop("ID"), codes=("signature_shape", "schema_wrong"))
altered(
    "signature_value_flipped", f"{ASSERTION}/ds:Signature/ds:SignatureValue", lambda e: retext("A" + (e.text or "")[1:])(e), codes=WRONG
)
altered("signature_value_empty", f"{ASSERTION}/ds:Signature/ds:SignatureValue", retext(""), codes=WRONG)
altered("signature_value_not_base64", f"{ASSERTION}/ds:Signature/ds:SignatureValue", retext("%%%"), codes=WRONG)
altered("signature_value_cut", f"{ASSERTION}/ds:Signature/ds:SignatureValue", lambda e: retext((e.text or "").strip()[:40])(e), codes=WRONG)
altered(
    "signature_value_twice",
    f"{ASSERTION}/ds:Signature/ds:SignatureValue",
    lambda e: retext((e.text or "") * 2)(e),
    codes=(*WRONG, "schema_wrong"),
)
altered(
    "signature_value_of_zeros", f"{ASSERTION}/ds:Signature/ds:SignatureValue", retext(base64.b64encode(bytes(256)).decode()), codes=WRONG
)
altered("digest_flipped", f"{INFO}/ds:Reference/ds:DigestValue", retext(base64.b64encode(b"0" * 32).decode()), codes=WRONG)
altered("digest_empty", f"{INFO}/ds:Reference/ds:DigestValue", retext(""), codes=WRONG)
for name, algorithm in {
    "rsa_md5": f"{MORE}rsa-md5",
    "hmac_sha256": f"{MORE}hmac-sha256",
    "hmac_sha1": f"{DS}hmac-sha1",
    "dsa_sha1": f"{DS}dsa-sha1",
    "none": "none",
    "algorithm_empty": "",
    "ripemd": f"{MORE}rsa-ripemd160",
    "sha224": f"{MORE}rsa-sha224",
    "of_curves_for_a_key_without": f"{MORE}ecdsa-sha1",
    "in_capitals": f"{MORE}RSA-SHA256",
    "with_a_blank": f"{MORE}rsa-sha256 ",
}.items():
    altered(f"method_{name}", f"{INFO}/ds:SignatureMethod", set_to("Algorithm", algorithm), codes=FORBIDDEN)
altered("digest_md5", f"{INFO}/ds:Reference/ds:DigestMethod", set_to("Algorithm", f"{MORE}md5"), codes=FORBIDDEN)
altered("c14n_1_1", f"{INFO}/ds:CanonicalizationMethod", set_to("Algorithm", "http://www.w3.org/2006/12/xml-c14n11"), codes=FORBIDDEN)
altered("c14n_unknown", f"{INFO}/ds:CanonicalizationMethod", set_to("Algorithm", "urn:x"), codes=FORBIDDEN)
for name, uri in {
    "empty": "",
    "other": "#_other",
    "file": "file:///etc/passwd",
    "http": "http://127.0.0.1:9/x",
    "xpointer": "#xpointer(/)",
    "relative": "metadata.xml",
    "hash_only": "#",
}.items():
    altered(f"reference_{name}", f"{INFO}/ds:Reference", set_to("URI", uri), codes=("signature_shape",))
altered("reference_without_uri", f"{INFO}/ds:Reference", lambda element: element.attrib.pop("URI"), codes=("signature_shape",))
altered("reference_with_a_type", f"{INFO}/ds:Reference", set_to("Type", f"{DS}Manifest"), codes=("signature_shape",))
altered(
    "signature_with_the_id_of_the_assertion",
    f"{ASSERTION}/ds:Signature",
    lambda e: e.set("Id", e.getparent().get("ID")),
    codes=("id_wrong",),
)
altered("transform_enveloped_twice", f"{INFO}/ds:Reference/ds:Transforms/ds:Transform", lambda e: e.addnext(deepcopy(e)), codes=FORBIDDEN)
altered(
    "transforms_in_the_other_order", f"{INFO}/ds:Reference/ds:Transforms/ds:Transform", lambda e: e.getparent().append(e), codes=FORBIDDEN
)
altered("reference_missing", f"{INFO}/ds:Reference", drop, codes=("signature_shape",))
altered("reference_twice", f"{INFO}/ds:Reference", lambda e: e.addnext(deepcopy(e)), codes=("signature_shape",))
altered("signed_info_twice", INFO, lambda e: e.addnext(deepcopy(e)), codes=("signature_shape",))
altered("signed_info_missing", INFO, drop, codes=("signature_shape",))
altered("signature_twice", f"{ASSERTION}/ds:Signature", lambda e: e.addnext(deepcopy(e)), codes=("signature_misplaced", "id_wrong"))
altered("transforms_missing", f"{INFO}/ds:Reference/ds:Transforms", drop, codes=("signature_shape",))
altered("transform_enveloped_missing", f"{INFO}/ds:Reference/ds:Transforms/ds:Transform", drop, codes=FORBIDDEN)


def with_transform(name: str, xml: str) -> None:
    def change(transforms: Any) -> None:
        transforms.insert(0, etree.fromstring(xml))

    altered(f"transform_{name}", f"{INFO}/ds:Reference/ds:Transforms", change, codes=FORBIDDEN)


with_transform(
    "xpath",
    f'<ds:Transform xmlns:ds="{DS}" Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>true()</ds:XPath></ds:Transform>',
)
with_transform(
    "xslt",
    f'<ds:Transform xmlns:ds="{DS}" Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet version="1.0" '
    'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><x/></xsl:template></xsl:stylesheet></ds:Transform>',
)
with_transform("base64", f'<ds:Transform xmlns:ds="{DS}" Algorithm="{DS}base64"/>')
with_transform("xpointer", f'<ds:Transform xmlns:ds="{DS}" Algorithm="http://www.w3.org/2001/04/xmldsig-more/xptr"/>')


def append(path: str, xml: str) -> Any:
    return lambda root: find(root, path).append(etree.fromstring(xml))


signed(FAMILY, "object_in_signature", codes=SHAPE, after=append(f"{ASSERTION}/ds:Signature", f'<ds:Object xmlns:ds="{DS}"/>'))
signed(FAMILY, "manifest_in_signature", codes=SHAPE, after=append(f"{ASSERTION}/ds:Signature", f'<ds:Manifest xmlns:ds="{DS}"/>'))
signed(FAMILY, "unknown_in_signature", codes=SHAPE, after=append(f"{ASSERTION}/ds:Signature", "<x/>"))
signed(
    FAMILY,
    "digest_smuggled_in_reference",
    codes=SHAPE,
    after=append(f"{INFO}/ds:Reference", f'<ds:DigestValue xmlns:ds="{DS}">AAAA</ds:DigestValue>'),
)
signed(
    FAMILY,
    "digest_smuggled_in_status",
    codes=("signature_misplaced", "schema_wrong"),
    after=append("samlp:Status", f'<samlp:StatusDetail xmlns:samlp="{NS["samlp"]}"><ds:Reference xmlns:ds="{DS}"/></samlp:StatusDetail>'),
)
signed(
    FAMILY,
    "hmac_output_length",
    codes=FORBIDDEN,
    after=append(f"{INFO}/ds:SignatureMethod", f'<ds:HMACOutputLength xmlns:ds="{DS}">1</ds:HMACOutputLength>'),
)


@plays(FAMILY, codes=FORBIDDEN)
def hmac_with_the_public_certificate(stage: Stage) -> Any:
    """The certificate that everybody knows, taken for a shared secret."""
    root = stage.tree()
    info = find(root, INFO)
    find(root, f"{INFO}/ds:SignatureMethod").set("Algorithm", f"{MORE}hmac-sha256")
    octets = etree.tostring(info, method="c14n", exclusive=True)
    code = hmac.new(stage.scene.forge.key.certificate.encode(), octets, hashlib.sha256).digest()
    find(root, f"{ASSERTION}/ds:Signature/ds:SignatureValue").text = base64.b64encode(code).decode()
    return stage.brings(base64.b64encode(text(root)).decode())


@plays(FAMILY, codes=WRONG)
def wrong_key_with_the_genuine_certificate_beside_it(stage: Stage) -> Any:
    genuine = stage.scene.forge.key.bare_certificate

    def after(root: Any) -> None:
        for element in root.iter(f"{{{DS}}}X509Certificate"):
            element.text = genuine

    return stage.brings(stage.response(None, key=key("stranger"), after=after))


altered("signature_value_in_lines", f"{ASSERTION}/ds:Signature/ds:SignatureValue", lambda e: retext(f"\n  {e.text}\n")(e), accepts=True)
altered("prefixes_without_end", f"{INFO}/ds:CanonicalizationMethod", lambda e: e.append(inclusive(50)), codes=FORBIDDEN)
raw(
    FAMILY,
    "digest_with_comment",
    lambda stage: text(stage.tree()).replace(b"<ds:DigestValue>", b"<ds:DigestValue><!--x-->AA"),
    codes=(*WRONG, "schema_wrong"),
)


# The digest of nothing ------------------------------------------------------------------------------------------------


def void(name: str, place: str, signed_octets: bool) -> None:
    """Canonicalization fails on a namespace that is no absolute address. Who takes that for an empty result finds the digest of
    nothing right (CVE-2025-66568), and so the signature of nothing: both are given here by the identity provider itself.
    """

    def make(stage: Stage) -> bytes:
        root = stage.tree(None, after=lambda root: find(root, place).set("{http://void/}x", ""))
        info = find(root, INFO)
        if signed_octets:
            find(info, "ds:Reference/ds:DigestValue").text = base64.b64encode(hashlib.sha256(b"").digest()).decode()
        octets = etree.tostring(info, method="c14n", exclusive=True) if signed_octets else b""
        private: Any = load_pem_private_key(stage.scene.forge.key.private.encode(), None)
        value = private.sign(octets, padding.PKCS1v15(), hashes.SHA256())
        find(root, f"{ASSERTION}/ds:Signature/ds:SignatureValue").text = base64.b64encode(value).decode()
        return text(root).replace(b'"http://void/"', b'"./void"')

    raw(FAMILY, name, make, codes=("xml_wrong",))


void("void_canonicalization_of_the_assertion", f"{ASSERTION}/saml:Subject", True)
void("void_canonicalization_of_the_signature", INFO, False)
