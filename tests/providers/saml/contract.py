"""How the people of an identity provider work, for the contract suite."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from integrations.providers.saml.sandbox import SamlSandbox
from tests.contract.scenario import Scenario


class SamlScenario(Scenario):
    sandbox: SamlSandbox

    def agree(self, integration: Any) -> None:
        integration.sso_metadata_url = f"{settings.SANDBOX_URL}/saml/idp/metadata"


SCENARIO = SamlScenario
