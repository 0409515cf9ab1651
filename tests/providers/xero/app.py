"""A client of the simulated Xero that stands for any app: it talks HTTP and knows nothing of Patchbay."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

REDIRECT_URI = "http://127.0.0.1:8000/connect/callback/xero/"
SCOPES = "openid profile email offline_access accounting.transactions accounting.contacts accounting.settings"
VERIFIER = "a-verifier-that-is-long-enough-to-be-allowed-by-the-rules"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass
class App:
    """A registered app. `allow` walks the consent page as a person would, `call` uses the API at the first organisation."""

    url: str
    http: httpx2.Client
    client_id: str = "app-1"
    secret: str = "secret-1"
    tokens: dict[str, Any] = field(default_factory=dict)
    tenant: str = ""

    def consent(self, **parameters: str) -> httpx2.Response:
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT_URI, "scope": SCOPES, "state": "xyz"}
        return self.http.get(f"{self.url}/identity/connect/authorize", params=asked | parameters)

    def decide(self, page: httpx2.Response, *tenants: str, decision: str = "allow") -> dict[str, str]:
        """Send the form of the page, for all organisations unless some are given; what came back to the app."""
        fields: dict[str, Any] = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        fields |= {"tenant": list(tenants) or offered(page), "decision": decision}
        answer = self.http.post(f"{self.url}/identity/connect/authorize", data=fields)
        assert answer.status_code == 303, answer.text
        return returned(answer)

    def allow(self, *tenants: str, scope: str = SCOPES) -> None:
        code = self.decide(self.consent(scope=scope), *tenants)["code"]
        self.tokens = self.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI).json()
        self.tenant = self.connections()[0]["tenantId"]

    def token(self, **fields: str) -> httpx2.Response:
        return self.http.post(f"{self.url}/connect/token", data=fields, auth=(self.client_id, self.secret))

    def refresh(self, refresh_token: str | None = None) -> httpx2.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token or self.tokens["refresh_token"])

    def connections(self, **parameters: str) -> list[dict[str, Any]]:
        answer = self.http.get(f"{self.url}/connections", headers=self.headers(), params=parameters)
        rows: list[dict[str, Any]] = answer.raise_for_status().json()
        return rows

    def headers(self, **more: str) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        tenant = {"xero-tenant-id": self.tenant} if self.tenant else {}
        return {"Authorization": f"Bearer {self.tokens['access_token']}", "Accept": "application/json", **tenant, **named}

    def call(self, method: str, path: str, body: Any = None, *, params: dict[str, Any] | None = None, **headers: str) -> httpx2.Response:
        """`headers` are named with underscores: `If_Modified_Since`."""
        sent = (
            {}
            if body is None
            else {"content": body, "headers": {"Content-Type": "application/json"}}
            if isinstance(body, bytes)
            else {"json": body}
        )
        more = {**self.headers(**headers), **sent.pop("headers", {})}
        return self.http.request(method, f"{self.url}/api.xro/2.0/{path}", params=params, headers=more, **sent)

    def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> list[dict[str, Any]]:
        answer = self.call("GET", path, params=params, **(headers or {}))
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()[path.partition("/")[0].replace("Organisation", "Organisations")]
        return rows

    def put(self, plural: str, *elements: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
        return self._each("PUT", plural, *elements, **headers)

    def post(self, plural: str, *elements: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
        return self._each("POST", plural, *elements, **headers)

    def _each(self, method: str, plural: str, *elements: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
        params = {} if (method, plural) == ("POST", "Payments") else {"summarizeErrors": "false"}
        answer = self.call(method, plural, {plural: list(elements)}, params=params, **headers)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()[plural]
        return rows

    def control(self, name: str, body: Any = None) -> Any:
        """One of `state`, `faults`, `reset`."""
        address = f"{self.url}/__{name}__"
        answer = self.http.get(address) if body is None else self.http.post(address, json=body)
        return answer.raise_for_status().json()


def offered(page: httpx2.Response) -> list[str]:
    """The organisations that a consent page offers."""
    return re.findall(r'name="tenant" value="([^"]+)"', page.text)


def returned(answer: httpx2.Response) -> dict[str, str]:
    """What a redirect brings back to the app."""
    where = answer.headers["location"]
    assert where.startswith(REDIRECT_URI)
    return {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}


def line(**changes: Any) -> dict[str, Any]:
    return {"Description": "Consulting", "Quantity": 10, "UnitAmount": 95.5, "AccountCode": "200", "TaxType": "OUTPUT"} | changes


def invoice(**changes: Any) -> dict[str, Any]:
    """An approved invoice of 955.00 and 19 % tax."""
    whole = {"Type": "ACCREC", "Contact": {"Name": "Acme GmbH"}, "Date": "2026-11-01", "DueDate": "2026-12-01", "Status": "AUTHORISED"}
    return {**whole, "LineItems": [line()], **changes}


def errors(row: dict[str, Any]) -> list[str]:
    return [error["Message"] for error in row.get("ValidationErrors", [])]
