"""The protocol: what a response of an identity provider proves. No rows, no request, no clock of its own."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from hashlib import sha256

import structlog

from integrations.providers.saml import checks
from integrations.providers.saml.attributes import Told, email_of, kept, name_id
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import Config, Identity, Pending, Refusal, Step, Verdict
from integrations.providers.saml.decryption import decrypt
from integrations.providers.saml.gate import Blocked, check_response, decode, read
from integrations.providers.saml.response import GatedResponse, fits_schema, settings_of
from integrations.providers.saml.signatures import decryption_keys, signature_of, verification_keys, verified_with
from integrations.providers.saml.xml import SAML, SAMLP, Element, children, name, time_of

log = structlog.get_logger(__name__)

VERSION = "2.0"


def verify(encoded: str, config: Config, pending: Pending | None, now: datetime, *, unsolicited: bool = False) -> Verdict:
    """Judge the text of the form field SAMLResponse. `pending` is the request that it has to answer; without one it has to be
    `unsolicited`, and the agreement has to allow that. Never raises, whatever it is given.
    """
    judge = _Judge(config, pending, now)
    try:
        if pending is None and not (unsolicited and config.allows_idp_initiated):
            raise Blocked(Step.REQUEST, Code.UNSOLICITED)
        return judge.verdict(judge.identity(encoded), None)
    except Blocked as blocked:
        return judge.verdict(None, blocked.refusal)
    except Exception:  # python3-saml, lxml and xmlsec raise what they like
        log.exception("sign_on.unreadable")
        return judge.verdict(None, Refusal(Step.STRUCTURE, Code.UNREADABLE.value))


class _Judge:
    """One response on its way through the steps."""

    def __init__(self, config: Config, pending: Pending | None, now: datetime) -> None:
        self.config, self.pending = config, pending
        self.times = checks.Times(now, timedelta(seconds=config.clock_skew_seconds))
        self.passed: list[Step] = []
        self.ahead: float | None = None

    def verdict(self, identity: Identity | None, refusal: Refusal | None) -> Verdict:
        return Verdict(identity, refusal, tuple(self.passed), self.ahead)

    def identity(self, encoded: str) -> Identity:
        """Raises `Blocked`."""
        root = read(decode(encoded))
        self.passed += (Step.SIZE, Step.ENCODING)
        self._note_clock(root)
        if root.tag == name(SAMLP, "Response") and not children(root, SAML, "Assertion", "EncryptedAssertion"):
            checks.status(root)  # which says why nobody was signed in
        enclosed = check_response(root)
        self.passed += (Step.STRUCTURE, Step.ALGORITHMS)
        for element in (root, enclosed) if enclosed.tag == name(SAML, "Assertion") else (root,):
            if element.get("Version") != VERSION:
                raise Blocked(Step.SCHEMA, Code.VERSION_WRONG)
        if not fits_schema(root):
            raise Blocked(Step.SCHEMA, Code.SCHEMA_WRONG)
        self.passed.append(Step.SCHEMA)
        checks.status(root)
        self.passed.append(Step.STATUS)
        opened, assertion = self._opened(root, enclosed)
        certificate = self._signed(root, assertion)
        return self._read(GatedResponse(settings_of(self.config), root, opened), root, assertion, certificate)

    def _note_clock(self, root: Element) -> None:
        issued = time_of(root.get("IssueInstant", ""))
        self.ahead = (issued - self.times.now).total_seconds() if issued else None

    def _opened(self, root: Element, enclosed: Element) -> tuple[Element | None, Element]:
        """The response with its assertion in the clear (None when it came so), and the assertion."""
        if enclosed.tag == name(SAML, "Assertion"):
            if self.config.wants_encrypted:
                raise Blocked(Step.DECRYPTION, Code.NOT_ENCRYPTED)
            return None, enclosed
        assertion = decrypt(enclosed, decryption_keys(self.config))
        opened = deepcopy(root)
        opened.replace(children(opened, SAML, "EncryptedAssertion")[0], assertion)
        assertion = check_response(opened, decrypted=True)
        if assertion.get("Version") != VERSION or not fits_schema(opened):
            raise Blocked(Step.DECRYPTION, Code.DECRYPTION_FAILED)
        self.passed.append(Step.DECRYPTION)
        return opened, assertion

    def _signed(self, root: Element, assertion: Element) -> str:
        """The fingerprint of the certificate that vouches for the assertion; every signature that is there has to be right.

        The response's is verified as it came, an encrypted assertion's own in the response that holds it opened.
        """
        keys = verification_keys(self.config)
        signed = [element for element in (root, assertion) if signature_of(element) is not None]
        if not signed:
            raise Blocked(Step.SIGNATURE, Code.UNSIGNED)
        fingerprints = [verified_with(element, keys) for element in signed]
        if not all(fingerprints):
            raise Blocked(Step.SIGNATURE, Code.SIGNATURE_WRONG)
        self.passed.append(Step.SIGNATURE)
        return fingerprints[-1]

    def _read(self, response: GatedResponse, root: Element, assertion: Element, certificate: str) -> Identity:
        config, times = self.config, self.times
        checks.issuers(root, assertion, config)
        self.passed.append(Step.ISSUER)
        checks.destination(root, config.acs_url, required=signature_of(root) is not None)
        self.passed.append(Step.DESTINATION)
        conditions = children(assertion, SAML, "Conditions")
        if len(conditions) != 1:
            raise Blocked(Step.AUDIENCE, Code.AUDIENCE_MISSING)
        checks.audience(conditions[0], config)
        self.passed.append(Step.AUDIENCE)
        ends = checks.confirmation(assertion, config, times, self.pending)
        self.passed.append(Step.RECIPIENT)
        times.issued(root)
        issued = times.issued(assertion)
        times.not_before(conditions[0])
        ends = min(filter(None, (ends, times.not_over(conditions[0]), issued + checks.LONGEST_ACCEPTED)))
        index, session_until = checks.authentication(assertion, times)
        self.passed.append(Step.TIME)
        checks.answered_request(root, self.pending)
        self.passed.append(Step.REQUEST)
        value, kind, qualifier, own_qualifier = name_id(assertion, config.entity_id)
        if not response.names(value):
            raise Blocked(Step.SUBJECT, Code.NAME_ID_ODD)
        self.passed.append(Step.SUBJECT)
        told = Told(assertion)
        email = email_of(told, config.claims, value, kind)
        self.passed.append(Step.ATTRIBUTES)
        return Identity(
            name_id=value,
            name_id_format=kind,
            name_qualifier=qualifier,
            sp_name_qualifier=own_qualifier,
            session_index=index,
            session_until=session_until,
            email=email,
            first_name=told.one_of(config.claims.first_name),
            last_name=told.one_of(config.claims.last_name),
            groups=told.all_of(config.claims.groups),
            attributes=kept(told),
            assertion_digest=sha256(assertion.get("ID", "").encode()).hexdigest(),
            remembered_until=ends + times.skew,
            issued_at=issued,
            in_response_to=self.pending.request_id if self.pending else "",
            certificate=certificate,
        )
