"""One provider connected to its own sandbox over real HTTP, with an organization, settings and records to try it on."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.models import Organization
from accounts.tenancy import within
from integrations import clock
from integrations.auth.agreement import Agreement
from integrations.auth.hosts import resolve
from integrations.auth.oauth2 import OAuth2
from integrations.auth.ways import Way
from integrations.mappings.fields import OptionField, Ours, Theirs, ValueMapping
from integrations.models import Action, Integration, Link, Option, OutboxItem, Run, Stream
from integrations.provider import Client, Export, Provider
from integrations.records.base import Record
from integrations.records.kinds import get_kind
from integrations.sandbox.base import Sandbox
from integrations.sandbox.consent import walk_consent
from integrations.sandbox.exchange import Exchange
from integrations.sandbox.server import SandboxServer, installed_sandboxes, running_sandbox
from integrations.sync import connections, runs
from integrations.sync.calling import open_client
from integrations.sync.options import fetch_options
from integrations.sync.outbox import current_links
from integrations.sync.turns import next_due_at, take_turn
from tests.contract.completeness import model_of
from tests.contract.house import House
from tests.contract.sandboxes import Witness
from tests.contract.scenario import Scenario, scenario_of

claims = pytest.mark.claims.with_args
"""Only providers, exports or imports of which this is true are put to the proof."""
ways = pytest.mark.ways.with_args
"""Every way to connect of which this is true is put to the proof; where nothing is said of ways, the first one alone."""
once_a_provider = pytest.mark.once_a_provider
"""What the engine and the provider's client do whichever kind it is: put to the proof with the first export or import that claims it."""

REDIRECT_URI = "http://127.0.0.1:8000/connect/callback/any/"
TURNS = 300  # more than any promise needs


@dataclass(frozen=True)
class Write:
    """How the vendor is asked to create one record of a kind, and by how much what it holds grows by that."""

    method: str
    path: str
    skip: int
    growth: Counter[str]

    def fault(self, kind: str, **more: Any) -> dict[str, Any]:
        """A rule that strikes the next such request once."""
        return {"kind": kind, "method": self.method, "path": self.path, "skip": self.skip, "times": 1, **more}


@dataclass
class Harness:
    provider: Provider
    way: Way
    server: SandboxServer
    scenario: Scenario
    house: House
    later: Callable[[float], None]
    exchanges: list[Exchange] = field(default_factory=list)
    integration: Any = None

    def __post_init__(self) -> None:
        self.sandbox.watchers.append(self.exchanges.append)
        self.house.prepare, self.house.rework = self.scenario.prepare, self.scenario.rework
        model = model_of(self.provider)
        assert model is not None
        self.integration = model.everywhere.create(
            organization=self.organization, provider=self.provider.slug, name=f"{self.provider.label} of {self.organization}"
        )

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandboxes[self.provider.slug]

    @property
    def organization(self) -> Organization:
        return self.house.organization

    # Connecting

    def connect(self) -> None:
        """As an admin does, against the sandbox; nothing begins by itself afterwards."""
        if isinstance(self.way, OAuth2):
            offered = self.complete(self.consent())
        elif isinstance(self.way, Agreement):
            self.scenario.agree(self.integration)
            self.integration.save()
            offered = connections.connect_with(self.integration, {}, None)
        else:
            offered = connections.connect_with(self.integration, self.scenario.keys(), None)
        self.integration.refresh_from_db()
        if not self.integration.can_work:
            connections.choose_tenant(self.integration, offered[0].id)
        self.integration.refresh_from_db()
        Stream.everywhere.filter(integration=self.integration).update(next_run_at=clock.now() + timedelta(days=3650))

    def answers(self) -> dict[str, str]:
        """To what is asked before signing in."""
        return {asked.name: self.scenario.keys()[asked.name] for asked in self.way.asks}

    def consent(self) -> tuple[str, str]:
        """Walk the vendor's consent page: the code and the verifier that goes with it."""
        address, verifier = connections.begin(self.integration, REDIRECT_URI, secrets.token_urlsafe(32), self.answers())
        return walk_consent(self.provider, address)["code"], verifier

    def complete(self, grant: tuple[str, str]) -> list[Any]:
        code, verifier = grant
        return connections.complete(
            self.integration, code=code, verifier=verifier, redirect_uri=REDIRECT_URI, user=None, given=self.answers()
        )

    def client(self, **options: Any) -> Client:
        return open_client(self.integration, **{"interactive": True, **options})

    # Setting up

    def set_up(self, *, imports: tuple[str, ...] = ()) -> None:
        """Connect, fetch the lists, and fill in what is required; every export is switched on (but for further steps, which may
        exclude each other), and the imports that are named."""
        self.connect()
        fetch_options(self.integration, self.client())
        for name in self.required():
            self.fill(name)
        for switch in (switch for export in self.provider.exports if not export.step for switch in export.switches):
            self.switch_on(switch)
        for kind in imports:
            for switch in self.provider.import_of(kind).switches:
                self.switch_on(switch)
        self.scenario.settle(self.integration)
        self.integration.full_clean()
        self.integration.save()

    def required(self) -> list[str]:
        return [name for section in self.provider.sections for name in section.required]

    def together_with(self, name: str) -> list[str]:
        """The field, and the mappings that fall back to it."""
        columns = self.integration._meta.concrete_fields
        return [name, *(column.name for column in columns if isinstance(column, ValueMapping) and column.fallback == name)]

    def switch_on(self, switch: str) -> None:
        setattr(self.integration, switch, True)

    def fill(self, name: str) -> None:
        """Give a required field the first value that it offers."""
        column = self.integration._meta.get_field(name)
        if isinstance(column, OptionField):
            setattr(self.integration, name, self.values(column.theirs)[0])
        elif isinstance(column, ValueMapping):
            to = self.values(column.to)[0]
            setattr(self.integration, name, dict.fromkeys(self.values(column.of), to))
        elif not getattr(self.integration, name):
            pytest.fail(f"The scenario of {self.provider.slug} has to settle {name}: it is required, and offers nothing to choose from.")

    def values(self, side: Ours | Theirs | None) -> list[str]:
        """What may stand on one side of a mapping."""
        if isinstance(side, Ours):
            return [str(pk) for pk in get_kind(side.kind).queryset().values_list("pk", flat=True)]
        assert side is not None
        options = Option.everywhere.filter(integration=self.integration, source=side.source, gone_at=None).order_by("position")
        found = [option.value for option in options if not side.use or side.use in option.uses]
        assert found, f"The vendor offers no option of {side.source} for {side.use or 'anything'}."
        return found

    # Working

    def export(self, kind: str, *records: Record, **options: Any) -> Run:
        """Export records to the end, however long the vendor makes us wait."""
        return self.work(self.start_export(kind, *records, **options))

    def start_export(self, kind: str, *records: Record, **options: Any) -> Run:
        return runs.start_export(self.integration, kind, [record.pk for record in records] if records else None, **options)

    def bring(self, kind: str, **options: Any) -> Run:
        return self.work(runs.start(self.integration, Action.IMPORT, kind, **options))

    def work(self, run: Run) -> Run:
        """Take turns until the run is finished, passing the time that has to pass."""
        for _turn in range(TURNS):
            run.refresh_from_db()
            if run.is_finished:
                return run
            if not self.turn():
                self.wait(run)
        states = list(run.items.values_list("kind", "record_id", "state", "message"))
        pytest.fail(f"Run {run.pk} does not come to an end: {run.state} {run.message}, {states}")

    def turn(self) -> bool:
        return take_turn(self.integration.pk)

    def wait(self, run: Run) -> None:
        """Let the time pass until there is something to do."""
        due = run.lease_until or next_due_at(self.integration.pk)
        assert due is not None, f"Run {run.pk} is {run.state}, and nothing is due."
        self.later(max(0.0, (due - clock.now()).total_seconds()) + 0.01)

    def link(self, kind: str, record: Record) -> Link:
        return current_links(self.integration, kind).get(record_id=record.pk)

    def item(self, kind: str, record: Record) -> OutboxItem:
        """The last one of a record."""
        items = OutboxItem.everywhere.filter(integration=self.integration, kind=kind, step="", record_id=record.pk)
        found = items.order_by("-pk").first()
        assert found is not None
        return found

    # At the vendor

    def held(self) -> Counter[str]:
        """How many records of which kind the vendor has."""
        return Counter({kind: len(rows) for kind, rows in self.sandbox.records().items()})

    def misbehave(self, *rules: dict[str, Any]) -> None:
        self.sandbox.faults.replace(list(rules))

    def asked(self, since: int = 0) -> list[Exchange]:
        """The calls beside those that sign in, from a place in `exchanges` on."""
        return [exchange for exchange in self.exchanges[since:] if exchange.request.path not in self.signing_in]

    @property
    def signing_in(self) -> set[str]:
        if not isinstance(self.way, OAuth2):
            return set()
        hosts = resolve(self.provider.slug, self.provider.hosts, self.integration.options)
        addresses = [hosts.address(template) for template in (self.way.token_url, self.way.revoke_url) if template]
        return {urlsplit(address).path.removeprefix(f"/{self.provider.slug}") for address in addresses}

    def refreshes(self) -> int:
        """How often tokens were renewed."""
        return sum(b"grant_type=refresh_token" in exchange.request.body for exchange in self.exchanges)

    def learn(self, export: Export) -> Write:
        """Export two samples and see how the vendor is written to; whatever they need is there by the second."""
        self.export(export.kind, self.house.sample(export.kind))
        before, since = self.held(), len(self.exchanges)
        record = self.house.sample(export.kind)
        run = self.export(export.kind, record)
        assert run.succeeded == 1, f"The vendor refused a sample: {self.item(export.kind, record).message}"
        remote_id = self.link(export.kind, record).remote_id.encode()
        asked = self.asked(since)
        at = next(i for i, exchange in enumerate(asked) if exchange.request.method != "GET" and remote_id in exchange.reply.body)
        request = asked[at].request
        path = request.path.replace(remote_id.decode(), "*")
        earlier = sum(other.request.method == request.method and fnmatchcase(other.request.path, path) for other in asked[:at])
        return Write(request.method, path, earlier, self.held() - before)


@contextmanager
def harnessed(provider: Provider, settings: Any, later: Callable[[float], None], way: Way | None = None) -> Iterator[Harness]:
    """A harness inside its organization; in the end, everything that went over the wire is held against the vendor's descriptions."""
    with running_sandbox(sandboxes=installed_sandboxes(provider.slug)) as server:
        settings.SANDBOX_URL = server.url
        witness = Witness(server)
        witness.watch()
        organization = Organization.objects.create(name="Northwind Studio", slug="northwind-studio", time_zone="Europe/Berlin")
        scenario = scenario_of(provider.slug)
        assert scenario is not None
        with within(organization):
            yield Harness(provider, way or provider.auth, server, scenario(server.sandboxes[provider.slug]), House(organization), later)
    if settings.SPECS_DIR is not None and settings.SPECS_DIR.is_dir():
        witness.check(settings.SPECS_DIR)


def settings_of(integration: Integration, provider: Provider) -> Mapping[str, Any]:
    """What an admin decided, by field."""
    return {name: getattr(integration, name) for section in provider.sections for name in section.fields}
