"""The simulated Productive."""

from integrations.providers.productive.sandbox.world import ProductiveSandbox

__all__ = ["ProductiveSandbox"]
