"""The backend of social-auth: it is handed an identity that the engine has verified, and runs the pipeline with it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from social_core.backends.base import BaseAuth
from social_django.utils import load_strategy

from accounts.models import User
from integrations.providers.saml.arriving import NAME, Known, uid_of
from integrations.providers.saml.config import Identity
from integrations.providers.saml.models import SamlIntegration

PIPELINE = [
    "integrations.providers.saml.pipeline.let_in",
    "integrations.providers.saml.pipeline.make_person",
    "social_core.pipeline.social_auth.associate_user",
    "integrations.providers.saml.pipeline.follow_groups",
    "integrations.providers.saml.pipeline.follow_names",
]


class SamlBackend(BaseAuth[HttpResponse]):
    """One sign-on. `response` is the identity all along."""

    name = NAME

    def __init__(self, request: HttpRequest, integration: SamlIntegration, known: Known) -> None:
        super().__init__(load_strategy(request))  # type: ignore[no-untyped-call]
        self.integration, self.known = integration, known

    def get_user_id(self, details: Any, response: Any) -> str:
        return uid_of(self.integration, response)

    def get_user_details(self, response: Any) -> dict[str, str]:
        return {"email": response.email, "first_name": response.first_name, "last_name": response.last_name}

    def extra_data(self, user: Any, uid: str, response: Any, details: Any, pipeline_kwargs: Any) -> dict[str, str]:
        """How the identity provider calls the person: what a logout request has to say."""
        return {"name_id": response.name_id, "name_id_format": response.name_id_format}

    def sign_on(self, identity: Identity) -> User:
        """The person, created, linked and brought up to date as the settings say. Raises `pipeline.NotLetIn`; call it in a transaction."""
        result = self.run_pipeline(PIPELINE, response=identity, details=self.get_user_details(identity), user=None, is_new=False)
        user = result["user"]
        assert isinstance(user, User)
        return user
