"""Who signs in, and where they belong."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("%(name)s is not a time zone. Use a name such as Europe/Berlin."), params={"name": name})


validate_currency = RegexValidator(r"^[A-Z]{3}\Z", _("Use the three capital letters of a currency, such as EUR."))


def new_domain_token() -> str:
    return secrets.token_hex(16)


class UserManager(BaseUserManager["User"]):
    """Users are found by e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, **fields)


class User(AbstractBaseUser):
    """A person who signs in; the e-mail address is the name. What one may do follows from the membership, not from here."""

    email = models.EmailField(_("e-mail address"), unique=True)
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    language = models.CharField(
        max_length=10, blank=True, editable=False
    )  # of mails: the browser's at the first sign-in, then the chosen one
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("operator"), default=False, help_text=_("Operators run this installation and see every organization."))
    date_joined = models.DateTimeField(_("joined at"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    @cached_property
    def memberships(self) -> dict[int, Membership]:
        """By organization id, in the order of the organizations' names; asked of the database once for each user object."""
        rows = Membership.everywhere.filter(user=self).select_related("organization").order_by("organization__name")
        return {row.organization_id: row for row in rows}

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name or self.email

    @property
    def is_operator(self) -> bool:
        return self.is_active and self.is_staff

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        from accounts.roles import has_permission

        return has_permission(self, perm)

    def has_perms(self, perms: list[str], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        from accounts.roles import has_any_permission

        return has_any_permission(self, app_label)


class Organization(models.Model):
    """The tenant."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(
        _("short name"), unique=True, help_text=_("Part of the organization's addresses, such as its single sign-on page.")
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[validate_currency])
    requires_second_factor = models.BooleanField(
        _("requires a second factor"),
        default=False,
        help_text=_("Whoever signs in with a password must set up an authenticator app before anything else."),
    )
    sign_on_only = models.BooleanField(default=False, editable=False)  # a policy may say so; while it is off, none has to be asked
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_additional_data(self) -> dict[str, int]:
        """What every entry of the audit history says beside the change: whose it is."""
        return {"organization": self.pk}


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")
    AUDITOR = "auditor", _("Auditor")


class Membership(OrganizationOwned):
    """One user's place in one organization."""

    user = models.ForeignKey(User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    sees_pay = models.BooleanField(_("sees pay"), default=False, help_text=_("May see salaries and cost rates. Owners always do."))
    wants_mail = models.BooleanField(
        _("mails about what needs somebody"),
        default=True,
        help_text=_("When something does not work and when it does again, and what moved in a week."),
    )
    created_at = models.DateTimeField(_("joined at"), default=timezone.now, editable=False)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("member")
        verbose_name_plural = _("people and roles")
        ordering = ["user__email"]
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    @property
    def is_last_owner(self) -> bool:
        """True for the one owner left who can still sign in."""
        others = Membership.everywhere.filter(organization=self.organization_id, role=Role.OWNER, user__is_active=True).exclude(pk=self.pk)
        return self.role == Role.OWNER and not others.exists()


class Domain(OrganizationOwned):
    """A domain of mail addresses that the organization says is its own, and once `verified_at` is set has proved so."""

    class How(models.TextChoices):
        DNS = "dns", _("TXT record")
        OPERATOR = "operator", _("operator")

    name = models.CharField(
        _("domain"), max_length=253, help_text=_("What stands behind the @ of your people's addresses, such as example.com.")
    )
    token = models.CharField(max_length=64, default=new_domain_token, editable=False)
    created_at = models.DateTimeField(_("added at"), default=timezone.now, editable=False)
    verified_at = models.DateTimeField(_("verified at"), null=True, editable=False)
    verified_how = models.CharField(_("verified by"), max_length=10, choices=How, blank=True, editable=False)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="domain_once"),
            models.UniqueConstraint(fields=["name"], condition=models.Q(verified_at__isnull=False), name="domain_verified_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Invitation(OrganizationOwned):
    """A link sent by e-mail that makes its reader a member; only a digest of its token is kept."""

    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        User, verbose_name=_("invited by"), on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("sent at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("valid until"), editable=False)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, editable=False)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                "organization", Lower("email"), condition=models.Q(accepted_at=None), name="one_open_invitation_an_address"
            )
        ]

    def __str__(self) -> str:
        return self.email

    @staticmethod
    def digest(token: str) -> str:
        return salted_hmac("accounts.Invitation", token, algorithm="sha256").hexdigest()

    def renew(self) -> str:
        """Give the invitation a new token and a new term; returns the token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        self.token_digest = self.digest(token)
        self.created_at = timezone.now()
        self.expires_at = self.created_at + timedelta(days=settings.INVITATION_DAYS)
        return token

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.expires_at > timezone.now()
