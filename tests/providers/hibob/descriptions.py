"""HiBob's official description, and the short list of what it gets wrong or leaves out, each with its reason."""

from __future__ import annotations

from tests.contract.specs import Description, Undescribed

ERROR = "#/components/schemas/Error"
DEFAULT = "Most operations describe one “default” answer for every error; it holds for those that describe none, too."
GATEWAY = "It comes from the gateway, before any operation is looked at: https://apidocs.hibob.com/reference/rate-limiting"

DESCRIPTIONS = [
    Description(
        file="hibob/hibob-v1.konfig-2024-03.json",
        base="/v1",
        # since February 2025: https://apidocs.hibob.com/changelog/time-off-api-new-properties-in-changes-endpoint
        more_fields={"TimeoffChange": ("originalRequestId", "previousRequestId")},
        undescribed={
            400: Undescribed(DEFAULT, ERROR),
            401: Undescribed(GATEWAY, ERROR),
            403: Undescribed(DEFAULT, ERROR),
            404: Undescribed(DEFAULT, ERROR),
            429: Undescribed(GATEWAY, ERROR),
            500: Undescribed(DEFAULT, ERROR),
            503: Undescribed(GATEWAY, ERROR),
        },
    )
]
