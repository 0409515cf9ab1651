"""The settings of the test suite: those of an installation, with fixed secrets, fast hashing and short leases."""

import os
from pathlib import Path

os.environ.setdefault("ENV_FILE", os.devnull)  # an installation's own settings are no part of a test
os.environ.setdefault("SECRET_KEY", "a key for tests only")
os.environ.setdefault("ENCRYPTION_KEYS", "test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
os.environ.setdefault("EMAIL_URL", "memorymail://")
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("LEASE_SECONDS", "2")

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, DATABASES, MIDDLEWARE

SPECS_DIR = Path(os.environ["SPECS_DIR"]) if "SPECS_DIR" in os.environ else None

MIDDLEWARE = ["tests.canaries.Reader", *MIDDLEWARE]
MEDIA_ROOT = BASE_DIR / "var" / "media"
WHITENOISE_AUTOREFRESH = True  # nothing is collected for tests
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    if "SQLITE_MAX_PAGES" in os.environ:  # as if the disk were full
        DATABASES["default"]["OPTIONS"]["init_command"] += f"PRAGMA max_page_count={os.environ['SQLITE_MAX_PAGES']};"
    (BASE_DIR / "var").mkdir(exist_ok=True)
    DATABASES["default"]["TEST"] = {
        "NAME": str(BASE_DIR / "var" / f"{os.environ.get('TEST_DB', 'test')}.sqlite3"),
        "MIGRATE": False,  # straight from the models; on PostgreSQL, and in installations that tests start, through the migrations
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
