"""What every test may use: organizations with one person of each role, and the vendors' official descriptions."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.doors import PERSON
from accounts.models import Membership, Organization, Role, User
from accounts.tenancy import within

pytest_plugins = ["tests.canaries", "tests.contract.sandboxes", "tests.figures", "tests.providers.saml.counts"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """PostgreSQL is asked again by those tests alone that ask a database."""
    if connection.vendor == "sqlite":
        return
    config.hook.pytest_deselected(items=[item for item in items if not asks_a_database(item)])
    items[:] = filter(asks_a_database, items)


def asks_a_database(item: pytest.Item) -> bool:
    fixtures = item.fixturenames if isinstance(item, pytest.Function) else []
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db"}.isdisjoint(fixtures)


def pytest_collection_finish() -> None:
    """What has been loaded stays to the end: the collector of garbage need not look through it again and again, nor so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Where the tables were made straight from the models, the migrations count as done: commands want to see that they are."""
    if connection.settings_dict["TEST"]["MIGRATE"]:
        return
    with django_db_blocker.unblock():
        executor = MigrationExecutor(connection)
        for migration in executor.loader.graph.nodes:
            executor.recorder.record_applied(*migration)


@dataclass(frozen=True)
class World:
    """One organization and its people."""

    organization: Organization
    owner: User
    admin: User
    member: User
    auditor: User


def make_user(email: str, **fields: object) -> User:
    return User.objects.create_user(email, PASSWORD, **fields)


def make_world(name: str) -> World:
    slug = name.lower().replace(" ", "-")
    organization = Organization.objects.create(name=name, slug=slug, time_zone="Europe/Berlin")
    people = {}
    for role in Role:
        people[role.value] = make_user(f"{role.value}@{slug}.example", first_name=role.label, last_name=name)
        Membership.everywhere.create(organization=organization, user=people[role.value], role=role)
    return World(organization, **people)


@pytest.fixture
def world(db: None) -> World:
    """The organization that a test is about."""
    return make_world("Northwind Studio")


@pytest.fixture
def stranger(db: None) -> World:
    """Another organization, whose rows and names nobody of `world` may ever see."""
    return make_world("Canary Gmbh")


@pytest.fixture
def operator(db: None) -> User:
    return make_user("operator@patchbay.example", is_staff=True)


@pytest.fixture
def scoped(world: World):
    """Run the test inside `world`'s organization."""
    with within(world.organization):
        yield world


@pytest.fixture(autouse=True)
def forced_logins_stand_for_passwords():
    """`client.force_login` goes past the doors, so it counts as if the password had been given."""

    def prove(request: HttpRequest, **_: object) -> None:
        if not request.path:
            request.session[PERSON] = {"how": "password", "at": timezone.now().isoformat(), "second_factor": False}

    user_logged_in.connect(prove)
    yield
    user_logged_in.disconnect(prove)


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder of the vendors' official API descriptions."""
    if settings.SPECS_DIR is None or not settings.SPECS_DIR.is_dir():
        pytest.skip("Set SPECS_DIR to the folder of the vendors' official API descriptions to run this test.")
    return settings.SPECS_DIR
