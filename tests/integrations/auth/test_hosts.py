"""Where calls to a vendor go: to the vendor, to the sandbox, or to where the operator says."""

from __future__ import annotations

import pytest

from integrations.auth.hosts import Hosts, resolve
from integrations.errors import ConfigProblem

HOSTS = Hosts("https://api.acme.example", {"login": "https://login.acme.example", "identity": "https://identity.acme.example/connect"})


def test_declared_hosts_stand_as_they_are_and_nothing_is_allowed_beside_the_internet():
    resolved = resolve("acme", HOSTS)

    assert resolved.api == "https://api.acme.example"
    assert resolved.address("{identity}/token") == "https://identity.acme.example/connect/token"
    assert resolved.address("{api}/connections") == "https://api.acme.example/connections"
    assert resolved.allowed == frozenset()


def test_the_sandbox_stands_in_for_every_host_of_a_provider(settings):
    settings.SANDBOX_URL = "http://127.0.0.1:8900"

    resolved = resolve("acme", HOSTS)

    assert resolved.api == "http://127.0.0.1:8900/acme"
    assert resolved.auth == {"login": "http://127.0.0.1:8900/acme", "identity": "http://127.0.0.1:8900/acme/connect"}
    assert resolved.allowed == {("127.0.0.1", 8900), ("localhost", 8900)}


def test_the_operator_moves_the_api_and_the_authorization_apart(monkeypatch):
    monkeypatch.setenv("ACME_BASE_URL", "https://proxy.internal:8443/acme/")
    resolved = resolve("acme", HOSTS)
    assert resolved.api == "https://proxy.internal:8443/acme"
    assert resolved.auth["login"] == "https://login.acme.example"
    assert resolved.allowed == {("proxy.internal", 8443)}

    monkeypatch.setenv("ACME_AUTH_URL", "http://auth.internal")
    resolved = resolve("acme", HOSTS)
    assert set(resolved.auth.values()) == {"http://auth.internal", "http://auth.internal/connect"}
    assert resolved.allowed == {("proxy.internal", 8443), ("auth.internal", 80)}


def test_the_sandbox_comes_before_the_operators_addresses(settings, monkeypatch):
    settings.SANDBOX_URL = "http://127.0.0.1:8900"
    monkeypatch.setenv("ACME_BASE_URL", "https://proxy.internal")

    assert resolve("acme", HOSTS).api == "http://127.0.0.1:8900/acme"


def test_the_operator_moves_one_provider_and_not_its_neighbour(monkeypatch):
    monkeypatch.setenv("ACME_BASE_URL", "https://proxy.internal")

    assert resolve("acme_two", HOSTS).api == "https://api.acme.example"


@pytest.mark.parametrize("address", ["proxy.internal", "ftp://proxy.internal", "https://", "https://proxy.internal:port", "https://[::1"])
def test_an_address_of_the_operators_that_is_none_is_refused_by_the_name_of_its_variable(monkeypatch, address):
    monkeypatch.setenv("ACME_BASE_URL", address)

    with pytest.raises(ConfigProblem, match="ACME_BASE_URL") as caught:
        resolve("acme", HOSTS)

    assert caught.value.field == "ACME_BASE_URL"


def test_an_ipv6_address_of_the_operators_is_allowed_without_its_brackets(monkeypatch):
    monkeypatch.setenv("ACME_BASE_URL", "http://[::1]:8900")

    assert resolve("acme", HOSTS).allowed == {("::1", 8900)}


# What was asked before


ASKING = Hosts("https://{subdomain}.acme.example/api/{subdomain}", {"login": "https://{subdomain}.acme.example"})


def test_what_was_asked_is_filled_in():
    resolved = resolve("acme", ASKING, {"subdomain": " northwind-1 "})

    assert resolved.api == "https://northwind-1.acme.example/api/northwind-1"
    assert resolved.address("{login}/authorize.php?request=authorize") == "https://northwind-1.acme.example/authorize.php?request=authorize"


def test_the_sandbox_keeps_the_path_that_was_asked_for(settings):
    settings.SANDBOX_URL = "http://127.0.0.1:8900"

    assert resolve("acme", ASKING, {"subdomain": "northwind"}).api == "http://127.0.0.1:8900/acme/api/northwind"


@pytest.mark.parametrize("answer", ["evil.example/", "a@evil.example", "a:80", "a#", "a?b", "..", "a..b", "", " ", "{login}", "a b", "ä"])
def test_an_answer_cannot_lead_elsewhere(answer):
    with pytest.raises(ConfigProblem) as caught:
        resolve("acme", ASKING, {"subdomain": answer})

    assert caught.value.field == "subdomain"


def test_a_missing_answer_is_named():
    with pytest.raises(ConfigProblem, match="needed") as caught:
        resolve("acme", ASKING)

    assert caught.value.field == "subdomain"


def test_hosts_that_are_not_known_yet_are_open_where_something_is_still_asked(settings):
    settings.SANDBOX_URL = ""
    hosts = Hosts(api="https://api.acme.example/v1", auth={"login": "https://{company}.acme.example/login"}).anywhere()
    resolved = resolve("acme", hosts)
    assert resolved.address("{login}/authorize") == "https://*.acme.example/login/authorize"
    assert resolved.api == "https://api.acme.example/v1"
