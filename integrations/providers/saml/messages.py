"""What we say: requests for sign-on, requests for logout and answers to them. Built as trees, so every value is escaped.

Whoever sends a message names in its Destination where it goes: SAML bindings 2.0, 3.4.5.2 and 3.5.5.2.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from lxml import etree

from integrations.providers.saml.config import POST, Config
from integrations.providers.saml.xml import SAML, SAMLP, Element, name, written

NAMESPACES = {"samlp": SAMLP, "saml": SAML}
LOGOUT_LASTS = timedelta(minutes=5)


def new_id() -> str:
    """An XML name that nobody can guess: 160 random bits."""
    return f"_{secrets.token_hex(20)}"


def authn_request(config: Config, request_id: str, now: datetime, *, destination: str, force_authn: bool = False) -> str:
    """Asks to say who somebody is. Nothing is demanded of how that is proved: Entra ID refuses what is stricter than its own rules."""
    root = _message("AuthnRequest", config, request_id, now, destination)
    root.set("ProtocolBinding", POST)
    root.set("AssertionConsumerServiceURL", config.acs_url)
    if force_authn:
        root.set("ForceAuthn", "true")
    policy = etree.SubElement(root, name(SAMLP, "NameIDPolicy"))
    policy.set("Format", config.name_id_format)
    policy.set("AllowCreate", "true")
    return _text(root)


def logout_request(
    config: Config,
    request_id: str,
    now: datetime,
    *,
    destination: str,
    name_id: str,
    name_id_format: str = "",
    name_qualifier: str = "",
    sp_name_qualifier: str = "",
    session_indexes: Sequence[str] = (),
) -> str:
    """Tells that somebody signs out, who is called there as the assertion did."""
    root = _message("LogoutRequest", config, request_id, now, destination)
    root.set("NotOnOrAfter", written(now + LOGOUT_LASTS))
    subject = etree.SubElement(root, name(SAML, "NameID"))
    subject.text = name_id
    for attribute, value in (("Format", name_id_format), ("NameQualifier", name_qualifier), ("SPNameQualifier", sp_name_qualifier)):
        if value:
            subject.set(attribute, value)
    for index in session_indexes:
        etree.SubElement(root, name(SAMLP, "SessionIndex")).text = index
    return _text(root)


def logout_response(
    config: Config, response_id: str, now: datetime, *, destination: str, in_response_to: str, status: Sequence[str]
) -> str:
    """Answers a logout request. `status` is the code, and beside it a second one that says more."""
    root = _message("LogoutResponse", config, response_id, now, destination)
    root.set("InResponseTo", in_response_to)
    place = etree.SubElement(root, name(SAMLP, "Status"))
    for code in status:
        place = etree.SubElement(place, name(SAMLP, "StatusCode"))
        place.set("Value", code)
    return _text(root)


def _message(kind: str, config: Config, identifier: str, now: datetime, destination: str) -> Element:
    root = etree.Element(name(SAMLP, kind), nsmap=NAMESPACES)
    root.set("ID", identifier)
    root.set("Version", "2.0")
    root.set("IssueInstant", written(now))
    root.set("Destination", destination)
    etree.SubElement(root, name(SAML, "Issuer")).text = config.entity_id
    return root


def _text(root: Element) -> str:
    return etree.tostring(root, encoding="unicode")
