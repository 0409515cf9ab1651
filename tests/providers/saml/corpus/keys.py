"""Whose key it is: the metadata's alone, whatever a message says of keys."""

from __future__ import annotations

import base64
from typing import Any

import xmlsec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from integrations.providers.saml.configuring import keys_in_use, take_metadata
from tests.providers.saml.corpus.variants import Stage, find, plays, signed
from tests.providers.saml.forge import DS, Key, key

FAMILY = "signature"
WRONG = ("signature_wrong",)
KEY_INFO = "saml:Assertion/ds:Signature/ds:KeyInfo"


def trusts(*names: str, curve: bool = False) -> Any:
    """The identity provider has these keys beside its own."""

    def prepare(stage: Stage) -> None:
        keys = [stage.scene.forge.key, *(key(name, curve=curve) for name in names)]
        take_metadata(stage.scene.integration, stage.scene.forge.metadata(keys=keys))

    return prepare


@plays(FAMILY, accepts=True, prepare=trusts("second"))
def second_certificate_of_the_metadata(stage: Stage) -> Any:
    return stage.brings(stage.response(None, key=key("second")))


@plays(FAMILY, accepts=True, prepare=trusts("curve", curve=True))
def key_on_elliptic_curves(stage: Stage) -> Any:
    method = xmlsec.constants.TransformEcdsaSha256
    return stage.brings(stage.response(None, key=key("curve", curve=True), method=method))


@plays(FAMILY, codes=WRONG, prepare=trusts("second"))
def certificate_that_has_left_the_metadata(stage: Stage) -> Any:
    take_metadata(stage.scene.integration, stage.scene.forge.metadata())
    stage.set_out()
    return stage.brings(stage.response(None, key=key("second")))


@plays(FAMILY, codes=WRONG)
def signed_with_our_own_key(stage: Stage) -> Any:
    """The one that decrypts here signs nothing for the identity provider."""
    ours = keys_in_use(stage.scene.integration)[0]
    return stage.brings(stage.response(None, key=Key(ours.private_key or "", ours.certificate)))


def tells(name: str, inner: str, *, codes: tuple[str, ...] = WRONG) -> None:
    """A stranger signs, and the message says where to get the key."""

    def after(root: Any) -> None:
        info = find(root, KEY_INFO)
        info.getparent().replace(info, etree.fromstring(f'<ds:KeyInfo xmlns:ds="{DS}">{inner}</ds:KeyInfo>'))

    signed(FAMILY, f"key_told_as_{name}", codes=codes, key=key("stranger"), after=after)


def numbers(of: Key) -> str:
    public: Any = load_pem_private_key(of.private.encode(), None).public_key()
    modulus, exponent = (base64.b64encode(n.to_bytes(size)).decode() for n, size in zip(_both(public), (256, 3), strict=True))
    return f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>{exponent}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"


def _both(public: Any) -> tuple[int, int]:
    return public.public_numbers().n, public.public_numbers().e


tells("its_numbers", numbers(key("stranger")))
tells("its_name", "<ds:KeyName>idp.example</ds:KeyName>")
tells("an_address", '<ds:RetrievalMethod URI="http://127.0.0.1:9/key.pem"/>', codes=("encryption_forbidden",))
tells("a_file", '<ds:RetrievalMethod URI="file:///etc/ssl/certs"/>', codes=("encryption_forbidden",))
tells("a_certificate_that_is_none", "<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>")
tells("a_subject", "<ds:X509Data><ds:X509SubjectName>CN=idp.example</ds:X509SubjectName></ds:X509Data>")
