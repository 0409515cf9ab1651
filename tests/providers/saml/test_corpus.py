"""Every variant of the corpus through the real views, with real sessions."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, cycle
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker
from social_django.models import UserSocialAuth

from accounts.doors import PROOFS
from accounts.models import Membership, User
from integrations import clock
from integrations.http import pool
from integrations.providers.saml import refreshing, rotating
from integrations.providers.saml.config import KeyPair
from integrations.providers.saml.keys import new_key_pair
from integrations.providers.saml.models import Event, SamlIntegration, SeenAssertion, SignOn
from tests.conftest import make_world
from tests.providers.saml.conftest import SignOnScene, make_sign_on, reference_of
from tests.providers.saml.corpus.houses import House, running
from tests.providers.saml.corpus.logouts import Logout, Office
from tests.providers.saml.corpus.metadata import Desk
from tests.providers.saml.corpus.variants import VARIANTS, Stage, Variant, of
from tests.providers.saml.forge import Forge

SIGN_ON = (
    "interop",
    "signature",
    "wrapping",
    "parser",
    "encryption",
    "protocol",
    "replay",
    "tenant",
    "denial of service",
    "relay state",
)


VERSIONS = count(1000, 1000)


def each(*families: str) -> pytest.MarkDecorator:
    variants = of(*families)
    return pytest.mark.parametrize("variant", variants, ids=[variant.name for variant in variants])


@pytest.fixture(scope="module")
def pairs() -> Iterator[KeyPair]:
    """Keys for our side, in turn: making one takes longer than everything else that a variant does."""
    return cycle([new_key_pair("Patchbay", clock.now()) for _ in range(3)])


@pytest.fixture(autouse=True)
def _ready_keys(pairs: Iterator[KeyPair], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "new_key_pair", lambda *_: next(pairs))


@pytest.fixture(scope="module")
def ground(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[SignOnScene]:
    """One organization for all variants: each finds it as it is here, and what it does to it is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        world, forge = make_world("Northwind Studio"), Forge()
        yield SignOnScene(world, forge, make_sign_on(world.organization, forge))
        transaction.set_rollback(True)


@pytest.fixture
def scene(ground: SignOnScene, db: None) -> SignOnScene:
    """Agreements are kept by their version, also of what is undone: each variant has versions of its own."""
    SamlIntegration.everywhere.filter(pk=ground.integration.pk).update(config_version=next(VERSIONS))
    made = replace(ground)
    made.reload()
    return made


@pytest.fixture(scope="module")
def neutral() -> list[str]:
    """What everybody is told who is refused, once somebody was."""
    return []


@pytest.fixture
def house() -> Iterator[House]:
    with running() as made:
        yield made
    pool.close()


@pytest.fixture
def desk(scene: SignOnScene, house: House, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An admin of an installation without a sandbox; names are known as the variant says, and no others."""
    settings.SANDBOX_URL = ""
    made = Desk(scene, house, settings)
    asked = socket.getaddrinfo

    def known(host: Any, *more: Any, **options: Any) -> Any:
        if isinstance(host, str) and host.endswith(".example"):
            if host not in made.names:
                raise socket.gaierror(socket.EAI_NONAME, "not known")
            return [found for one in made.names[host] for found in asked(one, *more, **options)]
        return asked(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", known)
    monkeypatch.setattr(refreshing, "SECONDS", 0.5)
    return made


@pytest.fixture(autouse=True)
def _counted(record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> None:
    """For the table at the end of the run."""
    if "variant" in request.fixturenames:
        variant = request.getfixturevalue("variant")
        record_property("corpus", (variant.family, variant.accepts))


def people(apart_from: str = "") -> tuple[Any, ...]:
    """Everything that a message may never change, of everybody but one."""
    users = User.objects.exclude(email=apart_from).order_by("pk")
    return (
        list(users.values()),
        list(Membership.everywhere.filter(user__in=users).order_by("pk").values()),
        list(UserSocialAuth.objects.filter(user__in=users).order_by("pk").values()),
        list(SignOn.everywhere.filter(user__in=users).order_by("pk").values()),
    )


def sessions() -> dict[str, str]:
    return dict(Session.objects.values_list("session_key", "session_data"))


def trust() -> list[Any]:
    return list(SamlIntegration.everywhere.non_polymorphic().order_by("pk").values("pk", "idp", "proposed", "trust_version"))


def refused(answer: Any, variant: Variant, neutral: list[str]) -> None:
    """The browser is told what everybody is told, and the admin finds the reason by the number."""
    assert answer.status_code == 403, answer.status_code
    event = Event.everywhere.get(reference=reference_of(answer))
    assert event.is_refusal
    assert not variant.codes or event.code in variant.codes, f"{event.code}: {event.detail}"
    assert not re.search(r"xmlns|<\w+:|SignatureValue", event.detail + event.subject)
    page = re.sub(r'<code>\w{8}</code>|utc-offset="\d+"', "", answer.content.decode())
    neutral[:] = neutral or [page]
    assert [page] == neutral


@each(*SIGN_ON)
def test_what_is_genuine_is_let_in_and_nothing_else(variant: Variant, scene: SignOnScene, neutral: list[str]) -> None:
    for name, value in variant.settings.items():
        setattr(scene.integration, name, value)
    if variant.settings:
        scene.integration.save()
    Client().force_login(scene.world.owner)  # whose session has to stay, whatever comes
    stage = Stage(scene)
    if variant.prepare:
        variant.prepare(stage)
    if variant.sets_out:
        stage.set_out()
    if variant.accepts:
        let_in(stage, variant)
    else:
        kept_out(stage, variant, neutral)


def let_in(stage: Stage, variant: Variant) -> None:
    """As exactly this person, into exactly this organization."""
    organization = stage.scene.world.organization
    before, others, trusted = people(apart_from=variant.signs_in_as), sessions(), trust()
    others.pop(stage.browser.client.session.session_key or "", None)
    answer = variant.act(stage)
    assert answer.status_code == 302, why(answer)
    assert not variant.leads_to or answer["Location"] == variant.leads_to, answer["Location"]
    user = User.objects.get(pk=stage.browser.user)
    assert (user.email, user.is_staff) == (variant.signs_in_as, False)
    session = stage.browser.client.session
    assert {key: proof["how"] for key, proof in session[PROOFS].items()} == {str(organization.pk): "saml"}
    assert SignOn.everywhere.get(session_key=session.session_key).integration_id == stage.scene.integration.pk
    assert Membership.everywhere.get(user=user, organization=organization).role == "member"
    assert people(apart_from=variant.signs_in_as) == before
    assert others.items() <= sessions().items()
    assert trust() == trusted
    assert Event.everywhere.filter(user=user, kind="sign_on", is_refusal=False, integration=stage.scene.integration).exists()


def kept_out(stage: Stage, variant: Variant, neutral: list[str]) -> None:
    """Nobody is signed in, created, linked, changed or signed out."""
    was = stage.browser.user
    before, others = people(), sessions()
    seen = SeenAssertion.everywhere.count()
    answer = variant.act(stage)
    refused(answer, variant, neutral)
    assert stage.browser.user == was
    assert people() == before
    assert SeenAssertion.everywhere.count() == seen
    assert others.items() <= sessions().items()


def why(answer: Any) -> str:
    event = Event.everywhere.filter(is_refusal=True).order_by("-pk").first()
    return f"{answer.status_code}: {event.code} {event.detail}" if event else str(answer.status_code)


@each("logout")
def test_a_logout_ends_what_the_identity_provider_says_and_nothing_else(variant: Logout, scene: SignOnScene, neutral: list[str]) -> None:
    office = Office.of(scene)
    if variant.prepare:
        variant.prepare(office)
    answer = variant.act(office)
    assert office.gone() == set(variant.ends)
    if not variant.accepts:
        refused(answer, variant, neutral)
    elif variant.codes:
        assert Event.everywhere.filter(kind="logout", is_refusal=True, code__in=variant.codes).exists()
    else:
        assert answer.status_code in (200, 302), why(answer)
        assert not Event.everywhere.filter(kind="logout", is_refusal=True).exists(), why(answer)


@each("metadata", "metadata address")
def test_metadata_counts_only_when_it_is_what_it_has_to_be(variant: Variant, scene: SignOnScene, desk: Desk, house: House) -> None:
    before = trust()
    said = variant.act(desk)
    scene.reload()
    if variant.accepts:
        assert said == "", said
        scene.signs_on()
    else:
        assert said, "It was accepted."
        assert not variant.codes or any(code in said for code in variant.codes), said
        after = trust()
        assert [(row["idp"], row["trust_version"]) for row in after] == [(row["idp"], row["trust_version"]) for row in before]
    assert house.inner == []


def test_the_corpus_is_large_and_of_every_family() -> None:
    families = Counter(variant.family for variant in VARIANTS.values())
    assert set(families) == {*SIGN_ON, "logout", "metadata", "metadata address"}
    assert sum(families.values()) >= 900
    assert sum(variant.accepts for variant in VARIANTS.values()) >= 100
    assert all(variant.accepts or variant.codes for variant in VARIANTS.values()), "Each says what it is refused for."
