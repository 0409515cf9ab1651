"""The simulated Xero; see `world`."""

from integrations.providers.xero.sandbox.world import XeroSandbox

__all__ = ["XeroSandbox"]
