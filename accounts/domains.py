"""Whose addresses are whose: domains that organizations have proved to be their own, by a TXT record or before an operator."""

from __future__ import annotations

import re
from pathlib import Path

import dns.exception
import dns.resolver
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Domain, Organization

SECONDS = 5.0
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
RECORD = "patchbay-verification="
UNDER = "_patchbay"
SHARED = frozenset((Path(__file__).parent / "shared_domains.txt").read_text(encoding="ascii").split())
"""Where addresses belong to everybody."""
SUFFIXES = frozenset({"co.uk", "org.uk", "ac.uk", "com.au", "co.nz", "co.jp", "com.br", "co.za", "co.in", "com.mx", "com.tr", "co.at"})
"""Under which others register: the usual ones, for the rest nobody can set a TXT record anyway."""


def normalized(name: str) -> str:
    """A domain in small ASCII letters. Raises `ValidationError` in words for what can be nobody's own."""
    lowered = name.strip().lower().removeprefix("@").rstrip(".")
    try:
        plain = lowered.encode("idna").decode() if not lowered.isascii() else lowered
    except UnicodeError:
        plain = ""
    labels = plain.split(".")
    if len(labels) < 2 or len(plain) > 253 or not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValidationError(_("This is not a domain such as example.com."))
    if plain in SHARED or plain in SUFFIXES:
        raise ValidationError(
            _("Addresses at %(domain)s belong to everybody: it cannot be an organization's own."), params={"domain": plain}
        )
    return plain


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()


def verified_domain_of(email: str) -> Domain | None:
    """The verified domain in which the address lies, whosever it is: exactly this one, not one above it."""
    name = domain_of(email)
    if not name.isascii():
        return None
    return Domain.everywhere.select_related("organization").filter(name=name, verified_at__isnull=False).first()


def is_verified_for(organization: Organization, email: str) -> bool:
    """Whether the address lies in a domain that the organization has proved to be its own."""
    name = domain_of(email)
    return name.isascii() and Domain.everywhere.filter(organization=organization, name=name, verified_at__isnull=False).exists()


def record_of(domain: Domain) -> str:
    """The text of the TXT record that proves it, at the domain itself or at `_patchbay` below it."""
    return f"{RECORD}{domain.token}"


def verify_by_dns(domain: Domain) -> None:
    """Look for the record. Raises `ValidationError` in words while it cannot be found."""
    wanted, trouble = record_of(domain), ""
    for place in (domain.name, f"{UNDER}.{domain.name}"):
        try:
            if wanted in _texts(place):
                return mark_verified(domain, Domain.How.DNS)
        except dns.exception.DNSException as error:
            trouble = trouble or _said(error)
    raise ValidationError(
        _("The TXT record was not found at %(domain)s yet.%(trouble)s New records can take an hour to be seen."),
        params={"domain": domain.name, "trouble": f" {trouble}" if trouble else ""},
    )


def mark_verified(domain: Domain, how: Domain.How) -> None:
    """Raises `ValidationError` when the domain was verified for another organization, which is not named."""
    domain.verified_at, domain.verified_how = timezone.now(), how
    try:
        with transaction.atomic():
            domain.save(update_fields=["verified_at", "verified_how"])
    except IntegrityError:
        domain.verified_at, domain.verified_how = None, ""
        raise ValidationError(_("This domain cannot be verified here. Ask the operator of Patchbay.")) from None


def _texts(place: str) -> set[str]:
    """The TXT records at a name; the parts of a long one are put together."""
    answer = _resolver().resolve(place, "TXT", lifetime=SECONDS / 2, search=False)
    return {b"".join(record.strings).decode("utf-8", "replace").strip() for record in answer}


def _resolver() -> dns.resolver.Resolver:
    if not settings.DNS_RESOLVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    hosts = [entry.rpartition(":") for entry in settings.DNS_RESOLVERS]
    resolver.nameservers = [host or port for host, _colon, port in hosts]
    resolver.port = next((int(port) for host, _colon, port in hosts if host), 53)
    return resolver


def _said(error: dns.exception.DNSException) -> str:
    if isinstance(error, dns.resolver.NXDOMAIN):
        return _("There is no such domain.")
    if isinstance(error, dns.resolver.NoAnswer):
        return ""
    return _("The name servers did not answer in time.")
