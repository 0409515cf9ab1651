"""Files that Patchbay keeps itself, below MEDIA_ROOT: each under the digest of its content, apart for every organization.

Whoever has the digest gets the same bytes, however often and on whichever machine that shares the folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from django.conf import settings

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Missing(LookupError):
    """No file with this content is kept."""


def keep(organization_id: int, content: bytes) -> str:
    """Store the content, unless it is there already; its digest."""
    digest = hashlib.sha256(content).hexdigest()
    path = _path(organization_id, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{digest}.{secrets.token_hex(4)}")
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    return digest


def read(organization_id: int, digest: str) -> bytes:
    """Raises Missing."""
    if not _DIGEST.fullmatch(digest):
        raise Missing(digest)
    try:
        return _path(organization_id, digest).read_bytes()
    except OSError:
        raise Missing(digest) from None


def _path(organization_id: int, digest: str) -> Path:
    return Path(settings.MEDIA_ROOT) / str(organization_id) / digest[:2] / digest
