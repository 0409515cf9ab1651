"""What a provider still lacks before it can be put to the proof, in the order in which to add it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from django.apps import apps
from django.contrib.staticfiles import finders

from integrations.auth.oauth2 import OAuth2
from integrations.auth.token import Token
from integrations.models import Integration
from integrations.provider import Category, Provider
from integrations.sandbox.server import installed_sandboxes
from tests.contract.scenario import scenario_of


def model_of(provider: Provider) -> type[Integration] | None:
    """The model of the provider's integrations."""
    return next((model for model in apps.get_app_config(provider.slug).get_models() if issubclass(model, Integration)), None)


def what_is_missing(provider: Provider) -> list[str]:
    return [*_in_declaration(provider), *_beside_it(provider)]


def _in_declaration(provider: Provider) -> Iterator[str]:
    place = f"integrations/providers/{provider.slug}/provider.py: PROVIDER"
    if not str(provider.promise):
        yield f"{place}.promise: say in one sentence, for the catalogue, what moves where."
    if not str(provider.requirements):
        yield f"{place}.requirements: say what the admin needs at hand to connect it."
    if not provider.documentation_url:
        yield f"{place}.documentation_url: link the vendor's documentation."
    for way in provider.ways:
        where = f"{place}.{'auth' if way == provider.auth else 'other_ways'}"
        if isinstance(way, OAuth2) and not (way.authorize_url and way.token_url):
            yield f"{where}: give OAuth2 the authorize_url and the token_url, as templates over the hosts."
        if isinstance(way, Token) and not way.asks:
            yield f"{where}: give Token what it asks for (what an admin has to paste), or use OAuth2."
        if provider.other_ways and not (str(way.label) and str(way.about)):
            yield f"{where}: give each of several ways a label and a sentence about it, for whoever has to choose."
    if not provider.hosts.api and not provider.is_agreement:
        yield f"{place}.hosts: give Hosts the address of the vendor's API."
    if not provider.limits.windows and provider.limits.concurrent is None and not provider.is_agreement:
        yield f"{place}.limits: give Limits what the vendor publishes: windows of calls, calls at once."
    if not provider.checks:
        yield f"{place}.checks: give at least one Check, which calls the vendor and says whom it found."
    if provider.category != Category.SIGN_ON and not provider.exports and not provider.imports:
        yield f"{place}.exports or .imports: declare at least one kind of record that moves."
    if not provider.sections:
        yield f"{place}.sections: declare at least one Section with the settings that an admin decides."


def _beside_it(provider: Provider) -> Iterator[str]:
    slug = provider.slug
    folder = f"integrations/providers/{slug}"
    if model_of(provider) is None:
        yield f"{folder}/models.py: a model that derives from Integration (or AccountingIntegration)."
    if "https://" not in (importlib.import_module(f"integrations.providers.{slug}").__doc__ or ""):
        yield f"{folder}/__init__.py: a docstring with vendor, version of the API and links to its documentation."
    if finders.find(f"{slug}/logo.svg") is None or not list(ElementTree.parse(svg_of(provider)).getroot()):
        yield f"{folder}/static/{slug}/logo.svg: a drawing, 40 by 40."
    sandbox = installed_sandboxes(slug).get(slug)
    if sandbox is None or not str(sandbox.summary) or not sandbox.serves_calls:
        yield f"{folder}/sandbox.py: a Sandbox with a summary and routes that simulate the vendor, so that every promise can be tried."
    if scenario_of(slug) is None:
        yield f"tests/providers/{slug}/contract.py: SCENARIO, a Scenario that knows how the vendor's people work."


def svg_of(provider: Provider) -> Path:
    found = finders.find(f"{provider.slug}/logo.svg")
    assert isinstance(found, str)
    return Path(found)
