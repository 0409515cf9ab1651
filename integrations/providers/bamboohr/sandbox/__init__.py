"""The simulated BambooHR; see `world`."""

from integrations.providers.bamboohr.sandbox.world import BamboohrSandbox

__all__ = ["BamboohrSandbox"]
