"""Names say what a thing is, and the core names no provider."""

from __future__ import annotations

import re

from integrations.registry import all_providers
from tests.architecture.tree import core, shown, sources

EMPTY_WORDS = {
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "managers",
    "service",
    "services",
    "data",
    "info",
    "process",
    "common",
    "misc",
}
WORDS_OF_THE_LANGUAGE = {"productive", "exact", "slack", "sage", "saml", "single sign-on"}
"""Slugs that core may use in another sense: an exact lookup, single sign-on, the place that records come from."""


def test_no_module_is_called_by_a_word_that_says_nothing() -> None:
    names = {shown(path): path.parent.name if path.stem == "__init__" else path.stem for path in sources()}
    assert not [path for path, name in names.items() if not EMPTY_WORDS.isdisjoint(name.split("_"))]


def test_no_class_is_called_by_a_word_that_says_nothing() -> None:
    ends = re.compile(r"^class \w*(?:Utils?|Helpers?|\wService|Data|Info|Process)\b", re.MULTILINE)  # a Service is a record
    assert not [shown(path) for path in sources() if ends.search(path.read_text(encoding="utf-8"))]


def test_the_core_names_no_provider() -> None:
    words = {word.lower() for provider in all_providers().values() for word in (provider.slug, provider.label)} - WORDS_OF_THE_LANGUAGE
    named = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, sorted(words)))})(?![a-z0-9])", re.IGNORECASE)
    found = [f"{shown(path)}: {match[0]}" for path in core() if (match := named.search(path.read_text(encoding="utf-8")))]
    assert not found
