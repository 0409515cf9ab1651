"""The simulated identity provider, with python3-saml as the application: two that share no code of the product."""

from __future__ import annotations

import base64
import re
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from integrations.providers.saml.config import POST
from integrations.providers.saml.sandbox import SamlSandbox
from integrations.sandbox.server import running_sandbox
from tests.providers.saml.forge import Key, key

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
INPUT = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@dataclass
class App:
    """An application on this machine. Its metadata is at its entity ID, as the identity provider wants it."""

    idp: str
    host: str = "127.0.0.1"
    key: Key = field(default_factory=lambda: key("application"))

    def __post_init__(self) -> None:
        document: dict[str, bytes] = {}

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(document["metadata"])

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.home = f"http://{self.host}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        document["metadata"] = OneLogin_Saml2_Settings(self.settings(), sp_validation_only=True).get_sp_metadata()

    def settings(self, **security: Any) -> dict[str, Any]:
        """As both sides' metadata says now."""
        theirs = OneLogin_Saml2_IdPMetadataParser.parse(httpx2.get(f"{self.idp}/idp/metadata").content)
        ours = {
            "entityId": f"{self.home}/metadata",
            "assertionConsumerService": {"url": f"{self.home}/acs"},
            "singleLogoutService": {"url": f"{self.home}/sls"},
            "x509cert": self.key.certificate,
            "privateKey": self.key.private,
        }
        wanted = {"authnRequestsSigned": True, "logoutRequestSigned": True, "wantMessagesSigned": False, "wantAssertionsSigned": True}
        algorithms = {"signatureAlgorithm": RSA_SHA256, "requestedAuthnContext": False}
        return {"strict": True, "sp": ours, "idp": theirs["idp"], "security": {**wanted, **algorithms, **security}}

    def auth(self, path: str = "/", form: dict[str, str] | None = None, query: str = "", **security: Any) -> OneLogin_Saml2_Auth:
        visit = {
            "https": "off",
            "http_host": urlsplit(self.home).netloc,
            "script_name": path,
            "get_data": dict(parse_qsl(query)),
            "query_string": query,
            "validate_signature_from_qs": True,
            "post_data": form or {},
        }
        return OneLogin_Saml2_Auth(visit, self.settings(**security))

    def begins(self, **security: Any) -> tuple[str, str]:
        """The address that a browser is sent to, and the request's ID."""
        auth = self.auth(**security)
        return auth.login(return_to=f"{self.home}/next"), auth.get_last_request_id()

    def believes(self, form: dict[str, str], request_id: str | None) -> OneLogin_Saml2_Auth:
        auth = self.auth("/acs", form)
        auth.process_response(request_id)
        return auth


def answers(page: httpx2.Response) -> dict[str, dict[str, str]]:
    """The forms of the page on which somebody is chosen, by e-mail address."""
    assert page.status_code == 200, page.text
    forms = re.findall(r'<form method="post" action="[^"]*/acs">.*?</form>', page.text, re.DOTALL)
    addresses = [re.findall(r"[\w.]+@[\w.]+", form)[0] for form in forms]
    return {address: {name: unescape(value) for name, value in INPUT.findall(form)} for address, form in zip(addresses, forms, strict=True)}


@pytest.fixture
def idp() -> Iterator[str]:
    with running_sandbox(sandboxes={"saml": SamlSandbox()}) as server:
        yield f"{server.url}/saml"


@pytest.fixture
def app(idp: str) -> Iterator[App]:
    made = App(idp)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_an_application_believes_what_it_says_of_whoever_was_chosen(app: App) -> None:
    address, request_id = app.begins()
    form = answers(httpx2.get(address))["miriam@northwind.example"]
    told = app.believes(form, request_id)
    assert told.get_errors() == [], told.get_last_error_reason()
    assert (told.get_nameid(), form["RelayState"]) == ("miriam@northwind.example", f"{app.home}/next")
    assert told.get_attributes() == {
        "email": ["miriam@northwind.example"],
        "FirstName": ["Miriam"],
        "LastName": ["Şahin"],
        "groups": ["auditors"],
    }
    assert told.get_session_index()


def test_it_reads_requests_that_come_by_form(app: App) -> None:
    request = OneLogin_Saml2_Authn_Request(app.auth().get_settings())
    xml = OneLogin_Saml2_Utils.add_sign(request.get_xml(), app.key.private, app.key.certificate, sign_algorithm=RSA_SHA256)
    page = httpx2.post(f"{app.idp}/idp/sso", data={"SAMLRequest": OneLogin_Saml2_Utils.b64encode(xml)})
    told = app.believes(answers(page)["ana@northwind.example"], request.get_id())
    assert told.get_errors() == [], told.get_last_error_reason()


@pytest.mark.parametrize(
    ("twist", "reason"),
    [
        ("audience", "is not a valid audience"),
        ("old", "expired"),
        ("unsigned", "is not signed"),
        ("stranger", "Signature validation failed"),
    ],
)
def test_what_it_does_wrong_on_purpose_is_wrong(app: App, twist: str, reason: str) -> None:
    httpx2.post(f"{app.idp}/", data={"twist": twist})
    address, request_id = app.begins()
    told = app.believes(answers(httpx2.get(address))["ana@northwind.example"], request_id)
    assert not told.is_authenticated()
    assert reason in str(told.get_last_error_reason())


def test_sign_on_may_begin_at_the_identity_provider(app: App) -> None:
    page = httpx2.get(f"{app.idp}/idp/start?{urlencode({'app': f'{app.home}/metadata'})}")
    told = app.believes(answers(page)["ana@northwind.example"], None)
    assert told.get_errors() == [], told.get_last_error_reason()


def test_a_new_certificate_stands_beside_the_old_one_until_that_is_dropped(app: App) -> None:
    def certificates() -> int:
        return httpx2.get(f"{app.idp}/idp/metadata").text.count("<ds:X509Certificate>")

    httpx2.post(f"{app.idp}/", data={"do": "roll"})
    assert certificates() == 2
    address, request_id = app.begins()
    told = app.believes(answers(httpx2.get(address))["ana@northwind.example"], request_id)
    assert told.get_errors() == [], told.get_last_error_reason()
    httpx2.post(f"{app.idp}/", data={"do": "drop"})
    assert certificates() == 1


# Whom it does not sign in to -------------------------------------------------------------------------------------------


def test_a_request_that_is_not_signed_or_by_another_key_is_refused(app: App) -> None:
    address, _request_id = app.begins(authnRequestsSigned=False)
    assert httpx2.get(address).status_code == 400
    app.key = key("somebody else")
    address, _request_id = app.begins()
    refused = httpx2.get(address)
    assert refused.status_code == 400
    assert "not signed with a key of the application" in unescape(refused.text)


def test_a_request_that_was_changed_on_the_way_is_refused(app: App) -> None:
    address, _request_id = app.begins()
    assert httpx2.get(address.replace("RelayState=", "RelayState=changed")).status_code == 400


def test_an_application_elsewhere_is_never_asked_for_its_metadata(idp: str) -> None:
    refused = httpx2.get(f"{idp}/idp/start?{urlencode({'app': 'http://198.51.100.7/metadata'})}")
    assert refused.status_code == 400
    assert "Only applications on this machine" in refused.text


@pytest.mark.parametrize("query", ["", "SAMLRequest=", "SAMLRequest=%21", "SAMLRequest=AAAA", "SAMLRequest=a&SAMLResponse=b"])
def test_what_is_no_message_is_refused_in_words(idp: str, query: str) -> None:
    for refused in (httpx2.get(f"{idp}/idp/sso?{query}"), httpx2.post(f"{idp}/idp/slo", data=dict(parse_qsl(query)))):
        assert refused.status_code == 400
        assert "The message cannot be read." in refused.text


# Logging out -----------------------------------------------------------------------------------------------------------


def brought(app: App, address: str, parameter: str) -> Any:
    """The message in an address, which has to be signed. (python3-saml knows no elliptic curves in addresses.)"""
    assert address.startswith(f"{app.home}/sls?")
    query = urlsplit(address).query
    signed, _name, _signature = query.partition("&Signature=")
    told = dict(parse_qsl(query))
    raw = base64.b64decode(told["Signature"])
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    theirs = OneLogin_Saml2_Utils.format_cert(app.settings()["idp"]["x509cert"])
    public = x509.load_pem_x509_certificate(theirs.encode()).public_key()
    assert isinstance(public, EllipticCurvePublicKey)
    public.verify(signature, signed.encode(), ECDSA(hashes.SHA256()))
    return etree.fromstring(zlib.decompress(base64.b64decode(told[parameter]), -15))


def test_it_answers_a_logout_request_with_a_signed_answer(app: App) -> None:
    auth = app.auth()
    answer = httpx2.get(auth.logout(name_id="ana@northwind.example", return_to="back"))
    assert answer.status_code == 303, answer.text
    message = brought(app, answer.headers["location"], "SAMLResponse")
    assert message.get("InResponseTo") == auth.get_last_request_id()
    assert message.get("Destination") == f"{app.home}/sls"
    assert "status:Success" in etree.tostring(message).decode()
    assert "&RelayState=back&" in answer.headers["location"]


def test_a_logout_request_that_is_not_signed_is_refused(app: App) -> None:
    assert httpx2.get(app.auth(logoutRequestSigned=False).logout(name_id="ana@northwind.example")).status_code == 400


def test_somebody_who_signs_out_there_is_signed_out_of_the_application(app: App) -> None:
    address, request_id = app.begins()
    told = app.believes(answers(httpx2.get(address))["ana@northwind.example"], request_id)
    chosen = {"app": f"{app.home}/metadata", "person": "ana@northwind.example", "by": "redirect"}
    message = brought(app, httpx2.post(f"{app.idp}/idp/end", data=chosen).headers["location"], "SAMLRequest")
    assert message.findtext("{*}NameID") == "ana@northwind.example"
    assert message.findtext("{*}SessionIndex") == told.get_session_index()


# What it tells ---------------------------------------------------------------------------------------------------------


def test_its_own_addresses_follow_the_name_that_it_is_called_by(idp: str) -> None:
    by_name = idp.replace("127.0.0.1", "localhost")
    document = httpx2.get(f"{by_name}/idp/metadata").text
    assert f'entityID="{by_name}/idp/metadata"' in document
    assert document.count(f'Location="{by_name}/idp/sso"') == 2
    assert f'Binding="{POST}"' in document


def test_people_can_be_added_and_its_state_tells_who_is_there(app: App) -> None:
    httpx2.post(f"{app.idp}/__reset__", json={"people": ["zoe@northwind.example"]})
    assert "zoe@northwind.example" in answers(httpx2.get(app.begins()[0]))
    state = httpx2.get(f"{app.idp}/__state__").json()
    assert state["counts"] == {"people": 7, "applications": 1}
    assert state["records"]["applications"] == [{"entity_id": f"{app.home}/metadata", "acs": f"{app.home}/acs"}]


def test_its_pages_run_no_script_and_lead_to_the_application_alone(app: App) -> None:
    page = httpx2.get(app.begins()[0])
    policy = page.headers["content-security-policy"]
    assert policy.endswith(f"form-action 'self' {app.home}")
    assert "script-src" not in policy
    assert not re.search(r"<script|<style| style=| on\w+=", page.text)
