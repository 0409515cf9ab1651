from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProductiveConfig(AppConfig):
    name = "integrations.providers.productive"
    label = "productive"
    verbose_name = _("Productive")
