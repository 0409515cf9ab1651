"""What single sign-on has to say at the doors (`accounts.ports`): who vouches for whom, and who may still come in with a password."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Role, User
from accounts.ports import INVITATION, Door, Proof, Refusal, SignInChoice
from integrations import clock
from integrations.models.integration import Connection
from integrations.providers.saml.emergency import alarm, is_named
from integrations.providers.saml.models import SamlIntegration, SignOn, rows
from integrations.providers.saml.sign_ons import HOW
from integrations.records.choices import HrmType
from integrations.records.people import Person


class SingleSignOn:
    """A `SignInPolicy`."""

    def refusal(self, door: Door, request: HttpRequest, user: User, organization: Organization, proof: Proof | None) -> Refusal | None:
        if door == Door.ADMIN:  # always asked together with SESSION, which has said everything
            return None
        if proof is not None and proof.how == HOW:
            return None if door == Door.LOGIN or _is_signed_on(request, user, organization) else _ended(request, organization)
        if not organization.sign_on_only or user.is_operator:
            return None
        integration = enforcing(organization)
        if integration is None or _is_contact(user, organization):
            return None
        if _comes_in_emergency(integration, door, request, user, organization, proof):
            return None
        return _closed(request, organization, proof)


def enforcing(organization: Organization) -> SamlIntegration | None:
    """The one that the organization's people have to sign in with; one that is not switched on locks nobody out."""
    on = rows().filter(organization=organization, force_sso_login=True, connection=Connection.CONNECTED, deactivated_at=None)
    return on.order_by("pk").first()


def choices(request: HttpRequest) -> list[SignInChoice]:
    """What the login page offers, as soon as there is any single sign-on."""
    if rows().filter(connection=Connection.CONNECTED, deactivated_at=None).exists():
        return [SignInChoice(_("Use single sign-on (SSO)"), reverse("sso"))]
    return []


def _is_signed_on(request: HttpRequest, user: User, organization: Organization) -> bool:
    """Whether the identity provider's word for this very session counts still: it may have ended it since."""
    key = request.session.session_key or "-"
    mine = SignOn.everywhere.filter(session_key=key, organization=organization, user=user, expires_at__gt=clock.now())
    return mine.filter(integration__connection=Connection.CONNECTED, integration__deactivated_at=None).exists()


def _is_contact(user: User, organization: Organization) -> bool:
    """Somebody of a client: single sign-on is not for them."""
    membership = user.memberships.get(organization.pk) if user.pk else None
    if membership is not None and membership.role != Role.MEMBER:
        return False
    people = Person.everywhere.filter(organization=organization, email__iexact=user.email)
    return people.filter(hrm_type_id=HrmType.CONTACT).exists() and not people.exclude(hrm_type_id=HrmType.CONTACT).exists()


def _comes_in_emergency(
    integration: SamlIntegration, door: Door, request: HttpRequest, user: User, organization: Organization, proof: Proof | None
) -> bool:
    """A named owner may set a new password, and come in with it and the second factor. Each time is alarmed."""
    membership = user.memberships.get(organization.pk) if user.pk else None
    if membership is None or membership.role != Role.OWNER or not is_named(integration, user):
        return False
    if door == Door.RESET:
        return True
    if proof is None or not proof.second_factor:
        return False
    if door == Door.LOGIN:
        alarm(integration, user, request)
    return True


def _ended(request: HttpRequest, organization: Organization) -> Refusal:
    reason = _("Your sign-on has ended. Sign in once more with your identity provider.")
    return Refusal(reason, _address(request, organization))


def _closed(request: HttpRequest, organization: Organization, proof: Proof | None) -> Refusal:
    if proof is not None and proof.how == INVITATION:
        reason = _("This organization is entered with single sign-on only. Sign in there, and the invitation is accepted.")
    else:
        reason = _("This organization is entered with single sign-on only.")
    return Refusal(reason, _address(request, organization))


def _address(request: HttpRequest, organization: Organization) -> str:
    address = reverse("sso-organization", args=[organization.slug])
    is_page = request.method == "GET" and not request.path.startswith(("/login/", "/password-reset/", "/invitations/", "/sso/"))
    return f"{address}?{urlencode({'next': request.get_full_path()})}" if is_page else address
