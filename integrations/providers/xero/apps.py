from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class XeroConfig(AppConfig):
    name = "integrations.providers.xero"
    label = "xero"
    verbose_name = _("Xero")
