#!/usr/bin/env python3
"""Operators' entry point. On a machine without configuration it first writes a `.env` with fresh secrets."""

import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.dotenv import write_dotenv

    is_configured = not os.environ.keys().isdisjoint({"SECRET_KEY", "ENV_FILE"})
    if not is_configured and write_dotenv(path := Path(__file__).resolve().parent / ".env"):
        print(f"Wrote {path} with fresh secrets. Keep ENCRYPTION_KEYS: credentials cannot be read without them.", file=sys.stderr)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
