"""Single sign-on with SAML 2.0: the organization's identity provider says who somebody is, Patchbay is its service provider.

Protocol: https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf,
https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf,
https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf,
https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf.
"""
