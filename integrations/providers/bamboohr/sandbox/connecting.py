"""Signing in: the consent page, tokens, and which scopes which address asks for."""

from __future__ import annotations

from urllib.parse import urlsplit

from integrations.providers.bamboohr.sandbox.company import Key
from integrations.providers.bamboohr.sandbox.wire import Resource, refuse
from integrations.sandbox.base import route
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Reply, Request
from integrations.sandbox.oauth import Authorization, AuthorizationServer, Lifetimes
from integrations.sandbox.pages import html

TOKENS = "/token.php"
LIFETIMES = Lifetimes(access=3600)
SHOWN = 5  # people who are offered to sign in as
OF_TABLES = ("employee", "employee:job", "employee:compensation", "employee:custom_fields")
NEEDED: dict[str, tuple[str, ...]] = {  # by address: the scopes of which any one will do
    "/api/v1/company_information": ("company:info",),
    "/api/v1/meta/fields": ("employee", "field"),
    "/api/v1/meta/lists": ("field",),
    "/api/v1_2/datasets/employee/fields": ("report",),
    "/api/v2/datasets/employee/data": ("report",),
    "/api/v1/employees/changed": ("public.user", "public.integration"),
    "/api/v1/employees/{id}": ("employee:name", "employee:contact", *OF_TABLES),
    "/api/v1/employees/all/tables/{table}": OF_TABLES,
    "/api/v1/employees/changed/tables/{table}": OF_TABLES,
}
TIME_OFF = ("time_off",)
SCOPES = frozenset({"offline_access", "openid", "employee_directory", "webhooks", "user", *TIME_OFF}.union(*NEEDED.values()))


def authorization_server(chance: Chance, *, rotates: bool) -> AuthorizationServer:
    return AuthorizationServer(chance, LIFETIMES, scopes=SCOPES, offline_scope="offline_access", rotates=rotates)


def may_call(login: Key, address: str) -> bool:
    return login.has(*(TIME_OFF if "time_off" in address else NEEDED.get(address, ())))


class Connecting(Resource):
    @route("GET", "/authorize.php", page=True)
    def ask(self, request: Request) -> Reply:
        """The consent page: as whom is the app to be let in?"""
        if request.query.get("request") != "authorize":
            raise refuse(404, "Not found")
        asked = self.world.authorization.authorization(request.query)
        where = urlsplit(asked.redirect_uri)
        people = list(self.company.employees.values())[:SHOWN]
        context = {"asked": asked, "fields": dict(asked.fields), "people": people, "app": where.netloc}
        return html("bamboohr/sandbox/consent.html", context, sends_to=f"{where.scheme}://{where.netloc}")

    @route("POST", "/authorize.php", page=True)
    def decide(self, request: Request) -> Reply:
        """`decision` is `allow`, as `person` (or the first one, who is the admin), or anything else to cancel."""
        asked = self.world.authorization.authorization({name: values[-1] for name, values in request.form.items()})
        if request.form_value("decision") != "allow":
            return self.world.authorization.refuse(asked)
        return self._let_in(asked, request.form_value("person"))

    def _let_in(self, asked: Authorization, person: str) -> Reply:
        admin = next(iter(self.company.employees), "")
        employee = person if person in self.company.employees else admin
        grant, reply = self.world.authorization.grant(asked, (employee,))
        self.world.logins[grant.id] = Key(employee, employee == admin, frozenset(asked.scopes))
        return reply

    @route("POST", TOKENS)
    def token(self, request: Request) -> Reply:
        if request.query.get("request") != "token":
            raise refuse(404, "Not found")
        return self.world.authorization.token(request)
