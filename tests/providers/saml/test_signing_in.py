"""People come in by what their identity provider says."""

from __future__ import annotations

from accounts.models import Membership, Role, User
from integrations.providers.saml.models import Event, EventKind, SignOn
from tests.providers.saml.conftest import Browser, SignOnScene


def test_somebody_new_of_a_verified_domain_is_created_and_signed_in(scene: SignOnScene, browser: Browser) -> None:
    request = browser.begins(scene.integration, "/profile/")
    answer = browser.brings(scene.integration, scene.forge.response(scene.saying(request)), request["relay"])
    assert (answer.status_code, answer["Location"]) == (302, "/profile/")
    jane = User.objects.get(email="jane@northwind-studio.example")
    assert browser.user == jane.pk
    assert (jane.first_name, jane.last_name, jane.has_usable_password()) == ("Jane", "Doe", False)
    assert Membership.everywhere.get(user=jane).role == Role.MEMBER
    assert browser.client.get("/profile/").status_code == 200
    event = Event.everywhere.filter(integration=scene.integration, kind=EventKind.SIGN_ON).get()
    assert (event.user, event.is_refusal, event.subject) == (jane, False, jane.email)
    assert SignOn.everywhere.get(user=jane).session_key == browser.client.session.session_key
