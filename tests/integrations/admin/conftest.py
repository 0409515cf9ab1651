from __future__ import annotations

import pytest
from django.test import Client

from tests.conftest import World


@pytest.fixture
def admin(client: Client, world: World) -> Client:
    """A browser in which an admin of `world` is signed in."""
    client.force_login(world.admin)
    return client


@pytest.fixture
def auditor(world: World) -> Client:
    """A browser in which an auditor of `world` is signed in."""
    client = Client()
    client.force_login(world.auditor)
    return client
