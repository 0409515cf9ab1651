from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BamboohrConfig(AppConfig):
    name = "integrations.providers.bamboohr"
    label = "bamboohr"
    verbose_name = _("BambooHR")
