from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Organization")

    def ready(self) -> None:
        from auditlog.registry import auditlog
        from django.contrib.auth.signals import user_logged_in

        import accounts.admin  # noqa: F401
        from accounts.languages import note_first_language
        from accounts.models import Domain, Invitation, Membership, Organization, User

        user_logged_in.connect(note_first_language, dispatch_uid="first_language")
        auditlog.register(Organization)
        auditlog.register(Membership)
        auditlog.register(Invitation, exclude_fields=["token_digest"])
        auditlog.register(Domain, exclude_fields=["token"])
        auditlog.register(User, exclude_fields=["password", "last_login", "language"])
