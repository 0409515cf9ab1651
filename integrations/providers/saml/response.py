"""python3-saml's response, on trees that were read and checked before: a second reader, without its own parsing and fetching."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import onelogin.saml2
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from integrations.providers.saml.config import Config
from integrations.providers.saml.xml import SAMLP, XENC11, Element

PROTOCOL = Path(onelogin.saml2.__file__).parent / "schemas" / "saml-schema-protocol-2.0.xsd"
ENCRYPTION = Path(__file__).parent / "xenc11.xsd"
SCHEMA = f"""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:import namespace="{SAMLP}" schemaLocation="{PROTOCOL.as_uri()}"/>
  <xs:import namespace="{XENC11}" schemaLocation="{ENCRYPTION.as_uri()}"/>
</xs:schema>
"""
_schemas = threading.local()


class GatedResponse(OneLogin_Saml2_Response):  # type: ignore[misc]
    """`document` as it came, `decrypted` the same with its assertion opened (None when that was not encrypted)."""

    def __init__(self, settings: OneLogin_Saml2_Settings, document: Element, decrypted: Element | None) -> None:
        self._settings = settings
        self._error = None
        self.document = document
        self.decrypted_document = decrypted
        self.encrypted = decrypted is not None
        self.valid_scd_not_on_or_after = None

    def names(self, name_id: str) -> bool:
        """Whether the library finds the same name. It looks for the assertion by what the signature refers to, we by where it stands."""
        return bool((self.get_nameid() or "").strip() == name_id)


def settings_of(config: Config) -> OneLogin_Saml2_Settings:
    """The library's settings, made once for each version of the agreement."""
    made: OneLogin_Saml2_Settings | None = config.prepared.get("settings")
    if made is None:
        made = OneLogin_Saml2_Settings(_written(config), sp_validation_only=True)
        config.prepared["settings"] = made
    return made


def _written(config: Config) -> dict[str, Any]:
    """What its readings need. Addresses and certificates of the identity provider do not belong to that."""
    return {
        "strict": True,
        "debug": False,
        "sp": {"entityId": config.entity_id, "assertionConsumerService": {"url": config.acs_url}},
        "idp": {"entityId": config.idp.entity_id},
        "security": {"allowSingleLabelDomains": True},
    }


def fits_schema(document: Element) -> bool:
    """Whether it is as the protocol's schema says, which each thread compiles once."""
    schema: etree.XMLSchema | None = getattr(_schemas, "protocol", None)
    if schema is None:
        schema = etree.XMLSchema(etree.fromstring(SCHEMA))
        _schemas.protocol = schema
    return bool(schema.validate(document))
