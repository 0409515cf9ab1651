"""The applications that the simulated identity provider knows: it reads their metadata itself, on this machine only."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from integrations.providers.saml.config import POST, REDIRECT
from integrations.providers.saml.sandbox.wire import DS, MD, Unreadable, name, parse

LOOPBACK = {"127.0.0.1", "localhost", "::1", "testserver"}
SECONDS = 10.0


class UnknownApp(Exception):
    """An application that nothing is signed for."""


@dataclass(frozen=True)
class App:
    """One application, as its metadata tells."""

    entity_id: str
    acs: str
    sls: tuple[tuple[str, str], ...]
    certificates: tuple[str, ...]
    signs_requests: bool

    def sls_at(self, binding: str) -> str:
        return dict(self.sls).get(binding, "")


def read_app(entity_id: str) -> App:
    """The application whose entity ID is the address of its metadata. Raises `UnknownApp`."""
    try:
        host = urlsplit(entity_id).hostname
    except ValueError:
        host = None
    if host not in LOOPBACK:
        raise UnknownApp("Only applications on this machine are signed in to.")
    try:
        with httpx2.Client(timeout=SECONDS, trust_env=False) as http:
            answer = http.get(entity_id)
        return app_of(answer.content)
    except (httpx2.HTTPError, Unreadable, LookupError) as error:
        raise UnknownApp(f"The metadata of {entity_id} cannot be read: {error}") from None


def app_of(document: bytes) -> App:
    """What the metadata of an application says. Raises `Unreadable`, `LookupError`."""
    root = parse(document)
    descriptor = root.find(name(MD, "SPSSODescriptor"))
    if descriptor is None:
        raise Unreadable("It describes no application.")
    consumers = [one.attrib["Location"] for one in descriptor.iterfind(name(MD, "AssertionConsumerService")) if one.get("Binding") == POST]
    certificates = [
        f"-----BEGIN CERTIFICATE-----\n{(element.text or '').strip()}\n-----END CERTIFICATE-----\n"
        for key in descriptor.iterfind(name(MD, "KeyDescriptor"))
        if key.get("use") in (None, "signing")
        for element in key.iter(name(DS, "X509Certificate"))
    ]
    logout = [(one.get("Binding") or "", one.get("Location") or "") for one in descriptor.iterfind(name(MD, "SingleLogoutService"))]
    return App(
        entity_id=root.attrib["entityID"],
        acs=consumers[0],
        sls=tuple(pair for pair in logout if pair[0] in (REDIRECT, POST)),
        certificates=tuple(certificates),
        signs_requests=descriptor.get("AuthnRequestsSigned") == "true",
    )
