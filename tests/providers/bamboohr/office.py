"""One organization and its BambooHR: a connected integration and the simulated vendor behind it, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from accounts.models import Organization
from integrations import clock
from integrations.models import Action, Entry, Run, Stream
from integrations.provider import Client
from integrations.providers.bamboohr.models import BamboohrIntegration
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.providers.bamboohr.sandbox.company import Company
from integrations.records.choices import CustomFieldType, CustomizableType, HrmType
from integrations.records.models import CustomField, CustomFieldOption, Person, Subsidiary
from integrations.sandbox.exchange import Exchange
from integrations.sync import connections, runs
from integrations.sync.calling import open_client
from integrations.sync.options import fetch_options
from integrations.sync.turns import next_due_at, take_turn

REDIRECT_URI = "http://127.0.0.1:8000/connect/callback/bamboohr/"
SUBDOMAIN = {"subdomain": "northwind"}
FAR = timedelta(days=3650)
TURNS = 200  # more than any test needs


@dataclass
class Office:
    """`later(seconds)` lets time pass. Nothing begins by itself unless a test says so."""

    organization: Organization
    sandbox: BamboohrSandbox
    later: Callable[[float], None]
    exchanges: list[Exchange] = field(default_factory=list)
    integration: Any = None

    def __post_init__(self) -> None:
        self.sandbox.watchers.append(self.exchanges.append)
        self.sandbox.reset({"employees": 0})
        self.subsidiary = Subsidiary.everywhere.create(organization=self.organization, name="Northwind GmbH")
        self.integration = BamboohrIntegration.everywhere.create(
            organization=self.organization, provider="bamboohr", name="BambooHR", bamboo_default_subsidiary=self.subsidiary
        )

    @property
    def company(self) -> Company:
        return self.sandbox.company

    def connect(self, key: str = "") -> None:
        connections.connect_with(self.integration, {"subdomain": "northwind", "api_key": key or self.company.key()}, None)
        self.integration.refresh_from_db()
        Stream.everywhere.filter(integration=self.integration).update(next_run_at=clock.now() + FAR)

    def sign_in(self, person: str = "") -> None:
        """Connect by signing in there as somebody; as the admin, who is the first to work there, unless a person is named."""
        address, verifier = connections.begin(self.integration, REDIRECT_URI, "state", SUBDOMAIN)
        answered = consent(address, person=person)
        connections.complete(
            self.integration, code=answered["code"], verifier=verifier, redirect_uri=REDIRECT_URI, user=None, given=SUBDOMAIN
        )
        self.integration.refresh_from_db()
        Stream.everywhere.filter(integration=self.integration).update(next_run_at=clock.now() + FAR)

    def set(self, **settings: Any) -> None:
        for name, value in settings.items():
            setattr(self.integration, name, value)
        self.integration.full_clean()
        self.integration.save()

    def client(self) -> Client:
        return open_client(self.integration, interactive=True)

    def fetch_options(self) -> None:
        fetch_options(self.integration, self.client())

    def bring(self, *kinds: str, **options: Any) -> Run:
        """Bring these kinds to the end, one after the other; the last one's run."""
        for kind in kinds:
            run = self.work(runs.start(self.integration, Action.IMPORT, kind, **options))
        return run

    def work(self, run: Run) -> Run:
        for _turn in range(TURNS):
            run.refresh_from_db()
            if run.is_finished:
                return run
            if not take_turn(self.integration.pk):
                due = run.lease_until or next_due_at(self.integration.pk)
                assert due is not None
                self.later(max(0.0, (due - clock.now()).total_seconds()) + 0.01)
        pytest.fail(f"Run {run.pk} does not come to an end: {run.state} {run.message}")

    def asked(self, since: int = 0) -> list[str]:
        """The calls from a place in `exchanges` on, as "GET /path"."""
        return [f"{one.request.method} {one.request.path}" for one in self.exchanges[since:]]

    def person(self, **columns: Any) -> Person:
        """Somebody who is here already."""
        found: Person = Person.everywhere.create(organization=self.organization, **{"hrm_type_id": HrmType.EMPLOYEE, **columns})
        return found

    def custom_field(self, name: str, kind: CustomFieldType, *options: str, of: CustomizableType = CustomizableType.PEOPLE) -> CustomField:
        number = CustomField.everywhere.count() + 1
        made: CustomField = CustomField.everywhere.create(
            organization=self.organization, productive_id=str(number), name=name, data_type_id=kind, customizable_type=of
        )
        for position, option in enumerate(options):
            CustomFieldOption.everywhere.create(
                organization=self.organization, productive_id=f"{number}{position}", name=option, custom_field=made, position=position
            )
        return made


def consent(address: str, **decided: str) -> dict[str, str]:
    """Decide on the consent page: what the browser brings back."""
    asked = dict(parse_qsl(urlsplit(address).query))
    answer = httpx2.post(address, data={**asked, "decision": "allow", **decided}, timeout=10)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def complaints(run: Run) -> list[str]:
    return list(Entry.everywhere.filter(run=run).exclude(message="").order_by("pk").values_list("message", flat=True))
