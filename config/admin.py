"""Makes Patchbay's site the admin's default one."""

from django.contrib.admin.apps import SimpleAdminConfig


class PatchbayAdminConfig(SimpleAdminConfig):
    """No autodiscovery: what other apps would register is not scoped to an organization."""

    default_site = "integrations.admin.site.PatchbaySite"
