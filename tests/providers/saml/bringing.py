"""A process of its own that brings responses, as another worker of the installation would get them: one per line, answered by its status.

Run with `python -m tests.providers.saml.bringing`, with DATABASE_URL in the environment.
"""

from __future__ import annotations

import json
import os
import sys

import django


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()

    from django.contrib.contenttypes.models import ContentType
    from django.db import connections
    from django.test import Client

    from tests.providers.saml.conftest import COOKIE

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        told = json.loads(line)
        client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
        if told["cookie"]:
            client.cookies[COOKIE] = told["cookie"]
        status = client.post(told["address"], told["form"]).status_code
        connections.close_all()
        ContentType.objects.clear_cache()  # tests empty the tables now and then, which no installation does
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
