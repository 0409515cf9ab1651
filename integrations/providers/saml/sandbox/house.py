"""The simulated identity provider: its directory, its pages, and what it can be told to do wrong."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations import clock
from integrations.providers.saml.config import POST, REDIRECT
from integrations.providers.saml.sandbox import saying
from integrations.providers.saml.sandbox.apps import App, UnknownApp, read_app
from integrations.providers.saml.sandbox.keys import simulated_key
from integrations.providers.saml.sandbox.saying import Person, Twist
from integrations.providers.saml.sandbox.wire import SAMLP, Element, Message, Unreadable, from_address, from_form, in_address, in_form, name
from integrations.sandbox.base import Sandbox, route
from integrations.sandbox.exchange import Refusal, Reply, Request, redirect, text_reply
from integrations.sandbox.pages import html

TWISTS: dict[str, tuple[str | Promise, Twist]] = {
    "": (_("answer as it should"), Twist()),
    "audience": (_("answer for another application"), Twist(audience="https://another.example/metadata")),
    "old": (_("answer with what was true an hour ago"), Twist(age=timedelta(hours=2))),
    "unsigned": (_("answer without a signature"), Twist(signs=False)),
    "stranger": (_("sign with a key that is not in the metadata"), Twist()),
}
PEOPLE = (
    Person("ana@northwind.example", "Ana", "Berger", ("owners",)),
    Person("tomasz@northwind.example", "Tomasz", "Nowak", ("finance",)),
    Person("miriam@northwind.example", "Miriam", "Şahin", ("auditors",)),
    Person("jonas@northwind.example", "Jonas", "Lindqvist"),
    Person("priya@northwind.example", "Priya", "Raman"),
    Person("elodie@elsewhere.example", "Élodie", "Marchand"),
)


class Directory(msgspec.Struct):
    """`people` are addresses that are in the directory beside the usual ones."""

    people: list[str] = []
    seed: int | None = None


class SamlSandbox(Sandbox):
    slug: ClassVar[str] = "saml"
    title: ClassVar[str] = "Identity provider"
    summary: ClassVar[str | Promise] = _("Signs people in by SAML: choose somebody, with no password at all.")
    Options = Directory

    def begin(self, options: Directory) -> None:
        more = [Person(email, email.partition("@")[0].title(), "Example") for email in options.people]
        self.people = {person.email: person for person in [*PEOPLE, *more]}
        self.made = 1
        self.keys = [simulated_key(self.made)]
        self.stranger = simulated_key(0)
        self.apps: dict[str, App] = {}
        self.twist = ""
        self.is_open = True
        self.signed_in = 0

    def records(self) -> dict[str, list[Any]]:
        return {
            "people": [msgspec.to_builtins(person) for person in self.people.values()],
            "applications": [{"entity_id": app.entity_id, "acs": app.acs} for app in self.apps.values()],
        }

    def end_grants(self) -> None:
        """The application is taken away: even the metadata is gone, until it is asked for once more."""
        self.is_open = False

    # Calls ---------------------------------------------------------------------------------------------------------

    @route("GET", "/idp/metadata")
    def metadata(self, request: Request) -> Reply:
        if not self.is_open:
            self.is_open = True
            raise Refusal(text_reply("This application was removed.", 404))
        certificates = [pair.certificate for pair in self.keys]
        document = saying.metadata(self._entity_id(request), certificates, f"{request.base_url}/idp/sso", f"{request.base_url}/idp/slo")
        return Reply(200, document, "application/samlmetadata+xml")

    # Pages ---------------------------------------------------------------------------------------------------------

    @route("GET", "/", page=True)
    def home(self, request: Request) -> Reply:
        twists = [(key, label) for key, (label, _twist) in TWISTS.items()]
        context = {"root": request.base_url, "people": self.people.values(), "apps": self.apps.values(), "keys": self.keys}
        sends_to = " ".join(sorted({_origin(address) for app in self.apps.values() for _binding, address in app.sls}))
        return html("saml/sandbox/home.html", {**context, "twists": twists, "twist": self.twist}, sends_to=sends_to)

    @route("POST", "/", page=True)
    def change(self, request: Request) -> Reply:
        """Roll the certificate, or misbehave."""
        if request.form_value("do") == "roll":
            self.made += 1
            self.keys = [simulated_key(self.made), *self.keys][:2]
        elif request.form_value("do") == "drop":
            self.keys = self.keys[:1]
        elif request.form_value("twist") in TWISTS:
            self.twist = request.form_value("twist")
        return redirect(f"{request.base_url}/")

    @route("GET", "/idp/sso", page=True)
    def ask(self, request: Request) -> Reply:
        return self._choose(request, self._read(request))

    @route("POST", "/idp/sso", page=True)
    def ask_by_form(self, request: Request) -> Reply:
        return self._choose(request, self._read(request))

    @route("GET", "/idp/start", page=True)
    def start(self, request: Request) -> Reply:
        """Sign-on that begins here."""
        app = self._app(request.query.get("app", ""))
        return self._people(request, app, "", "")

    def _choose(self, request: Request, message: Message) -> Reply:
        app = self._app(message.issuer)
        self._check(request, message, app, "AuthnRequest", is_signature_needed=app.signs_requests)
        if message.root.get("AssertionConsumerServiceURL", app.acs) != app.acs:
            raise _refusal("The request wants the answer at an address that is not in the application's metadata.")
        return self._people(request, app, message.root.get("ID", ""), message.relay_state)

    def _people(self, request: Request, app: App, request_id: str, relay: str) -> Reply:
        """One button for each person: behind it is a signed answer already."""
        twist = TWISTS[self.twist][1]
        twist = Twist(key=self.stranger) if self.twist == "stranger" else twist
        answers = []
        for person in self.people.values():
            document = saying.response(
                self._entity_id(request),
                person,
                acs=app.acs,
                audience=app.entity_id,
                in_response_to=request_id,
                key=self.keys[0],
                now=clock.now(),
                twist=twist,
            )
            answers.append((person, base64.b64encode(document).decode()))
        self.signed_in += 1
        context = {"app": app, "answers": answers, "relay": relay, "root": request.base_url}
        return html("saml/sandbox/people.html", context, sends_to=_origin(app.acs))

    # Logging out ---------------------------------------------------------------------------------------------------

    @route("GET", "/idp/slo", page=True)
    def log_out(self, request: Request) -> Reply:
        return self._logged_out(request, self._read(request))

    @route("POST", "/idp/slo", page=True)
    def log_out_by_form(self, request: Request) -> Reply:
        return self._logged_out(request, self._read(request))

    def _logged_out(self, request: Request, message: Message) -> Reply:
        app = self._app(message.issuer)
        if message.parameter == "SAMLResponse":
            self._check(request, message, app, "LogoutResponse", is_signature_needed=True)
            return html("saml/sandbox/out.html", {"root": request.base_url, "app": app})
        self._check(request, message, app, "LogoutRequest", is_signature_needed=True)
        target = app.sls_at(message.binding)
        answer = saying.logout_response(self._entity_id(request), target, message.root.get("ID", ""), clock.now())
        return self._send(app, target, message.binding, "SAMLResponse", answer, message.relay_state)

    @route("POST", "/idp/end", page=True)
    def end_session(self, request: Request) -> Reply:
        """Somebody signs out here, on the identity provider's own page."""
        app, person = self._app(request.form_value("app")), self.people.get(request.form_value("person"))
        if person is None:
            raise _refusal("Nobody here is called that.")
        binding = POST if request.form_value("by") == "form" else REDIRECT
        target = app.sls_at(binding)
        message = saying.logout_request(self._entity_id(request), person, target, clock.now())
        return self._send(app, target, binding, "SAMLRequest", message, "")

    def _send(self, app: App, target: str, binding: str, parameter: str, root: Element, relay: str) -> Reply:
        if binding == REDIRECT:
            return redirect(in_address(target, parameter, root, relay, self.keys[0]))
        fields = in_form(parameter, root, relay, self.keys[0])
        return html("saml/sandbox/send.html", {"target": target, "fields": fields, "app": app}, sends_to=_origin(target))

    # What comes in -------------------------------------------------------------------------------------------------

    def _entity_id(self, request: Request) -> str:
        return f"{request.base_url}/idp/metadata"

    def _read(self, request: Request) -> Message:
        try:
            return from_address(request.query_string) if request.method == "GET" else from_form(request.form)
        except Unreadable as unreadable:
            raise _refusal(f"The message cannot be read. {unreadable}") from None

    def _app(self, entity_id: str) -> App:
        """Read anew each time: its keys may have changed."""
        try:
            app = read_app(entity_id)
        except UnknownApp as unknown:
            raise _refusal(str(unknown)) from None
        self.apps[app.entity_id] = app
        return app

    def _check(self, request: Request, message: Message, app: App, local: str, *, is_signature_needed: bool) -> None:
        """A message of this kind, meant for this address. A signature that is there has to be right, and has to be there where needed."""
        if message.root.tag != name(SAMLP, local) or message.root.get("Version") != "2.0" or not message.root.get("ID"):
            raise _refusal(f"This is no {local} of SAML 2.0.")
        here = f"{request.base_url}{request.path}"
        if message.root.get("Destination", here) != here:
            raise _refusal("The message was meant for another address.")
        if (message.is_signed or is_signature_needed) and not message.is_signed_by(app.certificates):
            raise _refusal("The message is not signed with a key of the application's metadata.")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _refusal(text: str) -> Refusal:
    return Refusal(html("saml/sandbox/refusal.html", {"text": text}, status=400))
