"""The protocol engine beside an identity provider that is told what to say: no rows, no views."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from integrations import clock
from integrations.providers.saml.config import Config, Pending, Verdict
from integrations.providers.saml.engine import verify
from integrations.providers.saml.presets import ANY
from tests.providers.saml.forge import Forge, Saying
from tests.providers.saml.peers import agreement

REQUEST = "_4fd0"
JANE = "jane@northwind.example"
TOLD = {"email": [JANE], "FirstName": ["Jane"], "LastName": ["Doe"], "groups": ["staff", "design"]}


@dataclass(frozen=True)
class Desk:
    """One agreement, and both who speaks and who judges by it."""

    forge: Forge = field(default_factory=Forge)
    config: Config = field(default_factory=lambda: agreement(Forge(), claims=ANY))

    def by(self, **changes: Any) -> Desk:
        """The same with another agreement."""
        return replace(self, config=replace(self.config, prepared={}, **changes))

    def saying(self, **said: Any) -> Saying:
        usual: dict[str, Any] = {
            "acs": self.config.acs_url,
            "audience": self.config.entity_id,
            "issuer": self.forge.entity_id,
            "in_response_to": REQUEST,
            "name_id": JANE,
            "attributes": TOLD,
        }
        return Saying(**{**usual, **said})

    def response(self, said: dict[str, Any] | None = None, **options: Any) -> str:
        return self.forge.response(self.saying(**(said or {})), **options)

    def judges(self, encoded: Any, *, unsolicited: bool = False, later: float = 0, now: datetime | None = None) -> Verdict:
        now = (now or clock.now()) + timedelta(seconds=later)
        return verify(encoded, self.config, None if unsolicited else Pending(REQUEST, now), now, unsolicited=unsolicited)

    def code(self, encoded: Any, **how: Any) -> str:
        """Why it is refused; '' when it is not."""
        verdict = self.judges(encoded, **how)
        assert (verdict.identity is None) != (verdict.refusal is None)
        return verdict.refusal.code if verdict.refusal else ""
