"""What vendors do to connections, on real sockets: slow, broken, huge, and kept alive."""

from __future__ import annotations

import datetime as dt
import gzip
import ipaddress
import logging
import os
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.errors import Transient, Uncertain
from integrations.http import pool
from integrations.http.client import Http

from .conftest import answer, saying

BIG = 50_000


@pytest.fixture(autouse=True)
def short_limits(settings):
    settings.HTTP_TIMEOUT_SECONDS = 0.4
    settings.HTTP_MAX_BYTES = BIG


def write(http: Http, **options: object):
    return http.send("PUT", "/invoices", json={"number": 1}, **options)


def drip(connection, received):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not received.over.wait(0.05):
        connection.sendall(b"x-drop: 1\r\n")


def drip_body(connection, received):
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
    while not received.over.wait(0.05):
        connection.sendall(b"x")


def silent(connection, received):
    received.over.wait(20)


# Time


@pytest.mark.parametrize("misbehaviour", [silent, drip, drip_body])
def test_a_read_ends_at_its_deadline_however_the_vendor_stretches_it(vendor, misbehaviour):
    vendor.answer = misbehaviour
    started = time.monotonic()

    with pytest.raises(Transient, match=r"did not answer within 0\.4 seconds") as caught:
        vendor.http().get("/invoices")

    assert type(caught.value) is Transient
    assert 0.3 < time.monotonic() - started < 3


@pytest.mark.parametrize("misbehaviour", [silent, drip, drip_body])
def test_a_write_that_was_not_answered_in_time_is_uncertain(vendor, misbehaviour):
    vendor.answer = misbehaviour

    with pytest.raises(Uncertain, match="may have done"):
        write(vendor.http())

    assert len(vendor.received) == 1


def test_a_write_that_may_be_repeated_is_only_transient(vendor):
    vendor.answer = silent

    with pytest.raises(Transient):
        write(vendor.http(), safe_to_repeat=True)


def test_a_vendor_that_does_not_read_what_it_is_sent_cannot_keep_us(vendor):
    vendor.answer = silent
    started = time.monotonic()

    with pytest.raises(Uncertain):
        vendor.http(headers={"x-read-me": "no"}).send("PUT", "/file", content=b"x" * 30_000_000)

    assert time.monotonic() - started < 3


# Broken connections


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        b"this is not HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope",
    ],
)
def test_an_answer_that_breaks_off_is_transient_for_reads_and_uncertain_for_writes(vendor, broken):
    vendor.answer = lambda connection, received: connection.sendall(broken) or False

    with pytest.raises(Transient, match="broke before its answer was complete"):
        vendor.http().get("/invoices")
    with pytest.raises(Uncertain, match="broke before its answer was complete"):
        write(vendor.http())


def test_a_vendor_that_cannot_be_reached_leaves_even_a_write_certain(vendor):
    http = vendor.http()
    vendor.stop()

    with pytest.raises(Transient, match="cannot be reached"):
        write(http)

    assert vendor.received == []


# Size


def test_an_answer_that_announces_too_much_is_not_read(vendor):
    vendor.answer = lambda connection, received: connection.sendall(answer(content_length=str(BIG + 1)))

    with pytest.raises(Transient, match=f"larger than {BIG} bytes"):
        vendor.http().get("/invoices")


def endless(connection, received):
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def test_an_answer_without_end_is_cut_off(vendor):
    vendor.answer = endless

    with pytest.raises(Uncertain, match=f"larger than {BIG} bytes"):
        write(vendor.http())


def test_a_small_answer_that_unpacks_to_a_huge_one_is_cut_off(vendor):
    vendor.answer = saying(answer(body=gzip.compress(b" " * 20_000_000), content_encoding="gzip"))

    with pytest.raises(Transient, match="larger than"):
        vendor.http().get("/invoices")


def test_an_answer_of_the_full_size_is_read(vendor):
    vendor.answer = saying(answer(body=b" " * BIG))

    assert len(vendor.http().get("/invoices").content) == BIG


def test_a_packed_answer_is_unpacked(vendor):
    vendor.answer = saying(answer(body=gzip.compress(b'{"a": 1}'), content_encoding="gzip"))

    assert vendor.http().get("/invoices", as_=dict[str, int]) == {"a": 1}
    assert vendor.received[0].headers["accept-encoding"] == "gzip, deflate"


# Keeping alive


def test_calls_one_after_another_share_a_connection_whoever_makes_them(vendor):
    for _ in range(5):
        vendor.http().get("/invoices")
    thread = threading.Thread(target=lambda: write(vendor.http()))
    thread.start()
    thread.join()

    assert len(vendor.received) == 6
    assert vendor.connections == 1


def test_threads_that_call_at_once_get_connections_of_their_own(vendor, settings):
    settings.HTTP_TIMEOUT_SECONDS = 5
    meeting = threading.Barrier(4)

    def meet(connection, received):
        meeting.wait(5)
        connection.sendall(answer())

    vendor.answer = meet
    http = vendor.http()
    threads = [threading.Thread(target=http.get, args=("/",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert vendor.connections == 4
    assert len(vendor.received) == 4


def test_a_connection_that_the_vendor_closed_meanwhile_is_replaced(vendor):
    vendor.answer = lambda connection, received: connection.sendall(answer()) or False
    http = vendor.http()

    for _ in range(3):
        write(http)
        time.sleep(0.05)

    assert vendor.connections == 3


def test_closing_ends_the_connections_and_the_next_call_opens_one(vendor):
    vendor.http().get("/")
    pool.close()
    vendor.http().get("/")

    assert vendor.connections == 2


def test_a_forked_process_does_not_use_its_parents_connections(vendor):
    vendor.http().get("/")
    child = os.fork()
    if child == 0:  # only looks, and ends without any cleaning up
        os._exit(0 if not pool._transports else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    vendor.http().get("/")
    assert vendor.connections == 1


def test_what_may_be_reached_is_not_shared(vendor, start_vendor):
    other = start_vendor()

    assert pool.transport_for(vendor.allowed) is pool.transport_for(vendor.allowed)
    assert pool.transport_for(vendor.allowed) is not pool.transport_for(other.allowed)


def test_cookies_are_not_sent_back(vendor):
    vendor.answer = saying(answer(set_cookie="session=of-another-organization; Path=/"))

    vendor.http().get("/")
    vendor.http().get("/")

    assert "cookie" not in vendor.received[1].headers


def test_no_library_logs_what_goes_over_the_wire(vendor, caplog):
    caplog.set_level(logging.DEBUG)
    vendor.answer = saying(answer(set_cookie="k4nari-cookie", x_token="k4nari-answered"))

    vendor.http(headers={"authorization": "Bearer k4nari-token"}).get("/", params={"access_token": "k4nari-query"})

    assert len(vendor.received) == 1
    assert "k4nari" not in caplog.text


def test_the_environment_has_no_say(vendor, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password canary")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    vendor.http().get("/")

    assert "authorization" not in vendor.received[0].headers


# Encryption


@pytest.fixture
def certificate(tmp_path):
    """A file with the key and the certificate of vendor.example, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendor.example")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("vendor.example"), x509.IPAddress(ipaddress.ip_address("10.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "vendor.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def encrypted(vendor, certificate, settings):
    """The vendor behind TLS; gives a function that calls it under a name."""
    settings.HTTP_TIMEOUT_SECONDS = 5
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    plain = vendor.talk

    def talk(connection):
        try:
            wrapped = context.wrap_socket(connection, server_side=True)
        except (OSError, ssl.SSLError):
            connection.close()
            return
        plain(wrapped)

    vendor.talk = talk

    def call(name: str):
        allowed = frozenset({(name, vendor.port)})
        with pool.GuardedTransport(allowed, lambda host, port: ["127.0.0.1"]) as transport:
            return Http(f"https://{name}:{vendor.port}", allowed=allowed, transport=transport).get("/")

    return call


def test_a_certificate_that_nobody_signed_is_refused(encrypted, vendor):
    with pytest.raises(Transient, match="CERTIFICATE_VERIFY_FAILED"):
        encrypted("vendor.example")

    assert vendor.received == []


def test_the_operators_authority_is_trusted(encrypted, certificate, settings):
    settings.CA_BUNDLE = str(certificate)

    assert encrypted("vendor.example").status == 200


def test_a_certificate_has_to_be_for_the_name_that_was_called(encrypted, vendor, certificate, settings):
    settings.CA_BUNDLE = str(certificate)

    with pytest.raises(Transient, match="CERTIFICATE_VERIFY_FAILED"):
        encrypted("other.example")

    assert vendor.received == []
