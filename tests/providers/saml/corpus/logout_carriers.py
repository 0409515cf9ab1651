"""Messages about logging out that are carried wrongly: other parameters, signatures elsewhere, packed without end; or for others."""

from __future__ import annotations

import base64
import zlib
from typing import Any

from django.test import Client
from lxml import etree

from tests.providers.saml.corpus.logouts import BOB, Office, plays
from tests.providers.saml.corpus.variants import JANE
from tests.providers.saml.forge import NS, SAMLP, encoded

RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"


def query(office: Office, **options: Any) -> str:
    return office.scene.forge.query("SAMLRequest", office.request(), **options)


def parts(office: Office, **options: Any) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in query(office, **options).split("&"))


def joined(fields: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in fields.items())


# Parameters -----------------------------------------------------------------------------------------------------------


@plays(codes=("root_wrong",))
def logout_answer_in_the_place_of_a_request(office: Office) -> Any:
    return office.redirects(office.scene.forge.logout_response(office.scene.sls, "_1"), "SAMLRequest")


@plays(codes=("root_wrong",))
def logout_request_in_the_place_of_an_answer(office: Office) -> Any:
    return office.redirects(office.request(), "SAMLResponse")


@plays(codes=("root_wrong",))
def logout_answer_in_the_place_of_a_request_in_a_form(office: Office) -> Any:
    return office.sends(office.scene.forge.logout_response(office.scene.sls, "_1"), "SAMLRequest")


@plays(codes=("root_wrong",))
def response_of_a_sign_on(office: Office) -> Any:
    return office.posts({"SAMLResponse": office.scene.forge.response(office.scene.saying(), signs="both")})


@plays(codes=("parameter_repeated",))
def request_and_answer_at_once(office: Office) -> Any:
    return office.gets(f"{query(office)}&SAMLResponse=x")


for name in ("SAMLRequest", "SigAlg", "Signature", "RelayState"):

    def again(office: Office, name: str = name) -> Any:
        fields = parts(office, relay="x")
        return office.gets(f"{joined(fields)}&{name}={fields[name]}")

    plays(name=f"parameter_twice_{name}", codes=("parameter_repeated",))(again)


@plays(codes=("parameter_repeated",))
def parameter_twice_in_a_form(office: Office) -> Any:
    message = office.scene.forge.posted(office.request())
    return office.posts({"SAMLRequest": [message, message]})  # type: ignore[dict-item]


@plays(codes=("signature_wrong",))
def relay_state_added_after_signing(office: Office) -> Any:
    return office.gets(f"{query(office)}&RelayState=https%3A%2F%2Fevil.example")


@plays(codes=("signature_wrong",))
def relay_state_changed_after_signing(office: Office) -> Any:
    return office.gets(joined({**parts(office, relay="x"), "RelayState": "y"}))


@plays(codes=("signature_wrong",))
def relay_state_taken_away_after_signing(office: Office) -> Any:
    fields = parts(office, relay="x")
    del fields["RelayState"]
    return office.gets(joined(fields))


@plays(codes=("missing",))
def logout_without_message(office: Office) -> Any:
    return office.gets("")


@plays(codes=("missing",))
def logout_form_without_message(office: Office) -> Any:
    return office.posts({})


@plays(codes=("missing",))
def logout_with_an_empty_message(office: Office) -> Any:
    return office.gets(joined({**parts(office), "SAMLRequest": ""}))


@plays(codes=("base64_wrong",))
def logout_in_another_encoding(office: Office) -> Any:
    return office.gets(f"{query(office)}&SAMLEncoding=urn:x")


@plays(codes=("unreadable",))
def logout_form_of_too_many_fields(office: Office) -> Any:
    return Client().generic("POST", office.sls, b"a=&" * 25_000, content_type="application/x-www-form-urlencoded")


# Signatures -----------------------------------------------------------------------------------------------------------


@plays(codes=("logout_unsigned",))
def signature_left_out(office: Office) -> Any:
    fields = parts(office)
    del fields["Signature"]
    return office.gets(joined(fields))


@plays(codes=("logout_unsigned",))
def signature_empty(office: Office) -> Any:
    return office.gets(joined({**parts(office), "Signature": ""}))


@plays(codes=("base64_wrong",))
def signature_that_is_no_base64(office: Office) -> Any:
    return office.gets(joined({**parts(office), "Signature": "%25%25"}))


@plays(codes=("algorithm_forbidden",))
def algorithm_left_out(office: Office) -> Any:
    fields = parts(office)
    del fields["SigAlg"]
    return office.gets(joined(fields))


@plays(codes=("algorithm_forbidden",))
def logout_signed_with_sha1(office: Office) -> Any:
    return office.gets(query(office, algorithm=RSA_SHA1))


@plays(codes=("algorithm_forbidden",))
def logout_signed_with_a_shared_secret(office: Office) -> Any:
    return office.gets(joined({**parts(office), "SigAlg": HMAC.replace("#", "%23").replace(":", "%3A").replace("/", "%2F")}))


@plays(codes=("signature_wrong",))
def signature_of_another_message(office: Office) -> Any:
    theirs = dict(pair.split("=", 1) for pair in office.scene.forge.query("SAMLRequest", office.request(BOB)).split("&"))
    return office.gets(joined({**parts(office), "Signature": theirs["Signature"]}))


@plays(codes=("signature_misplaced",))
def signature_inside_what_an_address_carries(office: Office) -> Any:
    inside = base64.b64decode(office.scene.forge.posted(office.request())).decode()
    return office.redirects(inside, signed=False)


@plays(codes=("logout_unsigned",))
def signature_beside_what_a_form_carries(office: Office) -> Any:
    return office.posts({**parts(office), "SAMLRequest": encoded(office.request().encode())})


@plays(codes=("signature_wrong",))
def name_changed_in_a_signed_form(office: Office) -> Any:
    def after(root: Any) -> None:
        root.find("saml:NameID", NS).text = JANE

    return office.sends(office.request(BOB), after=after)


@plays(codes=("signature_misplaced", "id_wrong", "signature_shape"))
def genuine_request_wrapped_in_a_forged_one(office: Office) -> Any:
    def after(root: Any) -> Any:
        outer = etree.fromstring(etree.tostring(root))
        outer.set("ID", "_evil")
        outer.remove(outer.find("ds:Signature", NS))
        outer.find("saml:NameID", NS).text = JANE
        box = etree.Element(f"{{{SAMLP}}}Extensions")
        box.append(root)
        outer.insert(1, box)
        return outer

    return office.sends(office.request(BOB), after=after)


# Packing --------------------------------------------------------------------------------------------------------------


def packed(octets: bytes) -> str:
    from urllib.parse import quote_plus

    return quote_plus(base64.b64encode(octets).decode())


def deflated(octets: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(octets) + packer.flush()


def carries(name: str, octets: bytes, codes: tuple[str, ...]) -> None:
    plays(name=name, codes=codes)(lambda office: office.gets(joined({**parts(office), "SAMLRequest": packed(octets)})))


carries("packed_bomb", deflated(b"<a>" + b" " * 30_000_000), ("too_large",))
carries("packed_bomb_in_a_bomb", deflated(deflated(b" " * 30_000_000)), ("xml_wrong", "too_large"))
carries("packed_and_more", deflated(b"<a/>") + b"more", ("base64_wrong",))
carries("packed_half", deflated(b"<a>" * 500)[:-9], ("base64_wrong",))
carries("packed_with_a_header", zlib.compress(b"<a/>"), ("base64_wrong",))
carries("not_packed", b"<a/>", ("base64_wrong",))
carries("packed_document_type", deflated(b"<!DOCTYPE x><x/>"), ("xml_forbidden",))
carries("packed_nothing", deflated(b""), ("xml_wrong",))
carries("packed_junk", deflated(b"\xff\x00junk"), ("xml_wrong",))
carries("packed_nested", deflated(b"<a>" * 20_000), ("xml_too_complex",))
plays(name="query_without_end", codes=("too_large",))(lambda office: office.gets(f"{query(office)}&x={'x' * 70_000}"))
plays(name="query_that_is_not_escaped", codes=("base64_wrong",))(
    lambda office: office.browsers["desk"].client.get(office.sls, QUERY_STRING="SAMLRequest=\xe9&SigAlg=x&Signature=x")
)
plays(name="form_that_is_no_base64", codes=("base64_wrong",))(lambda office: office.posts({"SAMLRequest": "****"}))
plays(name="form_that_is_no_xml", codes=("xml_wrong",))(lambda office: office.posts({"SAMLRequest": encoded(b"junk")}))
plays(name="form_of_half_a_megabyte", codes=("too_large",))(lambda office: office.posts({"SAMLRequest": "A" * 600_000}))


# Neighbours -----------------------------------------------------------------------------------------------------------


@plays(codes=("signature_wrong",), prepare=lambda office: office.neighbour)
def logout_by_the_identity_provider_of_another_organization(office: Office) -> Any:
    return office.redirects(office.request(issuer=office.neighbour.forge.entity_id), key=office.neighbour.forge.key)


@plays(codes=("signature_wrong",), prepare=lambda office: office.neighbour)
def logout_in_the_name_of_ours_by_the_one_of_another(office: Office) -> Any:
    return office.sends(office.request(), key=office.neighbour.forge.key)


@plays(accepts=True, codes=("logout_unknown",), prepare=lambda office: office.neighbour)
def logout_of_our_people_at_the_address_of_another(office: Office) -> Any:
    """The other organization's identity provider names Jane, whom it does not know: nobody here is concerned."""
    theirs = office.neighbour
    xml = theirs.forge.logout_request(theirs.sls, JANE, sessions=["desk", "phone"])
    from django.urls import reverse

    address = reverse("saml-sls", args=[theirs.integration.uuid])
    return office.browsers["desk"].client.get(f"{address}?{theirs.forge.query('SAMLRequest', xml)}")


@plays(codes=("destination_other",), prepare=lambda office: office.neighbour)
def logout_that_was_for_another_organization(office: Office) -> Any:
    """Both have the same identity provider; the message says for whom it is."""
    return office.redirects(office.scene.forge.logout_request(office.neighbour.sls, JANE))
