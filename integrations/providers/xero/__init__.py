"""Xero (xero.com), Accounting API 2.0.

=================  ==============================================================================
what               where
=================  ==============================================================================
the API            https://developer.xero.com/documentation/api/accounting/overview
signing in         https://developer.xero.com/documentation/guides/oauth2/auth-flow
limits             https://developer.xero.com/documentation/guides/oauth2/limits
repeated requests  https://developer.xero.com/documentation/guides/idempotent-requests/idempotency
rounding           https://developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero
API descriptions   https://github.com/XeroAPI/Xero-OpenAPI
=================  ==============================================================================
"""
