"""Messages travel in addresses and forms: signed so that others believe them, and read so that nothing odd gets through."""

from __future__ import annotations

import base64
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.test import RequestFactory
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from integrations.providers.saml import answers, messages
from integrations.providers.saml.bindings import (
    MAX_QUERY,
    MAX_RELAY,
    inflate,
    post_fields,
    read_post,
    read_redirect,
    redirect_url,
    signed_with,
)
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import POST, REDIRECT
from integrations.providers.saml.gate import MAX_BYTES, Blocked
from integrations.providers.saml.signatures import verification_keys
from tests.providers.saml.forge import DS, NS, Forge, Key, key
from tests.providers.saml.peers import agreement, fits, now, pair, peer, tree

SLO = "https://idp.example/slo"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
RELAYS = ["", "token-_~", "with blanks + plus/slash=&?%", "ünï日本"]


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def xml(forge: Forge) -> str:
    return messages.logout_request(agreement(forge), messages.new_id(), now(), destination=SLO, name_id="jane <&> é")


def unpacked(address: str) -> str:
    query = dict(parse_qsl(urlsplit(address).query))
    return zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15).decode()


def refusal(read: Callable[[], Any]) -> str:
    with pytest.raises(Blocked) as caught:
        read()
    return caught.value.refusal.code


# ---- sending in an address


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("raw", [True, False], ids=["raw", "escaped anew"])
def test_python3_saml_believes_what_we_sign_in_an_address(forge: Forge, xml: str, relay: str, raw: bool) -> None:
    config = agreement(forge)
    address = redirect_url(SLO, "SAMLRequest", xml, relay, config.keys[0])
    visited = peer(forge, config, address, raw=raw)
    query = dict(parse_qsl(urlsplit(address).query))
    assert visited.validate_request_signature(query), visited.get_last_error_reason()
    assert query.get("RelayState", "") == relay
    assert unpacked(address) == xml


def test_python3_saml_does_not_believe_it_with_another_relay_state_or_key(forge: Forge, xml: str) -> None:
    config = agreement(forge)
    address = redirect_url(SLO, "SAMLRequest", xml, "one", config.keys[0])
    changed = address.replace("RelayState=one", "RelayState=two")
    assert not peer(forge, config, changed).validate_request_signature(dict(parse_qsl(urlsplit(changed).query)))
    other = redirect_url(SLO, "SAMLRequest", xml, "one", pair(key("somebody else")))
    assert not peer(forge, config, other).validate_request_signature(dict(parse_qsl(urlsplit(other).query)))


def test_what_an_address_carries_stands_in_the_order_of_the_specification(forge: Forge, xml: str) -> None:
    address = redirect_url(SLO, "SAMLRequest", xml, "token", agreement(forge).keys[0])
    pairs = parse_qsl(urlsplit(address).query)
    assert [name for name, _value in pairs] == ["SAMLRequest", "RelayState", "SigAlg", "Signature"]
    assert dict(pairs)["SigAlg"] == f"{MORE}rsa-sha256"


def test_without_a_key_an_address_carries_the_message_alone(xml: str) -> None:
    assert [name for name, _value in parse_qsl(urlsplit(redirect_url(SLO, "SAMLRequest", xml, "", None)).query)] == ["SAMLRequest"]


def test_a_query_that_their_address_has_already_stays(forge: Forge, xml: str) -> None:
    config = agreement(forge)
    address = redirect_url(f"{SLO}?tenant=7", "SAMLRequest", xml, "token", config.keys[0])
    assert address.startswith(f"{SLO}?tenant=7&SAMLRequest=")
    assert peer(forge, config, address).validate_request_signature(dict(parse_qsl(urlsplit(address).query)))


# ---- sending in a form


def test_python3_saml_believes_what_we_sign_in_a_form(forge: Forge, xml: str) -> None:
    config = agreement(forge)
    fields = post_fields("SAMLRequest", xml, "token", config.keys[0])
    posted = base64.b64decode(fields["SAMLRequest"])
    assert list(fields) == ["SAMLRequest", "RelayState"]
    assert fields["RelayState"] == "token"
    assert fits(posted)
    where = "/samlp:LogoutRequest/ds:Signature"
    assert OneLogin_Saml2_Utils.validate_sign(posted, cert=config.keys[0].certificate, xpath=where)
    assert not OneLogin_Saml2_Utils.validate_sign(posted.replace(b"jane", b"joan"), cert=config.keys[0].certificate, xpath=where)
    assert not OneLogin_Saml2_Utils.validate_sign(posted, cert=key("somebody else").certificate, xpath=where)


def test_the_signature_in_a_form_stands_after_the_issuer_and_is_made_in_the_usual_way(forge: Forge, xml: str) -> None:
    config = agreement(forge)
    root = tree(base64.b64decode(post_fields("SAMLRequest", xml, "", config.keys[0])["SAMLRequest"]))
    signature = root[1]
    assert signature.tag == f"{{{DS}}}Signature"
    used = {element.get("Algorithm") for element in signature.iter() if element.get("Algorithm")}
    assert used == {
        f"{MORE}rsa-sha256",
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        f"{DS}enveloped-signature",
    }
    assert signature.find(".//ds:Reference", NS).get("URI") == f"#{root.get('ID')}"
    named = "".join(signature.findtext(".//ds:X509Certificate", namespaces=NS).split())
    assert named == key("ours").bare_certificate


def test_without_a_key_a_form_carries_the_message_as_it_is(xml: str) -> None:
    fields = post_fields("SAMLResponse", xml, "", None)
    assert list(fields) == ["SAMLResponse"]
    assert tree(base64.b64decode(fields["SAMLResponse"])).find("ds:Signature", NS) is None


@pytest.mark.parametrize("binding", [REDIRECT, POST])
def test_the_first_of_our_keys_signs_while_they_are_changed(forge: Forge, xml: str, binding: str) -> None:
    config = agreement(forge, keys=(key("new"), key("old")))
    answer = answers.carry(RequestFactory().get("/"), config, binding, SLO, "SAMLRequest", xml, "", sign=True)
    if binding == POST:
        certificate = key("new").bare_certificate
        posted = answer.content.decode().split('name="SAMLRequest" value="')[1].split('"')[0]
        assert certificate in "".join(base64.b64decode(posted).decode().split())
    else:
        visited = peer(forge, config, answer["Location"])
        assert visited.validate_request_signature(dict(parse_qsl(urlsplit(answer["Location"]).query)))


# ---- reading an address


def believed(query: str, forge: Forge, *theirs: Key) -> bool:
    return bool(signed_with(read_redirect(query), verification_keys(agreement(forge, theirs=theirs))))


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize(
    "quoted",
    [
        quote_plus,
        lambda value: quote(value, safe=""),
        lambda value: quote(value, safe=":/~"),
        lambda value: OneLogin_Saml2_Utils.escape_url(value, lowercase_urlencoding=True),
    ],
    ids=["plus for blanks", "%20 for blanks", "little escaped", "lower-case escapes"],
)
def test_a_signature_counts_the_escapes_as_their_sender_wrote_them(forge: Forge, xml: str, relay: str, quoted: Any) -> None:
    query = forge.query("SAMLRequest", xml, relay=relay, quoted=quoted)
    carried = read_redirect(query)
    assert believed(query, forge)
    assert (carried.parameter, carried.xml.decode(), carried.relay_state) == ("SAMLRequest", xml, relay)


def test_in_which_order_an_address_says_it_does_not_matter(forge: Forge, xml: str) -> None:
    pairs = forge.query("SAMLRequest", xml, relay="token").split("&")
    assert believed("&".join(["utm_source=mail", *reversed(pairs), "lang"]), forge)


def test_what_was_not_signed_is_not_believed(forge: Forge, xml: str) -> None:
    query = forge.query("SAMLRequest", xml, relay="token")
    assert not believed(query.replace("RelayState=token", "RelayState=other"), forge)
    assert not believed(query.replace("&RelayState=token", ""), forge)
    assert not believed(forge.query("SAMLRequest", xml) + "&RelayState=added", forge)
    assert not believed(query.replace("SAMLRequest=", "SAMLResponse="), forge)
    assert not believed(forge.query("SAMLRequest", xml, key=key("somebody else")), forge)


@pytest.mark.parametrize("name", ["SAMLRequest", "RelayState", "SigAlg", "Signature", "SAMLEncoding", "SAML%52equest"])
def test_an_address_that_says_a_thing_twice_is_refused(forge: Forge, xml: str, name: str) -> None:
    query = (
        forge.query("SAMLRequest", xml, relay="token")
        + "&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE"
    )
    assert read_redirect(query).xml.decode() == xml
    assert refusal(lambda: read_redirect(f"{query}&{name}=x")) == Code.PARAMETER_REPEATED


def signed_by(made: Key, algorithm: str, xml: str) -> str:
    """An address signed with a method, as XML signatures want it: elliptic curves as two numbers side by side."""
    query = f"SAMLRequest={quote_plus(base64.b64encode(zlib.compress(xml.encode(), wbits=-15)))}&SigAlg={quote_plus(algorithm)}"
    digest = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512, "sha1": hashes.SHA1}[
        algorithm.rpartition("-")[2]
    ]()
    private: Any = load_pem_private_key(made.private.encode(), None)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        numbers = decode_dss_signature(private.sign(query.encode(), ec.ECDSA(digest)))
        signature = b"".join(number.to_bytes(32, "big") for number in numbers)
    else:
        signature = private.sign(query.encode(), padding.PKCS1v15(), digest)
    return f"{query}&Signature={quote_plus(base64.b64encode(signature))}"


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"])
def test_safe_methods_of_signing_are_believed(forge: Forge, xml: str, algorithm: str) -> None:
    theirs = key("curve", curve=True) if algorithm.startswith("ecdsa") else key("rsa")
    query = signed_by(theirs, f"{MORE}{algorithm}", xml)
    assert believed(query, forge, theirs)
    assert believed(query, forge, key("another curve", curve=True), key("idp"), theirs)
    assert not believed(query, forge, key("another curve", curve=True), key("idp"))


@pytest.mark.parametrize("algorithm", [f"{DS}rsa-sha1", f"{MORE}ecdsa-sha1", f"{DS}dsa-sha1"])
def test_methods_that_are_not_safe_are_refused(forge: Forge, xml: str, algorithm: str) -> None:
    assert refusal(lambda: believed(signed_by(key("idp"), algorithm, xml), forge)) == Code.ALGORITHM_FORBIDDEN


@pytest.mark.parametrize(
    "algorithm", ["", "none", f"{MORE}rsa-md5", f"{MORE}hmac-sha256", f"{DS}hmac-sha1", f"{MORE}RSA-SHA256", f" {MORE}rsa-sha256"]
)
def test_a_method_that_is_not_known_is_refused_whatever_the_signature(forge: Forge, xml: str, algorithm: str) -> None:
    assert refusal(lambda: believed(forge.query("SAMLRequest", xml, algorithm=algorithm), forge)) == Code.ALGORITHM_FORBIDDEN


@pytest.mark.parametrize("signature", ["AA==", "", "A" * 40_000], ids=["short", "empty", "long"])
def test_a_signature_of_another_length_is_wrong_and_no_more(forge: Forge, xml: str, signature: str) -> None:
    query = forge.query("SAMLRequest", xml)
    assert not believed(f"{query.partition('&Signature=')[0]}&Signature={quote_plus(signature)}", forge)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", Code.MISSING),
        ("RelayState=token&SigAlg=x", Code.MISSING),
        ("SAMLRequest", Code.MISSING),
        ("SAMLRequest=", Code.MISSING),
        ("samlrequest=PHg%2B", Code.MISSING),
        ("SAMLRequest=PHg%2B&SAMLResponse=PHg%2B", Code.PARAMETER_REPEATED),
        ("SAMLRequest=PHg-", Code.BASE64_WRONG),
        ("SAMLRequest=PHg", Code.BASE64_WRONG),
        ("SAMLRequest=%ff%fe", Code.BASE64_WRONG),
        ("SAMLRequest=PHgvPg%3D%3D", Code.BASE64_WRONG),
        ("SAMLRequest=s8nNz9MHAA%3D%3D&Signature=%00", Code.BASE64_WRONG),
        ("SAMLRequest=s8nNz9MHAA%3D%3D&RelayState=\u00e9", Code.BASE64_WRONG),
        ("SAMLRequest=s8nNz9MHAA%3D%3D&RelayState=\udce9", Code.BASE64_WRONG),
        ("SAMLRequest=s8nNz9MHAA%3D%3D&SAMLEncoding=urn%3Aown", Code.BASE64_WRONG),
        (f"SAMLRequest=x&RelayState={'x' * MAX_QUERY}", Code.TOO_LARGE),
    ],
)
def test_an_address_that_carries_no_message_is_refused(query: str, code: Code) -> None:
    assert refusal(lambda: read_redirect(query)) == code


@pytest.mark.parametrize("wbits", [zlib.MAX_WBITS, 31], ids=["zlib", "gzip"])
def test_only_what_is_packed_as_the_specification_says_is_unpacked(xml: str, wbits: int) -> None:
    assert refusal(lambda: inflate(zlib.compress(xml.encode(), wbits=wbits))) == Code.BASE64_WRONG


def test_what_is_cut_off_or_goes_on_after_its_end_is_refused(xml: str) -> None:
    packed = zlib.compress(xml.encode(), wbits=-15)
    assert inflate(packed) == xml.encode()
    assert refusal(lambda: inflate(packed[:-4])) == Code.BASE64_WRONG
    assert refusal(lambda: inflate(packed + b"more")) == Code.BASE64_WRONG
    assert refusal(lambda: inflate(b"")) == Code.BASE64_WRONG


def test_a_message_as_large_as_is_allowed_is_unpacked_and_a_larger_one_is_not() -> None:
    assert len(inflate(zlib.compress(b"x" * MAX_BYTES, wbits=-15))) == MAX_BYTES
    assert refusal(lambda: inflate(zlib.compress(b"x" * (MAX_BYTES + 1), wbits=-15))) == Code.TOO_LARGE


def test_what_would_unpack_to_millions_of_bytes_costs_next_to_nothing() -> None:
    packer = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(packer.compress(b"\0" * 1024 * 1024) for _mebibyte in range(32)) + packer.flush()
    query = f"SAMLRequest={quote_plus(base64.b64encode(bomb))}"
    assert len(query) < MAX_QUERY
    tracemalloc.start()
    try:
        assert refusal(lambda: read_redirect(query)) == Code.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_BYTES
    finally:
        tracemalloc.stop()


# ---- reading a form


def test_a_form_is_read_with_lines_wrapped_as_identity_providers_do(xml: str) -> None:
    carried = read_post({"SAMLResponse": base64.encodebytes(xml.encode()).decode().replace("\n", "\r\n"), "RelayState": "token"})
    assert (carried.parameter, carried.xml.decode(), carried.relay_state) == ("SAMLResponse", xml, "token")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, Code.MISSING),
        ({"RelayState": "token"}, Code.MISSING),
        ({"SAMLResponse": ""}, Code.MISSING),
        ({"SAMLRequest": "PHg+", "SAMLResponse": "PHg+"}, Code.PARAMETER_REPEATED),
        ({"SAMLRequest": "PHg-"}, Code.BASE64_WRONG),
        ({"SAMLRequest": "PHg+=PHg+"}, Code.BASE64_WRONG),
        ({"SAMLRequest": "é"}, Code.BASE64_WRONG),
        ({"SAMLRequest": "A" * 4 * (MAX_BYTES // 2)}, Code.TOO_LARGE),
        ({"SAMLRequest": "PHg+", "RelayState": "x" * (MAX_RELAY + 1)}, Code.TOO_LARGE),
    ],
)
def test_a_form_that_carries_no_message_is_refused(form: dict[str, str], code: Code) -> None:
    assert refusal(lambda: read_post(form)) == code
