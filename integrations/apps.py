from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("Integrations")

    def ready(self) -> None:
        import integrations.admin.records  # noqa: F401 (only now: what registers while the site itself is made, registers in vain)
        from integrations.admin.integration.auditing import register_integrations
        from integrations.records.changes import records_changed
        from integrations.sync.by_itself import enqueue_by_itself

        register_integrations()
        records_changed.connect(enqueue_by_itself, dispatch_uid="by_itself")
