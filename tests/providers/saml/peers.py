"""Both sides without rows: our agreement as plain values, and python3-saml playing the identity provider's part in logging out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from integrations.providers.saml.config import POST, REDIRECT, Claims, Config, Endpoint, IdentityProvider, KeyPair
from integrations.providers.saml.keys import certificate_of
from tests.providers.saml.forge import Forge, Key, key

HOME = "https://patchbay.example/sso/3f0c8f4e"


def pair(made: Key) -> KeyPair:
    return KeyPair(certificate=made.certificate, private_key=made.private)


def agreement(forge: Forge, *, keys: tuple[Key, ...] = (), theirs: tuple[Key, ...] = (), **values: Any) -> Config:
    """What we have agreed on with the identity provider. `keys` are ours, `theirs` the ones that it is believed by."""
    idp = IdentityProvider(
        entity_id=forge.entity_id,
        sso=(Endpoint(REDIRECT, forge.sso), Endpoint(POST, forge.sso)),
        slo=(Endpoint(REDIRECT, forge.slo or ""), Endpoint(POST, forge.slo or "")),
        certificates=tuple(certificate_of(one.certificate) for one in theirs or (forge.key,)),
    )
    made = Config(
        uuid="3f0c8f4e",
        version=1,
        entity_id=f"{HOME}/metadata/",
        acs_url=f"{HOME}/acs/",
        sls_url=f"{HOME}/sls/",
        idp=idp,
        keys=tuple(pair(one) for one in keys or (key("ours"),)),
        claims=Claims(),
    )
    return replace(made, **values)


def now() -> datetime:
    return datetime.now(UTC)


def fits(xml: str | bytes) -> bool:
    """Whether python3-saml takes it for a message of the protocol."""
    return not isinstance(OneLogin_Saml2_XML.validate_xml(xml, "saml-schema-protocol-2.0.xsd"), str)


def tree(xml: str | bytes) -> Any:
    return etree.fromstring(xml.encode() if isinstance(xml, str) else xml)


def peer_settings(forge: Forge, config: Config, **security: Any) -> OneLogin_Saml2_Settings:
    """python3-saml set up as the other side: what it calls the service provider is the identity provider, and the other way round."""
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": forge.entity_id,
                "assertionConsumerService": {"url": forge.sso},
                "singleLogoutService": {"url": forge.slo},
                "NameIDFormat": config.name_id_format,
                "x509cert": forge.key.certificate,
                "privateKey": forge.key.private,
            },
            "idp": {
                "entityId": config.entity_id,
                "singleSignOnService": {"url": config.acs_url},
                "singleLogoutService": {"url": config.sls_url},
                "x509cert": config.keys[0].certificate,
            },
            "security": {"wantMessagesSigned": True, "logoutRequestSigned": True, "logoutResponseSigned": True, **security},
        }
    )


def visit(address: str, *, raw: bool = True) -> dict[str, Any]:
    """A request for an address, as python3-saml wants to be told of it. `raw`: it looks at the query as it stands there."""
    from urllib.parse import parse_qsl, urlsplit

    parts = urlsplit(address)
    return {
        "https": "on",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "query_string": parts.query,
        "validate_signature_from_qs": raw,
        "get_data": dict(parse_qsl(parts.query)),
        "post_data": {},
    }


def peer(forge: Forge, config: Config, address: str, *, raw: bool = True, **security: Any) -> OneLogin_Saml2_Auth:
    """python3-saml as the other side, visited by a browser that we sent to the address."""
    return OneLogin_Saml2_Auth(visit(address, raw=raw), peer_settings(forge, config, **security))
