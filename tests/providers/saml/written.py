"""Metadata as identity providers write it, and as it looks when something is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.providers.saml.forge import DS, POST, REDIRECT, SAMLP, Key, key

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
ENTITY = "https://idp.example/metadata"
SSO, SLO = "https://idp.example/sso", "https://idp.example/slo"
OPENING = f'xmlns:md="{MD}" xmlns:ds="{DS}"'


def described(*certificates: str | Key, use: str | None = "signing") -> str:
    """A KeyDescriptor with one X509Data, which holds all the certificates."""
    bare = [one if isinstance(one, str) else one.bare_certificate for one in certificates]
    inside = "".join(f"<ds:X509Certificate>{one}</ds:X509Certificate>" for one in bare)
    said = f' use="{use}"' if use is not None else ""
    return f"<md:KeyDescriptor{said}><ds:KeyInfo><ds:X509Data>{inside}</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"


def endpoint(kind: str, binding: str, location: str | None, response: str | None = None) -> str:
    where = f' Location="{location}"' if location is not None else ""
    back = f' ResponseLocation="{response}"' if response is not None else ""
    return f'<md:{kind} Binding="{binding}"{where}{back}/>'


BOTH = endpoint("SingleSignOnService", REDIRECT, SSO) + endpoint("SingleSignOnService", POST, SSO)
LOGOUT = endpoint("SingleLogoutService", REDIRECT, SLO) + endpoint("SingleLogoutService", POST, SLO)


def role(*, keys: str | None = None, sso: str = BOTH, slo: str = LOGOUT, formats: Sequence[str] = (), attributes: str = "") -> str:
    told = keys if keys is not None else described(key())
    names = "".join(f"<md:NameIDFormat>{one}</md:NameIDFormat>" for one in formats)
    return f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"{attributes}>{told}{slo}{names}{sso}</md:IDPSSODescriptor>'


def entity(*roles: str, entity_id: str | None = ENTITY, attributes: str = "") -> str:
    said = f' entityID="{entity_id}"' if entity_id is not None else ""
    return f"<md:EntityDescriptor {OPENING}{said}{attributes}>{''.join(roles or (role(),))}</md:EntityDescriptor>"


def group(*entities: str, attributes: str = "") -> str:
    return f"<md:EntitiesDescriptor {OPENING}{attributes}>{''.join(entities)}</md:EntitiesDescriptor>"


SERVICE_PROVIDER = (
    f'<md:SPSSODescriptor protocolSupportEnumeration="{SAMLP}"><md:AssertionConsumerService Binding="{POST}" '
    'Location="https://app.example/acs" index="0"/></md:SPSSODescriptor>'
)
