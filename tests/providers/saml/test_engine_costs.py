"""No message costs the engine more than twenty genuine ones: not one of a stranger, and not one of an identity provider that is hostile.

Held against the engine alone, where a genuine response takes half a millisecond; `test_costs` holds the whole request.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from tests.providers.saml.forge import NS, Forge, Key, encoded, key
from tests.providers.saml.judging import Desk
from tests.providers.saml.peers import agreement

AT_MOST = 20
NAMESPACED = [" ".join(f'xmlns:p{number}="urn:p{number}"' for number in range(count)) for count in (380, 35)]
PREFIXES = " ".join(f"p{number}" for number in range(6))


@pytest.fixture(scope="module")
def usual() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def desk(usual: Desk) -> Desk:
    """With as many certificates as metadata may have, the right one last."""
    theirs = (*(key(f"unused {number}") for number in range(9)), usual.forge.key)
    return replace(usual, config=agreement(usual.forge, theirs=theirs, claims=usual.config.claims))


def milliseconds(act: Callable[[], Any], rounds: int = 5) -> float:
    """Of the processor, the least: what else the machine does is not counted."""
    found = []
    for _ in range(rounds):
        began = time.process_time_ns()
        act()
        found.append(time.process_time_ns() - began)
        if found[-1] > 1e9:
            break
    return min(found) / 1e6


def within(inner: str, root: str = "") -> Callable[[Any], Any]:
    """Put something into an attribute's value, and declarations on the root, before it is signed."""

    def before(tree: Any) -> Any:
        text = etree.tostring(tree).decode()
        text = text.replace("<samlp:Response ", f"<samlp:Response {root} ", 1)
        value = f'<saml:Attribute Name="q">{inner}</saml:Attribute></saml:AttributeStatement>'
        return etree.fromstring(text.replace("</saml:AttributeStatement>", value).encode(), etree.XMLParser(huge_tree=True))

    return before


def many(attribute: str, count: int) -> str:
    """An element that has the attribute under as many names."""
    return "<a " + " ".join(f"{attribute}{number}='{number}'" for number in range(count)) + "/>"


def values(inner: str, count: int) -> str:
    return f"<saml:AttributeValue>{inner}</saml:AttributeValue>" * count


HEAVY: dict[str, dict[str, Any]] = {
    "as many values as there may be": {"before": within(values("y", 1900))},
    "as much text as there may be": {"before": within(values("y" * 1000, 170))},
    "one long text": {"before": within(values("y" * 170_000, 1))},
    "namespaces around each element": {"before": within(values("<a/>", 900), NAMESPACED[0])},
    "namespaces that are included": {"before": within(values("<a/>", 900), NAMESPACED[1]), "prefixes": PREFIXES},
    "namespaces that are included far within": {
        "before": within(values("<a>" * 10 + "</a>" * 10, 170), NAMESPACED[1]),
        "prefixes": PREFIXES,
    },
    "namespaces that are used": {
        "before": within(values("<a " + " ".join(f"p{number}:a=''" for number in range(35)) + "/>", 100), NAMESPACED[1])
    },
    "thousands of attributes": {"before": within(values(many("a", 13_000), 1))},
    "attributes everywhere": {"before": within(values(many("a", 60), 300))},
    "ids everywhere": {"before": within(values("".join(f'<a ID="i{number}"/>' for number in range(1800)), 1))},
    "own namespaces everywhere": {"before": within(values('<a xmlns:x="urn:x" xmlns:y="urn:y"/>', 900))},
}
SIGNERS: dict[str, Key] = {"a stranger": key("stranger"), "the identity provider": Forge().key}


def honest(usual: Desk, **options: Any) -> float:
    """What a genuine response costs, which the first certificate fits."""
    genuine = usual.response(**options)
    assert usual.code(genuine) == ""
    return milliseconds(lambda: usual.judges(genuine), 10)


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("name", HEAVY)
def test_heavy_messages_stay_cheap_whoever_signed_them(desk: Desk, usual: Desk, name: str, signer: str) -> None:
    """Two signatures are looked at; the person is another than was signed, so that both digests are wrong."""

    def after(root: Any) -> None:
        root.find("saml:Assertion/saml:Subject/saml:NameID", NS).text = "eve@northwind.example"

    response = desk.response(signs="both", key=SIGNERS[signer], after=after, **HEAVY[name])
    assert desk.code(response) in {"signature_wrong", "xml_too_complex", "too_large"}
    assert milliseconds(lambda: desk.judges(response)) < AT_MOST * honest(usual, signs="both")


@pytest.mark.parametrize("name", HEAVY)
def test_what_is_heavy_and_encrypted_by_a_stranger_stays_cheap(desk: Desk, usual: Desk, name: str) -> None:
    response = desk.response(key=key("stranger"), encrypts_for=desk.config.keys[0].certificate, **HEAVY[name])
    assert desk.code(response) in {"signature_wrong", "decryption_failed", "xml_too_complex", "too_large"}
    assert milliseconds(lambda: desk.judges(response)) < AT_MOST * honest(usual)


@pytest.mark.parametrize(
    "xml",
    [
        many("xmlns:a", 9000),
        many("a", 15_000),
        "<r>" + "<a/>" * 60_000 + "</r>",
        "<r>" + "<!---->" * 30_000 + "</r>",
        "<r>" + "<![CDATA[]]>" * 20_000 + "</r>",
        "<r>" + "x" * 260_000 + "</r>",
        "<r>" + "&#65;" * 50_000 + "</r>",
        "<?xml " + "encoding='" * 25_000 + "?>",
        "<?xml " + "? " * 120_000,
        "<a>" * 80_000,
        "<" * 260_000,
        "&" * 260_000,
    ],
    ids=lambda xml: xml[:24],
)
def test_whatever_else_is_sent_stays_cheap(usual: Desk, xml: str) -> None:
    sent = encoded(xml.encode())
    assert usual.code(sent)
    assert milliseconds(lambda: usual.judges(sent)) < AT_MOST * honest(usual)


def test_a_wrong_signature_and_a_failed_decryption_take_about_as_long(usual: Desk) -> None:
    """The private key's work, which both take, is most of it."""
    ours = usual.config.keys[0].certificate
    root = etree.fromstring(base64.b64decode(usual.response(encrypts_for=ours)))
    path = "saml:EncryptedAssertion/xenc:EncryptedData/{}xenc:CipherData/xenc:CipherValue"

    def spoiled(within_: str) -> str:
        tree = etree.fromstring(etree.tostring(root))
        value = tree.find(path.format(within_), NS)
        raw = bytearray(base64.b64decode(value.text))
        raw[40] ^= 1
        value.text = base64.b64encode(raw).decode()
        return encoded(etree.tostring(tree))

    faults = [usual.response(key=key("stranger"), encrypts_for=ours), spoiled(""), spoiled("ds:KeyInfo/xenc:EncryptedKey/")]
    assert [usual.code(fault) for fault in faults] == ["signature_wrong", "decryption_failed", "decryption_failed"]
    took: list[list[float]] = [[] for _ in faults]
    for _ in range(15):
        for place, fault in enumerate(faults):
            took[place].append(milliseconds(lambda fault=fault: usual.judges(fault), 1))
    times = [min(found) for found in took]
    assert max(times) < 3 * min(times), times
