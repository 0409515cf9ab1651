"""A small identity provider, for trying single sign-on out."""

from integrations.providers.saml.sandbox.house import SamlSandbox

__all__ = ["SamlSandbox"]
