"""Where calls may go: forty ways to ask for an address of our own network, and none of them makes a connection."""

from __future__ import annotations

import pytest

from integrations.errors import ConfigProblem, Transient
from integrations.http.client import Http
from integrations.http.guard import is_public
from integrations.http.pool import GuardedTransport

from .conftest import answer, saying

INWARD = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "0x7F.0x0.0x0.0x1",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "localhost",
    "LOCALHOST",
    "10.0.0.1",
    "10.255.255.255",
    "0xa.0.0.1",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    "3232235521",
    "169.254.169.254",
    "169.254.1.1",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "100.64.0.1",
    "100.127.255.254",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:8.8.8.8]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::169.254.169.254]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001::7f00:1]",
    "[2001:db8::1]",
    "[2001:10::1]",
    "[3fff::1]",
    "[100::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"]


def names(**addresses: list[str]):
    """A resolver that knows these names, each with one list of addresses a call."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        found = addresses[host.partition(".")[0]]
        return [found[min(asked.count(host) - 1, len(found) - 1)]]

    resolve.asked = asked
    return resolve


@pytest.mark.parametrize("host", INWARD)
def test_an_inward_address_is_refused_without_a_connection(host, connected):
    with pytest.raises((ConfigProblem, Transient)):
        Http(f"https://{host}").get("/latest/meta-data/")

    assert connected == []


def test_the_corpus_is_refused_for_what_it_is_and_not_because_it_cannot_be_reached():
    transports = [GuardedTransport(frozenset(), lambda name, port, host=host: [host.strip("[]")]) for host in INWARD]

    for transport in transports:
        with pytest.raises(ConfigProblem, match="public internet"):
            Http("https://vendor.example", transport=transport).get("/")


@pytest.mark.parametrize("host", INWARD)
def test_an_inward_address_is_refused_as_the_answer_of_a_name_server_too(host):
    assert not is_public(host.strip("[]"))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("address", ["", "nonsense", "fe80::1%lo", "2606:4700::1%1", "1.2.3.4.5", "256.1.1.1"])
def test_what_is_no_address_is_not_public(address):
    assert not is_public(address)


def test_a_name_that_leads_inward_is_refused_and_the_message_does_not_tell_where_to(connected):
    transport = GuardedTransport(frozenset(), names(inward=["10.1.2.3"]))

    with pytest.raises(ConfigProblem, match=r"inward.example leads to no address of the public internet") as caught:
        Http("https://inward.example", transport=transport).send("POST", "/", json={})

    assert "10.1.2.3" not in caught.value.message
    assert connected == []


def test_a_name_that_turns_inward_after_it_was_judged_gains_nothing(connected):
    resolve = names(rebinding=["93.184.216.34"] * 3 + ["127.0.0.1"])  # three tries to connect, each judged anew
    transport = GuardedTransport(frozenset(), resolve)
    http = Http("https://rebinding.example", transport=transport)

    with pytest.raises(Transient):  # the network beyond this machine is cut off here
        http.get("/")
    assert connected == [("93.184.216.34", 443)] * 3

    connected.clear()
    with pytest.raises(ConfigProblem):
        http.get("/")
    assert connected == []


def test_of_several_addresses_only_the_public_ones_are_tried(connected):
    transport = GuardedTransport(frozenset(), lambda host, port: ["127.0.0.1", "93.184.216.34", "::1"])

    with pytest.raises(Transient):
        Http("https://mixed.example", transport=transport).get("/")

    assert {address for address, _ in connected} == {"93.184.216.34"}


def test_an_unknown_name_can_be_tried_again():
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(Transient, match=r"vendor.example cannot be reached: vendor.example is not known"):
        Http("https://vendor.example", transport=GuardedTransport(frozenset(), unknown)).get("/")


# What the operator allowed


def test_an_allowed_address_is_reached_without_encryption(vendor, connected):
    assert vendor.http().get("/").status == 200
    assert connected == [("127.0.0.1", vendor.port)]


def test_a_name_is_allowed_as_it_is_written_and_not_as_it_resolves(vendor, connected):
    allowed = frozenset({("sandbox.example", vendor.port)})
    with GuardedTransport(allowed, lambda host, port: ["127.0.0.1"]) as transport:
        assert Http(f"http://sandbox.example:{vendor.port}", allowed=allowed, transport=transport).get("/").status == 200
        connected.clear()
        with pytest.raises(ConfigProblem):
            Http(f"https://other.example:{vendor.port}", allowed=allowed, transport=transport).get("/")
    assert connected == []


def test_another_port_of_an_allowed_host_is_not_allowed(vendor, start_vendor, connected):
    other = start_vendor()
    with pytest.raises(ConfigProblem, match="without encryption"):
        Http(other.base, allowed=vendor.allowed)
    with pytest.raises(ConfigProblem, match="public internet"):
        Http(f"https://127.0.0.1:{other.port}", allowed=vendor.allowed).get("/")

    assert connected == []
    assert other.connections == 0


@pytest.mark.parametrize(
    "address", ["http://api.example.com", "http://8.8.8.8", "ftp://api.example.com", "api.example.com", "", "https://", "//x"]
)
def test_nothing_but_https_goes_to_the_public_internet(address):
    with pytest.raises(ConfigProblem) as caught:
        Http(address)

    assert caught.value.field == "base_url"


def test_an_address_with_a_password_in_it_is_refused_without_quoting_it():
    with pytest.raises(ConfigProblem) as caught:
        Http("https://user:canary-password@api.example.com")

    assert "canary-password" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:{port}/"])
def test_a_redirect_is_not_followed(vendor, start_vendor, connected, status, target):
    inside = start_vendor()
    vendor.answer = saying(answer(status, location=target.format(port=inside.port)))

    with pytest.raises(Transient, match=f"answered {status}"):
        vendor.http(headers={"authorization": "Bearer canary-token"}).get("/")

    assert connected == [("127.0.0.1", vendor.port)]
    assert inside.connections == 0
