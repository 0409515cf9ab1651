"""Our keys are made well, and theirs are read with care."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from django.db import connection

from integrations import clock
from integrations.providers.saml.keys import WeakKey, certificate_of, is_private_key, new_key_pair, read_certificate
from integrations.providers.saml.models import SpKey
from tests.providers.saml.conftest import SignOnScene

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def der_of(private: object, *, algorithm: hashes.HashAlgorithm | None = hashes.SHA256(), common_name: str = "idp.example") -> bytes:  # noqa: B008
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(private.public_key())  # type: ignore[attr-defined]
    builder = builder.serial_number(7).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=100))
    return builder.sign(private, algorithm).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def test_a_new_key_is_long_enough_and_its_certificate_lasts_for_years() -> None:
    pair = new_key_pair("Patchbay 3f0c8f4e", NOW)
    private = load_pem_private_key(pair.private_key.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size >= 2048
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    assert certificate.public_key() == private.public_key()
    assert certificate.subject == certificate.issuer
    assert certificate.subject.rfc4514_string() == "CN=Patchbay 3f0c8f4e"
    assert certificate.not_valid_before_utc < NOW
    assert certificate.not_valid_after_utc > NOW + timedelta(days=4 * 365)
    certificate.verify_directly_issued_by(certificate)


def test_a_new_key_signs_what_its_certificate_verifies() -> None:
    pair = new_key_pair("Patchbay", NOW)
    private = load_pem_private_key(pair.private_key.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    signature = private.sign(b"x", PKCS1v15(), hashes.SHA256())
    public = x509.load_pem_x509_certificate(pair.certificate.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(signature, b"x", PKCS1v15(), hashes.SHA256())


def test_no_two_keys_are_alike() -> None:
    assert len({new_key_pair("Patchbay", NOW).private_key for _ in range(3)}) == 3


def test_a_name_too_long_for_a_certificate_is_cut() -> None:
    assert certificate_of(new_key_pair("x" * 200, NOW).certificate).subject == f"CN={'x' * 64}"


def test_the_private_key_is_not_shown_by_accident() -> None:
    assert "PRIVATE" not in repr(new_key_pair("Patchbay", NOW))


def test_a_certificate_is_known_by_its_fingerprint_and_its_dates() -> None:
    der = der_of(rsa.generate_private_key(65537, 2048))
    certificate = read_certificate(der)
    assert certificate.fingerprint == x509.load_der_x509_certificate(der).fingerprint(hashes.SHA256()).hex()
    assert (certificate.valid_from, certificate.valid_until) == (NOW, NOW + timedelta(days=100))
    assert certificate_of(certificate.pem) == certificate


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.BrainpoolP256R1()], ids=lambda curve: curve.name)
def test_certificates_of_elliptic_curves_are_read_and_can_verify(curve: ec.EllipticCurve) -> None:
    certificate = read_certificate(der_of(ec.generate_private_key(curve)))
    xmlsec.Key.from_memory(certificate.pem.encode(), xmlsec.constants.KeyDataFormatCertPem, None)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: rsa.generate_private_key(65537, 1024), id="rsa of 1024 bits"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP224R1()), id="curve of 224 bits"),
        pytest.param(lambda: dsa.generate_private_key(1024), id="dsa"),
    ],
)
def test_a_certificate_with_a_weak_key_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(WeakKey):
        read_certificate(der_of(make()))


def test_a_kind_of_key_that_cannot_verify_xml_signatures_is_refused() -> None:
    with pytest.raises(WeakKey):
        read_certificate(der_of(ed25519.Ed25519PrivateKey.generate(), algorithm=None))


@pytest.mark.parametrize(("bits", "is_believed"), [(2048, True), (4096, True), (8192, True), (8200, False), (16384, False)])
def test_a_key_that_is_only_there_to_keep_us_busy_is_refused(bits: int, is_believed: bool) -> None:
    """The certificate is issued for a modulus that nobody has the factors of: reading it needs none."""
    numbers = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(numbers.public_key())
    built = builder.serial_number(7).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    der = built.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)
    if is_believed:
        assert read_certificate(der).fingerprint
    else:
        with pytest.raises(WeakKey):
            read_certificate(der)


def test_a_subject_that_would_write_over_the_page_is_kept_as_plain_text() -> None:
    subject = read_certificate(der_of(rsa.generate_private_key(65537, 2048), common_name="a\u202eb\x1b[31m")).subject
    assert subject.isprintable()


@pytest.mark.parametrize("junk", [b"", b"x", b"0\x82\x01\x00", b"\xff" * 500, b"0" * 5000])
def test_what_is_no_certificate_is_refused_and_never_crashes(junk: bytes) -> None:
    with pytest.raises(ValueError, match="asn1"):
        read_certificate(junk)


def test_a_certificate_with_one_octet_changed_is_read_or_refused_and_never_crashes() -> None:
    der = der_of(ec.generate_private_key(ec.SECP256R1()))
    for place in range(len(der)):
        spoilt = bytearray(der)
        spoilt[place] ^= 0x41
        try:
            read_certificate(bytes(spoilt))
        except ValueError:  # of which `WeakKey` is one
            continue


def test_a_private_key_is_told_from_a_certificate() -> None:
    private = rsa.generate_private_key(65537, 2048)
    assert is_private_key(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    assert is_private_key(private.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    assert is_private_key(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    assert not is_private_key(der_of(private))
    assert not is_private_key(b"")


def test_each_integration_has_a_key_of_its_own_from_the_beginning(scene: SignOnScene) -> None:
    made = SpKey.everywhere.get(integration=scene.integration)
    assert made.signs_from <= clock.now()
    assert made.retired_at is None
    certificate = certificate_of(made.certificate)
    assert (certificate.fingerprint, certificate.valid_until) == (made.fingerprint, made.valid_until)
    assert certificate.subject == f"CN=Patchbay {scene.integration.uuid}"


def test_the_private_key_lies_encrypted_in_the_database(scene: SignOnScene) -> None:
    made = SpKey.everywhere.get(integration=scene.integration)
    assert made.private_key is not None
    assert "PRIVATE KEY" in made.private_key
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM saml_spkey WHERE id = %s", [made.pk])
        stored = repr(cursor.fetchone())
    assert "PRIVATE KEY" not in stored
    assert made.private_key.splitlines()[1] not in stored
