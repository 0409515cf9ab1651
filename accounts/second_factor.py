"""The second factor of people who sign in with a password: an authenticator app, and recovery codes for when it is lost.

Both are devices of django-otp, which slows guessing down. Recovery codes are kept as keyed digests only, in the rows of
its static device.
"""

from __future__ import annotations

import secrets
from base64 import b32encode

import segno
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.safestring import SafeString, mark_safe
from django_otp import verify_token
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from accounts.models import User

RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else


def is_set_up(user: User) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def has_one(user: str) -> Exists:
    """Whether the user that this path of a query leads to has set a second factor up."""
    return Exists(TOTPDevice.objects.filter(user=OuterRef(user), confirmed=True))


def is_verified(user: User | AnonymousUser) -> bool:
    """The user of a request has proved a second factor in this session, and still has it."""
    return getattr(user, "otp_device", None) is not None


def device_for(user: User, code: str) -> Device | None:
    """The device whose code this is. A code counts once; wrong ones make the next try wait."""
    device = _device_asked(user, code)
    if device is None:
        return None
    answer = code.replace(" ", "") if isinstance(device, TOTPDevice) else _digest(user, code)
    return verify_token(user, device.persistent_id, answer)


def seconds_to_wait(user: User, code: str) -> int:
    """How long after wrong codes none is looked at, in seconds; 0 when the next one will be."""
    device = _device_asked(user, code)
    _allowed, why = device.verify_is_allowed() if device else (True, None)
    return max(1, round((why["locked_until"] - timezone.now()).total_seconds())) if why else 0


def new_key() -> str:
    """A fresh secret for an authenticator app, in hexadecimal digits."""
    return str(random_hex(20))


def written_key(key: str) -> str:
    """The key as people type it into their app, in groups of four letters."""
    letters = b32encode(bytes.fromhex(key)).decode()
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def qr_code(user: User, key: str) -> SafeString:
    """The key as a picture for the authenticator app: an SVG element without any inline style."""
    image = segno.make(TOTPDevice(user=user, key=key).config_url, error="m", micro=False)
    return mark_safe(image.svg_inline(scale=5, border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None))  # noqa: S308


@transaction.atomic
def enrol(user: User, key: str, code: str) -> tuple[Device, list[str]] | None:
    """Set the second factor up, if `code` shows that the user's app holds `key`: the device and the recovery codes."""
    device = TOTPDevice(user=user, key=key, name="app", confirmed=True)
    otp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    otp.time = timezone.now().timestamp()
    if not code.isdecimal() or not otp.verify(int(code), device.tolerance):
        return None
    device.drift, device.last_t = otp.drift, otp.t()
    remove(user)
    device.save()
    return device, new_recovery_codes(user)


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Ten new codes in place of all earlier ones. This is the only time that they can be read."""
    device, _created = StaticDevice.objects.get_or_create(user=user, defaults={"name": "recovery"})
    device.token_set.all().delete()
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_digest(user, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def recovery_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


@transaction.atomic
def remove(user: User) -> None:
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def _device_asked(user: User, code: str) -> Device | None:
    """Digits are meant for the app, anything else is a recovery code."""
    model = TOTPDevice if code.replace(" ", "").isdecimal() else StaticDevice
    return model.objects.filter(user=user, confirmed=True).first()


def _digest(user: User, code: str) -> str:
    plain = "".join(letter for letter in code.lower() if letter in ALPHABET)
    return salted_hmac("accounts.recovery_code", f"{user.pk}:{plain}", algorithm="sha256").hexdigest()[:16]
