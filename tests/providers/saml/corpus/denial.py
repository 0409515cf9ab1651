"""Small messages that would keep a careless reader busy for long. What each may cost is held in `test_costs`."""

from __future__ import annotations

from typing import Any

from lxml import etree

from tests.providers.saml.corpus.variants import Stage, find, raw, signed, text
from tests.providers.saml.forge import DS, NS, SAML, encrypt, key

FAMILY = "denial of service"
ASSERTION = "saml:Assertion"
REFERENCE = f"{ASSERTION}/ds:Signature/ds:SignedInfo/ds:Reference"
SHAPE = ("signature_shape", "algorithm_forbidden", "xml_too_complex", "too_large", "schema_wrong", "xml_wrong", "xml_forbidden")
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"


def endless_file(root: Any) -> None:
    reference = find(root, REFERENCE)
    again = etree.fromstring(etree.tostring(reference))
    again.set("URI", "file:///dev/zero")
    reference.addnext(again)


def many(path: str, count: int) -> Any:
    def change(root: Any) -> None:
        element = find(root, path)
        for _ in range(count):
            element.addnext(etree.fromstring(etree.tostring(element)))

    return change


def transform(algorithm: str, inner: str) -> Any:
    def change(root: Any) -> None:
        xml = f'<ds:Transform xmlns:ds="{DS}" Algorithm="{algorithm}">{inner}</ds:Transform>'
        find(root, f"{REFERENCE}/ds:Transforms").insert(0, etree.fromstring(xml))

    return change


def bomb(depth: int) -> str:
    calls = "".join(
        f'<xsl:template name="t{level}"><xsl:call-template name="t{level + 1}"/><xsl:call-template name="t{level + 1}"/></xsl:template>'
        for level in range(depth)
    )
    return (
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
        f'<xsl:call-template name="t0"/></xsl:template>{calls}<xsl:template name="t{depth}">x</xsl:template></xsl:stylesheet>'
    )


signed(FAMILY, "reference_to_an_endless_file", codes=SHAPE, after=endless_file)
signed(FAMILY, "hundreds_of_references", codes=SHAPE, after=many(REFERENCE, 400))
signed(FAMILY, "hundreds_of_transforms", codes=SHAPE, after=many(f"{REFERENCE}/ds:Transforms/ds:Transform", 600))
signed(FAMILY, "xslt_bomb", codes=SHAPE, after=transform(XSLT, bomb(21)))
signed(
    FAMILY,
    "xpath_that_never_ends",
    codes=SHAPE,
    after=transform(XPATH, f'<ds:XPath xmlns:ds="{DS}">{"count(//. | //@* | //namespace::*[count(//.)]) &gt; " * 40}0</ds:XPath>'),
)
raw(FAMILY, "nested_deeply", lambda stage: b"<a>" * 5000 + b"</a>" * 5000, codes=SHAPE)
raw(FAMILY, "nested_within_the_limit", lambda stage: b"<a>" * 200 + b"</a>" * 200, codes=SHAPE)
raw(FAMILY, "many_elements", lambda stage: b"<r>" + b"<a/>" * 40_000 + b"</r>", codes=SHAPE)
raw(FAMILY, "many_attributes", lambda stage: b"<r " + b" ".join(b'a%d=""' % n for n in range(20_000)) + b"/>", codes=(*SHAPE, "root_wrong"))
raw(FAMILY, "many_namespaces", lambda stage: b"<r " + b" ".join(b'xmlns:a%d="u"' % n for n in range(9_000)) + b"/>", codes=SHAPE)
raw(FAMILY, "long_text", lambda stage: b"<r>" + b"x" * 250_000 + b"</r>", codes=("root_wrong",))
raw(FAMILY, "a_little_too_large", lambda stage: b"<r>" + b"x" * 262_144 + b"</r>", codes=("too_large",))
raw(FAMILY, "too_large", lambda stage: b"<r>" + b"x" * 300_000 + b"</r>", codes=("too_large",))
raw(FAMILY, "far_too_large", lambda stage: b"<r>" + b"x" * 600_000 + b"</r>", codes=("too_large",))
raw(FAMILY, "base64_of_blanks", lambda stage: " " * 300_000, codes=("missing", "xml_wrong", "base64_wrong"))
raw(
    FAMILY,
    "quadratic_entities",
    lambda stage: b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 50_000 + b'">]><x>' + b"&a;" * 5_000 + b"</x>",
    codes=("xml_forbidden",),
)
raw(
    FAMILY,
    "dozens_of_signatures",
    lambda stage: text(stage.tree(None, after=many(f"{ASSERTION}/ds:Signature", 60))),
    codes=("too_large", "id_wrong", "signature_misplaced", "xml_too_complex"),
)
raw(
    FAMILY,
    "dozens_of_assertions",
    lambda stage: text(stage.tree(None, after=many(ASSERTION, 40))),
    codes=("assertions_not_one", "too_large"),
)
raw(
    FAMILY,
    "thousands_of_attributes_signed",
    lambda stage: text(stage.tree({"attributes": {f"a{number}": ["x"] for number in range(900)}})),
    codes=("attributes_odd", "xml_too_complex"),
)


# By a stranger, within every limit of size ----------------------------------------------------------------------------

STRANGE: dict[str, Any] = {"key": key("stranger"), "codes": (*SHAPE, "signature_wrong", "id_wrong", "status_failed")}


def stuffed(name: str, path: str, xml: str, **options: Any) -> None:
    """Much is put into a place of a message that somebody signed."""

    def after(root: Any) -> None:
        box = etree.fromstring(f'<box xmlns:saml="{SAML}" xmlns:samlp="{NS["samlp"]}" xmlns:ds="{DS}">{xml}</box>')
        find(root, path).extend(box)

    signed(FAMILY, name, after=after, **options)


def long(name: str, path: str, change: Any) -> None:
    signed(FAMILY, name, after=lambda root: change(find(root, path)), **STRANGE)


SIGNATURE = f"{ASSERTION}/ds:Signature"
STATEMENT = f"{ASSERTION}/saml:AttributeStatement"
VALUE = "<saml:AttributeValue>x</saml:AttributeValue>"
ATTRIBUTE = f'<saml:Attribute Name="x">{VALUE}</saml:Attribute>'
stuffed("thousand_attributes", STATEMENT, ATTRIBUTE * 900, **STRANGE)
stuffed("thousand_values", f"{STATEMENT}/saml:Attribute", VALUE * 1800, **STRANGE)
stuffed("thousand_elements_that_nobody_knows", STATEMENT, "<x/>" * 1900, **STRANGE)
stuffed(
    "thousand_identifiers", f"{STATEMENT}/saml:Attribute/saml:AttributeValue", "".join(f'<x ID="_{n}"/>' for n in range(1900)), **STRANGE
)
stuffed(
    "statuses_in_statuses", "samlp:Status/samlp:StatusCode", '<samlp:StatusCode Value="x">' * 14 + "</samlp:StatusCode>" * 14, **STRANGE
)
stuffed(
    "certificates_without_end",
    f"{SIGNATURE}/ds:KeyInfo/ds:X509Data",
    f"<ds:X509Certificate>{'A' * 100}</ds:X509Certificate>" * 1000,
    **STRANGE,
)
stuffed("keys_without_end", f"{SIGNATURE}/ds:KeyInfo", "<ds:KeyName>idp</ds:KeyName>" * 1800, **STRANGE)
stuffed(
    "namespaces_of_their_own",
    f"{STATEMENT}/saml:Attribute/saml:AttributeValue",
    "".join(f'<x xmlns:a{n}="urn:{n}" a{n}:b=""/>' for n in range(1500)),
    **STRANGE,
)
stuffed("comments", STATEMENT, "<!-- -->" * 5000, **STRANGE)
long("signature_value_without_end", f"{SIGNATURE}/ds:SignatureValue", lambda e: setattr(e, "text", "A" * 180_000))
long("digest_without_end", f"{REFERENCE}/ds:DigestValue", lambda e: setattr(e, "text", "A" * 180_000))
long("certificate_without_end", f"{SIGNATURE}/ds:KeyInfo/ds:X509Data/ds:X509Certificate", lambda e: setattr(e, "text", "A" * 180_000))
long("name_without_end", f"{ASSERTION}/saml:Subject/saml:NameID", lambda e: setattr(e, "text", "x" * 180_000))
long("issuer_without_end", f"{ASSERTION}/saml:Issuer", lambda e: setattr(e, "text", "x" * 180_000))
long("destination_without_end", ".", lambda e: e.set("Destination", "http://x/" + "%41" * 60_000))
long("identifier_without_end", ".", lambda e: e.set("ID", "_" + "x" * 180_000))
long("time_without_end", ".", lambda e: e.set("IssueInstant", "2026-01-01T00:00:00." + "1" * 180_000 + "Z"))
long("year_without_end", ".", lambda e: e.set("IssueInstant", "9" * 180_000 + "-01-01T00:00:00Z"))
long("status_without_end", "samlp:Status/samlp:StatusCode", lambda e: e.set("Value", "urn:" + "x" * 180_000))
raw(FAMILY, "line_after_every_letter", lambda stage: "\n".join("QUFB" * 40_000), codes=("xml_wrong",))
raw(FAMILY, "one_tag_without_end", lambda stage: b"<r " + b"a" * 240_000, codes=("xml_wrong",))
raw(FAMILY, "one_attribute_without_end", lambda stage: b'<r a="' + b"&lt;" * 60_000 + b'"/>', codes=("root_wrong",))
raw(FAMILY, "section_without_end", lambda stage: b"<r><![CDATA[" + b"]" * 240_000, codes=("xml_wrong",))
raw(FAMILY, "comment_without_end", lambda stage: b"<r><!--" + b"- " * 120_000, codes=("xml_wrong",))
raw(FAMILY, "characters_by_number", lambda stage: b"<r>" + b"&#x41;" * 40_000 + b"</r>", codes=("root_wrong",))


def inside(name: str, plain: bytes) -> None:
    """Anybody can encrypt for us, as much as a message may hold."""

    def make(stage: Stage) -> bytes:
        root = stage.tree(None, signs="none")
        encrypt(root, stage.own_certificate, what=plain)
        return text(root)

    raw(FAMILY, f"encrypted_{name}", make, codes=("decryption_failed",))


inside("blanks", b" " * 120_000)
inside("nesting", b"<a>" * 20_000)
inside("elements", b"<r>" + b"<a/>" * 25_000 + b"</r>")
inside("attributes", b"<r " + b" ".join(b'a%d=""' % n for n in range(9_000)) + b"/>")
inside("entities", b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 20_000 + b'">]><x>' + b"&a;" * 9_000 + b"</x>")
