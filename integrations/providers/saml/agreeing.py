"""What has to be there before single sign-on is switched on, how it is tested, and what is looked after while it is on."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import clock
from integrations.auth.hosts import Hosts, resolve
from integrations.errors import ConfigProblem
from integrations.http.guard import Allowed
from integrations.provider import Check
from integrations.providers.saml.configuring import UPKEEP as NAME
from integrations.providers.saml.configuring import keys_in_use, provider_of
from integrations.providers.saml.models import SamlIntegration
from integrations.providers.saml.refreshing import MetadataClient, look_after, read_now, take_pasted
from integrations.upkeep import Upkeep


def client(integration: SamlIntegration, allowed: Allowed) -> MetadataClient:
    return MetadataClient(integration, allowed)


def opened(integration: SamlIntegration) -> MetadataClient:
    """The same, for pages: what the operator allows is allowed here, too."""
    return client(integration, resolve("saml", Hosts(api="")).allowed)


def require(integration: SamlIntegration) -> None:
    """Reads the metadata. Raises `ConfigProblem` that names the field while there is none that counts."""
    if integration.sso_metadata_url:
        try:
            read_now(integration, opened(integration))
        except ConfigProblem:
            if not integration.idp:
                raise
    elif integration.sso_metadata:
        take_pasted(integration)
    else:
        message = _("The metadata of the identity provider is missing.")
        advice = _("Give its address, or paste it, under “Identity provider”.")
        raise ConfigProblem(message, field="sso_metadata_url", advice=advice)
    if not integration.idp:
        raise ConfigProblem(_("The metadata waits for your approval."), field="sso_metadata_url")


def _metadata(client: MetadataClient) -> str:
    """The address is read for the test; what was pasted was read when it was saved."""
    integration = client.integration
    if integration.sso_metadata_url:
        read_now(integration, client)
    if not integration.idp:
        raise ConfigProblem(_("There is none yet."), field="sso_metadata_url")
    return provider_of(integration).entity_id


def _certificates(client: MetadataClient) -> str:
    now = clock.now()
    counting = [one for one in provider_of(client.integration).certificates if one.valid_from <= now < one.valid_until]
    if not counting:
        raise ConfigProblem(_("None of the identity provider's certificates is valid now."), field="sso_metadata_url")
    last = max(certificate.valid_until for certificate in counting)
    return _("valid until %(day)s") % {"day": last.date().isoformat()}


def _keys(client: MetadataClient) -> str:
    keys = keys_in_use(client.integration)
    if not keys or keys[0].valid_until <= clock.now():
        raise ConfigProblem(_("Patchbay has no valid key for it."), field="keys", advice=_("Make a new one in the set-up guide."))
    return _("valid until %(day)s") % {"day": keys[0].valid_until.date().isoformat()}


CHECKS = (
    Check(label=gettext_lazy("Metadata of the identity provider"), run=_metadata),
    Check(label=gettext_lazy("Certificates of the identity provider"), run=_certificates),
    Check(label=gettext_lazy("Our own key"), run=_keys),
)
UPKEEP = (Upkeep(name=NAME, run=look_after),)
