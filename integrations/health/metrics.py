"""The numbers of the installation for Prometheus, read from the tables at each visit: one truth, however many workers there are.

Labels are providers, states and results, never organizations: who watches the machines need not know the customers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db.models import Count, Min, Q, Sum
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from integrations import clock
from integrations.health.looks import oldest_due_age
from integrations.http import breaker, limits, tally
from integrations.models import Chore, Connection, Credential, Delivery, DeliveryState, Incident, Integration, Limit, Run
from integrations.models.run import FINISHED
from integrations.registry import all_providers
from integrations.sync import heart

Row = tuple[tuple[str, ...], float]


def as_text() -> bytes:
    """All of them, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_FromTables())
    return generate_latest(registry)


class _FromTables(Collector):
    def collect(self) -> Iterable[Metric]:
        yield from _integrations()
        yield from _work()
        yield from _calls()
        yield from _credentials()
        yield from _upkeep()

    def describe(self) -> Iterable[Metric]:
        return ()  # so that registering reads nothing


def _gauge(name: str, text: str, labels: Iterable[str], rows: Iterable[Row]) -> Metric:
    family = GaugeMetricFamily(f"patchbay_{name}", text, labels=list(labels))
    for values, number in rows:
        family.add_metric(list(values), number)
    return family


def _integrations() -> Iterator[Metric]:
    rows = Integration.everywhere.non_polymorphic().order_by()
    states = rows.values_list("provider", "connection").annotate(Count("pk"))
    yield _gauge("integrations", "Integrations by state", ("provider", "connection"), (((one, state), n) for one, state, n in states))
    counts = rows.values_list("provider").annotate(Sum("waiting_count"), Sum("failed_count"), Sum("unmapped_count"))
    names = ("waiting", "failed", "unmapped")
    items = (((provider, name), number) for provider, *numbers in counts for name, number in zip(names, numbers, strict=True))
    yield _gauge("items", "Items of the outbox that are not done, and values without a mapping", ("provider", "state"), items)


def _work() -> Iterator[Metric]:
    yield _gauge("oldest_due_seconds", "How long what has been due longest waits", (), [((), oldest_due_age().total_seconds())])
    runs = Run.everywhere.exclude(state__in=FINISHED).order_by().values_list("action", "state").annotate(Count("pk"))
    yield _gauge("runs", "Runs that are not finished", ("action", "state"), (((action, state), n) for action, state, n in runs))
    yield _gauge("workers", "Workers alive", ("engine",), Counter((one,) for one in heart.alive().values_list("engine", flat=True)).items())


def _calls() -> Iterator[Metric]:
    """What `Limit` keeps of each integration, summed up by provider; of what is left of a limit, the least."""
    now = clock.timestamp()
    tallies: dict[str, list[tally.State]] = defaultdict(list)
    left: dict[tuple[str, str], float] = {}
    down: Counter[tuple[str]] = Counter()
    for slug, usage, state, counted in Limit.everywhere.values_list("integration__provider", "usage", "breaker", "tally"):
        tallies[slug].append(counted)
        down[slug,] += breaker.is_down(state)
        if provider := all_providers().get(slug):
            calls = {window.seconds: window.calls for window in provider.limits.windows}
            for seconds, remaining in limits.remaining(usage, provider.limits, now).items():
                place = slug, f"{seconds:g}"
                left[place] = min(left.get(place, 1.0), remaining / calls[seconds])
    totals = {slug: tally.total(states) for slug, states in tallies.items()}
    results = CounterMetricFamily("patchbay_vendor_calls", "Calls to vendors by result", labels=["provider", "result"])
    took = HistogramMetricFamily("patchbay_vendor_call_seconds", "How long vendors took to answer", labels=["provider"])
    for slug, total in totals.items():
        for result, number in total["calls"].items():
            results.add_metric([slug, result], number)
        sums, buckets = 0, []
        for bound, number in zip((*map(str, tally.BOUNDS), "+Inf"), total["buckets"], strict=True):
            sums += number
            buckets.append((bound, float(sums)))
        took.add_metric([slug], buckets, total["seconds"])
    yield results
    yield took
    yield _gauge(
        "limit_left_ratio", "Share of a vendor's limit left, of the integration with the least", ("provider", "window"), left.items()
    )
    yield _gauge("vendors_down", "Integrations whose vendor does not answer", ("provider",), down.items())


def _credentials() -> Iterator[Metric]:
    now = clock.now()
    connected = Credential.everywhere.filter(integration__connection=Connection.CONNECTED).order_by()
    for name, column, text in (
        ("credential_access_seconds", "expires_at", "Until the first access token ends, which renews itself"),
        ("credential_life_seconds", "ends_at", "Until the first credential ends unless it is renewed or made anew"),
    ):
        ends = connected.filter(**{f"{column}__isnull": False}).values_list("integration__provider").annotate(Min(column))
        yield _gauge(name, text, ("provider",), (((slug,), (end - now) / timedelta(seconds=1)) for slug, end in ends))


def _upkeep() -> Iterator[Metric]:
    incidents = Incident.everywhere.filter(closed_at=None).order_by().values_list("integration__provider").annotate(Count("pk"))
    yield _gauge("incidents", "Open incidents", ("provider",), (((slug,), n) for slug, n in incidents))
    undone = Q(state__in=(DeliveryState.RECEIVED, DeliveryState.FAILED))
    deliveries = Delivery.everywhere.filter(undone).order_by().values_list("slug", "state").annotate(Count("pk"))
    yield _gauge("deliveries", "Webhooks that are not done", ("provider", "state"), (((slug, state), n) for slug, state, n in deliveries))
    now = clock.now()
    late = ((name, (now - due).total_seconds()) for name, due in Chore.objects.values_list("name", "next_run_at"))
    yield _gauge("chore_late_seconds", "How long a chore is over its time", ("chore",), (((name,), max(0.0, age)) for name, age in late))
