"""Single sign-on, as the core sees it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.auth.agreement import Agreement
from integrations.provider import Category, Provider, Section
from integrations.providers.saml import agreeing
from integrations.providers.saml.panels import PANELS
from integrations.providers.saml.retention import RETENTION

SECTIONS = (
    Section(
        name="identity-provider",
        label=_("Identity provider"),
        about=_("Who says who somebody is. Give the metadata address if there is one, else paste the metadata."),
        fields=("preset", "sso_metadata_url", "sso_metadata", "sso_url", "sso_target_url"),
    ),
    Section(
        name="claims",
        label=_("Claims"),
        about=_("Under which names the identity provider tells of a person. Blank fields follow the kind of identity provider."),
        fields=("name_id_format", "email_attribute", "first_name_attribute", "last_name_attribute", "groups_attribute"),
    ),
    Section(
        name="people",
        label=_("People and roles"),
        about=_("What signing in does to accounts. An operator's rights can never come from an identity provider."),
        fields=("creates_people", "updates_profiles", "default_role", "group_roles"),
    ),
    Section(
        name="protection",
        label=_("Protection"),
        about=_("How strict both sides are with each other. The defaults are right for nearly everybody."),
        fields=(
            "signs_requests",
            "request_binding",
            "wants_encrypted",
            "signs_metadata",
            "allows_idp_initiated",
            "clock_skew_seconds",
            "session_hours",
        ),
    ),
)

PROVIDER = Provider(
    slug="saml",
    label="Single sign-on",
    category=Category.SIGN_ON,
    type_id=1001,
    promise=_(
        "Everybody signs in with the account of your identity provider: Okta, Entra ID, Google Workspace or any other with SAML 2.0."
    ),
    requirements=_("Somebody who may add an application to your identity provider."),
    documentation_url="https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf",
    auth=Agreement(require=agreeing.require, client=agreeing.client),
    checks=agreeing.CHECKS,
    sections=SECTIONS,
    panels=PANELS,
    upkeep=agreeing.UPKEEP,
    retention=RETENTION,
)
