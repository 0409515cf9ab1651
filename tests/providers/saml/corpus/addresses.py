"""Addresses that an admin gives for metadata: nothing behind them may be asked but the public internet, and none for long."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

from tests.providers.saml.corpus.houses import http
from tests.providers.saml.corpus.metadata import Desk
from tests.providers.saml.corpus.variants import VARIANTS, Variant
from tests.providers.saml.forge import Forge, key

FAMILY = "metadata address"
PRIVATE = ("no address of the public internet",)
NO_ADDRESS = ("address:", "invalid:", "max_length:")


def address(name: str, act: Callable[[Desk], str], *, accepts: bool = False, codes: tuple[str, ...] = ()) -> None:
    called = f"at_{name}"
    assert called not in VARIANTS, called
    VARIANTS[called] = Variant(called, FAMILY, accepts, act, codes)  # type: ignore[arg-type]


def entered(name: str, text: str, codes: tuple[str, ...]) -> None:
    """`{port}` is that of the server that nobody has any business with."""
    address(name, lambda desk: desk.reads(text.replace("{port}", str(desk.house.hidden_port))), codes=codes)


for name, text in {
    "http": "http://idp.example/metadata",
    "file": "file:///etc/passwd",
    "ftp": "ftp://idp.example/metadata",
    "gopher": "gopher://127.0.0.1:{port}/_x",
    "data": "data:text/xml,<x/>",
    "javascript": "javascript:alert(1)",
    "ldap": "ldap://127.0.0.1:{port}/",
    "dict": "dict://127.0.0.1:{port}/",
    "unix_socket": "http+unix://%2Frun%2Fx.sock/",
    "path_only": "/etc/passwd",
    "user_name": "https://user@idp.example/",
    "user_name_and_password": "https://user:secret@idp.example/",
    "host_behind_a_user_name": "https://idp.example@127.0.0.1:{port}/",
    "backslash": "https://127.0.0.1:{port}\\@idp.example/",
    "fragment": "https://127.0.0.1:{port}#@idp.example/",
    "line_break": "https://idp.example/\r\nHost: x",
    "blank": "https://idp.example /",
    "no_host": "https:///metadata",
    "port_that_is_none": "https://idp.example:99999/",
    "without_end": "https://idp.example/" + "x" * 2000,
}.items():
    entered(name, text, NO_ADDRESS)

entered("no_scheme", "//127.0.0.1:{port}/", PRIVATE)

for name, host in {
    "loopback": "127.0.0.1",
    "loopback_elsewhere": "127.8.9.1",
    "loopback_short": "127.1",
    "loopback_as_a_number": "2130706433",
    "loopback_in_hexadecimal": "0x7f000001",
    "loopback_in_hexadecimal_parts": "0x7f.0x0.0x0.0x1",
    "loopback_in_octal": "0177.0.0.1",
    "loopback_6": "[::1]",
    "loopback_6_in_full": "[0:0:0:0:0:0:0:1]",
    "loopback_mapped": "[::ffff:127.0.0.1]",
    "loopback_mapped_in_hexadecimal": "[::ffff:7f00:1]",
    "loopback_compatible": "[::127.0.0.1]",
    "loopback_translated": "[64:ff9b::7f00:1]",
    "loopback_in_6to4": "[2002:7f00:1::]",
    "any": "0.0.0.0",
    "any_6": "[::]",
    "any_short": "0",
    "localhost": "localhost",
    "localhost_with_a_dot": "localhost.",
    "localhost_in_capitals": "LOCALHOST",
    "cloud": "169.254.169.254",
    "cloud_mapped": "[::ffff:169.254.169.254]",
    "cloud_6": "[fd00:ec2::254]",
    "ten": "10.0.0.5",
    "hundred_and_seventy_two": "172.16.3.4",
    "hundred_and_ninety_two": "192.168.1.1",
    "carrier": "100.64.0.1",
    "link_local_6": "[fe80::1]",
    "unique_local_6": "[fd00::1]",
    "broadcast": "255.255.255.255",
    "multicast": "224.0.0.1",
    "documentation": "192.0.2.1",
    "circled_digits": "①②⑦.⓪.⓪.①",
    "fullwidth_dots": "127。0。0。1",
}.items():
    entered(name, f"https://{host}:{{port}}/metadata", (*PRIVATE, *NO_ADDRESS, "cannot be reached", "not one that can be called"))


def named(name: str, *found: str) -> None:
    """A name that leads to these addresses."""

    def act(desk: Desk) -> str:
        desk.names["inner.example"] = found
        return desk.reads(f"https://inner.example:{desk.house.hidden_port}/metadata")

    address(f"name_that_leads_to_{name}", act, codes=PRIVATE)


named("loopback", "127.0.0.1")
named("loopback_6", "::1")
named("loopback_mapped", "::ffff:127.0.0.1")
named("cloud", "169.254.169.254")
named("private", "10.1.2.3")
named("several_of_our_network", "10.1.2.3", "127.0.0.1", "fd00::1")
address("name_that_nobody_knows", lambda desk: desk.reads("https://nobody.example/metadata"), codes=("cannot be reached",))


# What a server may answer -----------------------------------------------------------------------------------------------


def answered(name: str, make: Callable[[Desk], bytes], *, accepts: bool = False, codes: tuple[str, ...] = (), slowly: float = 0) -> None:
    """The server that the operator allows answers this."""

    def act(desk: Desk) -> str:
        desk.has_sandbox()
        if slowly:
            desk.house.drips(make(desk), slowly)
        else:
            desk.house.says(make(desk))
        return desk.reads(f"{desk.house.base}/metadata")

    address(f"one_that_answers_{name}", act, accepts=accepts, codes=codes)


def good(desk: Desk, **changes: Any) -> bytes:
    return desk.scene.forge.metadata(**changes).encode()


def elsewhere(status: int, location: str) -> Callable[[Desk], bytes]:
    return lambda desk: http(b"", status, location=location.replace("{port}", str(desk.house.hidden_port)))


answered("metadata", lambda desk: http(good(desk)), accepts=True)
answered("packed_metadata", lambda desk: http(gzip.compress(good(desk)), content_encoding="gzip"), accepts=True)
answered("metadata_called_a_page", lambda desk: http(good(desk), content_type="text/html"), accepts=True)
answered("a_second_certificate", lambda desk: http(good(desk, keys=[desk.scene.forge.key, key("second")])), accepts=True)
answered("another_certificate", lambda desk: http(good(desk, keys=[key("stranger")])), codes=("waits",))
answered("another_entity", lambda desk: http(Forge(entity_id="https://other.example/").metadata().encode()), codes=("waits",))
answered("another_host", lambda desk: http(good(desk, sso="https://evil.example/sso")), codes=("waits",))
for status in (301, 302, 303, 307, 308):
    answered(f"with_{status}_to_our_network", elsewhere(status, "http://127.0.0.1:{port}/"), codes=("leads on",))
answered("with_a_way_to_a_file", elsewhere(302, "file:///etc/passwd"), codes=("leads on",))
answered("with_a_way_to_itself", lambda desk: http(b"", 302, location=f"{desk.house.base}/metadata"), codes=("leads on",))
answered("that_nothing_changed", lambda desk: http(b"", 304), codes=("304",))
answered("that_it_is_broken", lambda desk: http(good(desk), 500), codes=("500",))
answered("that_it_is_not_there", lambda desk: http(good(desk), 404), codes=("404",))
answered("a_page", lambda desk: http(b"<!DOCTYPE html><title>Sign in</title>"), codes=("web page",))
answered("nothing", lambda desk: http(b""), codes=("empty",))
answered("junk", lambda desk: b"junk\r\n\r\n", codes=("",))
answered("less_than_it_says", lambda desk: http(good(desk), content_length="999999"), codes=("",))
answered("two_megabytes", lambda desk: http(b"<a>" + b"x" * 2_000_000), codes=("megabyte",))
answered("a_bomb", lambda desk: http(gzip.compress(b"x" * 30_000_000), content_encoding="gzip"), codes=("bytes", "large"))
answered("a_document_type", lambda desk: http(b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/">' + good(desk)), codes=("document type",))
answered(
    "an_external_entity",
    lambda desk: http(f'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:{desk.house.hidden_port}/">]><x>&e;</x>'.encode()),
    codes=("document type",),
)
answered("headers_without_end", lambda desk: b"HTTP/1.1 200 X\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(50_000)), codes=("",))
answered("a_byte_now_and_then", lambda desk: http(good(desk)), slowly=0.05, codes=("seconds",))
answered("metadata_without_certificate", lambda desk: http(good(desk, keys=[])), codes=("no signing certificate",))
answered("metadata_that_is_over", lambda desk: http(good(desk, attributes=' validUntil="2020-01-01T00:00:00Z"')), codes=("valid until",))


def not_allowed(desk: Desk) -> str:
    desk.has_sandbox()
    return desk.reads(f"http://127.0.0.1:{desk.house.hidden_port}/metadata")


address("another_server_on_the_same_machine", not_allowed, codes=(*PRIVATE, "without encryption"))
