"""Our metadata: what the standard wants, and nothing that a name or an address could break."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import xmlsec
from django.test import Client
from django.urls import reverse
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from accounts.tenancy import within
from integrations.providers.saml.complaints import MetadataProblem
from integrations.providers.saml.config import EMAIL, PERSISTENT, POST, REDIRECT, Config
from integrations.providers.saml.keys import certificate_of
from integrations.providers.saml.metadata import read
from integrations.providers.saml.models import SpKey
from integrations.providers.saml.own_metadata import own_metadata
from integrations.providers.saml.rotating import make_key
from tests.providers.saml.conftest import SignOnScene
from tests.providers.saml.forge import DS, SAMLP, Forge, key
from tests.providers.saml.peers import agreement
from tests.providers.saml.written import MD

NOW = datetime.now(UTC)
NS = {"md": MD, "ds": DS}
NASTY = """<b> & "Söhne" 'Co' ]]> <!-- --> &amp; \x0b\x00 %s {x}"""


def config(**values: Any) -> Config:
    return agreement(Forge(), **values)


def tree(xml: str) -> Any:
    return etree.fromstring(xml.encode())


def fits(xml: str) -> bool:
    """Whether the schema of the standard says that it is metadata."""
    return not isinstance(OneLogin_Saml2_XML.validate_xml(xml, "saml-schema-metadata-2.0.xsd"), str)


@pytest.mark.parametrize("sign", [True, False])
@pytest.mark.parametrize("organization", ["", "Northwind", NASTY])
@pytest.mark.parametrize("keys", [("ours",), ("ours", "older")])
def test_it_fits_the_schema_of_the_standard(sign: bool, organization: str, keys: tuple[str, ...]) -> None:
    ours = tuple(key(name) for name in keys)
    xml = own_metadata(config(keys=ours), NOW, sign=sign, organization=organization, address="https://patchbay.example")
    assert fits(xml), xml
    assert not fits(xml.replace("SPSSODescriptor", "SPSSODescriptorr"))


def test_it_tells_who_we_are_and_where_to_send_what() -> None:
    ours = config()
    root = tree(own_metadata(ours, NOW))
    assert root.get("entityID") == ours.entity_id
    role = root.find("md:SPSSODescriptor", NS)
    assert role.get("protocolSupportEnumeration") == SAMLP
    assert (role.get("AuthnRequestsSigned"), role.get("WantAssertionsSigned")) == ("true", "true")
    consumers = [(one.get("Binding"), one.get("Location"), one.get("index")) for one in role.findall("md:AssertionConsumerService", NS)]
    assert consumers == [(POST, ours.acs_url, "0")]
    logout = [(one.get("Binding"), one.get("Location")) for one in role.findall("md:SingleLogoutService", NS)]
    assert logout == [(REDIRECT, ours.sls_url), (POST, ours.sls_url)]
    assert [one.text for one in role.findall("md:NameIDFormat", NS)] == [EMAIL]
    assert root.get("cacheDuration") == "P1D"


def test_it_says_what_the_settings_say() -> None:
    role = tree(own_metadata(config(signs_requests=False, name_id_format=PERSISTENT), NOW)).find("md:SPSSODescriptor", NS)
    assert role.get("AuthnRequestsSigned") == "false"
    assert [one.text for one in role.findall("md:NameIDFormat", NS)] == [PERSISTENT, EMAIL]
    wanted = replace(config().idp, wants_signed_requests=True)
    role = tree(own_metadata(config(signs_requests=False, idp=wanted), NOW)).find("md:SPSSODescriptor", NS)
    assert role.get("AuthnRequestsSigned") == "true"  # for then they are


def test_while_keys_are_changed_both_sign_and_both_may_be_encrypted_for() -> None:
    root = tree(own_metadata(config(keys=(key("new"), key("old"))), NOW))
    listed = [
        (one.get("use"), one.findtext(".//ds:X509Certificate", namespaces=NS))
        for one in root.findall("md:SPSSODescriptor/md:KeyDescriptor", NS)
    ]
    both = [key("new").bare_certificate, key("old").bare_certificate]
    assert listed == [(use, certificate) for use in ("signing", "encryption") for certificate in both]


def test_it_is_valid_as_long_as_the_last_of_the_keys_so_that_what_was_given_by_hand_lasts() -> None:
    keys = key("new"), key("soon over", days=(-10, 20))
    for ours in (keys, keys[::-1]):
        until = datetime.fromisoformat(tree(own_metadata(config(keys=ours), NOW)).get("validUntil"))
        assert until == certificate_of(keys[0].certificate).valid_until


def test_it_is_never_over_already() -> None:
    for keys in ((key("over", days=(-20, -10)),), ()):
        ours = replace(config(), keys=tuple(config(keys=keys).keys) if keys else ())
        assert datetime.fromisoformat(tree(own_metadata(ours, NOW)).get("validUntil")) > NOW + timedelta(hours=23)


def test_every_value_is_escaped() -> None:
    odd = f"https://patchbay.example/{NASTY}".replace("\x0b\x00", "")
    ours = config(entity_id=odd, acs_url=odd, sls_url=odd, name_id_format=odd)
    root = tree(own_metadata(ours, NOW, organization=NASTY, address=odd))
    assert root.get("entityID") == odd
    assert root.find(".//md:AssertionConsumerService", NS).get("Location") == odd
    assert root.find(".//md:SingleLogoutService", NS).get("Location") == odd
    assert root.findtext(".//md:NameIDFormat", namespaces=NS) == odd
    assert root.findtext(".//md:OrganizationName", namespaces=NS) == NASTY.replace("\x0b\x00", "")
    assert root.findtext(".//md:OrganizationURL", namespaces=NS) == odd
    assert len(root.findall(".//*")) == len(
        tree(own_metadata(config(name_id_format=PERSISTENT), NOW, organization="x", address="y")).findall(".//*")
    )


def verified(xml: str, certificate: str) -> bool:
    root = tree(xml)
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate.encode(), xmlsec.constants.KeyDataFormatCertPem, None)
    try:
        context.verify(root.find("ds:Signature", NS))
    except xmlsec.Error:
        return False
    return True


def test_signed_metadata_is_verified_with_the_key_that_signs_and_with_no_other() -> None:
    xml = own_metadata(config(keys=(key("new"), key("old"))), NOW, sign=True, organization="Söhne & Co", address="https://x.example")
    assert verified(xml, key("new").certificate)
    assert not verified(xml, key("old").certificate)
    assert not verified(xml.replace("/acs/", "/evil/"), key("new").certificate)
    algorithm = tree(xml).find(".//ds:SignatureMethod", NS).get("Algorithm")
    assert algorithm == "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def test_unsigned_metadata_has_no_signature() -> None:
    assert tree(own_metadata(config(), NOW)).find("ds:Signature", NS) is None


def test_another_reader_finds_the_same_in_it() -> None:
    """python3-saml reads the metadata of identity providers only, so ours is dressed up as such."""
    ours = config()
    xml = own_metadata(ours, NOW).replace("SPSSODescriptor", "IDPSSODescriptor").replace("AssertionConsumerService", "SingleSignOnService")
    found = OneLogin_Saml2_IdPMetadataParser.parse(xml, required_sso_binding=POST)["idp"]
    assert found["entityId"] == ours.entity_id
    assert found["singleSignOnService"]["url"] == ours.acs_url
    assert found["x509cert"] == key("ours").bare_certificate


def test_our_own_reader_says_that_it_is_no_identity_providers() -> None:
    with pytest.raises(MetadataProblem) as caught:
        read(own_metadata(config(), NOW), NOW)
    assert caught.value.code == "service_provider"


def test_the_page_shows_the_metadata_of_this_integration_and_both_keys_while_they_change(scene: SignOnScene, client: Client) -> None:
    with within(scene.world.organization):
        make_key(scene.integration)
    answer = client.get(reverse("saml-metadata", args=[scene.integration.uuid]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/samlmetadata+xml"
    xml = answer.content.decode()
    assert fits(xml)
    root = tree(xml)
    assert root.get("entityID") == scene.entity_id
    assert len(root.findall(".//ds:X509Certificate", NS)) == 4
    assert root.findtext(".//md:OrganizationName", namespaces=NS) == scene.world.organization.name
    assert "PRIVATE" not in xml


def test_the_page_shows_it_signed_where_that_is_set_and_before_anything_is_switched_on(scene: SignOnScene, client: Client) -> None:
    scene.integration.signs_metadata, scene.integration.connection = True, "never"
    scene.integration.save(update_fields=["signs_metadata", "connection"])
    xml = client.get(reverse("saml-metadata", args=[scene.integration.uuid])).content.decode()
    assert verified(xml, SpKey.everywhere.get(integration=scene.integration).certificate)
