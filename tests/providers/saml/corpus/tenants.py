"""One organization's identity provider has no say about anybody of another, nor about operators."""

from __future__ import annotations

from typing import Any

from accounts.models import Domain, Membership, Role, User
from tests.conftest import make_user, make_world
from tests.providers.saml.conftest import Browser, SignOnScene, make_sign_on
from tests.providers.saml.corpus.variants import JANE, Act, Stage, plays
from tests.providers.saml.forge import Forge, key

FAMILY = "tenant"


def other(stage: Stage) -> SignOnScene:
    """A second organization with its own identity provider, made before anything is compared."""
    if "other" not in stage.kept:
        world = make_world("Canary Gmbh")
        forge = Forge(entity_id="https://canary.example/metadata", key=key("canary"))
        stage.kept["other"] = SignOnScene(world, forge, make_sign_on(world.organization, forge))
    found: SignOnScene = stage.kept["other"]
    return found


def member(email: str, **fields: Any) -> Act:
    """Somebody with this address is a member of the organization."""

    def prepare(stage: Stage) -> None:
        user = make_user(email, **fields)
        Membership.everywhere.create(organization=stage.scene.world.organization, user=user, role=Role.MEMBER)

    return prepare


def somebody(email: str, **fields: Any) -> Act:
    return lambda stage: make_user(email, **fields)


def told(stage: Stage, email: str, **said: Any) -> Any:
    return stage.brings(stage.response({"name_id": email, "attributes": {"email": [email]}, **said}))


def names(name: str, email: str, codes: tuple[str, ...], prepare: Act | None = None) -> None:
    """The identity provider names somebody with this address."""
    plays(FAMILY, name, codes=codes, prepare=prepare)(lambda stage: told(stage, email))


names("member_of_another_organization", "owner@canary-gmbh.example", ("domain_unverified",), other)
names("new_person_in_a_domain_of_another_organization", "new@canary-gmbh.example", ("domain_unverified",), other)
names("new_person_in_no_verified_domain", "new@elsewhere.example", ("domain_unverified",))
names("new_person_in_a_subdomain", "new@mail.northwind-studio.example", ("domain_unverified",))
names("new_person_in_the_domain_above", "new@example.example", ("domain_unverified",))
names("new_person_in_a_domain_that_ends_alike", "new@evilnorthwind-studio.example", ("domain_unverified",))
names("new_person_in_a_domain_that_begins_alike", "new@northwind-studio.example.evil.example", ("domain_unverified",))
for name, email in {
    "in_capitals": "OWNER@CANARY-GMBH.EXAMPLE",
    "in_mixed_letters": "Owner@Canary-Gmbh.example",
    "with_a_plus": "owner+x@canary-gmbh.example",
}.items():
    names(f"member_of_another_organization_{name}", email, ("domain_unverified",), other)
for name, email in {
    "cyrillic": "owner@c\u0430nary-gmbh.example",
    "fullwidth": "owner@\uff43anary-gmbh.example",
    "long_s": "owner@northwind-\u017ftudio.example",
    "dotless_i": "owner@northw\u0131nd-studio.example",
    "ideographic_dot": "owner@canary-gmbh\u3002example",
    "soft_hyphen": "owner@canary\u00ad-gmbh.example",
    "zero_width_joiner": "owner@canary-gmbh.exam\u200dple",
    "combining": "ow\u0308ner@canary-gmbh.example",
    "superscript": "owner\u00b9@northwind-studio.example",
    "mathematical": "\U0001d428wner@northwind-studio.example",
}.items():
    names(f"look_alike_{name}", email, ("email_odd", "attributes_odd", "name_id_odd"), other)
names("look_alike_as_ascii", "owner@xn--cnary-gmbh-c4h.example", ("domain_unverified",), other)
names("address_at_an_ip_address", "owner@[127.0.0.1]", ("domain_unverified", "email_odd"))
names("two_addresses_of_which_the_last_is_ours", "owner@canary-gmbh.example, x@northwind-studio.example", ("email_odd",), other)
names("owner_of_another_in_front_of_our_domain", "owner@canary-gmbh.example@northwind-studio.example", ("email_odd",), other)
names("domain_with_a_final_dot", "new@northwind-studio.example.", ("email_odd",))
names("member_at_an_address_that_nobody_verified", "free@elsewhere.example", ("link_unverified",), member("free@elsewhere.example"))
names("account_that_is_no_member", JANE, ("address_taken",), somebody(JANE))
names(
    "operator",
    "boss@northwind-studio.example",
    ("address_taken", "person_operator"),
    somebody("boss@northwind-studio.example", is_staff=True),
)
names(
    "operator_who_is_a_member",
    "boss@northwind-studio.example",
    ("person_operator",),
    member("boss@northwind-studio.example", is_staff=True),
)
names(
    "deactivated_member", "gone@northwind-studio.example", ("person_deactivated",), member("gone@northwind-studio.example", is_active=False)
)


def unverified(stage: Stage) -> None:
    Domain.everywhere.filter(organization=stage.scene.world.organization).update(verified_at=None)


names("domain_not_verified_yet", JANE, ("domain_unverified",), unverified)


def left(stage: Stage) -> None:
    """Jane has signed on before, and was removed since."""
    stage.scene.signs_on()
    Membership.everywhere.filter(user__email=JANE).delete()


names("removed_member", JANE, ("person_left",), left)


def deactivated(stage: Stage) -> None:
    stage.scene.signs_on()
    User.objects.filter(email=JANE).update(is_active=False)


names("deactivated_after_the_first_sign_on", JANE, ("person_deactivated",), deactivated)


def promoted(stage: Stage) -> None:
    stage.scene.signs_on()
    User.objects.filter(email=JANE).update(is_staff=True)


names("made_an_operator_after_the_first_sign_on", JANE, ("person_operator",), promoted)


@plays(FAMILY, codes=("linked_otherwise",), prepare=lambda stage: stage.scene.signs_on())
def another_name_for_the_same_address(stage: Stage) -> Any:
    return told(stage, JANE, name_id="somebody-else", name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")


@plays(FAMILY, codes=("creating_off",), settings={"creates_people": False})
def new_person_where_nobody_is_created(stage: Stage) -> Any:
    return told(stage, JANE)


@plays(FAMILY, accepts=True, prepare=member(JANE))
def member_in_a_verified_domain_is_linked(stage: Stage) -> Any:
    return told(stage, JANE)


@plays(FAMILY, accepts=True, prepare=lambda stage: stage.scene.signs_on())
def somebody_known_comes_again(stage: Stage) -> Any:
    return told(stage, JANE)


@plays(FAMILY, accepts=True, prepare=lambda stage: stage.scene.signs_on(name_id="8f3a", name_id_format="urn:x"))
def somebody_known_by_a_name_whose_address_changed(stage: Stage) -> Any:
    """Later addresses move no account: the name is the person."""
    return told(stage, "owner@northwind-studio.example", name_id="8f3a", name_id_format="urn:x")


@plays(FAMILY, codes=("request_other_browser",))
def stranger_with_somebody_elses_relay_state(stage: Stage) -> Any:
    relay, response = stage.request["relay"], stage.response()
    stage.browser = Browser()
    stage.browser.begins(stage.scene.integration)
    return stage.brings(response, relay)
