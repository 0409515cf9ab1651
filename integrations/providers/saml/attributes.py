"""Who the assertion is about: the NameID and the attributes, read from what was signed, as texts that may be kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import EMAIL, TRANSIENT, UNSPECIFIED, Claims, Step
from integrations.providers.saml.gate import Blocked
from integrations.providers.saml.xml import SAML, Element, children, name

LONGEST_NAME_ID, LONGEST_EMAIL, LONGEST_TEXT = 1024, 254, 1024
MOST_ATTRIBUTES, MOST_VALUES = 200, 1000
ASCII_CASE = {ord(capital): capital.lower() for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
is_address = EmailValidator()
JOINERS = dict.fromkeys((0x200C, 0x200D))
"""Unseen, but part of how names are written in Persian and in Indian languages."""
BLANKS = re.compile(r"\s+")


def name_id(assertion: Element, entity_id: str) -> tuple[str, str, str, str]:
    """Value, format, name qualifier and service provider's name qualifier. Raises `Blocked`."""
    subjects = children(assertion, SAML, "Subject")
    found = children(subjects[0], SAML, "NameID") if len(subjects) == 1 else []
    if len(found) != 1:
        raise Blocked(Step.SUBJECT, Code.NAME_ID_MISSING)
    return told_by(found[0], entity_id)


def told_by(element: Element, entity_id: str) -> tuple[str, str, str, str]:
    """The same of a NameID, wherever it stands."""
    value = (element.text or "").strip()
    if not value:
        raise Blocked(Step.SUBJECT, Code.NAME_ID_MISSING)
    if len(element) or len(value) > LONGEST_NAME_ID or not value.isprintable():
        raise Blocked(Step.SUBJECT, Code.NAME_ID_ODD)
    kind = element.get("Format", UNSPECIFIED)
    if kind == TRANSIENT:
        raise Blocked(Step.SUBJECT, Code.NAME_ID_TRANSIENT)
    qualifier, own = element.get("NameQualifier", ""), element.get("SPNameQualifier", "")
    if own and own != entity_id:
        raise Blocked(Step.SUBJECT, Code.NAME_ID_OF_ANOTHER)
    if max(map(len, (kind, qualifier, own))) > 255:
        raise Blocked(Step.SUBJECT, Code.NAME_ID_ODD)
    return value, kind, qualifier, own


class Told:
    """The attributes of an assertion: by name, and by friendly name for what was not found so."""

    def __init__(self, assertion: Element) -> None:
        self.by_name: dict[str, tuple[str, ...]] = {}
        self.by_friendly_name: dict[str, tuple[str, ...]] = {}
        count = 0
        for statement in children(assertion, SAML, "AttributeStatement"):
            for attribute in children(statement, SAML, "Attribute"):
                values = tuple(_values(attribute))
                count += 1 + len(values)
                key, friendly = attribute.get("Name", ""), attribute.get("FriendlyName", "")
                fits = 0 < len(key) <= LONGEST_TEXT and key.isprintable()
                if not fits or count > MOST_VALUES or len(self.by_name) >= MOST_ATTRIBUTES:
                    raise Blocked(Step.ATTRIBUTES, Code.ATTRIBUTES_ODD)
                self.by_name[key] = (*self.by_name.get(key, ()), *values)
                if friendly:
                    self.by_friendly_name[friendly] = (*self.by_friendly_name.get(friendly, ()), *values)

    def all_of(self, names: Sequence[str]) -> tuple[str, ...]:
        """The values of the first of these names that is there."""
        for known in (self.by_name, self.by_friendly_name):
            for wanted in names:
                if known.get(wanted):
                    return known[wanted]
        return ()

    def one_of(self, names: Sequence[str]) -> str:
        """The one value of the first of these names that is there; the first of several."""
        return next(iter(self.all_of(names)), "")


def _values(attribute: Element) -> list[str]:
    values = []
    for element in children(attribute, SAML, "AttributeValue"):
        inner = element[0] if len(element) == 1 and element[0].tag == name(SAML, "NameID") else element
        text = BLANKS.sub(" ", inner.text or "").strip() if not len(inner) else ""
        if text:
            if len(text) > LONGEST_TEXT or not text.translate(JOINERS).isprintable():
                raise Blocked(Step.ATTRIBUTES, Code.ATTRIBUTES_ODD)
            values.append(text)
    return values


def email_of(told: Told, claims: Claims, name_id_value: str, name_id_format: str) -> str:
    """The address, in small letters; '' when none is told. Raises `Blocked` for one that is not plainly one address.

    A NameID counts where no claim tells one and the NameID is an address by its format, or reads as one.
    """
    values = told.all_of(claims.email)
    if len(values) > 1:
        raise Blocked(Step.ATTRIBUTES, Code.EMAIL_ODD)
    if values:
        return plain_address(values[0])
    if name_id_format == EMAIL or (name_id_format == UNSPECIFIED and "@" in name_id_value):
        return plain_address(name_id_value)
    return ""


def plain_address(text: str) -> str:
    """Raises `Blocked` unless the text is one address that means the same however it is normalized."""
    lowered = text.translate(ASCII_CASE)
    if len(text) > LONGEST_EMAIL or '"' in text or not lowered.isascii() or unicodedata.normalize("NFKC", lowered).casefold() != lowered:
        raise Blocked(Step.ATTRIBUTES, Code.EMAIL_ODD)
    try:
        is_address(lowered)
    except ValidationError:
        raise Blocked(Step.ATTRIBUTES, Code.EMAIL_ODD) from None
    return lowered


def kept(told: Told) -> Mapping[str, tuple[str, ...]]:
    """The attributes by name, as an admin may be shown them."""
    return dict(told.by_name)
