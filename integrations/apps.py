from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("Integrations")

    def ready(self) -> None:
        import integrations.admin.endpoints
        import integrations.admin.records  # noqa: F401 (only now: what registers while the site itself is made, registers in vain)
        from integrations.admin.integration.auditing import register_settings
        from integrations.engine.choice import connect_bell
        from integrations.findings import found, settled
        from integrations.notices.rhythm import BEAT
        from integrations.notices.sending import call_endpoints, tell_people
        from integrations.records.changes import records_changed
        from integrations.records.leaving import end_sign_in
        from integrations.sync import chores
        from integrations.sync.by_itself import enqueue_by_itself
        from integrations.sync.incidents import close_settled, open_found
        from integrations.sync.pruning import prune_a_piece

        register_settings()
        records_changed.connect(enqueue_by_itself, dispatch_uid="by_itself")
        records_changed.connect(end_sign_in, dispatch_uid="leaving")
        found.connect(open_found, dispatch_uid="found")
        settled.connect(close_settled, dispatch_uid="settled")
        chores.register("prune", timedelta(days=1), prune_a_piece)
        chores.register("notices", BEAT, tell_people)
        chores.register("notice endpoints", BEAT, call_endpoints)
        connect_bell()
