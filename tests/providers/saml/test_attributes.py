"""Names, addresses and attributes, as they are read out of what was signed."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from lxml import etree

from integrations.providers.saml.attributes import Told, email_of, kept, name_id, plain_address
from integrations.providers.saml.config import EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED, Claims
from integrations.providers.saml.gate import Blocked
from integrations.providers.saml.models import Preset
from integrations.providers.saml.presets import PRESETS, claims_of
from tests.providers.saml.forge import SAML

OURS = "https://patchbay.example/sso/3f0c8f4e/metadata/"
XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
MICROSOFT = "http://schemas.microsoft.com/ws/2008/06/identity/claims"


def assertion(inner: str) -> Any:
    return etree.fromstring(f'<saml:Assertion xmlns:saml="{SAML}">{inner}</saml:Assertion>')


def attribute(name: str, *values: str, friendly: str = "") -> str:
    inner = "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
    friendly = f" FriendlyName={quoteattr(friendly)}" if friendly else ""
    return f"<saml:Attribute Name={quoteattr(name)}{friendly}>{inner}</saml:Attribute>"


def told(*attributes: str) -> Told:
    return Told(assertion(f"<saml:AttributeStatement>{''.join(attributes)}</saml:AttributeStatement>"))


def read_name(inner: str) -> tuple[str, str, str, str]:
    return name_id(assertion(f"<saml:Subject>{inner}</saml:Subject>"), OURS)


def code(act: Any) -> str:
    with pytest.raises(Blocked) as caught:
        act()
    return caught.value.refusal.code


# The name ---------------------------------------------------------------------------------------------------------------


def test_a_name_is_read_with_its_kind_and_qualifiers() -> None:
    written = f'<saml:NameID Format="{PERSISTENT}" NameQualifier="https://idp.example/" SPNameQualifier="{OURS}">\n 8f3a \n</saml:NameID>'
    assert read_name(written) == ("8f3a", PERSISTENT, "https://idp.example/", OURS)
    assert read_name("<saml:NameID>jane</saml:NameID>") == ("jane", UNSPECIFIED, "", "")


@pytest.mark.parametrize("name", ["Jane Doe", "NORTHWIND\\jane", "uid=jane,ou=People", "jané", "ジェーン", "x" * 1024, "a&amp;b"])
def test_names_of_any_spelling_are_kept_as_they_are(name: str) -> None:
    assert read_name(f"<saml:NameID>{name}</saml:NameID>")[0] == name.replace("&amp;", "&")


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("", "name_id_missing"),
        ("<saml:NameID/>", "name_id_missing"),
        ("<saml:NameID>\u00a0\u2003\n</saml:NameID>", "name_id_missing"),
        ("<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>", "name_id_missing"),
        ("<saml:BaseID>a</saml:BaseID>", "name_id_missing"),
        ("<saml:NameID>a<b/>c</saml:NameID>", "name_id_odd"),
        (f"<saml:NameID>{'x' * 1025}</saml:NameID>", "name_id_odd"),
        ("<saml:NameID>a&#10;b</saml:NameID>", "name_id_odd"),
        ("<saml:NameID>a&#x85;b</saml:NameID>", "name_id_odd"),
        ("<saml:NameID>a&#x200b;b</saml:NameID>", "name_id_odd"),
        ("<saml:NameID>a&#x202e;b</saml:NameID>", "name_id_odd"),
        (f'<saml:NameID Format="{"x" * 256}">a</saml:NameID>', "name_id_odd"),
        (f'<saml:NameID NameQualifier="{"x" * 256}">a</saml:NameID>', "name_id_odd"),
        (f'<saml:NameID Format="{TRANSIENT}">_1</saml:NameID>', "name_id_transient"),
        ('<saml:NameID SPNameQualifier="https://other.example/">a</saml:NameID>', "name_id_of_another"),
        (f'<saml:NameID SPNameQualifier="{OURS} ">a</saml:NameID>', "name_id_of_another"),
    ],
)
def test_what_is_no_lasting_name_of_somebody_is_refused(inner: str, expected: str) -> None:
    assert code(lambda: read_name(inner)) == expected


# The address ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("jane@northwind.example", "jane@northwind.example"),
        ("Jane.Doe@Northwind.EXAMPLE", "jane.doe@northwind.example"),
        ("jane+billing@northwind.example", "jane+billing@northwind.example"),
        ("o'neil_1@xn--bcher-kva.example", "o'neil_1@xn--bcher-kva.example"),
        (f"{'x' * 64}@{'y' * 60}.example", f"{'x' * 64}@{'y' * 60}.example"),
    ],
)
def test_an_address_is_taken_in_small_letters(text: str, plain: str) -> None:
    assert plain_address(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jane",
        "@northwind.example",
        "jane@",
        "jane@northwind",
        "jane@northwind.example,eve@evil.example",
        "jane@northwind.example eve@evil.example",
        "jane@evil.example@northwind.example",
        "Jane <jane@northwind.example>",
        '"jane@evil.example"@northwind.example',
        '"jane"@northwind.example',
        "jane@northwind.example.",
        "jane@.northwind.example",
        "jane@northwind..example",
        "jane@northwind.example\x00",
        "jane@northwind.example\n",
        "ｊane@northwind.example",
        "jane@northwind．example",
        "jaİne@northwind.example",
        "ſam@northwind.example",
        "\u212aim@northwind.example",
        "jané@northwind.example",
        "jane@bücher.example",
        f"{'x' * 250}@y.example",
        f"jane@{'y.' * 130}example",
    ],
)
def test_what_is_not_plainly_one_address_is_refused(text: str) -> None:
    assert code(lambda: plain_address(text)) == "email_odd"


@pytest.mark.parametrize(
    ("attributes", "name", "kind", "email"),
    [
        ([attribute("mail", "Jane@northwind.example")], "8f3a", PERSISTENT, "jane@northwind.example"),
        ([attribute("mail", "jane@northwind.example")], "other@northwind.example", EMAIL, "jane@northwind.example"),
        ([attribute("mail", "", "  ")], "jane@northwind.example", EMAIL, "jane@northwind.example"),
        ([], "Jane@northwind.example", EMAIL, "jane@northwind.example"),
        ([], "jane@northwind.example", UNSPECIFIED, "jane@northwind.example"),
        ([], "jane", UNSPECIFIED, ""),
        ([], "jane@northwind.example", PERSISTENT, ""),
        ([attribute("urn:oid:0.9.2342", "jane@northwind.example", friendly="mail")], "8f3a", PERSISTENT, "jane@northwind.example"),
    ],
)
def test_the_address_is_in_the_claim_or_else_in_a_name_that_is_one(attributes: list[str], name: str, kind: str, email: str) -> None:
    assert email_of(told(*attributes), Claims(email=("mail",)), name, kind) == email


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ([attribute("mail", "jane@northwind.example", "eve@northwind.example")], "8f3a"),
        ([attribute("mail", "jane@northwind.example"), attribute("mail", "jane@northwind.example")], "8f3a"),
        ([attribute("mail", "jane@northwind.example\neve@evil.example")], "8f3a"),
        ([attribute("mail", "none")], "jane@northwind.example"),
        ([], "none"),
    ],
)
def test_an_odd_address_is_not_passed_over_for_another_one(attributes: list[str], name: str) -> None:
    assert code(lambda: email_of(told(*attributes), Claims(email=("mail",)), name, EMAIL)) == "email_odd"


# Attributes -------------------------------------------------------------------------------------------------------------


def test_attributes_are_found_by_their_exact_name_first_and_then_by_their_friendly_name() -> None:
    said = told(
        attribute("urn:oid:2.5.4.42", "Jane", friendly="givenName"),
        attribute("GIVENNAME", "Loud"),
        attribute("x", "friendly only", friendly="exact"),
        attribute("exact", "by name"),
    )
    assert said.one_of(["givenName"]) == "Jane"
    assert said.one_of(["givenname"]) == ""
    assert said.one_of(["exact"]) == "by name"
    assert said.one_of(["missing", "urn:oid:2.5.4.42"]) == "Jane"


def test_values_are_texts_without_needless_blanks() -> None:
    said = told(attribute("name", "  Jane \n  Doe\u00a0", "", " "), attribute("name", "second"))
    assert said.all_of(["name"]) == ("Jane Doe", "second")
    assert kept(said) == {"name": ("Jane Doe", "second")}


def test_a_name_that_is_a_value_is_read_and_other_structures_are_not() -> None:
    """As eduPersonTargetedID comes."""
    inner = '<saml:AttributeValue><saml:NameID Format="x">8f3a</saml:NameID></saml:AttributeValue>'
    other = "<saml:AttributeValue>a<b>c</b></saml:AttributeValue>"
    said = told(f'<saml:Attribute Name="id">{inner}{other}</saml:Attribute>')
    assert said.all_of(["id"]) == ("8f3a",)


@pytest.mark.parametrize("name", ["می‌خواهم", "क्‍ष", "Zoë", "李小龍", "O’Neil", "😀", "👩‍🔬"])
def test_names_of_people_are_kept_in_every_script(name: str) -> None:
    assert told(attribute("name", name)).one_of(["name"]) == name


@pytest.mark.parametrize("value", ["a\u202eb", "a\u200bb", "a\x9fb", "a\ue000b", "x" * 1025])
def test_values_with_what_is_unseen_or_that_are_endless_are_refused(value: str) -> None:
    assert code(lambda: told(attribute("name", value))) == "attributes_odd"


@pytest.mark.parametrize(
    "attributes",
    [
        [attribute("", "x")],
        [attribute("x" * 1025, "x")],
        [attribute("a\u202eb", "x")],
        [attribute(f"a{number}") for number in range(201)],
        [attribute("groups", *map(str, range(1000)))],
        [attribute(f"a{number}", *map(str, range(10))) for number in range(100)],
    ],
    ids=["no name", "endless name", "unseen in the name", "too many", "too many values", "too many values in all"],
)
def test_attributes_have_limits(attributes: list[str]) -> None:
    assert code(lambda: told(*attributes)) == "attributes_odd"


def test_a_person_with_hundreds_of_groups_is_taken() -> None:
    assert len(told(attribute("groups", *map(str, range(900)))).all_of(["groups"])) == 900


# Presets ----------------------------------------------------------------------------------------------------------------


def test_every_preset_that_can_be_chosen_is_known() -> None:
    assert set(PRESETS) == set(Preset.values)


SENT = {
    "okta": ("email", "firstName", "lastName", "groups"),
    "entra": (f"{XMLSOAP}/emailaddress", f"{XMLSOAP}/givenname", f"{XMLSOAP}/surname", f"{MICROSOFT}/groups"),
    "google": ("email", "first_name", "last_name", "groups"),
    "onelogin": ("User.email", "User.FirstName", "User.LastName", "memberOf"),
    "adfs": (f"{XMLSOAP}/emailaddress", f"{XMLSOAP}/givenname", f"{XMLSOAP}/surname", "http://schemas.xmlsoap.org/claims/Group"),
    "jumpcloud": ("email", "firstname", "lastname", "memberOf"),
    "oids": ("urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:2.5.4.42", "urn:oid:2.5.4.4", "Role"),
    "other": ("mail", "givenName", "sn", "groups"),
}


@pytest.mark.parametrize("preset", SENT)
def test_a_preset_reads_what_its_identity_provider_sends(preset: str) -> None:
    email, first, last, groups = SENT[preset]
    said = told(
        attribute(email, "jane@northwind.example"), attribute(first, "Jane"), attribute(last, "Doe"), attribute(groups, "staff", "all")
    )
    claims = claims_of(preset)
    assert email_of(said, claims, "8f3a", PERSISTENT) == "jane@northwind.example"
    assert (said.one_of(claims.first_name), said.one_of(claims.last_name)) == ("Jane", "Doe")
    assert said.all_of(claims.groups) == ("staff", "all")


def test_names_that_an_admin_gives_stand_in_the_place_of_the_preset() -> None:
    claims = claims_of("okta", email="workMail", groups="teams")
    assert (claims.email, claims.groups) == (("workMail",), ("teams",))
    assert claims.first_name == PRESETS["okta"].first_name
    assert claims_of("unheard-of") == PRESETS["other"]
