"""The settings of single sign-on, and what signing in leaves behind: keys, requests under way, assertions seen, sign-ons, events."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.crypto import EncryptedTextField
from integrations.mappings.fields import FixedValues
from integrations.models.integration import Integration
from integrations.providers.saml import config
from integrations.providers.saml.validating import validate_address, validate_metadata


class Preset(models.TextChoices):
    """Whose names of claims are understood."""

    OKTA = "okta", "Okta"
    ENTRA = "entra", "Microsoft Entra ID"
    GOOGLE = "google", "Google Workspace"
    ONELOGIN = "onelogin", "OneLogin"
    ADFS = "adfs", "AD FS"
    JUMPCLOUD = "jumpcloud", "JumpCloud"
    OIDS = "oids", "Keycloak, Shibboleth"
    OTHER = "other", _("Another one")


class NameIdFormat(models.TextChoices):
    EMAIL = config.EMAIL, _("E-mail address")
    PERSISTENT = config.PERSISTENT, _("Persistent")
    UNSPECIFIED = config.UNSPECIFIED, _("Unspecified")


class Binding(models.TextChoices):
    REDIRECT = config.REDIRECT, _("Redirect")
    POST = config.POST, _("Form (POST)")


class GivenRole(models.TextChoices):
    """Roles that may be given by itself; owners are only made by owners."""

    MEMBER = Role.MEMBER.value, Role.MEMBER.label
    AUDITOR = Role.AUDITOR.value, Role.AUDITOR.label
    ADMIN = Role.ADMIN.value, Role.ADMIN.label


class SamlIntegration(Integration):
    """One organization's trust in one identity provider. `uuid` never changes: it is part of every address that they have of us.

    `idp` is what counts of their metadata, as `metadata.py` writes it ({} until there is some); `proposed` a change of it that
    waits for an admin. `trust_version` counts the changes of `idp`: a successful test belongs to one of them. `config_version`
    counts every change of settings and keys.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    preset = models.CharField(
        _("identity provider"),
        max_length=20,
        choices=Preset,
        default=Preset.OTHER,
        help_text=_("Whose names of claims are understood, and whose guide is shown."),
    )
    sso_metadata_url = models.URLField(
        _("metadata address"),
        max_length=1000,
        blank=True,
        validators=[validate_address],
        help_text=_("Patchbay reads the metadata there, and looks again regularly: new certificates then need nobody."),
    )
    sso_metadata = models.TextField(
        _("metadata"),
        blank=True,
        validators=[validate_metadata],
        help_text=_("The XML file that the identity provider offers, pasted whole, for those that have no metadata address."),
    )
    sso_url = models.URLField(
        _("sign-on address"),
        max_length=1000,
        blank=True,
        validators=[validate_address],
        help_text=_("Only where the metadata names none: the identity provider's address that people are sent to (Redirect)."),
    )
    sso_target_url = models.URLField(
        _("target of requests"),
        max_length=1000,
        blank=True,
        validators=[validate_address],
        help_text=_("Only where requests have to go to another address than the metadata says (the “Single Sign-On URL” of Productive)."),
    )

    email_attribute = models.CharField(
        _("claim with the e-mail address"),
        max_length=255,
        blank=True,
        help_text=_("Blank for what the identity provider usually calls it; where that is missing, the NameID counts."),
    )
    first_name_attribute = models.CharField(
        _("claim with the first name"), max_length=255, blank=True, help_text=_("Blank for what the identity provider usually calls it.")
    )
    last_name_attribute = models.CharField(
        _("claim with the last name"), max_length=255, blank=True, help_text=_("Blank for what the identity provider usually calls it.")
    )
    groups_attribute = models.CharField(
        _("claim with the groups"), max_length=255, blank=True, help_text=_("Blank for what the identity provider usually calls it.")
    )
    name_id_format = models.CharField(
        _("format of the NameID"),
        max_length=100,
        choices=NameIdFormat,
        default=NameIdFormat.EMAIL,
        help_text=_("What is asked for. A transient NameID is never accepted: nobody could be recognized by it."),
    )

    creates_people = models.BooleanField(
        _("create people"),
        default=True,
        help_text=_("Whoever signs in for the first time gets an account, if the address is in a verified domain of the organization."),
    )
    updates_profiles = models.BooleanField(
        _("keep names up to date"), default=True, help_text=_("First and last name follow the identity provider with every sign-on.")
    )
    default_role = models.CharField(
        _("role of new people"),
        max_length=10,
        choices=GivenRole,
        default=GivenRole.MEMBER,
        help_text=_("What somebody may do who is created by signing in, unless a group says otherwise."),
    )
    group_roles = FixedValues(
        _("roles by group"),
        values=GivenRole.choices,
        help_text=_(
            "Name or id of a group, as it is in the claim, and the role that it gives. "
            "Where there are entries, everybody but owners follows them with every sign-on."
        ),
    )

    allows_idp_initiated = models.BooleanField(
        _("allow sign-on that begins there"),
        default=False,
        help_text=_("Lets people come from the identity provider's own start page. It is a little less safe: nothing here asked for it."),
    )
    signs_requests = models.BooleanField(_("sign requests"), default=True, help_text=_("Requests for sign-on carry our signature."))
    signs_metadata = models.BooleanField(_("sign our metadata"), default=False, help_text=_("Our metadata carries our signature."))
    wants_encrypted = models.BooleanField(
        _("require encryption"),
        default=False,
        help_text=_("Assertions that are not encrypted for us are refused. Encrypted ones always work."),
    )
    request_binding = models.CharField(
        _("how requests are sent"),
        max_length=100,
        choices=Binding,
        default=Binding.REDIRECT,
        help_text=_("Where the identity provider offers only the other way, that one is used."),
    )
    clock_skew_seconds = models.PositiveSmallIntegerField(
        _("tolerance of clocks"),
        default=120,
        validators=[MaxValueValidator(300)],
        help_text=_("Seconds, 300 at most, by which the clocks of both sides may differ."),
    )
    session_hours = models.PositiveSmallIntegerField(
        _("longest session"),
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(168)],
        help_text=_("Hours after which somebody has to sign in anew; earlier where the identity provider says so."),
    )

    force_sso_login = models.BooleanField(_("single sign-on only"), default=False, editable=False)
    idp = models.JSONField(default=dict, editable=False)
    proposed = models.JSONField(default=dict, editable=False)
    metadata_source = models.TextField(editable=False, blank=True)  # digest of what `idp` was read from
    metadata_etag = models.CharField(max_length=255, blank=True, editable=False)
    metadata_read_at = models.DateTimeField(null=True, editable=False)
    metadata_problem = models.TextField(blank=True, editable=False)
    trust_version = models.PositiveIntegerField(default=0, editable=False)
    config_version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("single sign-on")
        verbose_name_plural = _("single sign-on")

    def clean(self) -> None:
        """Metadata without an address for sign-on needs one beside it."""
        super().clean()
        if self.sso_metadata and not (self.sso_metadata_url or self.sso_url or self.sso_target_url):
            try:
                validate_metadata(self.sso_metadata, has_address=False)
            except ValidationError as problem:
                if problem.code == "no_address":  # the rest is said by the field itself, when it is changed
                    raise ValidationError({"sso_metadata": problem}) from None


def rows() -> models.QuerySet[SamlIntegration]:
    """The single sign-on of every organization."""
    return SamlIntegration.everywhere.non_polymorphic()  # type: ignore[return-value]


class SpKey(OrganizationOwned):
    """One of our keys for one integration. The newest that is in use signs; a retired one is kept for the record, without its key."""

    integration = models.ForeignKey(SamlIntegration, on_delete=models.CASCADE, related_name="sp_keys")
    certificate = models.TextField()
    private_key = EncryptedTextField(null=True)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now)
    signs_from = models.DateTimeField(default=clock.now)
    valid_until = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("key of single sign-on")
        verbose_name_plural = _("keys of single sign-on")
        ordering = ["-created_at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.fingerprint[:16]


class Purpose(models.TextChoices):
    LOGIN = "login", _("Sign-on")
    TEST = "test", _("Test")
    LOGOUT = "logout", _("Logout")


class PendingRequest(OrganizationOwned):
    """A request of ours that waits for its answer. `relay` is the RelayState; the browser proves itself with a cookie."""

    integration = models.ForeignKey(SamlIntegration, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose)
    request_id = models.CharField(max_length=80, unique=True)
    relay = models.CharField(max_length=64, unique=True)
    browser_digest = models.CharField(max_length=64)
    session_key = models.CharField(max_length=40, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    next_url = models.CharField(max_length=2000, blank=True)
    trust_version = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)  # of a test: what the admin is shown

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("request of single sign-on")
        verbose_name_plural = _("requests of single sign-on")
        default_permissions = ()
        indexes = [models.Index(fields=["expires_at"], name="saml_request_expiry")]

    def __str__(self) -> str:
        return self.request_id


class SeenAssertion(OrganizationOwned):
    """An assertion, or a demand to log out, that was accepted: until it could not be accepted again anyway."""

    integration = models.ForeignKey(SamlIntegration, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("assertion")
        verbose_name_plural = _("assertions")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["integration", "digest"], name="saml_assertion_once")]
        indexes = [models.Index(fields=["expires_at"], name="saml_assertion_expiry")]

    def __str__(self) -> str:
        return self.digest[:16]


class SignOn(OrganizationOwned):
    """A session that an identity provider vouches for: how it is found when that says that it ends."""

    integration = models.ForeignKey(SamlIntegration, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40)
    name_id = models.CharField(max_length=1024)
    name_id_format = models.CharField(max_length=255, blank=True)
    name_qualifier = models.CharField(max_length=1024, blank=True)
    sp_name_qualifier = models.CharField(max_length=1024, blank=True)
    session_index = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("session of single sign-on")
        verbose_name_plural = _("sessions of single sign-on")
        default_permissions = ()
        indexes = [
            models.Index(fields=["session_key"], name="saml_sign_on_session"),
            models.Index(fields=["integration", "session_index"], name="saml_sign_on_index"),
        ]

    def __str__(self) -> str:
        return self.name_id


class BreakGlass(OrganizationOwned):
    """An owner who may still come in with password and second factor while single sign-on is enforced, should that fail."""

    integration = models.ForeignKey(SamlIntegration, on_delete=models.CASCADE, related_name="break_glass")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    named_at = models.DateTimeField(default=clock.now)
    used_at = models.DateTimeField(null=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency accesses")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["integration", "user"], name="saml_break_glass_once")]

    def __str__(self) -> str:
        return str(self.user)


class EventKind(models.TextChoices):
    REQUEST = "request", _("Sign-on begun")
    SIGN_ON = "sign_on", _("Sign-on")
    TEST = "test", _("Test")
    LOGOUT = "logout", _("Logout")
    METADATA = "metadata", _("Metadata")
    KEYS = "keys", _("Our keys")
    ENFORCEMENT = "enforcement", _("Enforcement")
    EMERGENCY = "emergency", _("Emergency access")


class Event(OrganizationOwned):
    """What happened. `reference` is what a refused person is shown; `code` is '' for what went well. Never holds XML."""

    integration = models.ForeignKey(SamlIntegration, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=12, choices=EventKind)
    is_refusal = models.BooleanField(default=False)
    code = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    reference = models.CharField(max_length=12, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    subject = models.CharField(max_length=320, blank=True)  # whom the identity provider named
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=80, blank=True)
    assertion_digest = models.CharField(max_length=64, blank=True)
    trust_version = models.PositiveIntegerField(default=0)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("event of single sign-on")
        verbose_name_plural = _("events of single sign-on")
        ordering = ["-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["integration", "-id"], name="saml_event_of_integration"),
            models.Index(fields=["organization", "reference"], name="saml_event_reference"),
            models.Index(fields=["integration", "address", "at"], name="saml_event_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.code}".strip()
