"""An identity provider for tests: it says and signs whatever it is told, right or wrong. Written without the product's code."""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote_plus
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS, "xenc": "http://www.w3.org/2001/04/xmlenc#"}
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
C14N = xmlsec.constants.TransformExclC14N
RSA_SHA256 = xmlsec.constants.TransformRsaSha256

Change = Callable[[Any], Any]
"""Alters a tree in place, or answers another one."""


@dataclass(frozen=True)
class Key:
    """A key with the certificate that it signed itself, both as PEM."""

    private: str
    certificate: str

    @property
    def for_xmlsec(self) -> xmlsec.Key:
        key = xmlsec.Key.from_memory(self.private.encode(), xmlsec.constants.KeyDataFormatPem, None)
        key.load_cert_from_memory(self.certificate.encode(), xmlsec.constants.KeyDataFormatPem)
        return key

    @property
    def bare_certificate(self) -> str:
        return "".join(self.certificate.strip().splitlines()[1:-1])


def key(name: str = "idp", *, bits: int = 2048, days: tuple[int, int] = (-1, 3650), curve: bool = False) -> Key:
    """One key for each name, made once in a process. `days` from now, between which its certificate is valid."""
    return _made(name, bits, days, curve)


@cache
def _made(name: str, bits: int, days: tuple[int, int], curve: bool) -> Key:
    private: Any = ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, bits)
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .sign(private, hashes.SHA256())
    )
    return Key(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        certificate.public_bytes(Encoding.PEM).decode(),
    )


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    return f"_{secrets.token_hex(16)}"


@dataclass(frozen=True)
class Saying:
    """What one response says. None leaves a part out; times are seconds from now."""

    acs: str
    audience: str | None
    issuer: str | None = "https://idp.example/metadata"
    response_issuer: str | None = "same"
    in_response_to: str | None = None
    response_in_response_to: str | None = "same"
    recipient: str | None = "same"
    destination: str | None = "same"
    name_id: str | None = "jane@northwind.example"
    name_id_format: str | None = EMAIL
    sp_name_qualifier: str | None = None
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    friendly_names: Mapping[str, str] = field(default_factory=dict)
    session_index: str | None = "session-1"
    session_until: float | None = None
    issued: float = 0
    not_before: float | None = -60
    not_on_or_after: float | None = 300
    confirmation_until: float | None = 300
    confirmation_method: str | None = BEARER
    confirmations: int = 1
    status: str | None = SUCCESS
    status_message: str = ""
    version: str = "2.0"
    assertion_version: str = "2.0"
    assertion_id: str = field(default_factory=new_id)
    response_id: str = field(default_factory=new_id)
    restrictions: Sequence[Sequence[str]] | None = None
    authn: bool = True
    extra: str = ""  # XML that stands at the end of the assertion
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def at(self, seconds: float) -> str:
        return instant(self.now + timedelta(seconds=seconds))


def attribute(name: str, value: str | None) -> str:
    return "" if value is None else f" {name}={quoteattr(value)}"


def assertion_xml(saying: Saying) -> str:
    same = saying.acs
    recipient = same if saying.recipient == "same" else saying.recipient
    until = None if saying.confirmation_until is None else saying.at(saying.confirmation_until)
    data = attribute("Recipient", recipient) + attribute("InResponseTo", saying.in_response_to) + attribute("NotOnOrAfter", until)
    confirmation = (
        f"<saml:SubjectConfirmation{attribute('Method', saying.confirmation_method)}>"
        f"<saml:SubjectConfirmationData{data}/></saml:SubjectConfirmation>"
    )
    name_id = (
        ""
        if saying.name_id is None
        else f"<saml:NameID{attribute('Format', saying.name_id_format)}{attribute('SPNameQualifier', saying.sp_name_qualifier)}>"
        f"{escape(saying.name_id)}</saml:NameID>"
    )
    restrictions = saying.restrictions if saying.restrictions is not None else ([[saying.audience]] if saying.audience is not None else [])
    audiences = "".join(
        "<saml:AudienceRestriction>"
        + "".join(f"<saml:Audience>{escape(one)}</saml:Audience>" for one in restriction)
        + "</saml:AudienceRestriction>"
        for restriction in restrictions
    )
    window = attribute("NotBefore", None if saying.not_before is None else saying.at(saying.not_before)) + attribute(
        "NotOnOrAfter", None if saying.not_on_or_after is None else saying.at(saying.not_on_or_after)
    )
    session_until = None if saying.session_until is None else saying.at(saying.session_until)
    authn = (
        f'<saml:AuthnStatement AuthnInstant="{saying.at(0)}"{attribute("SessionIndex", saying.session_index)}'
        f"{attribute('SessionNotOnOrAfter', session_until)}><saml:AuthnContext><saml:AuthnContextClassRef>"
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        if saying.authn
        else ""
    )
    told = "".join(
        f"<saml:Attribute Name={quoteattr(name)}{attribute('FriendlyName', saying.friendly_names.get(name))}>"
        + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
        + "</saml:Attribute>"
        for name, values in saying.attributes.items()
    )
    statement = f"<saml:AttributeStatement>{told}</saml:AttributeStatement>" if told else ""
    issuer = "" if saying.issuer is None else f"<saml:Issuer>{escape(saying.issuer)}</saml:Issuer>"
    return (
        f'<saml:Assertion xmlns:saml="{SAML}" ID="{saying.assertion_id}" Version="{saying.assertion_version}" '
        f'IssueInstant="{saying.at(saying.issued)}">{issuer}<saml:Subject>{name_id}{confirmation * saying.confirmations}</saml:Subject>'
        f"<saml:Conditions{window}>{audiences}</saml:Conditions>{authn}{statement}{saying.extra}</saml:Assertion>"
    )


def response_xml(saying: Saying) -> str:
    destination = saying.acs if saying.destination == "same" else saying.destination
    answers = saying.in_response_to if saying.response_in_response_to == "same" else saying.response_in_response_to
    named = saying.issuer if saying.response_issuer == "same" else saying.response_issuer
    issuer = "" if named is None else f"<saml:Issuer>{escape(named)}</saml:Issuer>"
    message = f"<samlp:StatusMessage>{escape(saying.status_message)}</samlp:StatusMessage>" if saying.status_message else ""
    status = "" if saying.status is None else f'<samlp:Status><samlp:StatusCode Value="{saying.status}"/>{message}</samlp:Status>'
    return (
        f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{saying.response_id}" Version="{saying.version}" '
        f'IssueInstant="{saying.at(saying.issued)}"{attribute("Destination", destination)}{attribute("InResponseTo", answers)}>'
        f"{issuer}{status}{assertion_xml(saying)}</samlp:Response>"
    )


def sign(
    element: Any,
    with_key: Key,
    *,
    method: Any = RSA_SHA256,
    digest: Any = xmlsec.constants.TransformSha256,
    c14n: Any = C14N,
    key_info: bool = True,
    prefixes: str = "",
) -> Any:
    """Sign an element enveloped, after its issuer, as identity providers do."""
    signature = xmlsec.template.create(element, c14n, method, ns="ds")
    issuer = element.find(f"{{{SAML}}}Issuer")
    element.insert(0 if issuer is None else list(element).index(issuer) + 1, signature)
    reference = xmlsec.template.add_reference(signature, digest, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    transform = xmlsec.template.add_transform(reference, c14n)
    if prefixes:
        etree.SubElement(
            transform,
            "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces",
            nsmap={"ec": "http://www.w3.org/2001/10/xml-exc-c14n#"},
            PrefixList=prefixes,
        )
    if key_info:
        xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.tree.add_ids(element.getroottree().getroot(), ["ID"])
    context = xmlsec.SignatureContext()
    context.key = with_key.for_xmlsec
    context.sign(signature)
    return signature


def encrypt(response: Any, certificate: str, *, cipher: Any = None, wrap: Any = None, what: Any = None) -> None:
    """Put the assertion (or `what`, an element or its text) encrypted for a certificate in its place."""
    assertion = response.find(f"{{{SAML}}}Assertion")
    place = list(response).index(assertion)
    response.remove(assertion)
    assertion.tail = None
    target = assertion if what is None else what
    manager = xmlsec.KeysManager()
    public = xmlsec.Key.from_memory(certificate.encode(), xmlsec.constants.KeyDataFormatCertPem, None)
    manager.add_key(public)
    template = xmlsec.template.encrypted_data_create(
        response, cipher or xmlsec.constants.TransformAes256Gcm, type=xmlsec.constants.TypeEncElement, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(template)
    info = xmlsec.template.encrypted_data_ensure_key_info(template, ns="ds")
    wrapped = xmlsec.template.add_encrypted_key(info, wrap or xmlsec.constants.TransformRsaOaep)
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
    context = xmlsec.EncryptionContext(manager)
    kind = cipher or xmlsec.constants.TransformAes256Gcm
    size = {"aes128": 128, "aes192": 192, "aes256": 256}[kind.name[:6]]
    context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, size, xmlsec.constants.KeyDataTypeSession)
    holder = etree.Element(f"{{{SAML}}}EncryptedAssertion", nsmap={"saml": SAML})
    if isinstance(target, (bytes, str)):
        encrypted = context.encrypt_binary(template, target if isinstance(target, bytes) else target.encode())
    else:
        box = etree.Element("box")
        box.append(target)
        encrypted = context.encrypt_xml(template, target)
    holder.append(encrypted)
    response.insert(place, holder)


@dataclass(frozen=True)
class Forge:
    """One identity provider: what it is called, and with which key it signs."""

    entity_id: str = "https://idp.example/metadata"
    key: Key = field(default_factory=key)
    sso: str = "https://idp.example/sso"
    slo: str | None = "https://idp.example/slo"

    def metadata(self, **changes: Any) -> str:
        """Its metadata. `keys`: signing keys instead of its own; `bindings`, `slo_bindings`, `wants_signed`, `attributes` of the root."""
        keys = changes.get("keys", [self.key])
        described = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{one.bare_certificate}</ds:X509Certificate>'
            "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for one in keys
        )
        slo = "".join(
            f'<md:SingleLogoutService Binding="{binding}" Location={quoteattr(self.slo)}/>'
            for binding in changes.get("slo_bindings", (REDIRECT, POST))
            if self.slo
        )
        sso = "".join(
            f'<md:SingleSignOnService Binding="{binding}" Location={quoteattr(changes.get("sso", self.sso))}/>'
            for binding in changes.get("bindings", (REDIRECT, POST))
        )
        wants = ' WantAuthnRequestsSigned="true"' if changes.get("wants_signed") else ""
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{DS}" '
            f"entityID={quoteattr(self.entity_id)}{changes.get('attributes', '')}>"
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"{wants}>{described}{slo}{sso}</md:IDPSSODescriptor>'
            "</md:EntityDescriptor>"
        )

    def tree(
        self,
        saying: Saying,
        *,
        signs: str = "assertion",
        key: Key | None = None,
        encrypts_for: str = "",
        cipher: Any = None,
        wrap: Any = None,
        before: Change | None = None,
        between: Change | None = None,
        after: Change | None = None,
        **options: Any,
    ) -> Any:
        """A response as a tree. `signs`: assertion, response, both or none. `before` alters it before signing, `between` after signing
        the assertion and before encrypting, `after` in the end.
        """
        root = etree.fromstring(response_xml(saying).encode())
        root = changed(root, before)
        if signs in {"assertion", "both"}:
            sign(root.find(f"{{{SAML}}}Assertion"), key or self.key, **options)
        root = changed(root, between)
        if encrypts_for:
            encrypt(root, encrypts_for, cipher=cipher, wrap=wrap)
        if signs in {"response", "both"}:
            sign(root, key or self.key, **options)
        return changed(root, after)

    def response(self, saying: Saying, **options: Any) -> str:
        """The text of the form field."""
        return encoded(etree.tostring(self.tree(saying, **options)))

    def logout_request(self, destination: str, name_id: str, *, sessions: Sequence[str] = (), **changes: Any) -> str:
        now = changes.get("now", datetime.now(UTC)) + timedelta(seconds=changes.get("issued", 0))
        issuer = changes.get("issuer", self.entity_id)
        named = "" if issuer is None else f"<saml:Issuer>{escape(issuer)}</saml:Issuer>"
        indexes = "".join(f"<samlp:SessionIndex>{escape(one)}</samlp:SessionIndex>" for one in sessions)
        return (
            f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{changes.get("id", new_id())}" Version="2.0" '
            f'IssueInstant="{instant(now)}"{attribute("Destination", changes.get("said_destination", destination))}>{named}'
            f"<saml:NameID{attribute('Format', changes.get('format', EMAIL))}>{escape(name_id)}</saml:NameID>{indexes}"
            "</samlp:LogoutRequest>"
        )

    def logout_response(self, destination: str, in_response_to: str, *, status: str = SUCCESS, **changes: Any) -> str:
        now = datetime.now(UTC) + timedelta(seconds=changes.get("issued", 0))
        return (
            f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{new_id()}" Version="2.0" IssueInstant="{instant(now)}"'
            f"{attribute('Destination', destination)}{attribute('InResponseTo', in_response_to)}>"
            f"<saml:Issuer>{escape(changes.get('issuer', self.entity_id))}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status></samlp:LogoutResponse>'
        )

    def posted(self, xml: str, *, key: Key | None = None, signed: bool = True, after: Change | None = None, **options: Any) -> str:
        """A message as the text of a form field."""
        root = etree.fromstring(xml.encode())
        if signed:
            sign(root, key or self.key, **options)
        return encoded(etree.tostring(changed(root, after)))

    def query(self, parameter: str, xml: str, *, relay: str = "", key: Key | None = None, signed: bool = True, **options: Any) -> str:
        """A message as the query of an address, signed over its octets."""
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(xml.encode()) + packer.flush()
        quoted: Callable[[str], str] = options.get("quoted", quote_plus)
        algorithm = options.get("algorithm", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
        pairs = [(parameter, base64.b64encode(packed).decode()), *([("RelayState", relay)] if relay else [])]
        if not signed:
            return "&".join(f"{name}={quoted(value)}" for name, value in pairs)
        octets = "&".join(f"{name}={quoted(value)}" for name, value in [*pairs, ("SigAlg", algorithm)])
        private: Any = load_pem_private_key((key or self.key).private.encode(), None)
        digest = hashes.SHA1() if "sha1" in algorithm else hashes.SHA256()
        signature = private.sign(octets.encode(), padding.PKCS1v15(), digest)
        return f"{octets}&Signature={quoted(base64.b64encode(signature).decode())}"

    def called(self, **changes: Any) -> Forge:
        return replace(self, **changes)


def changed(root: Any, change: Change | None) -> Any:
    if change is None:
        return root
    root = etree.fromstring(etree.tostring(root))  # lxml does not find everything that xmlsec has put in
    other = change(root)
    return root if other is None else other


def encoded(xml: bytes) -> str:
    return base64.b64encode(xml).decode()
