"""Their ids inside of our own pages: in queries, form fields, filters, bulk actions and searches they are answered like missing ones.

What is tried is read off the pages themselves and off the sources of the views.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib import admin
from django.db import models

from integrations.registry import all_providers
from tests.isolation import html
from tests.isolation.addresses import Address, every_address
from tests.isolation.estates import rows_of
from tests.isolation.parameters import parameters_of
from tests.isolation.scene import NOBODYS, OURS, THEIRS, Scene, differences, fail_with

MODELS = list(admin.site._registry)
Ask = tuple[str, str, Mapping[str, Any]]
"""Method, path and data of a request."""


SECTIONS_ALIKE = tuple(f"/{section.name}/" for provider in all_providers().values() for section in provider.sections[2:])
"""Sections of settings differ in their fields, and read the same parameters: two of each provider show what they do."""


def ours_of(address: Address) -> list[str]:
    return list(address.paths(OURS))


def check(scene: Scene, asks: Iterator[tuple[Ask, Ask]], *, role: str = "owner") -> None:
    """Each first request has an id of theirs, the second one that never was."""
    visitor, problems, tried = scene.visitors[role], [], 0
    for (method, path, data), (_method, other_path, other_data) in asks:
        for _attempt in range(2):  # a page that tells the time is given a second chance
            answer = visitor.ask(method, path, data, watching=scene.theirs)
            missing = visitor.ask(method, other_path, other_data)
            unlike = differences(answer, THEIRS, missing, NOBODYS)
            if not unlike:
                break
        found = [*unlike, *answer.traces_of(scene.theirs), *(f"{answer} changed {change}" for change in answer.changed)]
        found += [f"{answer}: an exception was not caught\n{answer.trouble}"] if answer.trouble else []
        problems += [f"{problem}\n  sent: {_shown(data)}" for problem in found]
        tried += 1
    fail_with(problems, f"Of {tried} requests with ids of theirs some are not answered like those with missing ones")


def _shown(data: Mapping[str, Any]) -> str:
    return str({name: value for name, value in data.items() if str(THEIRS) in f"{name}{value}"})


def swapped(text: str, pk: int) -> str:
    """The text with the given id in the place of ours."""
    return re.sub(rf"\b{OURS // 10}\d\b", str(pk), text)


@pytest.mark.parametrize(
    "address", [address for address in every_address() if not address.is_of_a_model], ids=lambda address: address.route
)
def test_parameters_that_a_view_reads(scene: Scene, address: Address):
    def asks() -> Iterator[tuple[Ask, Ask]]:
        for path in (path for path in ours_of(address) if not path.endswith(SECTIONS_ALIKE)):
            for method in ("GET", "POST"):
                for name in parameters_of(address, method):
                    for value in ("{}", f"{OURS},{{}}") if name.endswith("ids") else ("{}",):
                        one, other = ({name: value.format(pk)} for pk in (THEIRS, NOBODYS))
                        if method == "GET":
                            yield ("GET", f"{path}?{urlencode(one)}", {}), ("GET", f"{path}?{urlencode(other)}", {})
                        else:
                            yield ("POST", path, one), ("POST", path, other)

    check(scene, asks())


@pytest.mark.parametrize(
    "address", [address for address in every_address() if not address.is_like_another], ids=lambda address: address.route
)
def test_links_and_form_fields_of_our_pages(scene: Scene, address: Address):
    """Each that names a row of ours, links in their queries and fields in their names or values, once with a row of theirs instead."""

    def asks() -> Iterator[tuple[Ask, Ask]]:
        seen: set[object] = set()
        for path in ours_of(address):
            page = html.read(path, scene.visitors["owner"].get(path).body)
            for link in page.links:
                parts = urlsplit(link)
                shape: object = (parts.path, tuple(parse_qs(parts.query)))
                if not parts.netloc and swapped(parts.query, 0) != parts.query and shape not in seen:
                    seen.add(shape)
                    yield tuple(("GET", f"{parts.path}?{swapped(parts.query, pk)}", {}) for pk in (THEIRS, NOBODYS))  # type: ignore[misc]
            for form in page.forms:
                for field in form.fields.values():
                    shape = (urlsplit(form.action).path, form.method, re.sub(r"\d+", "#", field.name))
                    named = any(swapped(text, 0) != text for text in (field.name, *field.values, *field.options))
                    if named and shape not in seen:
                        seen.add(shape)
                        yield _with(form, field, THEIRS), _with(form, field, NOBODYS)

    check(scene, asks())


def _with(form: html.Form, field: html.Field, pk: int) -> Ask:
    name = swapped(field.name, pk)
    values = [swapped(value, pk) for value in field.values] if name == field.name else field.values
    if name == field.name and values == field.values:
        values = [str(pk)]
    data = {**{key: value for key, value in form.data().items() if key != field.name}, name: values or [str(pk)]}
    if form.method == "POST":
        return "POST", form.action, data
    return "GET", f"{form.action.partition('?')[0]}?{urlencode(data, doseq=True)}", {}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_filters_and_searches_of_lists(scene: Scene, model: type[models.Model]):
    """By every relation, by the row itself, by the organization, by a word of theirs."""
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    keys = [f"{column.name}__id__exact" for column in model._meta.concrete_fields if column.is_relation]

    def asks() -> Iterator[tuple[Ask, Ask]]:
        for key in [*keys, "id__exact", "organization__id__exact"]:
            yield ("GET", f"{path}?{key}={THEIRS}", {}), ("GET", f"{path}?{key}={NOBODYS}", {})
        yield ("GET", f"{path}?q={THEIRS}", {}), ("GET", f"{path}?q={NOBODYS}", {})

    check(scene, asks())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_words_of_theirs_find_nothing(scene: Scene, model: type[models.Model]):
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    answer, other = (scene.visitors["owner"].get(f"{path}?q={word}") for word in (scene.theirs.word, "Nobodysword"))
    assert not answer.traces_of(scene.theirs, but=scene.theirs.word)
    assert answer.status == other.status
    assert answer.body.count("<tr") == other.body.count("<tr")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_bulk_actions_reach_no_row_of_theirs(scene: Scene, model: type[models.Model]):
    """Each action of our list: asked and confirmed, for rows of theirs alone and for one of ours among them."""
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    page = html.read(path, scene.visitors["owner"].get(path).body)
    forms = [form for form in page.forms if "action" in form.fields and form.method == "POST"]
    actions = [option for form in forms for option in form.fields["action"].options if option]
    ours = str(min(set(rows_of(scene.ours, model)), default=OURS))
    alone, among = ([], {"post": "yes"}), (([ours], {}), ([ours], {"post": "yes", "select_across": "1"}))

    def asks() -> Iterator[tuple[Ask, Ask]]:
        for action in dict.fromkeys([*actions, "delete_selected"]):
            for beside, more in (alone, *among) if action in actions else (alone,):
                one, other = ({"action": action, "_selected_action": [*beside, str(pk)], **more} for pk in (THEIRS, NOBODYS))
                yield ("POST", path, one), ("POST", path, other)

    check(scene, asks())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_suggestions_of_form_fields_offer_nothing_of_theirs(scene: Scene, model: type[models.Model]):
    ask = partial(
        "/admin/autocomplete/?app_label={}&model_name={}&field_name={}&term={}".format, model._meta.app_label, model._meta.model_name
    )
    problems = []
    for column in model._meta.concrete_fields:
        if column.is_relation:
            for term in (scene.theirs.word, ""):
                answer = scene.visitors["owner"].get(ask(column.name, term))
                problems += answer.traces_of(scene.theirs, but=scene.theirs.word if term else "")
                assert answer.status in {200, 403}, answer
                assert str(THEIRS) not in answer.body.replace(term, ""), answer
    fail_with(problems, "Suggestions show something of theirs")
