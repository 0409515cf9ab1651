"""Messages that were changed at random: nothing makes the engine raise, and no change brings another person in."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from integrations import clock
from tests.providers.saml.forge import DS, SAML, SAMLP, encoded
from tests.providers.saml.judging import Desk

TIMES = 250
SNIPPETS = (
    b"<!-- -->",
    b"<![CDATA[]]>",
    b"<?x y?>",
    b"&amp;",
    b"&#x0;",
    b"&#46;",
    b"<!DOCTYPE x>",
    b"]]>",
    b"\x00",
    b"\xff\xfe",
    b' ID="_x"',
    b' xmlns=""',
    b' xml:id="_y"',
    "\u202e".encode(),
    f'<a:Assertion xmlns:a="{SAML}"/>'.encode(),
    f'<d:Signature xmlns:d="{DS}"/>'.encode(),
    f'<p:Response xmlns:p="{SAMLP}">'.encode(),
)
Chance = random.Random
Alter = Callable[[bytes, Chance], bytes]


def octets(xml: bytes, chance: Chance) -> bytes:
    changed = bytearray(xml)
    for _ in range(chance.choice((1, 1, 2, 8))):
        changed[chance.randrange(len(changed))] = chance.choice((chance.randrange(256), *b"<>/\"'&= "))
    return bytes(changed)


def slices(xml: bytes, chance: Chance) -> bytes:
    start = chance.randrange(len(xml))
    end = min(len(xml), start + chance.choice((1, 10, 100, 1000)))
    place = chance.randrange(len(xml))
    return chance.choice((xml[:start] + xml[end:], xml[:place] + xml[start:end] + xml[place:], xml[:end]))


def insertions(xml: bytes, chance: Chance) -> bytes:
    place = chance.randrange(len(xml))
    return xml[:place] + chance.choice(SNIPPETS) + xml[place:]


def branches(xml: bytes, chance: Chance) -> bytes:
    """Parts of the tree are copied, moved, removed or emptied, and attributes are exchanged."""
    root = etree.fromstring(xml)
    for _ in range(chance.choice((1, 1, 2, 3))):
        every = list(root.iter(etree.Element))
        one, other = chance.choice(every[1:]), chance.choice(every)
        way = chance.randrange(6)
        if way == 0:
            other.append(etree.fromstring(etree.tostring(one)))
        elif way == 1 and other not in one.iter():
            other.insert(0, one)
        elif way == 2 and one.getparent() is not None:
            one.getparent().remove(one)
        elif way == 3:
            one.text = chance.choice(("", "eve@northwind.example", "AAAA", "  "))
        elif way == 4 and other.attrib:
            one.set(*chance.choice(list(other.attrib.items())))
        elif other.attrib:
            other.attrib.pop(chance.choice(list(other.attrib)))
    return bytes(etree.tostring(root))


@pytest.mark.parametrize("alter", [octets, slices, insertions, branches])
@pytest.mark.parametrize("form", ["assertion", "response", "both", "encrypted"])
def test_whatever_is_changed_the_person_stays_the_same_or_is_refused(alter: Alter, form: str) -> None:
    desk, chance, now = Desk(), Chance(f"{alter.__name__} {form}"), clock.now()
    options: dict[str, Any] = {"encrypts_for": desk.config.keys[0].certificate} if form == "encrypted" else {"signs": form}
    xml = base64.b64decode(desk.response(**options))
    genuine = desk.judges(encoded(xml), now=now).identity
    assert genuine is not None
    refused = 0
    for _ in range(TIMES):
        changed = alter(xml, chance)
        verdict = desk.judges(encoded(changed), now=now)
        assert (verdict.identity is None) != (verdict.refusal is None)
        if verdict.identity is None:
            refused += 1
        else:
            assert verdict.identity == genuine, changed
    assert refused > TIMES // 3


@pytest.mark.parametrize("form", ["assertion", "both"])
def test_no_one_octet_of_what_is_signed_can_be_another(form: str) -> None:
    """Every octet between the assertion's first and last, one after the other (in steps, to be quick)."""
    desk, now = Desk(), clock.now()
    xml = base64.b64decode(desk.response(signs=form))
    genuine = desk.judges(encoded(xml), now=now).identity
    for place in range(xml.index(b"<saml:Assertion"), xml.index(b"</saml:Assertion>"), 7):
        changed = bytearray(xml)
        changed[place] = changed[place] ^ 1
        identity = desk.judges(encoded(bytes(changed)), now=now).identity
        assert identity is None or identity == genuine, xml[place - 20 : place + 20]


def test_text_that_is_no_base64_is_refused_at_every_place() -> None:
    desk, chance = Desk(), Chance("base64")
    response = desk.response()
    for _ in range(TIMES):
        place = chance.randrange(len(response))
        changed = response[:place] + chance.choice("!-_.~%\x00é\u2028,") + response[place:]
        assert desk.code(changed) == "base64_wrong"


def test_settings_that_are_broken_refuse_and_do_not_raise() -> None:
    desk = Desk()
    response = desk.response()
    broken = replace(desk.config.idp.certificates[0], pem="nothing")
    for changes in ({"idp": replace(desk.config.idp, certificates=(broken,))}, {"acs_url": ""}, {"entity_id": ""}):
        assert desk.by(**changes).code(response)
    keyless = desk.by(keys=())
    assert keyless.code(desk.response(encrypts_for=desk.config.keys[0].certificate)) == "decryption_failed"
