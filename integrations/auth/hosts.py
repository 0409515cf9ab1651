"""Where a vendor is: as declared, unless the sandbox or the operator stands in for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from integrations.auth import environment
from integrations.errors import ConfigProblem
from integrations.http.guard import Allowed

LOOPBACK = ("127.0.0.1", "localhost")
_PART_OF_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class Hosts:
    """`api` and, by names of the provider's own, the hosts that authorize, or that links lead to. They may hold fields asked before: `https://{subdomain}.x.com`."""

    api: str
    auth: Mapping[str, str] = field(default_factory=dict)

    def anywhere(self) -> Hosts:
        """The same with `*` for what is asked before, as a Content-Security-Policy names hosts that are not known yet."""
        return Hosts(_open(self.api), {name: _open(address) for name, address in self.auth.items()})


@dataclass(frozen=True)
class ResolvedHosts:
    """`allowed` are the operator's own addresses among them, which the guard lets through."""

    api: str
    auth: Mapping[str, str]
    allowed: Allowed

    def address(self, template: str) -> str:
        """`{login}/connect/authorize`, with the name of an authorizing host, or `{api}/token`, as an address."""
        return template.format(api=self.api, **self.auth)


def resolve(slug: str, hosts: Hosts, answers: Mapping[str, str] | None = None) -> ResolvedHosts:
    """Fill in the answers, and put the sandbox or `<SLUG>_BASE_URL` and `<SLUG>_AUTH_URL` in the places of the vendor's hosts.

    Only scheme and host are replaced: the paths stay the vendor's. Raises `ConfigProblem`.
    """
    if settings.SANDBOX_URL:
        api_at = auth_at = _checked(f"{settings.SANDBOX_URL}/{slug}", "SANDBOX_URL")
    else:
        api_at = _checked(environment.read(slug, "BASE_URL", ""), environment.variable(slug, "BASE_URL"))
        auth_at = _checked(environment.read(slug, "AUTH_URL", ""), environment.variable(slug, "AUTH_URL"))
    return ResolvedHosts(
        api=_moved(_filled(hosts.api, answers or {}), api_at),
        auth={name: _moved(_filled(address, answers or {}), auth_at) for name, address in hosts.auth.items()},
        allowed=frozenset(place for address in (api_at, auth_at) if address for place in _places(address)),
    )


def _open(address: str) -> str:
    return re.sub(r"{\w+}", "*", address)


def _filled(address: str, answers: Mapping[str, str]) -> str:
    for name in re.findall(r"{(\w+)}", address):
        answer = answers.get(name, "").strip()
        if not _PART_OF_HOST.fullmatch(answer):
            raise ConfigProblem(_("This is not a name that can stand in an address.") if answer else _("This is needed."), field=name)
        address = address.replace(f"{{{name}}}", answer)
    return address


def _moved(declared: str, to: str) -> str:
    return to.rstrip("/") + urlsplit(declared).path.rstrip("/") if to else declared.rstrip("/")


def _checked(address: str, variable: str) -> str:
    """An operator's address, or ""."""
    try:
        usable = not address or (urlsplit(address).scheme in ("http", "https") and all(_host_and_port(address)))
    except ValueError:
        usable = False
    if usable:
        return address
    raise ConfigProblem(_("%(variable)s is not an address such as https://example.com.") % {"variable": variable}, field=variable)


def _places(address: str) -> set[tuple[str, int]]:
    """Host and port; of this machine under both of its names, for they are one place."""
    host, port = _host_and_port(address)
    return {(name, port) for name in LOOPBACK} if host in LOOPBACK else {(host, port)}


def _host_and_port(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
