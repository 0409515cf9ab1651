"""The pages of single sign-on beside its set-up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.panels import Panel
from integrations.providers.saml.panels import enforcement, guide, sign_ons, testing

PANELS = (
    Panel(name="guide", label=_("Set-up guide"), template="saml/guide.html", show=guide.show),
    Panel(name="test", label=_("Test sign-on"), template="saml/test.html", show=testing.show),
    Panel(name="enforcement", label=_("Who signs in how"), template="saml/enforcement.html", show=enforcement.show),
    Panel(name="sign-ons", label=_("Sign-ons"), template="saml/sign_ons.html", show=sign_ons.show),
)
