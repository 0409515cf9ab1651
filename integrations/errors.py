"""What can go wrong between us and a vendor. The class alone decides what happens next:

=================  ===========================================================================================
`Transient`        nothing was written there; tried again later, by itself
`RateLimited`      the same, not before `retry_after` seconds; burns no try
`AuthLost`         the credential is refused; the integration waits for a person to reconnect it
`ConfigProblem`    a setting or mapping is missing or wrong; a person corrects `field` and retries
`Rejected`         the vendor, or we before it, refuse this record; a person corrects the record and retries
`Uncertain`        a write may or may not have been done; looked up before anything is written again
=================  ===========================================================================================
"""

from __future__ import annotations


class ProviderError(Exception):
    """`message` says what happened, in the vendor's words where there are any; `advice` what the reader can do about it."""

    def __init__(self, message: str, *, advice: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.request_id = request_id


class Transient(ProviderError):
    pass


class RateLimited(Transient):
    """`retry_after` in seconds; `scope` names the limit that was hit, in the vendor's word."""

    def __init__(self, message: str, *, retry_after: float, scope: str = "", request_id: str = "") -> None:
        super().__init__(message, request_id=request_id)
        self.retry_after = retry_after
        self.scope = scope


class AuthLost(ProviderError):
    pass


class ConfigProblem(ProviderError):
    """`field` is the integration's field to correct; `value` the key of the mapping row, where it is a mapping."""

    def __init__(self, message: str, *, field: str, value: str = "", advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.field = field
        self.value = value


class Rejected(ProviderError):
    """`field` is the record's attribute that the refusal is about, when it is known."""

    def __init__(self, message: str, *, field: str = "", advice: str = "", request_id: str = "") -> None:
        super().__init__(message, advice=advice, request_id=request_id)
        self.field = field


class Uncertain(ProviderError):
    pass
