"""The `.env` file of an installation that was not given its settings by the environment."""

import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path


def write_dotenv(path: Path) -> bool:
    """Write `path` (readable by its owner only) with fresh secrets, unless it exists. True when it was written."""
    content = (
        f"SECRET_KEY={secrets.token_urlsafe(48)}\n"
        f"ENCRYPTION_KEYS=k1:{urlsafe_b64encode(os.urandom(32)).decode()}\n"
        "PUBLIC_URL=http://127.0.0.1:8000\n"
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    return True
