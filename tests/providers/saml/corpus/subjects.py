"""Whom the message is about: one NameID, one address that means the same to everybody, attributes that have an end."""

from __future__ import annotations

from typing import Any

from lxml import etree

from tests.providers.saml.corpus.variants import JANE, find, says, signed

FAMILY = "protocol"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

says(FAMILY, "name_id_missing", codes=("name_id_missing",), name_id=None)
says(FAMILY, "name_id_empty", codes=("name_id_missing",), name_id="")
says(FAMILY, "name_id_blank", codes=("name_id_missing",), name_id="  \t ")
says(FAMILY, "name_id_endless", codes=("name_id_odd",), name_id="x" * 2000)
says(FAMILY, "name_id_of_two_lines", codes=("name_id_odd",), name_id="a\nb")
says(FAMILY, "name_id_transient", codes=("name_id_transient",), name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
says(FAMILY, "name_id_of_another_application", codes=("name_id_of_another",), sp_name_qualifier="https://other.example/")
for name, email in {
    "newline": f"x@y.example\n{JANE}",
    "list": f"{JANE},eve@evil.example",
    "semicolon": f"{JANE};eve@evil.example",
    "endless": f"{'x' * 70_000}@northwind-studio.example",
    "no_at": "jane",
    "two_ats": "jane@evil.example@northwind-studio.example",
    "angle": f"Jane <{JANE}>",
    "quoted": '"jane@evil.example"@northwind-studio.example',
    "dotless": "jane@northwind-studio",
    "fullwidth": "ｊane@northwind-studio.example",
    "cyrillic": "jаne@northwind-studio.example",
    "dotless_i": "jane@northwınd-studio.example",
    "ligature": "ﬁ@northwind-studio.example",
    "fullwidth_domain": "jane@northｗind-studio.example",
    "kelvin": "\u212aane@northwind-studio.example",
    "dotted_capital_i": "jane@northw\u0130nd-studio.example",
    "sharp_s": "jane@northwind-\u00dftudio.example",
    "soft_hyphen": "jane@northwind\u00ad-studio.example",
    "percent": "jane%40northwind-studio.example",
    "comment": "jane@northwind-studio.example(evil.example)",
    "tab": f"{JANE}\teve@evil.example",
    "source_route": "@evil.example:jane@northwind-studio.example",
    "bang": "evil.example!jane@",
    "zero_width": "jane\u200b@northwind-studio.example",
    "right_to_left": "\u202ejane@northwind-studio.example",
}.items():
    says(FAMILY, f"email_{name}", codes=("email_odd", "attributes_odd"), attributes={"email": [email]})
says(FAMILY, "email_twice", codes=("email_odd",), attributes={"email": [JANE, "eve@evil.example"]})
says(FAMILY, "email_missing", codes=("email_missing",), name_id="8f3a", name_id_format=PERSISTENT, attributes={})
says(FAMILY, "attributes_too_many", codes=("attributes_odd",), attributes={f"a{number}": ["x"] for number in range(300)})
says(FAMILY, "attribute_values_too_many", codes=("attributes_odd",), attributes={"groups": ["x"] * 1500})
says(FAMILY, "attribute_value_endless", codes=("attributes_odd",), attributes={"email": [JANE], "x": ["x" * 5000]})


def repeat(root: Any) -> None:
    statement = find(root, "saml:Assertion/saml:AttributeStatement")
    again = etree.fromstring(etree.tostring(statement[0]))
    again[0].text = "eve@evil.example"
    statement.append(again)


signed(FAMILY, "attribute_of_the_same_name_twice", codes=("unreadable", "email_odd"), before=repeat)


def named(name: str, xml: str, *, codes: tuple[str, ...]) -> None:
    """Something else stands in the place of the NameID."""

    def before(root: Any) -> None:
        found = find(root, "saml:Assertion/saml:Subject/saml:NameID")
        found.getparent().replace(found, etree.fromstring(xml.format(jane=JANE)))

    signed(FAMILY, name, codes=codes, before=before)


SAML = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
named("name_id_with_an_element", f"<saml:NameID {SAML}>{{jane}}<x/></saml:NameID>", codes=("schema_wrong", "name_id_odd"))
named("name_id_without_value", f"<saml:NameID {SAML}/>", codes=("name_id_missing",))
named("name_id_format_without_end", f'<saml:NameID {SAML} Format="urn:{"x" * 300}">{{jane}}</saml:NameID>', codes=("name_id_odd",))
named("name_id_turned_round", f"<saml:NameID {SAML}>\u202e{{jane}}</saml:NameID>", codes=("name_id_odd",))
named("base_id", f'<saml:BaseID {SAML} NameQualifier="x"/>', codes=("schema_wrong", "name_id_missing"))
