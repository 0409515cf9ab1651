"""Validators of the settings: they say in words what is wrong, before anything is kept."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.mails import public
from integrations import clock
from integrations.providers.saml import metadata
from integrations.providers.saml.complaints import MetadataProblem
from integrations.providers.saml.config import IdentityProvider


def allows_http() -> bool:
    """Simulated identity providers are reached without encryption."""
    return bool(settings.SANDBOX_URL)


def read_metadata(document: bytes | str, *, has_address: bool) -> IdentityProvider:
    """What a document says, for this installation. Raises `MetadataProblem`, also when there is no address to send people to.

    `has_address`: the settings name one, so the document need not.
    """
    provider = metadata.read(document, clock.now(), allow_http=allows_http(), own=public(reverse("sso")))
    if not provider.sso and not has_address:
        words = _("The metadata has no address for sign-on (Redirect or POST). Give the sign-on address beside it.")
        raise MetadataProblem("no_address", words)
    return provider


def validate_metadata(text: str, *, has_address: bool = True) -> None:
    """Validator of the field: says in words why the document cannot be used."""
    try:
        read_metadata(text, has_address=has_address)
    except MetadataProblem as problem:
        raise ValidationError(str(problem), code=problem.code) from None


def validate_address(address: str) -> None:
    """Validator of addresses that people are sent to, or metadata is read from."""
    try:
        metadata.check_address(address, allow_http=allows_http())
    except MetadataProblem as problem:
        raise ValidationError(str(problem), code=problem.code) from None
