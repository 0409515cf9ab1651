"""What both sides of one integration have agreed on, as plain values: all that the protocol engine knows. No rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


@dataclass(frozen=True)
class Endpoint:
    """Where a message of theirs goes; answers to it go to `response_location`, if that is another address."""

    binding: str
    location: str
    response_location: str = ""


@dataclass(frozen=True)
class Certificate:
    """One signing certificate. `pem` with header and footer; `fingerprint` is SHA-256 in hex; times are aware."""

    pem: str
    fingerprint: str
    subject: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True)
class IdentityProvider:
    """What their metadata says: `sso` and `slo` in order of appearance, at least one `sso` and one certificate."""

    entity_id: str
    sso: tuple[Endpoint, ...]
    certificates: tuple[Certificate, ...]
    slo: tuple[Endpoint, ...] = ()
    wants_signed_requests: bool = False
    name_id_formats: tuple[str, ...] = ()
    valid_until: datetime | None = None
    cache_seconds: int | None = None

    def sso_at(self, binding: str) -> Endpoint | None:
        return next((endpoint for endpoint in self.sso if endpoint.binding == binding), None)

    def slo_at(self, binding: str) -> Endpoint | None:
        return next((endpoint for endpoint in self.slo if endpoint.binding == binding), None)


@dataclass(frozen=True)
class KeyPair:
    """One of our keys, both parts as PEM. It signs what we send and decrypts what we get."""

    certificate: str
    private_key: str = field(repr=False)


@dataclass(frozen=True)
class Claims:
    """The names under which the identity provider tells of a person, the first that is there wins. No `email` name: the NameID is it."""

    email: tuple[str, ...] = ()
    first_name: tuple[str, ...] = ()
    last_name: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Config:
    """One integration, at one `version` of its settings and keys. It may be kept and shared by threads until the version changes.

    `keys`  newest first: the first signs, all of them decrypt
    `prepared` is where the engine keeps what it made of this (loaded keys), never compared or shown
    """

    uuid: str
    version: int
    entity_id: str
    acs_url: str
    sls_url: str
    idp: IdentityProvider
    keys: tuple[KeyPair, ...]
    claims: Claims
    name_id_format: str = EMAIL
    clock_skew_seconds: int = 120
    allows_idp_initiated: bool = False
    signs_requests: bool = True
    wants_encrypted: bool = False
    request_binding: str = REDIRECT
    prepared: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Pending:
    """The request of ours that a response has to answer."""

    request_id: str
    issued_at: datetime


class Step(StrEnum):
    """What is looked at, in this order. The names are for the test page and the audit, the words in `words.py`."""

    SIZE = "size"
    ENCODING = "encoding"
    STRUCTURE = "structure"
    ALGORITHMS = "algorithms"
    SCHEMA = "schema"
    STATUS = "status"
    DECRYPTION = "decryption"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    DESTINATION = "destination"
    AUDIENCE = "audience"
    RECIPIENT = "recipient"
    TIME = "time"
    REQUEST = "request"
    SUBJECT = "subject"
    ATTRIBUTES = "attributes"


@dataclass(frozen=True)
class Refusal:
    """Why a message is not believed. `code` is stable (`signature_wrong`, `audience_other` …) and has words for the admin in
    `words.py`; `detail` is short, plain, taken from nothing secret, and may be shown to the admin."""

    step: Step
    code: str
    detail: str = ""


@dataclass(frozen=True)
class Identity:
    """Who the identity provider says has signed in. Every text has been checked for length and control characters.

    `email` is '' when neither claims nor NameID tell a valid one. `assertion_digest` is the SHA-256 of the assertion's ID.
    `remembered_until` is when a replay of the assertion cannot be accepted any more.
    """

    name_id: str
    name_id_format: str
    name_qualifier: str
    sp_name_qualifier: str
    session_index: str
    session_until: datetime | None
    email: str
    first_name: str
    last_name: str
    groups: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    assertion_digest: str
    remembered_until: datetime
    issued_at: datetime
    in_response_to: str
    certificate: str
    """Fingerprint of the certificate that the signature was verified with."""


@dataclass(frozen=True)
class Verdict:
    """What became of a response: either `identity` or `refusal` is there. `passed` are the steps that it got through."""

    identity: Identity | None
    refusal: Refusal | None
    passed: tuple[Step, ...]
    clock_difference: float | None = None
    """Seconds by which their clock is ahead of ours, as far as the message's time of issue tells."""


@dataclass(frozen=True)
class LogoutMessage:
    """A logout request or answer that was verified: signed, from this identity provider, for us, in time."""

    kind: str
    """`request` or `response`."""
    id: str
    name_id: str = ""
    name_id_format: str = ""
    session_indexes: tuple[str, ...] = ()
    in_response_to: str = ""
    succeeded: bool = True
    relay_state: str = ""
