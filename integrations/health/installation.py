"""What can be wrong with an installation beside what `looks` sees: its settings, its keys, its surroundings. For `manage.py doctor`."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.mail import get_connection
from django.db import connection

from integrations import clock
from integrations.auth import environment
from integrations.auth.ways import unset
from integrations.crypto import KeyringProblem, keyring
from integrations.engine.choice import is_celery, reach_broker
from integrations.health.looks import READINESS, Look
from integrations.models import Chore, Connection, Incident, Integration
from integrations.registry import all_providers
from integrations.sync import keys
from integrations.sync.turns import PROBLEM

LEAST_DISK = 500_000_000
LATE_CHORE = timedelta(hours=6)
FASTEST_CLOCK = timedelta(seconds=2)
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def _is_local() -> bool:
    return urlsplit(settings.PUBLIC_URL).hostname in LOCAL_HOSTS


def checks() -> Look:
    problems = [message for message in run_checks() if message.level >= ERROR]
    if not problems:
        return Look("checks", True, "Django finds nothing wrong.")
    return Look("checks", False, "; ".join(message.msg for message in problems), "Run manage.py check for the whole of it.")


def address() -> Look:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme == "https" or _is_local():
        return Look("address", True, f"People come to {settings.PUBLIC_URL}.")
    return Look("address", False, f"PUBLIC_URL is {settings.PUBLIC_URL}: passwords go over the network in the clear.", "Serve it by https.")


def debug() -> Look:
    if settings.DEBUG and not _is_local():
        return Look("debug", False, "DEBUG is on: an error shows strangers the code and the settings.", "Unset DEBUG.")
    return Look("debug", True, "Errors show nobody the code." if not settings.DEBUG else "DEBUG is on, and only this machine can see it.")


def sandbox() -> Look:
    if settings.SANDBOX_URL and not _is_local():
        return Look("sandbox", False, "SANDBOX_URL is set: every vendor is a simulation.", "Unset SANDBOX_URL to reach the real vendors.")
    return Look("sandbox", True, "The sandbox stands for the vendors." if settings.SANDBOX_URL else "The vendors are the real ones.")


def leases() -> Look:
    if settings.LEASE_SECONDS >= 2 * settings.HTTP_TIMEOUT_SECONDS:
        return Look("leases", True, f"A lease of {settings.LEASE_SECONDS:g} s outlasts every call.")
    text = f"LEASE_SECONDS ({settings.LEASE_SECONDS:g}) is less than twice HTTP_TIMEOUT_SECONDS ({settings.HTTP_TIMEOUT_SECONDS:g})."
    return Look("leases", False, text, "Raise LEASE_SECONDS, or work is taken from workers that are still at it.")


def secrets() -> Look:
    try:
        newest = keyring().newest
    except KeyringProblem as problem:
        return Look("keys", False, str(problem), "Set ENCRYPTION_KEYS; without it no secret can be stored or read.")
    known = {entry.partition(":")[0].strip() for entry in settings.ENCRYPTION_KEYS}
    counts: Counter[str] = sum((keys.key_ids(column) for column in keys.columns()), Counter())
    if lost := {key_id: count for key_id, count in counts.items() if key_id not in known}:
        which = ", ".join(f"{count} need the key {key_id}" if key_id else f"{count} are not encrypted" for key_id, count in lost.items())
        return Look("keys", False, f"Secrets that cannot be read: {which}.", "Add the missing keys to ENCRYPTION_KEYS, newest first.")
    if old := sum(count for key_id, count in counts.items() if key_id != newest):
        return Look("keys", False, f"{old} of {counts.total()} secrets are under an older key than {newest}.", "Run manage.py rotate_keys.")
    return Look("keys", True, f"All {counts.total()} secrets are under the key {newest}.")


def apps() -> Look:
    """Whether what the operator has to set for the providers in use is set."""
    connections = Integration.everywhere.non_polymorphic().exclude(connection=Connection.DISCONNECTED)
    used = set(connections.order_by().values_list("provider", "way").distinct())
    slugs = {slug for slug, _way in used}
    if orphaned := slugs - all_providers().keys():
        names = ", ".join(sorted(orphaned))
        return Look(
            "providers", False, f"There are integrations for providers that are not installed: {names}.", "Install them, or delete."
        )
    missing: list[str] = []
    for slug, way in sorted(used):
        missing += [name for name in unset(slug, all_providers()[slug].way(way)) if name not in missing]
    for slug in sorted(slugs):
        wanted = ["WEBHOOK_KEY"] if all_providers()[slug].webhook and not settings.SANDBOX_URL else []
        missing += [environment.variable(slug, name) for name in wanted if not environment.read(slug, name, "")]
    if missing:
        return Look(
            "providers",
            False,
            f"Not set: {', '.join(missing)}.",
            "Set them as the vendor shows them for this installation's app.",
        )
    return Look("providers", True, f"{len(slugs)} in use, all of them set up.")


def problems() -> Look:
    """What workers found that only an operator can correct."""
    found = Incident.everywhere.filter(cause=PROBLEM, closed_at=None)
    words = "; ".join(f"{message} ({slug})" for slug, message in found.values_list("organization__slug", "message")[:5])
    if not words:
        return Look("problems", True, "No integration waits for the operator.")
    return Look("problems", False, words, "Correct what it names; the integration goes on by itself.")


def chores() -> Look:
    late = list(Chore.objects.filter(next_run_at__lt=clock.now() - LATE_CHORE).values_list("name", flat=True))
    if not late:
        return Look("chores", True, "All are up to date.")
    return Look("chores", False, f"Late: {', '.join(late)}.", "See that a worker runs, and look for chore.failed in its log.")


def broker() -> Look:
    if not is_celery():
        return Look("broker", True, "None is needed: workers look for work by themselves.")
    trouble = reach_broker()
    if trouble:
        return Look("broker", False, f"It does not answer: {trouble}", "See that the broker of BROKER_URL runs; nothing is lost meanwhile.")
    return Look("broker", True, "It answers.")


def mail() -> Look:
    if "smtp" not in settings.EMAIL_BACKEND:
        if _is_local():
            return Look("mail", True, "Mails are not sent, but shown where the server runs.")
        return Look("mail", False, "Mails are not sent: EMAIL_URL is not set.", "Set EMAIL_URL, such as smtp+tls://user:password@host:587.")
    try:
        with get_connection():
            return Look("mail", True, f"{settings.EMAIL_HOST} takes mails.")
    except OSError as error:
        return Look("mail", False, f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} does not answer: {error}", "Check EMAIL_URL.")


def disk() -> Look:
    if connection.vendor != "sqlite":
        return Look("disk", True, "The database has its own.")
    folder = Path(str(settings.DATABASES["default"]["NAME"])).parent
    free = shutil.disk_usage(folder if folder.is_dir() else settings.BASE_DIR).free
    if free >= LEAST_DISK:
        return Look("disk", True, f"{free // 1_000_000} MB are free beside the database.")
    return Look("disk", False, f"Only {free // 1_000_000} MB are free beside the database.", "Free some, or run manage.py prune.")


def time() -> Look:
    """Leases and schedules of several machines rest on their clocks."""
    if connection.vendor != "postgresql":
        return Look("clock", True, "One machine, one clock.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        ahead = abs(clock.now() - cursor.fetchone()[0])
    if ahead <= FASTEST_CLOCK or settings.CLOCK_SCALE != 1:
        return Look("clock", True, "It agrees with the database's.")
    return Look("clock", False, f"It is {ahead.total_seconds():.0f} s off the database's.", "Let both machines follow a time server.")


DOCTOR: Iterable[Callable[[], Look]] = (
    *READINESS,
    *(checks, address, debug, sandbox, leases, secrets, apps, problems, chores, broker, mail, disk, time),
)
