"""Messages about logging out, verified: signed by the identity provider, for us, of now. No rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec

import structlog

from integrations.providers.saml import checks
from integrations.providers.saml.attributes import told_by
from integrations.providers.saml.bindings import Carried, read_post, read_redirect, signed_with
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import Config, LogoutMessage, Refusal, Step
from integrations.providers.saml.decryption import decrypt
from integrations.providers.saml.gate import Blocked, check_encrypted, check_ids, check_signatures, read
from integrations.providers.saml.response import fits_schema
from integrations.providers.saml.signatures import decryption_keys, signature_of, verification_keys, verified_with
from integrations.providers.saml.xml import SAML, SAMLP, Element, children, name, text_of

log = structlog.get_logger(__name__)

KINDS = {"SAMLRequest": "LogoutRequest", "SAMLResponse": "LogoutResponse"}
MOST_SESSIONS = 100
OLDEST = timedelta(minutes=10)
PARTIAL = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
P = ParamSpec("P")


def _never_raises(verify: Callable[P, LogoutMessage]) -> Callable[P, LogoutMessage | Refusal]:
    @wraps(verify)
    def verified(*args: P.args, **kwargs: P.kwargs) -> LogoutMessage | Refusal:
        try:
            return verify(*args, **kwargs)
        except Blocked as blocked:
            return blocked.refusal
        except Exception:
            log.exception("sign_on.unreadable")
            return Refusal(Step.STRUCTURE, Code.UNREADABLE.value)

    return verified


@_never_raises
def verify_logout_redirect(raw_query: str, config: Config, now: datetime) -> LogoutMessage:
    """A message in an address, whose signature stands beside it. A refusal instead, whatever else it is given."""
    carried = read_redirect(raw_query)
    root = _root(carried, signed_inside=False)
    if not carried.signature:
        raise Blocked(Step.SIGNATURE, Code.LOGOUT_UNSIGNED)
    if not signed_with(carried, verification_keys(config)):
        raise Blocked(Step.SIGNATURE, Code.SIGNATURE_WRONG)
    return _read(root, config, now, carried.relay_state)


@_never_raises
def verify_logout_post(form: Mapping[str, str], config: Config, now: datetime) -> LogoutMessage:
    """A message in a form, whose signature stands in it. A refusal instead, whatever else it is given."""
    carried = read_post(form)
    root = _root(carried, signed_inside=True)
    if signature_of(root) is None:
        raise Blocked(Step.SIGNATURE, Code.LOGOUT_UNSIGNED)
    if not verified_with(root, verification_keys(config)):
        raise Blocked(Step.SIGNATURE, Code.SIGNATURE_WRONG)
    return _read(root, config, now, carried.relay_state)


def _root(carried: Carried, *, signed_inside: bool) -> Element:
    """A request where a request belongs, an answer where an answer belongs, with a signature where one may be."""
    root = read(carried.xml)
    if root.tag != name(SAMLP, KINDS[carried.parameter]):
        raise Blocked(Step.STRUCTURE, Code.ROOT_WRONG)
    check_ids(root)
    check_signatures(root, {root} if signed_inside else set())
    check_encrypted(root, next(iter(children(root, SAML, "EncryptedID")), None))
    if not fits_schema(root):
        raise Blocked(Step.SCHEMA, Code.SCHEMA_WRONG)
    if root.get("Version") != "2.0":
        raise Blocked(Step.SCHEMA, Code.VERSION_WRONG)
    return root


def _read(root: Element, config: Config, now: datetime, relay_state: str) -> LogoutMessage:
    issuers = children(root, SAML, "Issuer")
    if len(issuers) != 1 or not text_of(issuers[0]):
        raise Blocked(Step.ISSUER, Code.ISSUER_MISSING)
    if text_of(issuers[0]) != config.idp.entity_id:
        raise Blocked(Step.ISSUER, Code.ISSUER_OTHER, text_of(issuers[0]))
    checks.destination(root, config.sls_url, required=True)
    times = checks.Times(now, timedelta(seconds=config.clock_skew_seconds))
    times.issued(root, OLDEST)
    times.not_over(root)
    if root.tag == name(SAMLP, "LogoutResponse"):
        return _answer(root, relay_state)
    value, kind, _qualifier, _own_qualifier = told_by(_subject(root, config), config.entity_id)
    indexes = tuple(text_of(index) for index in children(root, SAMLP, "SessionIndex"))
    if len(indexes) > MOST_SESSIONS or not all(indexes):
        raise Blocked(Step.SUBJECT, Code.ATTRIBUTES_ODD, "SessionIndex")
    return LogoutMessage(
        kind="request",
        id=root.get("ID", ""),
        name_id=value,
        name_id_format=kind,
        session_indexes=indexes,
        relay_state=relay_state,
    )


def _subject(root: Element, config: Config) -> Element:
    """The NameID, decrypted if need be: what is read here was signed, so nobody else can try out what we can open."""
    named = children(root, SAML, "NameID", "EncryptedID")
    if len(named) != 1:
        raise Blocked(Step.SUBJECT, Code.NAME_ID_MISSING)
    return named[0] if named[0].tag == name(SAML, "NameID") else decrypt(named[0], decryption_keys(config), "NameID")


def _answer(root: Element, relay_state: str) -> LogoutMessage:
    """Their session has ended, too, even where other applications could not be told."""
    status = children(root, SAMLP, "Status")[0]
    codes = [code.get("Value") for code in status.iter(name(SAMLP, "StatusCode"))]
    return LogoutMessage(
        kind="response",
        id=root.get("ID", ""),
        in_response_to=root.get("InResponseTo", ""),
        succeeded=codes[0] == checks.SUCCESS or PARTIAL in codes[1:2],
        relay_state=relay_state,
    )
