from tests.integrations.sync.conftest import desk, unconnected, xero_server

__all__ = ["desk", "unconnected", "xero_server"]
