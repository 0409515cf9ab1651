"""What is looked at once the signature is right: whom the message is for, when it counts, and which request it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import Config, Pending, Step
from integrations.providers.saml.gate import Blocked
from integrations.providers.saml.xml import SAML, SAMLP, Element, children, text_of, time_of

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
CONDITIONS = ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
"""The second holds for every assertion here, the third is for those who would pass it on."""
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
LONGEST_ACCEPTED = timedelta(hours=1)
"""From the time of issue: for longer nothing is accepted, whatever it says, so that replays are remembered for so long only."""
LONGEST_VALIDITY = timedelta(days=2)
"""An assertion that says that it is valid for longer was made by somebody who does not think of replays. Lasso, by which
LemonLDAP::NG speaks, says a day and a minute."""


def status(root: Element) -> None:
    found = children(root, SAMLP, "Status")
    codes = children(found[0], SAMLP, "StatusCode") if len(found) == 1 else []
    if len(codes) != 1 or not codes[0].get("Value"):
        raise Blocked(Step.STATUS, Code.STATUS_MISSING)
    if codes[0].get("Value") != SUCCESS:
        inner = [code.get("Value", "") for code in children(codes[0], SAMLP, "StatusCode")]
        said = [text_of(message) for message in children(found[0], SAMLP, "StatusMessage")]
        parts = [*(value.rpartition(":")[2] for value in [codes[0].get("Value", ""), *inner]), *said]
        raise Blocked(Step.STATUS, Code.STATUS_FAILED, " ".join(" ".join(parts).split()))


def issuers(root: Element, assertion: Element, config: Config) -> None:
    """Exactly this identity provider, in the assertion and, where it says so, in the response."""
    for element, required in ((root, False), (assertion, True)):
        found = children(element, SAML, "Issuer")
        if not found and not required:
            continue
        if len(found) != 1 or not text_of(found[0]):
            raise Blocked(Step.ISSUER, Code.ISSUER_MISSING)
        if text_of(found[0]) != config.idp.entity_id:
            raise Blocked(Step.ISSUER, Code.ISSUER_OTHER, text_of(found[0]))


def destination(root: Element, own: str, *, required: bool) -> None:
    said = root.get("Destination")
    if said is None:
        if required:
            raise Blocked(Step.DESTINATION, Code.DESTINATION_MISSING)
    elif said != own:
        raise Blocked(Step.DESTINATION, Code.DESTINATION_OTHER, said)


def audience(conditions: Element, config: Config) -> None:
    """In every restriction, and in at least one; and nothing else restricts its use (SAML core 2.5.1: what is not understood)."""
    unknown = [child for child in conditions if child not in children(conditions, SAML, *CONDITIONS)]
    if unknown:
        raise Blocked(Step.AUDIENCE, Code.AUDIENCE_OTHER, f"Condition {unknown[0].get(TYPE, '')}")
    restrictions = children(conditions, SAML, "AudienceRestriction")
    if not restrictions:
        raise Blocked(Step.AUDIENCE, Code.AUDIENCE_MISSING)
    for restriction in restrictions:
        audiences = [text_of(element) for element in children(restriction, SAML, "Audience")]
        if config.entity_id not in audiences:
            raise Blocked(Step.AUDIENCE, Code.AUDIENCE_OTHER if any(audiences) else Code.AUDIENCE_MISSING, " ".join(audiences))


@dataclass(frozen=True)
class Times:
    """The clock of the check, with what is tolerated."""

    now: datetime
    skew: timedelta

    def read(self, element: Element, attribute: str) -> datetime | None:
        text = element.get(attribute)
        if text is None:
            return None
        moment = time_of(text)
        if moment is None:
            raise Blocked(Step.TIME, Code.TIME_WRONG, f"{attribute} {text}")
        return moment

    def not_before(self, element: Element) -> None:
        moment = self.read(element, "NotBefore")
        if moment and moment > self.now + self.skew:
            raise Blocked(Step.TIME, Code.NOT_YET_VALID, f"NotBefore {moment.isoformat()}")

    def not_over(self, element: Element) -> datetime | None:
        moment = self.read(element, "NotOnOrAfter")
        if moment and moment <= self.now - self.skew:
            raise Blocked(Step.TIME, Code.EXPIRED, f"NotOnOrAfter {moment.isoformat()}")
        if moment and moment > self.now + LONGEST_VALIDITY:
            raise Blocked(Step.TIME, Code.TIME_WRONG, f"NotOnOrAfter {moment.isoformat()}")
        return moment

    def issued(self, element: Element, longest: timedelta = LONGEST_ACCEPTED) -> datetime:
        """When it was made: not in the future, and not more than `longest` ago."""
        moment = self.read(element, "IssueInstant")
        if moment is None:
            raise Blocked(Step.TIME, Code.TIME_WRONG, "IssueInstant")
        if moment > self.now + self.skew:
            raise Blocked(Step.TIME, Code.ISSUED_IN_THE_FUTURE, moment.isoformat())
        if moment <= self.now - longest - self.skew:
            raise Blocked(Step.TIME, Code.ISSUED_LONG_AGO, moment.isoformat())
        return moment


def confirmation(assertion: Element, config: Config, times: Times, pending: Pending | None) -> datetime:
    """When the bearer's confirmation ends. One that is for us, in time, and answers just our request is needed, and none may be another's.

    The request is named in here because this is signed: what the response says of it may have been put there by anybody.
    """
    subject = children(assertion, SAML, "Subject")
    found = children(subject[0], SAML, "SubjectConfirmation") if len(subject) == 1 else []
    if not found:
        raise Blocked(Step.RECIPIENT, Code.CONFIRMATION_MISSING)
    ends = []
    for one in found:
        details = children(one, SAML, "SubjectConfirmationData")
        if one.get("Method") != BEARER:
            raise Blocked(Step.RECIPIENT, Code.CONFIRMATION_UNKNOWN, one.get("Method", ""))
        if len(details) != 1:
            raise Blocked(Step.RECIPIENT, Code.CONFIRMATION_MISSING)
        if details[0].get("Recipient") != config.acs_url:
            raise Blocked(Step.RECIPIENT, Code.RECIPIENT_OTHER, details[0].get("Recipient", ""))
        _answers(details[0].get("InResponseTo"), pending, required=True)
        times.not_before(details[0])
        end = times.not_over(details[0])
        if end is None:
            raise Blocked(Step.TIME, Code.EXPIRY_MISSING)
        ends.append(end)
    return min(ends)


def answered_request(root: Element, pending: Pending | None) -> None:
    """What the response itself says of the request may be missing, and may not be anything else."""
    _answers(root.get("InResponseTo"), pending, required=False)


def _answers(said: str | None, pending: Pending | None, *, required: bool) -> None:
    if pending is None:
        if said is not None:
            raise Blocked(Step.REQUEST, Code.UNSOLICITED, "InResponseTo")
    elif said is None:
        if required:
            raise Blocked(Step.REQUEST, Code.REQUEST_OTHER, "InResponseTo is missing")
    elif said != pending.request_id:
        raise Blocked(Step.REQUEST, Code.REQUEST_OTHER)


def authentication(assertion: Element, times: Times) -> tuple[str, datetime | None]:
    """Index and end of the session at the identity provider."""
    found = children(assertion, SAML, "AuthnStatement")
    if len(found) != 1:
        raise Blocked(Step.SUBJECT, Code.AUTHENTICATION_MISSING)
    until = times.read(found[0], "SessionNotOnOrAfter")
    if until and until <= times.now:
        raise Blocked(Step.TIME, Code.SESSION_OVER, until.isoformat())
    index = found[0].get("SessionIndex", "")
    if len(index) > 255 or not index.isprintable():
        raise Blocked(Step.SUBJECT, Code.ATTRIBUTES_ODD, "SessionIndex")
    return index, until
