"""The ways to connect that a provider may declare, and which of them this installation can go.

Each has a `kind`, which is how it is named in tables and commands, a `label` and a sentence `about` it for whoever has to choose, and
`asks` for what has to be known before.
"""

from __future__ import annotations

from django.conf import settings

from integrations.auth import environment
from integrations.auth.agreement import Agreement
from integrations.auth.oauth2 import OAuth2
from integrations.auth.token import Token

Way = OAuth2 | Token | Agreement
APP = ("CLIENT_ID", "CLIENT_SECRET")
"""What signing in at a vendor needs of the operator, who registers the installation there."""


def unset(slug: str, way: Way) -> list[str]:
    """The variables that the operator has to set before the way can be gone; none while the sandbox stands in for the vendors."""
    wanted = APP if isinstance(way, OAuth2) and not settings.SANDBOX_URL else ()
    return [environment.variable(slug, name) for name in wanted if not environment.read(slug, name, "")]
