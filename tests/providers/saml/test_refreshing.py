"""The metadata at its address: read over real HTTP, again and again, and never believed beyond what counts already."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tenancy import within
from integrations import clock
from integrations.errors import ConfigProblem
from integrations.http.guard import Allowed
from integrations.models import Connection, Incident, Stream
from integrations.providers.saml import agreeing, refreshing
from integrations.providers.saml.configuring import approve, config_of, decline, mark_of
from integrations.providers.saml.ending import findings
from integrations.providers.saml.models import Event, EventKind, SamlIntegration, SpKey
from integrations.providers.saml.refreshing import MetadataClient, look_after, read_now
from integrations.providers.saml.rotating import make_key, retire_old
from integrations.sync import upkeep
from tests.conftest import World
from tests.providers.saml.conftest import SignOnScene
from tests.providers.saml.forge import Forge, key

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class House:
    """An identity provider's web server: says what it is told to say, and remembers what it was asked."""

    server: ThreadingHTTPServer
    answer: Callable[[dict[str, str]], Answer] = lambda headers: (404, {}, b"")
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/app/metadata?id=a%20b&x=1"

    @property
    def allowed(self) -> Allowed:
        return frozenset({("127.0.0.1", self.port)})

    def says(self, document: str | bytes, status: int = 200, **headers: str) -> None:
        body = document.encode() if isinstance(document, str) else document
        self.answer = lambda asked: (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@contextmanager
def running() -> Iterator[House]:
    class Told(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            house.asked.append((self.path, headers))
            status, given, body = house.answer(headers)
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **given}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    house = House(ThreadingHTTPServer(("127.0.0.1", 0), Told))
    thread = threading.Thread(target=house.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield house
    finally:
        house.server.shutdown()
        house.server.server_close()
        thread.join()


@pytest.fixture
def house(settings: Any) -> Iterator[House]:
    with running() as made:
        settings.SANDBOX_URL = f"http://127.0.0.1:{made.port}"  # simulated identity providers are reached without encryption
        yield made


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def followed(world: World, house: House) -> Iterator[SamlIntegration]:
    """Single sign-on that follows the metadata address of `house`; nothing was read yet."""
    with within(world.organization):
        made = SamlIntegration.everywhere.create(
            organization=world.organization, provider="saml", name="Single sign-on", sso_metadata_url=house.address
        )
        yield SamlIntegration.everywhere.get(pk=made.pk)


def stored(integration: SamlIntegration) -> SamlIntegration:
    return SamlIntegration.everywhere.get(pk=integration.pk)


def reads(integration: SamlIntegration, house: House) -> bool:
    row = stored(integration)
    return read_now(row, MetadataClient(row, house.allowed))


def refuses(integration: SamlIntegration, allowed: Allowed) -> ConfigProblem:
    """Reading fails; what counted before goes on to count, and the admin sees why."""
    before = stored(integration)
    with pytest.raises(ConfigProblem) as caught:
        read_now(stored(integration), MetadataClient(stored(integration), allowed))
    after = stored(integration)
    assert caught.value.field == "sso_metadata_url"
    assert after.metadata_problem == caught.value.message
    assert (after.idp, after.proposed, after.trust_version) == (before.idp, before.proposed, before.trust_version)
    assert (after.metadata_read_at, after.metadata_etag) == (before.metadata_read_at, before.metadata_etag)
    return caught.value


# Fetching ---------------------------------------------------------------------------------------------------------------


def test_the_document_at_the_address_counts(followed: SamlIntegration, house: House, forge: Forge) -> None:
    house.says(forge.metadata(), content_type="text/html")
    assert reads(followed, house)
    row = stored(followed)
    assert (row.idp["entity_id"], row.trust_version, row.metadata_problem) == (forge.entity_id, 1, "")
    [(path, headers)] = house.asked
    assert path == "/app/metadata?id=a%20b&x=1"
    assert "samlmetadata" in headers["accept"]
    assert not {"authorization", "cookie", "if-none-match"} & set(headers)


def test_a_packed_document_is_unpacked(followed: SamlIntegration, house: House, forge: Forge) -> None:
    house.says(gzip.compress(forge.metadata().encode()), content_encoding="gzip")
    assert reads(followed, house)


def test_what_has_not_changed_is_not_sent_again(followed: SamlIntegration, house: House, forge: Forge, at: Any) -> None:
    house.answer = lambda headers: (
        (304, {}, b"") if headers.get("if-none-match") == '"one"' else (200, {"ETag": '"one"'}, forge.metadata().encode())
    )
    assert reads(followed, house)
    before = stored(followed)
    at(clock.now() + timedelta(hours=5))
    assert reads(followed, house)
    after = stored(followed)
    assert [headers.get("if-none-match") for _path, headers in house.asked] == [None, '"one"']
    assert (after.idp, after.trust_version, after.metadata_read_at) == (before.idp, before.trust_version, clock.now())


def test_a_document_that_could_not_be_used_is_asked_for_in_full_again(followed: SamlIntegration, house: House, forge: Forge) -> None:
    house.says(forge.metadata(), ETag='"good"')
    reads(followed, house)
    house.says("<html>", ETag='"bad"')
    refuses(followed, house.allowed)
    house.says("<html>", ETag='"bad"')
    refuses(followed, house.allowed)
    assert [headers.get("if-none-match") for _path, headers in house.asked] == [None, '"good"', '"good"']


@pytest.mark.parametrize("etag", ["x" * 300, "\xe9", ""])
def test_a_mark_that_cannot_be_sent_back_is_not_kept(followed: SamlIntegration, house: House, forge: Forge, etag: str) -> None:
    house.says(forge.metadata(), ETag=etag)
    assert reads(followed, house)
    assert stored(followed).metadata_etag == ""
    assert reads(followed, house)


def test_nothing_unchanged_is_believed_that_was_never_read(followed: SamlIntegration, house: House) -> None:
    house.says(b"", 304)
    assert "304" in refuses(followed, house.allowed).message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_address_that_leads_on_is_not_followed_but_shown(followed: SamlIntegration, house: House, forge: Forge, status: int) -> None:
    house.says(forge.metadata(), status, Location=f"http://127.0.0.1:{house.port}/elsewhere")
    problem = refuses(followed, house.allowed)
    assert "leads on" in problem.message
    assert "/elsewhere" in problem.message
    assert len(house.asked) == 1


@pytest.mark.parametrize("status", [201, 204, 206, 300, 400, 401, 403, 404, 410, 429, 500, 502, 503])
def test_every_other_answer_is_trouble_and_said(followed: SamlIntegration, house: House, forge: Forge, status: int) -> None:
    house.says(forge.metadata() if status not in (204,) else b"", status)
    assert str(status) in refuses(followed, house.allowed).message


def test_a_document_that_is_too_large_is_refused(followed: SamlIntegration, house: House) -> None:
    house.says(b"<a>" + b"x" * 1_000_001)
    assert "megabyte" in refuses(followed, house.allowed).message


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused(followed: SamlIntegration, house: House, settings: Any) -> None:
    house.says(gzip.compress(b"x" * 30_000_000), content_encoding="gzip")
    assert str(settings.HTTP_MAX_BYTES) in refuses(followed, house.allowed).message


def test_a_page_instead_of_metadata_is_said_in_words(followed: SamlIntegration, house: House) -> None:
    house.says("<!DOCTYPE html><title>Sign in</title>", content_type="text/html")
    assert "web page" in refuses(followed, house.allowed).message


def test_a_house_that_does_not_answer_is_not_waited_for(
    followed: SamlIntegration, house: House, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "SECONDS", 0.3)
    over = threading.Event()

    def wait(headers: dict[str, str]) -> Answer:
        over.wait(5)
        return 200, {}, forge.metadata().encode()

    house.answer = wait
    began = time.monotonic()
    message = refuses(followed, house.allowed).message
    over.set()
    assert time.monotonic() - began < 3
    assert "0.3 seconds" in message


def test_ten_seconds_are_enough_for_anybody() -> None:
    assert refreshing.SECONDS == 10


def test_a_house_that_is_not_there_is_trouble_and_said(followed: SamlIntegration, house: House, forge: Forge) -> None:
    house.says(forge.metadata())
    reads(followed, house)
    with running() as gone:
        allowed = gone.allowed
        address = gone.address
    SamlIntegration.everywhere.filter(pk=followed.pk).update(sso_metadata_url=address)
    assert "cannot be reached" in refuses(followed, allowed).message


# Where it may go --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/metadata",
        "https://localhost/metadata",
        "https://10.0.0.5/metadata",
        "https://192.168.1.1:8443/metadata",
        "https://172.16.3.4/metadata",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[::1]/metadata",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
    ],
)
def test_addresses_of_our_own_network_are_never_asked(followed: SamlIntegration, address: str) -> None:
    SamlIntegration.everywhere.filter(pk=followed.pk).update(sso_metadata_url=address)
    problem = refuses(followed, frozenset())
    assert "no address of the public internet" in problem.message
    assert "operator" in str(problem.advice)


def test_what_the_operator_did_not_allow_is_not_asked_even_on_the_same_machine(followed: SamlIntegration, house: House) -> None:
    refuses(followed, frozenset())
    with running() as other:
        SamlIntegration.everywhere.filter(pk=followed.pk).update(sso_metadata_url=other.address)
        refuses(followed, house.allowed)
        assert other.asked == []
    assert house.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "http://idp.example/metadata",
        "file:///etc/passwd",
        "ftp://idp.example/",
        "https://user:pw@idp.example/",
        "gopher://x",
        "https://",
        "",
    ],
)
def test_addresses_that_are_no_plain_https_are_never_asked(followed: SamlIntegration, settings: Any, address: str) -> None:
    settings.SANDBOX_URL = ""
    SamlIntegration.everywhere.filter(pk=followed.pk).update(sso_metadata_url=address)
    assert "https://" in refuses(followed, frozenset()).message


def test_no_other_place_is_asked_without_encryption_while_there_is_a_sandbox(followed: SamlIntegration, house: House) -> None:
    SamlIntegration.everywhere.filter(pk=followed.pk).update(sso_metadata_url="http://idp.example/metadata")
    assert "without encryption" in refuses(followed, house.allowed).message


# Again and again --------------------------------------------------------------------------------------------------------


def test_last_good_metadata_is_kept_through_any_trouble_and_people_go_on_signing_in(scene: SignOnScene, house: House) -> None:
    house.says(scene.forge.metadata())
    scene.integration.sso_metadata_url = house.address
    scene.integration.save(update_fields=["sso_metadata_url"])
    reads(scene.integration, house)
    for answer in ("<html>", Forge(entity_id="").metadata(), scene.forge.metadata(keys=[key("old", days=(-9, -1))])):
        house.says(answer)
        refuses(scene.integration, house.allowed)
    scene.reload()
    scene.signs_on()


def test_a_new_certificate_needs_nobody(followed: SamlIntegration, house: House, forge: Forge) -> None:
    for keys in ([forge.key], [forge.key, key("new")], [key("new")]):
        house.says(forge.metadata(keys=keys))
        assert reads(followed, house)
        assert len(config_of(stored(followed)).idp.certificates) == len(keys)


def test_a_large_change_waits_however_often_it_is_read_and_a_mark_does_not_hide_it(
    followed: SamlIntegration, house: House, forge: Forge
) -> None:
    house.says(forge.metadata())
    reads(followed, house)
    other = replace(forge, entity_id="https://other.example").metadata()
    house.answer = lambda headers: (304, {}, b"") if headers.get("if-none-match") == '"two"' else (200, {"ETag": '"two"'}, other.encode())
    assert not reads(followed, house)
    assert not reads(followed, house)
    assert stored(followed).proposed["entity_id"] == "https://other.example"


def test_what_was_declined_is_read_in_full_again(followed: SamlIntegration, house: House, forge: Forge, world: World) -> None:
    house.says(forge.metadata())
    reads(followed, house)
    other = replace(forge, entity_id="https://other.example").metadata()
    house.answer = lambda headers: (304, {}, b"") if headers.get("if-none-match") == '"two"' else (200, {"ETag": '"two"'}, other.encode())
    reads(followed, house)
    decline(stored(followed), world.admin)
    assert stored(followed).proposed == {}
    assert not reads(followed, house)
    row = stored(followed)
    assert approve(row, world.admin, mark_of(row))
    assert reads(followed, house)
    assert stored(followed).idp["entity_id"] == "https://other.example"


def test_another_address_is_read_in_full_and_the_old_document_counts_until_then(
    followed: SamlIntegration, house: House, forge: Forge
) -> None:
    house.says(forge.metadata(), ETag='"one"')
    reads(followed, house)
    row = stored(followed)
    row.sso_metadata_url = house.address.replace("/app/", "/other/")
    row.save(update_fields=["sso_metadata_url"])
    assert stored(followed).idp["entity_id"] == forge.entity_id
    assert stored(followed).metadata_source == ""
    reads(followed, house)
    assert [(path[:7], headers.get("if-none-match")) for path, headers in house.asked] == [("/app/me", None), ("/other/", None)]


@pytest.mark.parametrize("works", [True, False])
def test_an_answer_that_comes_after_the_address_was_changed_counts_for_nothing(
    followed: SamlIntegration, house: House, forge: Forge, works: bool
) -> None:
    house.says(forge.metadata() if works else "<html>")
    beginning = stored(followed)
    other = stored(followed)
    other.sso_metadata_url = "https://new.example/metadata"
    other.save(update_fields=["sso_metadata_url"])
    looked = look_after(MetadataClient(beginning, house.allowed), beginning)
    assert [path[:4] for path, _headers in house.asked] == ["/app"]
    after = stored(followed)
    assert (after.idp, after.metadata_problem, after.sso_metadata_url) == ({}, "", "https://new.example/metadata")
    assert looked.again_at <= clock.now()


# When next --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "soonest", "latest"),
    [
        ("", 19, 24),
        (' cacheDuration="PT0S"', 1, 1.25),
        (' cacheDuration="PT5M"', 1, 1.25),
        (' cacheDuration="PT6H"', 4.8, 6),
        (' cacheDuration="P1D"', 19, 24),
        (' cacheDuration="P90D"', 19, 24),
        (' cacheDuration="P99999999Y"', 19, 24),
        (' cacheDuration="nonsense"', 19, 24),
    ],
)
def test_it_is_read_again_as_it_says_but_hourly_at_most_and_daily_at_least(
    followed: SamlIntegration, house: House, forge: Forge, said: str, soonest: float, latest: float, at: Any
) -> None:
    at(now := clock.now())
    house.says(forge.metadata(attributes=said))
    waits = set()
    for _ in range(5):
        row = stored(followed)
        looked = look_after(MetadataClient(row, house.allowed), row)
        waits.add(wait := (looked.again_at - now) / timedelta(hours=1))
        assert soonest <= wait <= latest
        assert list(looked.findings) == []
    assert len(waits) > 1  # not everybody at once


def test_it_is_read_again_before_it_ends(followed: SamlIntegration, house: House, forge: Forge, at: Any) -> None:
    at(now := clock.now())
    house.says(forge.metadata(attributes=f' validUntil="{now + timedelta(hours=5):%Y-%m-%dT%H:%M:%S}Z"'))
    row = stored(followed)
    assert look_after(MetadataClient(row, house.allowed), row).again_at <= now + timedelta(hours=5)


def test_after_trouble_it_is_tried_again_within_two_hours(followed: SamlIntegration, house: House, at: Any) -> None:
    at(now := clock.now())
    row = stored(followed)
    looked = look_after(MetadataClient(row, house.allowed), row)
    assert timedelta(hours=1) <= looked.again_at - now <= timedelta(hours=2)


# What needs a person ----------------------------------------------------------------------------------------------------


def causes(integration: SamlIntegration) -> list[str]:
    return [finding.cause for finding in findings(stored(integration))]


def test_an_hour_of_trouble_is_nothing_and_two_days_are_found(followed: SamlIntegration, house: House, forge: Forge, at: Any) -> None:
    house.says(forge.metadata())
    reads(followed, house)
    read_at = clock.now()
    house.says(b"", 500)
    for hours, expected in ((25, []), (47, []), (49, ["unread"]), (100, ["unread"])):
        at(read_at + timedelta(hours=hours))
        row = stored(followed)
        looked = look_after(MetadataClient(row, house.allowed), row)
        assert [finding.cause for finding in looked.findings] == expected
    house.says(forge.metadata())
    row = stored(followed)
    assert list(look_after(MetadataClient(row, house.allowed), row).findings) == []


def test_a_change_that_waits_is_found(followed: SamlIntegration, house: House, forge: Forge) -> None:
    house.says(forge.metadata())
    reads(followed, house)
    house.says(forge.metadata(sso="https://evil.example/sso"))
    row = stored(followed)
    assert [finding.cause for finding in look_after(MetadataClient(row, house.allowed), row).findings] == ["proposed"]


@pytest.mark.parametrize(
    ("days", "cause"),
    [
        (90, None), (61, None), (60, "certificate:60"), (31, "certificate:60"), (30, "certificate:30"), (8, "certificate:30"),
        (7, "certificate:7"), (1, "certificate:7"), (0, "certificate:ended"), (-5, "certificate:ended"),
    ],
)  # fmt: skip
def test_a_certificate_that_ends_is_found_at_each_threshold(scene: SignOnScene, days: int, cause: str | None, at: Any) -> None:
    ends = config_of(scene.integration).idp.certificates[0].valid_until
    SpKey.everywhere.update(valid_until=ends + timedelta(days=900))
    at(ends - timedelta(days=days))
    found = list(findings(stored(scene.integration)))
    assert [finding.cause for finding in found] == ([cause] if cause else [])
    assert all(ends.date().isoformat() in str(finding.title) for finding in found)


def test_a_certificate_that_has_a_follower_may_end(scene: SignOnScene, house: House, at: Any) -> None:
    soon = key("soon", days=(-10, 5))
    replaced = replace(scene.forge, key=soon)
    row = stored(scene.integration)
    refreshing.take_metadata(row, replaced.metadata(keys=[scene.forge.key, soon]))
    assert causes(row) == []
    refreshing.take_metadata(row, replaced.metadata(keys=[soon]))
    assert causes(row) == ["certificate:7"]


def test_our_own_key_is_watched_too_until_there_is_a_new_one(scene: SignOnScene, at: Any) -> None:
    SpKey.everywhere.update(valid_until=clock.now() + timedelta(days=29))
    assert causes(scene.integration) == ["key:30"]
    SpKey.everywhere.update(valid_until=clock.now() - timedelta(days=1))
    assert causes(scene.integration) == ["key:ended"]
    make_key(scene.integration)
    assert causes(scene.integration) == []
    retire_old(scene.integration)
    assert causes(scene.integration) == []


def test_metadata_that_ended_since_is_found(scene: SignOnScene, at: Any) -> None:
    until = clock.now().replace(microsecond=0) + timedelta(days=3)
    refreshing.take_metadata(scene.integration, scene.forge.metadata(attributes=f' validUntil="{until:%Y-%m-%dT%H:%M:%S}Z"'))
    assert causes(scene.integration) == []
    at(until + timedelta(seconds=1))
    assert causes(scene.integration) == ["outdated"]


# In the hands of the core -----------------------------------------------------------------------------------------------


def connected(integration: SamlIntegration) -> SamlIntegration:
    row = stored(integration)
    row.connection, row.connected_at = Connection.CONNECTED, clock.now()
    row.save(update_fields=["connection", "connected_at"])
    upkeep.plan(row)
    return row


def open_causes(integration: SamlIntegration) -> list[str]:
    return sorted(Incident.everywhere.filter(integration=integration, closed_at=None).values_list("cause", flat=True))


def test_the_upkeep_reads_the_address_by_itself_and_says_when_next(followed: SamlIntegration, house: House, forge: Forge) -> None:
    house.says(forge.metadata(attributes=' cacheDuration="PT6H"'))
    row = connected(followed)
    assert upkeep.take_turn()
    assert stored(row).idp["entity_id"] == forge.entity_id
    stream = Stream.everywhere.get(integration=row, kind="upkeep:metadata")
    assert timedelta(hours=4) < stream.next_run_at - clock.now() < timedelta(hours=6)
    assert not upkeep.take_turn()


def test_the_upkeep_opens_an_incident_for_each_threshold_and_closes_it_with_the_next(
    followed: SamlIntegration, house: House, at: Any
) -> None:
    soon = Forge(key=key("soon over", days=(-1, 70)))
    house.says(soon.metadata())
    row = connected(followed)
    began, ends = clock.now(), None
    for days, expected in ((0, []), (11, ["metadata:certificate:60"]), (41, ["metadata:certificate:30"]), (64, ["metadata:certificate:7"])):
        at(began + timedelta(days=days))
        Stream.everywhere.filter(integration=row).update(next_run_at=clock.now())
        assert upkeep.take_turn()
        ends = config_of(stored(row)).idp.certificates[0].valid_until
        assert open_causes(row) == expected
    told = Incident.everywhere.filter(integration=row)
    assert told.count() == 3
    assert all(ends is not None and ends.date().isoformat() in incident.title for incident in told)
    house.says(soon.metadata(keys=[soon.key, key("new")]))
    Stream.everywhere.filter(integration=row).update(next_run_at=clock.now())
    assert upkeep.take_turn()
    assert open_causes(row) == []


def test_the_upkeep_tells_of_a_change_that_waits_and_the_answer_closes_it(
    followed: SamlIntegration, house: House, forge: Forge, world: World
) -> None:
    house.says(forge.metadata())
    row = connected(followed)
    upkeep.take_turn()
    house.says(replace(forge, entity_id="https://other.example").metadata())
    upkeep.plan(row)
    upkeep.take_turn()
    assert open_causes(row) == ["metadata:proposed"]
    client = Client()
    client.force_login(world.admin)
    guide = reverse("admin:integration-section", args=[row.pk, "guide"])
    client.post(guide, {"do": "approve", "seen": client.get(guide).context["proposed"]["mark"]})
    assert open_causes(row) == []
    assert stored(row).idp["entity_id"] == "https://other.example"
    assert Event.everywhere.filter(integration=row, kind=EventKind.METADATA, user=world.admin).exists()


# Connecting and testing -------------------------------------------------------------------------------------------------


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(world.admin)
    return client


def test_switching_on_reads_the_address_first(followed: SamlIntegration, house: House, forge: Forge, admin: Client) -> None:
    house.says(forge.metadata())
    admin.post(reverse("connect", args=[followed.pk]))
    row = stored(followed)
    assert (row.connection, row.idp["entity_id"]) == (Connection.CONNECTED, forge.entity_id)


def test_it_cannot_be_switched_on_while_the_address_says_nothing_useful(followed: SamlIntegration, house: House, admin: Client) -> None:
    house.says("<!DOCTYPE html><html></html>")
    page = admin.post(reverse("connect", args=[followed.pk]), follow=True).content.decode()
    assert "web page" in page
    assert stored(followed).connection != Connection.CONNECTED


def test_it_can_be_switched_on_again_with_what_was_read_before(
    followed: SamlIntegration, house: House, forge: Forge, admin: Client
) -> None:
    house.says(forge.metadata())
    reads(followed, house)
    house.says(b"", 503)
    admin.post(reverse("connect", args=[followed.pk]))
    assert stored(followed).connection == Connection.CONNECTED


def test_it_cannot_be_switched_on_without_any_metadata(followed: SamlIntegration) -> None:
    SamlIntegration.everywhere.filter(pk=followed.pk).update(sso_metadata_url="")
    with pytest.raises(ConfigProblem) as caught:
        agreeing.require(stored(followed))
    assert (caught.value.field, bool(caught.value.advice)) == ("sso_metadata_url", True)


def test_pasted_metadata_is_enough_to_be_switched_on(followed: SamlIntegration, forge: Forge) -> None:
    SamlIntegration.everywhere.filter(pk=followed.pk).update(sso_metadata_url="", sso_metadata=forge.metadata())
    agreeing.require(row := stored(followed))
    assert row.idp["entity_id"] == forge.entity_id
    SamlIntegration.everywhere.filter(pk=followed.pk).update(sso_metadata="<html>", idp={})
    with pytest.raises(ConfigProblem) as caught:
        agreeing.require(stored(followed))
    assert caught.value.field == "sso_metadata"


def checked(integration: SamlIntegration, house: House) -> list[str]:
    """What each check of the test button says."""
    client = agreeing.client(stored(integration), house.allowed)
    said = []
    for check in agreeing.CHECKS:
        try:
            said.append(check.run(client))
        except ConfigProblem as problem:
            said.append(f"! {problem.message}")
    return said


def test_the_test_button_looks_at_metadata_certificates_and_our_key(followed: SamlIntegration, house: House, forge: Forge, at: Any) -> None:
    house.says(forge.metadata())
    metadata, certificates, ours = checked(followed, house)
    assert metadata == forge.entity_id
    assert config_of(stored(followed)).idp.certificates[0].valid_until.date().isoformat() in certificates
    assert SpKey.everywhere.get(integration=followed).valid_until.date().isoformat() in ours
    house.says(b"", 500)
    assert checked(followed, house)[0].startswith("! ")
    SpKey.everywhere.filter(integration=followed).update(valid_until=clock.now())
    assert checked(followed, house)[2].startswith("! ")
    at(clock.now() + timedelta(days=4000))
    assert checked(followed, house)[1].startswith("! ")


def test_the_test_button_says_that_there_is_no_metadata(followed: SamlIntegration, house: House) -> None:
    SamlIntegration.everywhere.filter(pk=followed.pk).update(sso_metadata_url="")
    assert [said[:1] for said in checked(followed, house)[:2]] == ["!", "!"]


def test_the_guide_reads_the_address_at_a_press_of_the_button_and_says_what_came_of_it(
    followed: SamlIntegration, house: House, forge: Forge, admin: Client
) -> None:
    guide = reverse("admin:integration-section", args=[followed.pk, "guide"])
    assert "Not read yet" in admin.get(guide).content.decode()
    house.says(b"", 404)
    assert "404" in admin.post(guide, {"do": "read"}, follow=True).content.decode()
    house.says(forge.metadata())
    assert "was read, and counts" in admin.post(guide, {"do": "read"}, follow=True).content.decode()
    house.says(forge.metadata(sso="https://evil.example/sso"))
    page = admin.post(guide, {"do": "read"}, follow=True).content.decode()
    assert "waits for your approval" in page
    assert "https://evil.example/sso" in page


def test_the_guide_says_that_another_address_was_entered_and_not_read_yet(
    followed: SamlIntegration, house: House, forge: Forge, admin: Client
) -> None:
    house.says(forge.metadata())
    reads(followed, house)
    guide = reverse("admin:integration-section", args=[followed.pk, "guide"])
    assert "was not read yet" not in admin.get(guide).content.decode()
    row = stored(followed)
    row.sso_metadata_url = house.address + "2"
    row.save(update_fields=["sso_metadata_url"])
    assert "was not read yet" in admin.get(guide).content.decode()


def test_saving_the_address_makes_the_upkeep_due_at_once(followed: SamlIntegration, house: House, admin: Client, forge: Forge) -> None:
    house.says(forge.metadata())
    row = connected(followed)
    upkeep.take_turn()
    section = reverse("admin:integration-section", args=[row.pk, "identity-provider"])
    names = ("preset", "sso_metadata_url", "sso_metadata", "sso_url", "sso_target_url")
    shown = {name: str(getattr(stored(row), name)) for name in names}
    form = {**shown, **{f"initial-{name}": value for name, value in shown.items()}, "sso_metadata_url": house.address + "2"}
    assert admin.post(section, form).status_code == 302
    assert Stream.everywhere.get(integration=row, kind="upkeep:metadata").next_run_at <= clock.now()
    assert upkeep.take_turn()
    assert house.asked[-1][0].endswith("2")
