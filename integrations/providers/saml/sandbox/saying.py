"""What the simulated identity provider says: signed responses, logout messages and its metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from integrations.providers.saml.config import EMAIL, POST, REDIRECT, KeyPair
from integrations.providers.saml.sandbox.wire import DS, MD, SAML, SAMLP, Element, instant, name, new_id, sign

NAMESPACES = {"samlp": SAMLP, "saml": SAML}
VALID = timedelta(minutes=5)
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105


@dataclass(frozen=True)
class Person:
    """Somebody in the directory."""

    email: str
    first_name: str
    last_name: str
    groups: tuple[str, ...] = ()

    @property
    def session_index(self) -> str:
        """One session for each person."""
        return f"session-of-{self.email.partition('@')[0]}"

    def attributes(self) -> Mapping[str, Sequence[str]]:
        told = {"email": [self.email], "FirstName": [self.first_name], "LastName": [self.last_name], "groups": list(self.groups)}
        return {attribute: values for attribute, values in told.items() if values}


@dataclass(frozen=True)
class Twist:
    """How a response is wrong on purpose."""

    audience: str = ""
    age: timedelta = timedelta()
    signs: bool = True
    key: KeyPair | None = None


def response(
    issuer: str, person: Person, *, acs: str, audience: str, in_response_to: str, key: KeyPair, now: datetime, twist: Twist = Twist()
) -> bytes:
    """Says that the person has signed in, for one application; the assertion is signed."""
    moment = now - twist.age
    root = _root("Response", issuer, acs, in_response_to, moment)
    etree.SubElement(etree.SubElement(root, name(SAMLP, "Status")), name(SAMLP, "StatusCode")).set("Value", SUCCESS)
    assertion = etree.SubElement(root, name(SAML, "Assertion"), nsmap={"saml": SAML})
    assertion.set("ID", new_id())
    assertion.set("Version", "2.0")
    assertion.set("IssueInstant", instant(moment))
    _sub(assertion, "Issuer").text = issuer
    subject = _sub(assertion, "Subject")
    named = _sub(subject, "NameID")
    named.set("Format", EMAIL)
    named.text = person.email
    confirmation = _sub(subject, "SubjectConfirmation")
    confirmation.set("Method", BEARER)
    data = _sub(confirmation, "SubjectConfirmationData")
    data.set("Recipient", acs)
    data.set("NotOnOrAfter", instant(moment + VALID))
    if in_response_to:
        data.set("InResponseTo", in_response_to)
    conditions = _sub(assertion, "Conditions")
    conditions.set("NotBefore", instant(moment - VALID))
    conditions.set("NotOnOrAfter", instant(moment + VALID))
    _sub(_sub(conditions, "AudienceRestriction"), "Audience").text = twist.audience or audience
    statement = _sub(assertion, "AuthnStatement")
    statement.set("AuthnInstant", instant(moment))
    statement.set("SessionIndex", person.session_index)
    _sub(_sub(statement, "AuthnContext"), "AuthnContextClassRef").text = PASSWORD
    told = _sub(assertion, "AttributeStatement")
    for attribute, values in person.attributes().items():
        element = _sub(told, "Attribute")
        element.set("Name", attribute)
        for value in values:
            _sub(element, "AttributeValue").text = value
    if twist.signs:
        sign(assertion, twist.key or key)
    return etree.tostring(root)


def logout_request(issuer: str, person: Person, destination: str, now: datetime) -> Element:
    root = _root("LogoutRequest", issuer, destination, "", now)
    named = _sub(root, "NameID")
    named.set("Format", EMAIL)
    named.text = person.email
    etree.SubElement(root, name(SAMLP, "SessionIndex")).text = person.session_index
    return root


def logout_response(issuer: str, destination: str, in_response_to: str, now: datetime) -> Element:
    root = _root("LogoutResponse", issuer, destination, in_response_to, now)
    etree.SubElement(etree.SubElement(root, name(SAMLP, "Status")), name(SAMLP, "StatusCode")).set("Value", SUCCESS)
    return root


def metadata(issuer: str, certificates: Sequence[str], sso: str, slo: str) -> bytes:
    root = etree.Element(name(MD, "EntityDescriptor"), nsmap={"md": MD, "ds": DS})
    root.set("entityID", issuer)
    root.set("cacheDuration", "PT1H")
    descriptor = etree.SubElement(root, name(MD, "IDPSSODescriptor"))
    descriptor.set("protocolSupportEnumeration", SAMLP)
    descriptor.set("WantAuthnRequestsSigned", "true")
    for certificate in certificates:
        key = etree.SubElement(descriptor, name(MD, "KeyDescriptor"))
        key.set("use", "signing")
        held = etree.SubElement(etree.SubElement(key, name(DS, "KeyInfo")), name(DS, "X509Data"))
        etree.SubElement(held, name(DS, "X509Certificate")).text = "".join(certificate.split("\n")[1:-2])
    for local, location in (("SingleLogoutService", slo), ("SingleSignOnService", sso)):
        for binding in (REDIRECT, POST):
            endpoint = etree.SubElement(descriptor, name(MD, local))
            endpoint.set("Binding", binding)
            endpoint.set("Location", location)
    return etree.tostring(root)


def _root(local: str, issuer: str, destination: str, in_response_to: str, now: datetime) -> Element:
    root = etree.Element(name(SAMLP, local), nsmap=NAMESPACES)
    root.set("ID", new_id())
    root.set("Version", "2.0")
    root.set("IssueInstant", instant(now))
    root.set("Destination", destination)
    if in_response_to:
        root.set("InResponseTo", in_response_to)
    _sub(root, "Issuer").text = issuer
    return root


def _sub(parent: Element, local: str) -> Element:
    return etree.SubElement(parent, name(SAML, local))
