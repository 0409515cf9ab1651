"""Sessions: begun once, bound to one browser, ended by either side, and never taken from others."""

from __future__ import annotations

import multiprocessing
import re
import threading
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from social_django.models import UserSocialAuth

from accounts.models import Invitation, Membership, Role, User
from accounts.tenancy import within
from integrations import clock
from integrations.models import Connection
from integrations.providers.saml.models import Event, EventKind, SeenAssertion, SignOn
from tests.conftest import PASSWORD, make_user, make_world
from tests.providers.saml.conftest import COOKIE, Browser, SignOnScene, make_sign_on, reference_of
from tests.providers.saml.forge import Forge, key

JANE = "jane@northwind-studio.example"


def test_two_browsers_with_one_response_are_one_sign_on(scene: SignOnScene) -> None:
    first, second = Browser(), Browser()
    request = first.begins(scene.integration)
    second.client.cookies[COOKIE] = first.client.cookies[COOKIE].value
    response = scene.forge.response(scene.saying(request))
    answers = [browser.brings(scene.integration, response, request["relay"]).status_code for browser in (first, second)]
    assert answers == [302, 403]
    assert SignOn.everywhere.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_the_same_moment_are_one_sign_on(scene: SignOnScene) -> None:
    browser = Browser()
    request = browser.begins(scene.integration)
    response = scene.forge.response(scene.saying(request))
    together = threading.Barrier(4)
    answers: list[int] = []

    def bring() -> None:
        mine = Browser()
        mine.client.cookies[COOKIE] = browser.client.cookies[COOKIE].value
        together.wait()
        try:
            answers.append(mine.brings(scene.integration, response, request["relay"]).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302, 403, 403, 403]
    assert SignOn.everywhere.count() == SeenAssertion.everywhere.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_processes_with_one_response_are_one_sign_on(scene: SignOnScene) -> None:
    browser = Browser()
    request = browser.begins(scene.integration)
    cookie = browser.client.cookies[COOKIE].value
    response = scene.forge.response(scene.saying(request))
    fork = multiprocessing.get_context("fork")
    together, answers = fork.Barrier(2), fork.SimpleQueue()

    def bring() -> None:
        mine = Browser()
        mine.client.cookies[COOKIE] = cookie
        together.wait(20)
        answers.put(mine.brings(scene.integration, response, request["relay"]).status_code)
        connection.close()

    connection.close()  # nobody inherits it
    processes = [fork.Process(target=bring) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0]
    assert sorted(answers.get() for _ in processes) == [302, 403]
    assert SignOn.everywhere.count() == SeenAssertion.everywhere.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_unasked_response_at_the_same_moment_is_one_sign_on(scene: SignOnScene) -> None:
    scene.integration.allows_idp_initiated = True
    scene.integration.save()
    response = scene.forge.response(scene.saying())
    together = threading.Barrier(4)
    answers: list[int] = []

    def bring() -> None:
        together.wait()
        try:
            answers.append(Browser().brings(scene.integration, response).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302, 403, 403, 403]
    assert User.objects.filter(email=JANE).count() == SignOn.everywhere.count() == 1


def test_the_session_key_changes_at_sign_on(scene: SignOnScene) -> None:
    browser = Browser()
    browser.client.force_login(scene.world.member)
    before = browser.client.session.session_key
    scene.signs_on(browser, name_id="x", attributes={"email": [scene.world.member.email]}, name_id_format="urn:x")
    assert browser.client.session.session_key != before
    assert browser.user == scene.world.member.pk


def test_a_session_of_somebody_else_ends_with_the_sign_on(scene: SignOnScene) -> None:
    browser = Browser()
    browser.client.force_login(scene.world.admin)
    old = browser.client.session.session_key
    scene.signs_on(browser)
    assert browser.user == User.objects.get(email=JANE).pk
    assert not browser.client.session.exists(old)


def test_what_a_session_proved_to_another_organization_goes_on_to_count(scene: SignOnScene) -> None:
    other = make_world("Canary Gmbh")
    forge = Forge(entity_id="https://canary.example/metadata", key=key("canary"))
    theirs = SignOnScene(other, forge, make_sign_on(other.organization, forge))
    browser = scene.signs_on()
    jane = User.objects.get(email=JANE)
    Membership.everywhere.create(organization=other.organization, user=jane, role=Role.MEMBER)
    UserSocialAuth.objects.create(user=jane, provider="saml", uid=f"{theirs.integration.uuid}:{'urn:x'}:jane")
    theirs.signs_on(browser, name_id="jane", name_id_format="urn:x")
    proofs = browser.client.session["proofs"]
    assert set(proofs) == {str(scene.world.organization.pk), str(other.organization.pk)}
    assert SignOn.everywhere.filter(session_key=browser.client.session.session_key).count() == 2


def test_a_sign_on_for_one_organization_opens_no_other(scene: SignOnScene) -> None:
    other = make_world("Canary Gmbh")
    browser = scene.signs_on()
    Membership.everywhere.create(organization=other.organization, user=User.objects.get(email=JANE), role=Role.ADMIN)
    browser.client.post(reverse("organizations"), {"organization": other.organization.pk})
    assert browser.client.get(reverse("admin:index")).status_code == 403


def test_the_session_ends_when_the_identity_provider_says_and_never_later_than_the_organization(scene: SignOnScene) -> None:
    scene.integration.session_hours = 2
    scene.integration.save()
    soon, late = scene.signs_on(session_until=600), Browser()
    scene.signs_on(late, session_until=86400)
    ends = {sign_on.session_key: sign_on.expires_at for sign_on in SignOn.everywhere.all()}
    assert abs(ends[soon.client.session.session_key] - clock.now() - timedelta(seconds=600)) < timedelta(seconds=30)
    assert abs(ends[late.client.session.session_key] - clock.now() - timedelta(hours=2)) < timedelta(seconds=30)
    assert soon.client.session.get_expiry_age() <= 600


def test_a_sign_on_past_its_end_counts_no_more(scene: SignOnScene) -> None:
    browser = scene.signs_on()
    assert browser.client.get("/profile/").status_code == 200
    SignOn.everywhere.update(expires_at=clock.now() - timedelta(seconds=1))
    answer = browser.client.get("/profile/")
    assert answer.status_code == 403
    assert reverse("sso-organization", args=[scene.world.organization.slug]) in answer.content.decode()


def test_switching_off_ends_the_sessions_that_rest_on_it(scene: SignOnScene) -> None:
    browser = scene.signs_on()
    scene.integration.connection = Connection.DISCONNECTED
    scene.integration.save(update_fields=["connection"])
    assert browser.client.get("/profile/").status_code == 403


# Logout ---------------------------------------------------------------------------------------------------------------


def test_signing_out_here_ends_the_session_first_and_tells_the_identity_provider(scene: SignOnScene) -> None:
    browser = scene.signs_on()
    answer = browser.client.post(reverse("logout"))
    assert answer.status_code == 200
    assert sent_to(answer).startswith(f"{scene.forge.slo}?SAMLRequest=")
    assert "Signature=" in sent_to(answer)
    assert browser.user is None
    assert not SignOn.everywhere.exists()


def sent_to(answer: Any) -> str:
    """Where a page sends the browser by itself."""
    match = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.content.decode())
    assert match, answer.content.decode()
    return unescape(match[1])


def test_the_answer_to_a_logout_of_ours_is_taken_once(scene: SignOnScene) -> None:
    from tests.providers.saml.conftest import told

    browser = scene.signs_on()
    begun = told(sent_to(browser.client.post(reverse("logout"))))
    query = scene.forge.query("SAMLResponse", scene.forge.logout_response(scene.sls, begun["id"]), relay=begun["relay"])
    sls = reverse("saml-sls", args=[scene.integration.uuid])
    first, second = browser.client.get(f"{sls}?{query}"), browser.client.get(f"{sls}?{query}")
    assert (first.status_code, second.status_code) == (200, 403)
    assert "signed out here and at your identity provider" in first.content.decode()


@pytest.mark.parametrize("binding", ["redirect", "post"])
@pytest.mark.parametrize("sessions", [(), ("session-1",)])
def test_the_identity_provider_ends_the_session(scene: SignOnScene, binding: str, sessions: tuple[str, ...]) -> None:
    browser = scene.signs_on()
    answer = ends(scene, scene.forge.logout_request(scene.sls, JANE, sessions=sessions), binding)
    assert "SAMLResponse" in (answer["Location"] if binding == "redirect" else answer.content.decode())
    assert browser.client.get("/profile/").status_code == 302
    assert Event.everywhere.filter(kind=EventKind.LOGOUT, is_refusal=False, detail="ended 1").exists()


def ends(scene: SignOnScene, xml: str, binding: str = "redirect", **options: Any) -> Any:
    """What the identity provider sends through somebody's browser, which knows nothing of Jane's."""
    sls = reverse("saml-sls", args=[scene.integration.uuid])
    if binding == "redirect":
        return Client().get(f"{sls}?{scene.forge.query('SAMLRequest', xml, **options)}")
    return Client().post(sls, {"SAMLRequest": scene.forge.posted(xml, **options)})


def test_a_logout_ends_all_sessions_of_the_person_and_nobody_elses(scene: SignOnScene) -> None:
    janes = [scene.signs_on(session_index=f"s{number}") for number in range(3)]
    bob = scene.signs_on(Browser(), name_id="bob@northwind-studio.example", attributes={})
    ends(scene, scene.forge.logout_request(scene.sls, JANE))
    assert [browser.client.get("/profile/").status_code for browser in janes] == [302, 302, 302]
    assert bob.client.get("/profile/").status_code == 200


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_a_logout_that_comes_again_ends_no_later_session(scene: SignOnScene, binding: str) -> None:
    scene.signs_on()
    asked = scene.forge.logout_request(scene.sls, JANE)
    ends(scene, asked, binding)
    later = scene.signs_on(Browser())
    assert ends(scene, asked, binding).status_code == 403
    assert later.client.get("/profile/").status_code == 200
    assert Event.everywhere.filter(kind=EventKind.LOGOUT, code="replayed").exists()


def test_a_logout_of_one_session_leaves_the_others(scene: SignOnScene) -> None:
    first, second = scene.signs_on(session_index="one"), scene.signs_on(Browser(), session_index="two")
    ends(scene, scene.forge.logout_request(scene.sls, JANE, sessions=["two"]))
    assert first.client.get("/profile/").status_code == 200
    assert second.client.get("/profile/").status_code == 302


REFUSED: dict[str, Any] = {
    "unsigned": {"signed": False},
    "wrong_key": {"key": key("stranger")},
    "sha1": {"algorithm": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
}
SAID_WRONG: dict[str, Any] = {
    "issuer_other": {"issuer": "https://other.example/"},
    "issuer_missing": {"issuer": None},
    "destination_other": {"said_destination": "https://other.example/"},
    "destination_missing": {"said_destination": None},
    "a_day_old": {"issued": -86400},
    "tomorrow": {"issued": 86400},
}


@pytest.mark.parametrize("options", REFUSED.values(), ids=list(REFUSED))
def test_a_logout_that_is_not_signed_as_it_should_be_ends_nothing(scene: SignOnScene, options: Any) -> None:
    browser = scene.signs_on()
    answer = ends(scene, scene.forge.logout_request(scene.sls, JANE), **options)
    assert answer.status_code == 403
    assert reference_of(answer)
    assert browser.client.get("/profile/").status_code == 200


@pytest.mark.parametrize("said", SAID_WRONG.values(), ids=list(SAID_WRONG))
@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_a_logout_that_says_something_else_ends_nothing(scene: SignOnScene, said: Any, binding: str) -> None:
    browser = scene.signs_on()
    answer = ends(scene, scene.forge.logout_request(scene.sls, JANE, **said), binding)
    assert answer.status_code == 403
    assert browser.client.get("/profile/").status_code == 200


def test_a_logout_of_somebody_unknown_ends_nothing_and_says_so(scene: SignOnScene) -> None:
    browser = scene.signs_on()
    ends(scene, scene.forge.logout_request(scene.sls, "nobody@northwind-studio.example"))
    assert browser.client.get("/profile/").status_code == 200
    assert Event.everywhere.filter(kind=EventKind.LOGOUT, code="logout_unknown").exists()


def test_the_identity_provider_of_one_organization_ends_no_session_of_another(scene: SignOnScene) -> None:
    other = make_world("Canary Gmbh")
    forge = Forge(entity_id="https://canary.example/metadata", key=key("canary"))
    theirs = SignOnScene(other, forge, make_sign_on(other.organization, forge))
    browser = scene.signs_on()
    jane = User.objects.get(email=JANE)
    Membership.everywhere.create(organization=other.organization, user=jane, role=Role.MEMBER)
    UserSocialAuth.objects.create(user=jane, provider="saml", uid=f"{theirs.integration.uuid}:urn:x:{JANE}")
    theirs.signs_on(browser, name_id=JANE, name_id_format="urn:x")
    ends(theirs, forge.logout_request(theirs.sls, JANE, format="urn:x"))
    proofs = browser.client.session["proofs"]
    assert set(proofs) == {str(scene.world.organization.pk)}


def test_single_logout_of_a_provider_without_it_is_only_local(world: Any) -> None:
    forge = Forge(slo=None)
    scene = SignOnScene(world, forge, make_sign_on(world.organization, forge))
    browser = scene.signs_on()
    answer = browser.client.post(reverse("logout"))
    assert answer["Location"] == reverse("login")
    assert browser.user is None


# Who is known already -------------------------------------------------------------------------------------------------


def test_a_member_at_any_address_is_linked_when_signed_in_with_the_password(scene: SignOnScene) -> None:
    free = make_user("free@elsewhere.example")
    Membership.everywhere.create(organization=scene.world.organization, user=free, role=Role.MEMBER)
    browser = Browser()
    browser.client.post(reverse("login"), {"username": free.email, "password": PASSWORD})
    scene.signs_on(browser, name_id="free", name_id_format="urn:x", attributes={"email": [free.email]})
    assert browser.user == free.pk


def test_whoever_opened_an_invitation_is_created_at_any_address(scene: SignOnScene) -> None:
    with within(scene.world.organization):
        invitation = Invitation(organization=scene.world.organization, email="new@elsewhere.example", role=Role.AUDITOR)
        token = invitation.renew()
        invitation.save()
    browser = Browser()
    browser.client.get(reverse("invitation", args=[token]))
    scene.signs_on(browser, name_id="new", name_id_format="urn:x", attributes={"email": ["new@elsewhere.example"]})
    user = User.objects.get(email="new@elsewhere.example")
    assert Membership.everywhere.get(user=user).role == Role.AUDITOR
    invitation.refresh_from_db()
    assert invitation.accepted_at is not None


@pytest.mark.parametrize(
    ("groups", "role"),
    [([], Role.MEMBER), (["staff"], Role.MEMBER), (["books"], Role.AUDITOR), (["books", "it"], Role.ADMIN), (["bosses"], Role.MEMBER)],
)
def test_groups_give_roles_and_never_more_than_admin(scene: SignOnScene, groups: list[str], role: Role) -> None:
    scene.integration.group_roles = {"it": "admin", "books": "auditor", "bosses": "owner", "gods": "operator"}
    scene.integration.save()
    scene.signs_on(attributes={"email": [JANE], "groups": groups})
    assert Membership.everywhere.get(user__email=JANE).role == role
    assert not User.objects.get(email=JANE).is_staff


def test_roles_follow_the_groups_with_every_sign_on_and_owners_stay_owners(scene: SignOnScene) -> None:
    scene.integration.group_roles = {"it": "admin"}
    scene.integration.save()
    scene.signs_on(attributes={"email": [JANE], "groups": ["it"]})
    scene.signs_on(Browser(), attributes={"email": [JANE]})
    assert Membership.everywhere.get(user__email=JANE).role == Role.MEMBER
    owner = scene.world.owner
    scene.signs_on(Browser(), name_id=owner.email, attributes={"email": [owner.email]})
    assert Membership.everywhere.get(user=owner).role == Role.OWNER


def test_names_follow_the_identity_provider_where_that_is_wanted(scene: SignOnScene) -> None:
    scene.signs_on()
    scene.signs_on(Browser(), attributes={"email": [JANE], "FirstName": ["Janet"]})
    assert User.objects.get(email=JANE).get_full_name() == "Janet Doe"
    scene.integration.updates_profiles = False
    scene.integration.save()
    scene.signs_on(Browser(), attributes={"email": [JANE], "FirstName": ["Joan"]})
    assert User.objects.get(email=JANE).first_name == "Janet"


# Finding --------------------------------------------------------------------------------------------------------------


def test_the_same_answer_for_known_and_unknown_addresses(scene: SignOnScene) -> None:
    found = [
        Client().post(reverse("sso"), {"email": email})
        for email in (scene.world.owner.email, "nobody@northwind-studio.example", "NOBODY@Northwind-Studio.example")
    ]
    login = reverse("saml-login", args=[scene.integration.uuid])
    assert [(answer.status_code, sent_to(answer)) for answer in found] == [(200, login)] * 3
    make_user("free@elsewhere.example")
    unknown = [Client().post(reverse("sso"), {"email": email}) for email in ("free@elsewhere.example", "ghost@elsewhere.example")]
    pages = [answer.content.decode().replace("free@", "x@").replace("ghost@", "x@") for answer in unknown]
    assert len({_without_token(page) for page in pages}) == 1


def _without_token(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_an_organization_without_sign_on_is_answered_like_one_that_is_not_there(scene: SignOnScene) -> None:
    other = make_world("Canary Gmbh")
    answers = [Client().get(reverse("sso-organization", args=[slug])).status_code for slug in (other.organization.slug, "nobody")]
    assert answers == [404, 404]
    assert Client().get(reverse("sso-organization", args=[scene.world.organization.slug])).status_code == 302


def test_own_addresses_come_from_the_public_url_whatever_host_is_claimed(scene: SignOnScene, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    page = Client().get(reverse("saml-metadata", args=[scene.integration.uuid]), headers={"host": "evil.example"}).content.decode()
    assert "evil.example" not in page
    assert scene.acs in page


def test_too_many_refusals_from_one_place_are_not_looked_at_any_more(scene: SignOnScene, settings: Any) -> None:
    settings.SSO_REFUSALS_A_MINUTE = 3
    answers = [Browser().brings(scene.integration, "x", "y").status_code for _ in range(5)]
    assert answers == [403, 403, 403, 429, 429]
    assert Event.everywhere.filter(is_refusal=True).count() == 3
