"""HiBob (hibob.com), public API v1, with a service user.

=================  ==============================================================================
what               where
=================  ==============================================================================
the API            https://apidocs.hibob.com/reference/getting-started
service users      https://apidocs.hibob.com/docs/api-service-users
time off           https://apidocs.hibob.com/docs/explore-time-off-api
what changed       https://apidocs.hibob.com/reference/get_timeoff-requests-changes
limits             https://apidocs.hibob.com/reference/rate-limiting
API description    https://github.com/konfig-sdks/hi-bob-java-sdk (a copy of HiBob's, of March 2024)
=================  ==============================================================================
"""
