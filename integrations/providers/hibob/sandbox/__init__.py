"""The simulated HiBob; see `world`."""

from integrations.providers.hibob.sandbox.world import HibobSandbox

__all__ = ["HibobSandbox"]
