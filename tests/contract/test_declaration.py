"""What a provider declares: complete, consistent with its tables, and said in words that people can use."""

from __future__ import annotations

import re
from collections import Counter
from string import Formatter
from typing import Any
from xml.etree import ElementTree

from django.apps import apps
from django.db.models import Field

from integrations.auth.oauth2 import OAuth2
from integrations.mappings.fields import OptionField, Ours, Theirs, ValueMapping
from integrations.models import Integration
from integrations.models.accounting import AccountingIntegration
from integrations.provider import Category, Provider
from integrations.records.kinds import get_kind
from integrations.registry import all_providers
from tests.contract.completeness import model_of, svg_of, what_is_missing
from tests.contract.harness import claims

PUBLISHED = {2, 9, 12, 25, 28}
"""The type ids that Productive has published; those that are ours begin at 1001."""
OURS_BEGIN_AT = 1001
SVG = "{http://www.w3.org/2000/svg}"
DRAWN_WITH = {"svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "defs", "linearGradient", "stop", "title"}
SENTENCE = re.compile(r"[A-Z“].*[.!?”]", re.DOTALL)


def fields_of(provider: Provider) -> dict[str, Field[Any, Any]]:
    """What the provider's own table adds to every integration's, shared columns of a category among it."""
    model = model_of(provider)
    assert model is not None
    inherited = {field.name for field in Integration._meta.get_fields()}
    return {field.name: field for field in model._meta.concrete_fields if field.name not in inherited and not field.primary_key}


def sides(field: Field[Any, Any]) -> list[Ours | Theirs]:
    return [side for name in ("theirs", "of", "to") if (side := getattr(field, name, None)) is not None]


def test_the_declaration_is_complete(provider: Provider) -> None:
    missing = what_is_missing(provider)
    assert not missing, "Next:\n" + "\n".join(f"  {number}. {step}" for number, step in enumerate(missing, 1))


def test_slug_app_and_model_go_by_one_name(provider: Provider) -> None:
    config = apps.get_app_config(provider.slug)
    assert config.name == f"integrations.providers.{provider.slug}"
    model = model_of(provider)
    assert model is not None
    assert model.__name__.removesuffix("Integration").lower() == provider.slug.replace("_", "")
    assert len([model for model in config.get_models() if issubclass(model, Integration)]) == 1


def test_the_type_id_is_its_own(provider: Provider) -> None:
    ids = Counter(each.type_id for each in all_providers().values())
    assert ids[provider.type_id] == 1, f"{provider.type_id} is taken: choose another."
    assert provider.type_id_is_published == (provider.type_id in PUBLISHED)
    assert provider.type_id_is_published or OURS_BEGIN_AT <= provider.type_id <= 32767


def test_accounting_providers_share_the_fields_that_they_have_in_common(provider: Provider) -> None:
    model = model_of(provider)
    assert model is not None
    assert issubclass(model, AccountingIntegration) == (provider.category == Category.ACCOUNTING)


@claims(lambda provider: not what_is_missing(provider))
def test_the_logo_is_a_small_drawing_that_runs_nothing(provider: Provider) -> None:
    source = svg_of(provider).read_text(encoding="utf-8")
    assert len(source) < 8000
    root = ElementTree.fromstring(source)
    assert root.tag == f"{SVG}svg"
    assert root.get("viewBox")
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in DRAWN_WITH
        assert not [name for name in element.attrib if name.lower().startswith("on") or name in {"style", "href"} or "}" in name]


@claims(lambda provider: not what_is_missing(provider))
def test_its_words_are_sentences(provider: Provider) -> None:
    texts = [provider.promise, provider.requirements, *(section.about for section in provider.sections)]
    texts += [way.about for way in provider.ways if str(way.about)]
    texts += [text for export in provider.exports for text in (export.not_ready, export.not_found) if str(text)]
    for text in map(str, texts):
        assert SENTENCE.fullmatch(text), f"Not a sentence: {text!r}"
    for label in (*provider.sections, *provider.options, *provider.exports, *provider.imports, *provider.checks):
        assert str(label.label).strip()


@claims(lambda provider: provider.hosts.api)
def test_addresses_are_encrypted_and_name_hosts_that_are_declared(provider: Provider) -> None:
    assert provider.hosts.api.startswith("https://")
    assert all(address.startswith("https://") for address in provider.hosts.auth.values())
    assert not provider.documentation_url or provider.documentation_url.startswith("https://")
    for way in (way for way in provider.ways if isinstance(way, OAuth2)):
        templates = filter(None, (way.authorize_url, way.token_url, way.revoke_url))
        named = {name for template in templates for _text, name, _spec, _conversion in Formatter().parse(template) if name}
        assert named <= {"api", *provider.hosts.auth}


def test_ways_to_connect_are_told_apart(provider: Provider) -> None:
    assert len({way.kind for way in provider.ways}) == len(provider.ways)
    assert not provider.is_agreement or not provider.other_ways
    assert len({str(way.label) for way in provider.ways}) == len(provider.ways)
    switches = {switch for way in provider.ways if isinstance(way, OAuth2) for switch in way.scopes_of}
    assert switches <= fields_of(provider).keys()


def test_every_setting_stands_in_one_section_and_every_section_shows_settings(provider: Provider) -> None:
    shown = Counter(name for section in provider.sections for name in section.fields)
    assert not {name for name, count in shown.items() if count > 1}, "A setting stands in two sections."
    editable = {name for name, field in fields_of(provider).items() if field.editable}
    assert set(shown) == editable, f"Only in sections: {set(shown) - editable}; in no section: {editable - set(shown)}."
    assert len({section.name for section in provider.sections}) == len(provider.sections)
    for section in provider.sections:
        assert section.fields
        assert set(section.required) <= set(section.fields)


def test_every_setting_has_a_label_and_says_what_it_does(provider: Provider) -> None:
    for name, field in fields_of(provider).items():
        if field.editable:
            assert str(field.verbose_name) != name.replace("_", " "), f"{name} needs a label of its own."
            assert SENTENCE.fullmatch(str(field.help_text)), f"The help text of {name} is no sentence: {str(field.help_text)!r}"


def test_what_a_setting_offers_is_declared(provider: Provider) -> None:
    sources = {source.name for source in provider.options}
    for name, field in fields_of(provider).items():
        for side in sides(field):
            if isinstance(side, Theirs):
                assert side.source in sources, f"{name} offers the options of {side.source!r}, which the provider does not declare."
            else:
                get_kind(side.kind)
        if isinstance(field, OptionField):
            assert field.theirs is not None, f"{name} does not say which options it offers."
        if isinstance(field, ValueMapping):
            assert field.of is not None
            assert field.to is not None
            assert str(field.noun), f"{name} does not say what a value is given (noun)."
            assert not field.fallback or field.fallback in fields_of(provider)
    assert len(sources) == len(provider.options)


def test_switches_are_settings_that_are_on_or_off(provider: Provider) -> None:
    fields = fields_of(provider)
    switches = [switch for subject in (*provider.exports, *provider.imports) for switch in subject.switches]
    for name in [*switches, *(switch for section in provider.sections for switch in section.shown_when)]:
        assert name in fields, f"{name} is no setting."
        assert fields[name].get_internal_type() in {"BooleanField", "ForeignKey"}, f"{name} is neither on or off nor chosen or not."


def test_exports_name_kinds_needs_and_steps_that_exist(provider: Provider) -> None:
    main = {export.kind for export in provider.exports if not export.step}
    assert len({(export.kind, export.step) for export in provider.exports}) == len(provider.exports)
    for export in provider.exports:
        kind = get_kind(export.kind)
        for attribute, needed in export.needs.items():
            kind.model._meta.get_field(attribute)
            assert needed in main, f"{export.kind} needs a {needed}, which is not exported."
        for step in export.then:
            provider.export(export.kind, step)
        assert not export.step or any(export.step in other.then for other in provider.exports if other.kind == export.kind)
        assert not export.select or str(export.not_ready), f"Say in not_ready why a {export.kind} may be refused."
        switches = " or ".join(export.switches)
        assert not switches or not export.adopt or str(export.not_found), f"Say in not_found what to do while {switches} is off."
        assert export.batch_size >= 1


def test_choices_are_asked_in_words_and_offer_something(provider: Provider) -> None:
    sources = {source.name for source in provider.options}
    for export in provider.exports:
        assert len({choice.name for choice in export.choices}) == len(export.choices)
        for choice in export.choices:
            assert str(choice.label)
            assert bool(choice.values) != bool(choice.source)
            assert not choice.source or choice.source in sources
            assert not choice.binds or choice.binds in export.needs


def test_imports_and_comparisons_name_kinds_that_exist(provider: Provider) -> None:
    main = {export.kind for export in provider.exports if not export.step}
    assert len({declared.kind for declared in provider.imports}) == len(provider.imports)
    for declared in provider.imports:
        get_kind(declared.kind)
        assert declared.creates or declared.kind in main, f"The import of {declared.kind} adds to what nobody exports."
    for compared in provider.reconciliations:
        kind = get_kind(compared.kind)
        if compared.through is None:
            assert compared.kind in main
        else:
            attribute, owners = compared.through
            kind.model._meta.get_field(attribute)
            assert main.issuperset(owners), f"Compared through {', '.join(owners)}, which are not all exported."
        kind.model._meta.get_field(compared.amount)
        kind.model._meta.get_field(compared.dated)


def test_the_accounts_at_the_vendor_are_kept_where_it_says(provider: Provider) -> None:
    if provider.tenant_field:
        assert provider.tenants is not None
        for name in (f"{provider.tenant_field}s", f"{provider.tenant_field}_id"):
            assert not fields_of(provider)[name].editable
