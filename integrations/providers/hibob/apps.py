from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HibobConfig(AppConfig):
    name = "integrations.providers.hibob"
    label = "hibob"
    verbose_name = _("HiBob")
