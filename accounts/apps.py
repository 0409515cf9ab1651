from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Organization")

    def ready(self) -> None:
        from auditlog.registry import auditlog

        import accounts.admin  # noqa: F401
        from accounts.models import Invitation, Membership, Organization, User

        auditlog.register(Organization)
        auditlog.register(Membership)
        auditlog.register(Invitation, exclude_fields=["token_digest"])
        auditlog.register(User, exclude_fields=["password", "last_login"])
