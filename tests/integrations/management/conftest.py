from __future__ import annotations

from tests.integrations.sync.conftest import unconnected, xero_server

__all__ = ["unconnected", "xero_server"]
