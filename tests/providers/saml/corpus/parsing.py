"""What parsers stumble over, and where two of them may read something different."""

from __future__ import annotations

import base64
import zlib
from typing import Any

from tests.providers.saml.corpus.variants import JANE, Stage, raw, text
from tests.providers.saml.forge import SAMLP, encoded

FAMILY = "parser"
READ = ("xml_wrong", "xml_forbidden", "xml_too_complex")
NAME_IS_ADDRESS: dict[str, Any] = {"attributes": {"FirstName": ["Eve"]}}

INCLUDED = b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
LOCATED = (
    b'<samlp:Response xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    b'xsi:schemaLocation="urn:oasis:names:tc:SAML:2.0:protocol http://127.0.0.1:9/x.xsd" '
)


def cut(name: str, between: bytes, *, codes: tuple[str, ...] = ()) -> None:
    """Somebody of another domain, whose name is cut so that a careless reader sees a member's."""
    whole = f"{JANE}.evil.example"

    def make(stage: Stage) -> bytes:
        xml = text(stage.tree({"name_id": whole, **NAME_IS_ADDRESS}))
        assert whole.encode() in xml
        return xml.replace(whole.encode(), JANE.encode() + between + b"evil.example")

    raw(FAMILY, name, make, codes=codes)


AS_IT_IS = ("domain_unverified",)
cut("comment_in_name_id", b"<!-- -->.", codes=AS_IT_IS)
cut("two_comments_in_name_id", b"<!-- --><!---->.", codes=AS_IT_IS)
cut("comment_after_the_dot_in_name_id", b".<!-- -->", codes=AS_IT_IS)
cut("cdata_in_name_id", b"<![CDATA[.]]>", codes=AS_IT_IS)
cut("empty_cdata_in_name_id", b"<![CDATA[]]>.", codes=AS_IT_IS)
cut("character_in_name_id", b"&#x2e;", codes=AS_IT_IS)
cut("instruction_in_name_id", b"<?x y?>.", codes=("xml_forbidden",))
cut("element_in_name_id", b"<x/>.", codes=("schema_wrong",))
cut("unknown_entity_in_name_id", b"&dot;", codes=("xml_wrong",))


def told_cut(name: str, between: bytes, *, codes: tuple[str, ...]) -> None:
    """The same in the attribute that tells the address."""
    whole = f"{JANE}.evil.example"

    def make(stage: Stage) -> bytes:
        xml = text(stage.tree({"name_id": "eve", "attributes": {"email": [whole]}}))
        return xml.replace(whole.encode(), JANE.encode() + between + b".evil.example")

    raw(FAMILY, name, make, codes=codes)


told_cut("comment_in_attribute", b"<!-- -->", codes=AS_IT_IS)
told_cut("instruction_in_attribute", b"<?x y?>", codes=("xml_forbidden",))
told_cut("element_in_attribute", b"<x/>", codes=("signature_wrong",))


raw(FAMILY, "doctype", lambda stage: b"<!DOCTYPE x>" + text(stage.tree()), codes=("xml_forbidden",))
raw(
    FAMILY,
    "doctype_after_declaration",
    lambda stage: b'<?xml version="1.0"?><!DOCTYPE x [<!ELEMENT x ANY>]>' + text(stage.tree()),
    codes=READ,
)
raw(FAMILY, "doctype_lower_case", lambda stage: b"<!doctype x>" + text(stage.tree()), codes=READ)
raw(FAMILY, "external_entity", lambda stage: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + text(stage.tree()), codes=READ)
raw(FAMILY, "external_dtd", lambda stage: b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + text(stage.tree()), codes=READ)
raw(
    FAMILY,
    "parameter_entity",
    lambda stage: b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]>' + text(stage.tree()),
    codes=READ,
)
raw(
    FAMILY,
    "billion_laughs",
    lambda stage: (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % (ord("b") + n, *([ord("a") + n] * 4)) for n in range(20))
        + b"]>"
        + text(stage.tree())
    ),
    codes=READ,
)
raw(
    FAMILY,
    "attlist_default_id",
    lambda stage: b'<!DOCTYPE x [<!ATTLIST saml:Assertion ID CDATA "_x">]>' + text(stage.tree()),
    codes=READ,
)
raw(FAMILY, "stylesheet_instruction", lambda stage: b'<?xml-stylesheet href="http://127.0.0.1:9/"?>' + text(stage.tree()), codes=READ)
raw(FAMILY, "xinclude", lambda stage: text(stage.tree()).replace(b"Jane", INCLUDED), codes=("signature_wrong", "email_missing"))
raw(FAMILY, "schema_that_is_not_fetched", lambda stage: text(stage.tree()).replace(b"<samlp:Response ", LOCATED, 1), accepts=True)
raw(FAMILY, "deflated", lambda stage: zlib.compress(text(stage.tree())), codes=("xml_wrong",))
raw(FAMILY, "base64_twice", lambda stage: encoded(text(stage.tree())).encode(), codes=("xml_wrong",))
raw(FAMILY, "declaration_after_a_blank", lambda stage: b' <?xml version="1.0"?>' + text(stage.tree()), codes=READ)
raw(FAMILY, "declaration_twice", lambda stage: b'<?xml version="1.0"?><?xml version="1.0"?>' + text(stage.tree()), codes=READ)
raw(FAMILY, "lone_surrogate", lambda stage: text(stage.tree()).replace(b"Jane", b"J\xed\xa0\x80ne"), codes=("xml_wrong",))
raw(FAMILY, "overlong_utf_8", lambda stage: text(stage.tree()).replace(b"<saml:Issuer", b"\xc0\xbcsaml:Issuer", 1), codes=("xml_wrong",))
raw(FAMILY, "utf_16", lambda stage: text(stage.tree()).decode().encode("utf-16"), codes=("xml_wrong",))
raw(FAMILY, "utf_16_declared", lambda stage: b'<?xml version="1.0" encoding="UTF-16"?>' + text(stage.tree()), codes=("xml_wrong",))
raw(FAMILY, "utf_7_declared", lambda stage: b'<?xml version="1.0" encoding="UTF-7"?>' + text(stage.tree()), codes=("xml_wrong",))
raw(FAMILY, "latin_1_declared", lambda stage: b'<?xml version="1.0" encoding="ISO-8859-1"?>' + text(stage.tree()), codes=("xml_wrong",))
raw(FAMILY, "ebcdic_declared", lambda stage: b'<?xml version="1.0" encoding="IBM037"?>' + text(stage.tree()), codes=("xml_wrong",))
raw(FAMILY, "invalid_utf_8", lambda stage: text(stage.tree()).replace(b"Jane", b"J\xff\xfe"), codes=("xml_wrong",))
raw(FAMILY, "nul_byte", lambda stage: text(stage.tree()).replace(b"Jane", b"J\x00ne"), codes=("xml_wrong",))
raw(FAMILY, "control_character", lambda stage: text(stage.tree()).replace(b"Jane", b"J&#1;ne"), codes=("xml_wrong",))
raw(FAMILY, "truncated", lambda stage: text(stage.tree())[:-40], codes=("xml_wrong",))
raw(FAMILY, "junk_before", lambda stage: b"junk" + text(stage.tree()), codes=("xml_wrong",))
raw(FAMILY, "junk_after", lambda stage: text(stage.tree()) + b"junk", codes=("xml_wrong",))
raw(FAMILY, "not_xml", lambda stage: b"hello", codes=("xml_wrong",))
raw(FAMILY, "json", lambda stage: b'{"Response": 1}', codes=("xml_wrong",))
raw(FAMILY, "html", lambda stage: b"<html><body>Sign in</body></html>", codes=("root_wrong",))
raw(FAMILY, "only_blanks", lambda stage: "   ", codes=("xml_wrong", "missing"))
raw(FAMILY, "nothing", lambda stage: "", codes=("missing",))
raw(FAMILY, "not_base64", lambda stage: "****", codes=("base64_wrong",))
raw(FAMILY, "base64_of_urls", lambda stage: base64.urlsafe_b64encode(b"\xff\xfe\xfd" * 9).decode(), codes=("base64_wrong",))
raw(FAMILY, "base64_with_junk", lambda stage: encoded(text(stage.tree())) + "$", codes=("base64_wrong",))
raw(FAMILY, "base64_not_ascii", lambda stage: "Ä" + encoded(text(stage.tree())), codes=("base64_wrong",))
for padding in ("=", "==", "===", "====", "====="):

    def padded(stage: Stage, padding: str = padding) -> str:
        """Padding where none is needed: the length is made to fit first."""
        whole = text(stage.tree())
        return encoded(whole + b" " * (-len(whole) % 3)) + padding

    raw(FAMILY, f"base64_padding_{len(padding)}", padded, codes=("base64_wrong",))
raw(
    FAMILY,
    "authn_request",
    lambda stage: f'<samlp:AuthnRequest xmlns:samlp="{SAMLP}" ID="_1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"/>'.encode(),
    codes=("root_wrong",),
)
raw(FAMILY, "logout_response", lambda stage: stage.scene.forge.logout_response(stage.scene.acs, "_1").encode(), codes=("root_wrong",))
raw(FAMILY, "prefix_not_declared", lambda stage: text(stage.tree()).replace(b"xmlns:saml=", b"xmlns:other="), codes=("xml_wrong",))
raw(
    FAMILY,
    "attribute_twice",
    lambda stage: text(stage.tree()).replace(b'Version="2.0"', b'Version="2.0" Version="2.0"', 1),
    codes=("xml_wrong",),
)
