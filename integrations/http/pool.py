"""The connections of this process: kept alive, and shared by all threads and all work that may reach the same addresses."""

from __future__ import annotations

import os
import ssl
import threading
from functools import lru_cache

import httpcore2
import httpx2
from django.conf import settings

from integrations.http.guard import Allowed, Guard, Resolve, resolve

CONNECT_RETRIES = 2
KEEPALIVE_SECONDS = 4.0
"""Shorter than servers keep idle connections (5 seconds and more): a write must not meet a connection that is being closed."""


class GuardedTransport(httpx2.HTTPTransport):
    """httpx2's own transport on guarded connections. Used as it is, without httpx2's client around it: so there are no
    redirects, no proxies or passwords from the environment, and no cookies that one organization's calls leave to another's.
    """

    def __init__(self, allowed: Allowed, resolve: Resolve = resolve) -> None:
        context = _tls(settings.CA_BUNDLE)
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            network_backend=Guard(allowed, resolve),
            retries=CONNECT_RETRIES,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=KEEPALIVE_SECONDS,
        )


@lru_cache(maxsize=2)
def _tls(bundle: str) -> ssl.SSLContext:
    """The public certificate authorities, and those of the operator's `CA_BUNDLE`."""
    context = httpx2.create_ssl_context(trust_env=False)
    if bundle:
        context.load_verify_locations(bundle)
    return context


_transports: dict[Allowed, GuardedTransport] = {}
_lock = threading.Lock()


def transport_for(allowed: Allowed) -> GuardedTransport:
    """This process's transport to the public internet and to the allowed addresses."""
    transport = _transports.get(allowed)
    if transport is None:
        with _lock:
            transport = _transports.setdefault(allowed, GuardedTransport(allowed))
    return transport


def close() -> None:
    """Close every idle connection; the next call opens new ones."""
    with _lock:
        transports = list(_transports.values())
        _transports.clear()
    for transport in transports:
        transport.close()


os.register_at_fork(after_in_child=_transports.clear)  # a connection belongs to one process
