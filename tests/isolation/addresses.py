"""Every address of the installation, from its URLconf, and what may stand in the places of their parameters."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, converters, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.regex_helper import normalize

from integrations.admin.integration.page import PANELS
from integrations.registry import all_providers

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
RECORDS = "/admin/records/"
IDS = {"object_id", "uidb64"}
"""Parameters that stand for a row though their converters take any text."""


@dataclass(frozen=True)
class Address:
    """One entry of the URLconf. `template` has `{name}` in the places of its `parameters`, whose converters are given."""

    route: str
    template: str
    parameters: Mapping[str, str]
    view: str
    name: str

    def __hash__(self) -> int:
        return hash(self.route)

    @property
    def ids(self) -> list[str]:
        """The parameters that name a row."""
        return [name for name, converter in self.parameters.items() if converter in {"int", "uuid"} or name in IDS]

    @property
    def is_like_another(self) -> bool:
        """Whether it is a page of records that one class makes for every kind, and not of the kind that stands for them all."""
        return self.route.startswith(RECORDS) and not self.route.startswith(f"{RECORDS}invoice/")

    @property
    def is_of_a_model(self) -> bool:
        """Whether Django's own admin made it for a model."""
        return self.view.startswith("django.contrib.admin.options") or self.view.startswith("django.views.generic")

    def path(self, **values: str) -> str:
        return "/" + self.template.format(**values)

    def paths(self, pk: int, *, elsewhere: int | None = None, most: int | None = None) -> Iterator[str]:
        """With the row's id in the place of each id, one after the other, the others being `elsewhere`; with everything else that
        fits, or with at most so many words for each.
        """
        others = [name for name in self.parameters if name not in self.ids]
        for chosen in itertools.product(*(words(self, name)[:most] for name in others)):
            said = dict(zip(others, chosen, strict=True))
            for about in self.ids or [""]:
                ids = {
                    name: written(self.parameters[name], name, pk if name == about or elsewhere is None else elsewhere) for name in self.ids
                }
                yield self.path(**said, **ids)


def written(converter: str, name: str, pk: int) -> str:
    """An id as it stands in an address."""
    if converter == "uuid":
        return str(uuid.UUID(int=pk))
    return urlsafe_base64_encode(force_bytes(pk)) if name == "uidb64" else str(pk)


def words(address: Address, name: str) -> list[str]:
    """What may stand for a parameter that names no row. Raises `LookupError` for one that nobody has told of."""
    if name == "app_label":
        return sorted({model._meta.app_label for model in admin.site._registry})
    if name == "content_type_id":
        return [
            str(ContentType.objects.get_for_model(apps.get_model(label)).pk)
            for label in ("records.invoice", "integrations.run", "accounts.user")
        ]
    if name not in WORDS:
        raise LookupError(f"Say in WORDS of tests/isolation/addresses.py what stands for <{name}> in {address.route}.")
    return WORDS[name]


WORDS: dict[str, list[str]] = {
    "slug": [*all_providers()],
    "kind": ["invoice", "company", "payment"],  # each copy may ask for its own settings, goes along with others, is only imported
    "name": sorted({section.name for provider in all_providers().values() for section in provider.sections} | PANELS.keys()),
    "token": ["set-password", "c0ffee-0123456789abcdef0123456789abcdef"],
    "url": ["nowhere/at/all/"],
}


@cache
def every_address() -> tuple[Address, ...]:
    return tuple(_walk(get_resolver().url_patterns, "", {}))


def _walk(patterns: list[URLPattern | URLResolver], before: str, parameters: Mapping[str, str]) -> Iterator[Address]:
    for pattern in patterns:
        template, own = _read(pattern)
        found = {**parameters, **own}
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, before + template, found)
        else:
            route = PARAMETER.sub(r"<\2>", before + template).replace("{", "<").replace("}", ">")
            yield Address(f"/{route}", before + template, found, pattern.lookup_str, pattern.name or "")


def _read(pattern: URLPattern | URLResolver) -> tuple[str, dict[str, str]]:
    if isinstance(pattern.pattern, RoutePattern):
        known = {type(converter): name for name, converter in converters.get_converters().items()}
        own = {name: known[type(converter)] for name, converter in pattern.pattern.converters.items()}
        return PARAMETER.sub(r"{\2}", str(pattern.pattern._route)), own
    template, names = normalize(str(pattern.pattern))[0]
    return re.sub(r"%\((\w+)\)s", r"{\1}", template), dict.fromkeys(names, "str")
