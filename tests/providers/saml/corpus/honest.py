"""What real identity providers send. All of it has to be let in."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from tests.providers.saml.corpus.variants import JANE, Stage, find, plays, raw, says, signed, text
from tests.providers.saml.forge import NS, SAML, encoded

FAMILY = "interop"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MICROSOFT = "http://schemas.microsoft.com/ws/2008/06/identity/claims/"
IDENTITY = "http://schemas.microsoft.com/identity/claims/"
ASSERTION = "saml:Assertion"

# Claims ---------------------------------------------------------------------------------------------------------------

ENTRA = {
    f"{IDENTITY}tenantid": ["7c2f"],
    f"{IDENTITY}objectidentifier": ["9d01"],
    f"{IDENTITY}displayname": ["Jane Doe"],
    f"{XMLSOAP}name": [JANE],
    f"{XMLSOAP}emailaddress": [JANE],
    f"{XMLSOAP}givenname": ["Jane"],
    f"{XMLSOAP}surname": ["Doe"],
}
CLAIMS: dict[str, dict[str, list[str]]] = {
    "okta": {"email": [JANE], "FirstName": ["Jane"], "LastName": ["Doe"], "groups": ["Everyone", "Finance"]},
    "entra": {**ENTRA, f"{MICROSOFT}groups": ["b7b1", "c0de"]},
    "google": {"first_name": ["Jane"], "last_name": ["Doe"]},
    "onelogin": {"User.email": [JANE], "User.FirstName": ["Jane"], "User.LastName": ["Doe"], "memberOf": ["staff"]},
    "adfs": {f"{XMLSOAP}emailaddress": [JANE], f"{XMLSOAP}upn": ["jane@corp.local"], f"{XMLSOAP}givenname": ["Jane"]},
    "jumpcloud": {"email": [JANE], "firstname": ["Jane"], "lastname": ["Doe"]},
    "oids": {
        "urn:oid:0.9.2342.19200300.100.1.3": [JANE],
        "urn:oid:2.5.4.42": ["Jane"],
        "urn:oid:2.5.4.4": ["Doe"],
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": ["jane@northwind"],
    },
    "other": {"mail": [JANE], "givenName": ["Jane"], "sn": ["Doe"]},
}
for preset, attributes in CLAIMS.items():
    says(FAMILY, f"claims_of_{preset}", accepts=True, settings={"preset": preset}, attributes=attributes)
says(
    FAMILY,
    "claims_of_entra_with_too_many_groups_to_list",
    accepts=True,
    settings={"preset": "entra"},
    attributes={**ENTRA, f"{MICROSOFT}groups.link": ["https://graph.windows.net/x"]},
)
says(
    FAMILY,
    "claims_of_entra_whose_name_is_no_address",
    accepts=True,
    settings={"preset": "entra"},
    attributes={**ENTRA, f"{XMLSOAP}name": ["jane_gmail.com#EXT#@corp.onmicrosoft.com"]},
    name_id="jane_gmail.com#EXT#@corp.onmicrosoft.com",
    name_id_format=UNSPECIFIED,
)
says(
    FAMILY,
    "claims_by_friendly_name",
    accepts=True,
    attributes={"urn:x": [JANE], "urn:y": ["Jane"]},
    friendly_names={"urn:x": "email", "urn:y": "givenName"},
)
says(FAMILY, "claims_of_own_names", accepts=True, settings={"email_attribute": "post"}, attributes={"post": [JANE]})
says(FAMILY, "claims_with_an_empty_one", accepts=True, attributes={"email": [JANE], "FirstName": [""], "department": []})
says(FAMILY, "claims_in_other_alphabets", accepts=True, attributes={"email": [JANE], "FirstName": ["Яна"], "LastName": ["Dvořáková 東"]})
says(FAMILY, "no_attributes", accepts=True, attributes={})
says(FAMILY, "address_in_capitals", accepts=True, attributes={"email": ["Jane@Northwind-Studio.example"]})
says(
    FAMILY,
    "address_with_a_plus",
    accepts=True,
    attributes={"email": ["jane+sso@northwind-studio.example"]},
    signs_in_as="jane+sso@northwind-studio.example",
)

# NameID, times, audiences ---------------------------------------------------------------------------------------------

says(FAMILY, "name_id_persistent", accepts=True, name_id="8f3a-1", name_id_format=PERSISTENT)
says(FAMILY, "name_id_unspecified", accepts=True, name_id_format=UNSPECIFIED, attributes={})
says(FAMILY, "name_id_without_format", accepts=True, name_id_format=None)
says(FAMILY, "name_id_of_windows", accepts=True, name_id="CORP\\jane", name_id_format=UNSPECIFIED)
says(FAMILY, "name_id_as_long_as_allowed", accepts=True, name_id="x" * 1024, name_id_format=PERSISTENT)
says(FAMILY, "response_without_issuer", accepts=True, response_issuer=None)
says(FAMILY, "response_without_destination", accepts=True, destination=None)
says(FAMILY, "response_without_in_response_to", accepts=True, response_in_response_to=None)
says(FAMILY, "clock_a_minute_ahead", accepts=True, issued=60, not_before=60)
says(FAMILY, "clock_a_minute_behind", accepts=True, issued=-60, not_on_or_after=-60, confirmation_until=-60)
says(FAMILY, "no_beginning", accepts=True, not_before=None)
says(FAMILY, "no_end_beside_that_of_the_confirmation", accepts=True, not_on_or_after=None)
says(FAMILY, "two_confirmations_alike", accepts=True, confirmations=2)
says(FAMILY, "session_until_tonight", accepts=True, session_until=3600)
says(FAMILY, "session_without_index", accepts=True, session_index=None)


@plays(FAMILY, accepts=True)
def several_audiences_in_one_restriction(stage: Stage) -> Any:
    return stage.brings(stage.response({"restrictions": [["https://other.example/", stage.scene.entity_id]]}))


@plays(FAMILY, accepts=True)
def two_restrictions_that_both_name_us(stage: Stage) -> Any:
    return stage.brings(stage.response({"restrictions": [[stage.scene.entity_id], [stage.scene.entity_id, "urn:x"]]}))


# How it is written ----------------------------------------------------------------------------------------------------


def rewritten(name: str, *changes: tuple[str, str], **options: Any) -> None:
    """The same in another spelling, signed as it is spelt. `changes` are patterns with what takes their place."""

    def before(root: Any) -> Any:
        xml = text(root).decode()
        for pattern, becomes in changes:
            xml, count = re.subn(pattern, becomes, xml)
            assert count, pattern
        return etree.fromstring(xml)

    signed(FAMILY, name, accepts=True, before=before, **options)


rewritten("seven_digits_of_a_second", (r"(T\d\d:\d\d:\d\d)Z", r"\1.1234567Z"))
rewritten("three_digits_of_a_second", (r"(T\d\d:\d\d:\d\d)Z", r"\1.123Z"))
rewritten("time_zone_written_out", (r"(T\d\d:\d\d:\d\d)Z", r"\1+00:00"))
rewritten("prefixes_of_shibboleth", (r"saml(p?):", r"saml2\1:"), (r"xmlns:saml(p?)=", r"xmlns:saml2\1="))
rewritten("no_prefix_as_microsoft_writes", (r"<(/?)saml:", r"<\1"), (r"xmlns:saml=", "xmlns="))
rewritten("in_many_lines", (r"><", ">\n    <"))
rewritten("in_many_lines_signed_twice", (r"><", ">\n    <"), signs="both")
rewritten(
    "names_have_a_format", (r"<saml:Attribute ", f'<saml:Attribute NameFormat="{NS["saml"].replace("assertion", "attrname-format:uri")}" ')
)
rewritten("blanks_around_values", (r"<saml:(Issuer|Audience|AttributeValue)>([^<]*)<", r"<saml:\1>\n  \2\n<"))
TYPED = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string"'
rewritten("values_with_types", ("<saml:AttributeValue>", f"<saml:AttributeValue {TYPED}>"), prefixes="xs")
rewritten("signed_with_other_context", ("ac:classes:PasswordProtectedTransport", "ac:classes:TimeSyncToken"))
rewritten("locality", (r"(<saml:AuthnStatement [^>]*>)", r'\1<saml:SubjectLocality Address="192.0.2.1"/>'))
rewritten("one_time_use", ("</saml:Conditions>", '<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/></saml:Conditions>'))
rewritten("consent", ("<samlp:Response ", '<samlp:Response Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" '))
rewritten("extensions", ("<samlp:Status>", '<samlp:Extensions><x xmlns="urn:x">1</x></samlp:Extensions><samlp:Status>'))
rewritten("issuer_with_a_format", ("<saml:Issuer>", '<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">'))
rewritten("address_of_the_subject", ("<saml:SubjectConfirmationData ", '<saml:SubjectConfirmationData Address="192.0.2.1" '))
rewritten("status_with_a_message", ("</samlp:Status>", "<samlp:StatusMessage>Welcome.</samlp:StatusMessage></samlp:Status>"))


def told_apart(root: Any) -> None:
    """As Keycloak does: each value of an attribute comes in an attribute of its own."""
    statement = find(root, f"{ASSERTION}/saml:AttributeStatement")
    for role in ("one", "two"):
        added = etree.SubElement(statement, f"{{{SAML}}}Attribute", Name="Role")
        etree.SubElement(added, f"{{{SAML}}}AttributeValue").text = role


signed(FAMILY, "values_in_attributes_of_their_own", accepts=True, before=told_apart)


def lines(long: str) -> list[str]:
    return [long[start : start + 76] for start in range(0, len(long), 76)]


raw(FAMILY, "xml_declaration", lambda stage: b'<?xml version="1.0" encoding="UTF-8"?>\n' + text(stage.tree()), accepts=True)
raw(FAMILY, "xml_declaration_in_small_letters", lambda stage: b"<?xml version='1.0' encoding='utf-8'?>" + text(stage.tree()), accepts=True)
raw(FAMILY, "byte_order_mark", lambda stage: b"\xef\xbb\xbf" + text(stage.tree()), accepts=True)
raw(FAMILY, "base64_in_lines", lambda stage: "\r\n".join(lines(encoded(text(stage.tree())))), accepts=True)
raw(FAMILY, "comment_before_the_root", lambda stage: b"<!-- made by an identity provider -->" + text(stage.tree()), accepts=True)
raw(FAMILY, "line_after_the_root", lambda stage: text(stage.tree()) + b"\n", accepts=True)
