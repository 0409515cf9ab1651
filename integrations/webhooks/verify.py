"""Whether a webhook is the vendor's: signatures compared in constant time. No tables."""

from __future__ import annotations

import base64
import hashlib
import hmac


def hmac_sha256_base64(body: bytes, key: str) -> str:
    """The signature that most vendors give: HMAC-SHA256 of the raw body, in base64."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def same(given: str, right: str) -> bool:
    """Compared in constant time; an empty signature is never right."""
    return bool(given) and hmac.compare_digest(given.encode(), right.encode())
