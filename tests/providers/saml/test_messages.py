"""What we say fits the protocol, whatever stands in it, and says no more than identity providers understand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request

from integrations.providers.saml.config import EMAIL, PERSISTENT, POST
from integrations.providers.saml.messages import authn_request, logout_request, logout_response, new_id
from tests.providers.saml.forge import NS, SUCCESS, Forge
from tests.providers.saml.peers import agreement, fits, tree

NASTY = """a&b<c>"d"'e'%(x)s{y}]]>&amp;<!--f-->日本 é"""
ADDRESS = "https://idp.example/slo?a='1'&b=é"
NOON = datetime(2026, 5, 4, 12, 0, 0, 987654, tzinfo=UTC)
PARTIAL = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"


@pytest.fixture
def forge() -> Forge:
    return Forge()


def test_an_id_is_a_name_in_xml_that_nobody_can_guess() -> None:
    made = {new_id() for _count in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"_[0-9a-f]{40}", one) for one in made)


def test_every_message_fits_the_schema_and_says_every_value_as_it_is(forge: Forge) -> None:
    config = agreement(forge, entity_id=NASTY, acs_url=ADDRESS, name_id_format=ADDRESS)
    asked = authn_request(config, "_1", NOON, destination=ADDRESS, force_authn=True)
    named = {"name_id": NASTY, "name_id_format": ADDRESS, "name_qualifier": NASTY, "sp_name_qualifier": NASTY}
    leaves = logout_request(config, "_2", NOON, destination=ADDRESS, session_indexes=(NASTY, "two"), **named)
    answers = logout_response(config, "_3", NOON, destination=ADDRESS, in_response_to="_4", status=(SUCCESS, PARTIAL))
    for xml in (asked, leaves, answers):
        root = tree(xml)
        assert fits(xml)
        assert (root.get("Destination"), root.findtext("saml:Issuer", namespaces=NS)) == (ADDRESS, NASTY)
    assert tree(asked).get("AssertionConsumerServiceURL") == ADDRESS
    subject = tree(leaves).find("saml:NameID", NS)
    assert (subject.text, subject.get("Format")) == (NASTY, ADDRESS)
    assert (subject.get("NameQualifier"), subject.get("SPNameQualifier")) == (NASTY, NASTY)
    assert [index.text for index in tree(leaves).iterfind("samlp:SessionIndex", NS)] == [NASTY, "two"]


def test_a_request_for_sign_on_says_where_the_answer_goes_and_how(forge: Forge) -> None:
    config = agreement(forge, name_id_format=PERSISTENT)
    root = tree(authn_request(config, "_1", NOON, destination=forge.sso))
    assert dict(root.attrib) == {
        "ID": "_1",
        "Version": "2.0",
        "IssueInstant": "2026-05-04T12:00:00Z",
        "Destination": forge.sso,
        "ProtocolBinding": POST,
        "AssertionConsumerServiceURL": config.acs_url,
    }
    assert dict(root.find("samlp:NameIDPolicy", NS).attrib) == {"Format": PERSISTENT, "AllowCreate": "true"}


def test_nothing_is_demanded_of_how_somebody_proves_who_they_are(forge: Forge) -> None:
    xml = authn_request(agreement(forge), "_1", NOON, destination=forge.sso)
    assert tree(xml).find("samlp:RequestedAuthnContext", NS) is None


def test_somebody_is_asked_to_prove_it_anew_only_where_that_is_wanted(forge: Forge) -> None:
    assert tree(authn_request(agreement(forge), "_1", NOON, destination=forge.sso)).get("ForceAuthn") is None
    assert tree(authn_request(agreement(forge), "_1", NOON, destination=forge.sso, force_authn=True)).get("ForceAuthn") == "true"


def test_times_are_said_in_utc(forge: Forge) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-5)))
    root = tree(logout_request(agreement(forge), "_1", elsewhere, destination="https://idp.example/slo", name_id="jane"))
    assert (root.get("IssueInstant"), root.get("NotOnOrAfter")) == ("2026-05-04T12:00:00Z", "2026-05-04T12:05:00Z")


def test_who_signs_out_is_called_as_the_assertion_did_and_not_otherwise(forge: Forge) -> None:
    xml = logout_request(agreement(forge), "_1", NOON, destination="https://idp.example/slo", name_id="jane@northwind.example")
    subject = tree(xml).find("saml:NameID", NS)
    assert (subject.text, dict(subject.attrib)) == ("jane@northwind.example", {})
    assert tree(xml).find("samlp:SessionIndex", NS) is None


def test_python3_saml_reads_a_logout_request_as_it_was_meant(forge: Forge) -> None:
    config = agreement(forge)
    names = {"name_id": "jane", "name_id_format": EMAIL, "name_qualifier": forge.entity_id, "sp_name_qualifier": config.entity_id}
    xml = logout_request(config, "_1", NOON, destination="https://idp.example/slo", session_indexes=("s1", "s2"), **names)
    assert OneLogin_Saml2_Logout_Request.get_nameid_data(xml) == {
        "Value": "jane",
        "Format": EMAIL,
        "NameQualifier": forge.entity_id,
        "SPNameQualifier": config.entity_id,
    }
    assert OneLogin_Saml2_Logout_Request.get_session_indexes(xml) == ["s1", "s2"]
    assert OneLogin_Saml2_Logout_Request.get_issuer(xml) == config.entity_id


def test_an_answer_tells_the_second_status_inside_the_first(forge: Forge) -> None:
    xml = logout_response(
        agreement(forge), "_1", NOON, destination="https://idp.example/slo", in_response_to="_9", status=(SUCCESS, PARTIAL)
    )
    first = tree(xml).find("samlp:Status/samlp:StatusCode", NS)
    assert (first.get("Value"), first[0].get("Value"), tree(xml).get("InResponseTo")) == (SUCCESS, PARTIAL, "_9")
