"""BambooHR (bamboohr.com), public API v1, with version 2 of the datasets.

=================  ==============================================================================
what               where
=================  ==============================================================================
the API            https://documentation.bamboohr.com/reference
signing in         https://documentation.bamboohr.com/docs/getting-started
datasets           https://documentation.bamboohr.com/reference/get-data-from-dataset-v2
what changed       https://documentation.bamboohr.com/reference/get-changed-employee-ids
time off           https://documentation.bamboohr.com/reference/list-time-off-requests
webhooks           https://documentation.bamboohr.com/docs/webhooks
API description    https://github.com/BambooHR/bhr-api-php
=================  ==============================================================================
"""
