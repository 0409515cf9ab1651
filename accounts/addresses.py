"""Where a request came from, as failed sign-ins are counted and history is kept by it."""

from __future__ import annotations

from ipaddress import ip_address

from auditlog.middleware import AuditlogMiddleware
from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """What the outermost of the `PROXY_COUNT` proxies before us saw; without proxies the connection's address.

    What stands further left in the header was sent by the client itself and is not believed.
    """
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    seen = hops[-settings.PROXY_COUNT].strip() if 0 < settings.PROXY_COUNT <= len(hops) else ""
    return _valid(seen) or _valid(request.META.get("REMOTE_ADDR", ""))


def _valid(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None


class HistoryMiddleware(AuditlogMiddleware):  # type: ignore[misc]
    """The audit history's own middleware believes any header."""

    @staticmethod
    def _get_remote_addr(request: HttpRequest) -> str | None:
        return client_address(request)
