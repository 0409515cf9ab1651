from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class SamlConfig(AppConfig):
    name = "integrations.providers.saml"
    label = "saml"
    verbose_name = _("Single sign-on")

    def ready(self) -> None:
        from accounts import ports
        from integrations.providers.saml.logging_out import farewell
        from integrations.providers.saml.models import SamlIntegration
        from integrations.providers.saml.policy import SingleSignOn, choices
        from integrations.providers.saml.saving import saved

        post_save.connect(saved, sender=SamlIntegration, dispatch_uid="saml_saved")
        ports.register_sign_in_policy(SingleSignOn())
        ports.register_sign_in_choices(choices)
        ports.register_farewell(farewell)
