"""The scene of all isolation tests: two organizations that have everything, and people of every kind looking at the first of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.isolation.scene import Scene, make_scene

NO_VENDOR = "http://127.0.0.1:1"
"""Where all vendors are, and where nobody listens."""


@pytest.fixture(scope="package")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """Made once for all of them and rolled back after the last one. What a visitor does is rolled back after each request."""
    with override_settings(SANDBOX_URL=NO_VENDOR), django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def what_a_test_changes_is_undone(db: None) -> None:
    """Each test has a savepoint of its own inside the scene's transaction."""
