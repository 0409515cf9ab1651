"""The certificates by which an identity provider is believed, as its metadata lists them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from integrations.providers.saml.complaints import MetadataProblem, private_key
from integrations.providers.saml.config import Certificate
from integrations.providers.saml.gate import BLANKS
from integrations.providers.saml.keys import WeakKey, is_private_key, read_certificate
from integrations.providers.saml.xml import DS, MD, Element, children, name, text_of

MAX_CERTIFICATES = 10
ARMOUR = re.compile(r"-----(BEGIN|END) CERTIFICATE-----")


def signing_certificates(descriptor: Element, now: datetime) -> tuple[Certificate, ...]:
    """Those that count now, or will. Those that ended or are too weak are left out while there are others.

    Raises `MetadataProblem` that says what was found instead, and for what is no certificate: then the file is damaged.
    """
    found: dict[str, Certificate] = {}
    trouble = _lack(descriptor)
    for text in _texts(descriptor):
        try:
            certificate = _certificate(text)
        except WeakKey:
            words = _(
                "The key of the certificate is too weak. RSA with 2048 to 8192 bits is believed, or elliptic curves with at least 256."
            )
            trouble = "weak", words
            continue
        if certificate.valid_until > now:
            found[certificate.fingerprint] = certificate
        else:
            words = _("The certificate in it ended on %(day)s. Make a new one at the identity provider.")
            trouble = "ended", words % {"day": certificate.valid_until.date().isoformat()}
    if not found:
        raise MetadataProblem(*trouble)
    if len(found) > MAX_CERTIFICATES:
        raise MetadataProblem("certificates", _("The metadata has more than ten certificates. Remove the old ones there."))
    return tuple(found.values())


def _lack(descriptor: Element) -> tuple[str, str]:
    uses = {_use(key) for key in children(descriptor, MD, "KeyDescriptor")}
    if uses == {"encryption"}:
        return "encryption_only", _("The only certificate in it is for encryption. Get metadata with the one that signs.")
    return "no_certificate", _("The metadata has no signing certificate (<KeyDescriptor>). Copy the whole file.")


def _use(key: Element) -> str:
    """What the key is for; where nothing is said, for both."""
    return key.get("use", "signing").strip()


def _texts(descriptor: Element) -> Iterator[str]:
    """In base64. Several in one X509Data are a chain (XML Signature 1.1, 4.5.4), of which the first has the key that signs."""
    for key in children(descriptor, MD, "KeyDescriptor"):
        if _use(key) == "signing":
            for told in key.iter(name(DS, "X509Data")):
                yield from (text_of(one) for one in children(told, DS, "X509Certificate")[:1])


def _certificate(text: str) -> Certificate:
    try:
        der = base64.b64decode(ARMOUR.sub("", text).translate(BLANKS), validate=True)
    except ValueError:
        raise _unreadable() from None
    try:
        return read_certificate(der)
    except WeakKey:
        raise
    except ValueError:
        raise private_key() if is_private_key(der) else _unreadable() from None


def _unreadable() -> MetadataProblem:
    return MetadataProblem("unreadable", _("A certificate in it cannot be read. Copy the whole file once more."))
