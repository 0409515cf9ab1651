"""Productive (productive.io), API v2.

===============  ==============================================================================
what             where
===============  ==============================================================================
the API          https://developer.productive.io/reference
signing in       https://developer.productive.io/guides/authorization
pages            https://developer.productive.io/guides/pagination
filters          https://developer.productive.io/guides/filtering
limits           https://developer.productive.io/guides/rate-limits
its own schema   https://github.com/productiveio/cli-toolbox
===============  ==============================================================================
"""
