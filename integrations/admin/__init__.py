"""The management pages: Django's admin with Patchbay's own front. One module a page."""

from integrations.admin import (  # noqa: F401
    catalogue,
    copying,
    dashboard,
    deliveries,
    files,
    incidents,
    item_actions,
    run_actions,
    run_csv,
    runs,
)
from integrations.admin.integration import actions, bringing_all, downloads, ending, muting, page, undoing  # noqa: F401
