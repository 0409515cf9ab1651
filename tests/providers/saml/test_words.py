"""Whatever is refused, an admin is told in plain words what happened and what to change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.functional import Promise

from integrations.providers import saml
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import Step
from integrations.providers.saml.provider import PROVIDER
from integrations.providers.saml.words import CODES, STEPS, of_code

INTERNALS = re.compile(
    r"_|xmlsec|lxml|onelogin|python|django|database|exception|traceback|worker|engine|\bgate\b|pending|\brow\b|http://|urn:",
    re.IGNORECASE,
)
PLACES = re.compile(r"“([^”]+)”")
ELSEWHERE = {"Domains"}
"""Named in the words, and a page of the organization, not of single sign-on."""


@pytest.mark.parametrize("code", Code)
def test_every_code_says_what_happened_and_what_to_change(code: Code) -> None:
    words = of_code(code)
    assert words is not None
    for said in (words.what, words.cure):
        assert re.fullmatch(r"[A-Z].{8,}[.?!]", str(said)), said
        assert not INTERNALS.search(str(said)), said
        assert isinstance(said, Promise), "it is translated when it is shown"
    assert str(words.what) != str(words.cure)


def test_no_two_codes_say_the_same_of_what_happened() -> None:
    said = [str(words.what) for words in CODES.values()]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("step", Step)
def test_every_step_has_a_label(step: Step) -> None:
    label = STEPS[step]
    assert isinstance(label, Promise)
    assert re.fullmatch(r"[A-Z].{8,}[^.]", str(label))
    assert not INTERNALS.search(str(label))


def test_steps_are_told_in_the_order_in_which_they_are_taken() -> None:
    assert list(STEPS) == list(Step)


@pytest.mark.parametrize("code", Code)
def test_a_place_that_is_named_is_there(code: Code) -> None:
    places = {str(part.label) for part in (*PROVIDER.sections, *PROVIDER.panels)}
    named = set(PLACES.findall(f"{CODES[code].what} {CODES[code].cure}"))
    assert named <= places | ELSEWHERE


@pytest.mark.parametrize("code", ["", "unheard_of", "MISSING"])
def test_of_what_is_not_known_nothing_is_said(code: str) -> None:
    assert of_code(code) is None


@pytest.mark.parametrize("code", Code)
def test_every_code_is_given_somewhere(code: Code) -> None:
    sources = [path.read_text() for path in Path(saml.__file__).parent.rglob("*.py") if path.name not in {"codes.py", "words.py"}]
    assert any(f"Code.{code.name}" in source for source in sources)
