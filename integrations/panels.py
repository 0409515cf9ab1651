"""Pages of a provider's own, beside the set-up: part of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A page of the provider's own beside the set-up, drawn by `template` in the frame of the integration's page.

    `show(request, integration)` answers what with, or a response. A POST comes only from somebody who may change it.
    """

    name: str
    label: str | Promise
    template: str
    show: Callable[[HttpRequest, Any], Mapping[str, Any] | HttpResponse]
