"""What taking in a response of an identity provider costs, up to the verified identity, and the whole request with database.

    .venv/bin/python -m tests.benchmarks.bench_saml

Measured side by side in one run: the raw floor (xmlsec: parse, load the key, verify, decrypt), bare python3-saml, social-core's
backend for SAML, and ours. Uses a new SQLite database. Fails where a ratio is above its bound.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

ROUNDS = 60
WARM_UP = 5
SP = "http://127.0.0.1:8000/stock/complete/saml/"
FLOOR_BOUNDS = {"signed": 8.0, "both signed": 5.0, "signed, AES-GCM": 1.3}
FASTER_THAN_LIBRARY = 2.0


def interleaved(*acts: Callable[[], object]) -> list[float]:
    """Milliseconds of CPU for each act, the median of rounds in which they take turns."""
    found: list[list[float]] = [[] for _ in acts]
    for number in range(WARM_UP + ROUNDS):
        for place, act in enumerate(acts):
            began = time.process_time_ns()
            act()
            if number >= WARM_UP:
                found[place].append((time.process_time_ns() - began) / 1e6)
    return [median(times) for times in found]


def floor(xml: bytes, certificate: str, private: str) -> Callable[[], None]:
    """What nobody can do without: parse, load the key, verify every signature, decrypt with xmlsec."""
    import xmlsec
    from lxml import etree

    def verify(root: Any) -> None:
        for signature in root.iter("{http://www.w3.org/2000/09/xmldsig#}Signature"):
            context = xmlsec.SignatureContext()
            context.key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem, None)
            context.verify(signature)

    def act() -> None:
        root = etree.fromstring(xml)
        xmlsec.tree.add_ids(root, ["ID"])
        encrypted = root.find(".//{http://www.w3.org/2001/04/xmlenc#}EncryptedData")
        if encrypted is not None:
            manager = xmlsec.KeysManager()
            manager.add_key(xmlsec.Key.from_memory(private, xmlsec.constants.KeyDataFormatPem, None))
            opened = xmlsec.EncryptionContext(manager).decrypt(encrypted)
            xmlsec.tree.add_ids(opened, ["ID"])
        verify(root)

    return act


def library_settings(entity_id: str, acs: str, forge: Any, pair: Any) -> dict[str, Any]:
    return {
        "strict": True,
        "sp": {
            "entityId": entity_id,
            "assertionConsumerService": {"url": acs},
            "x509cert": pair.certificate,
            "privateKey": pair.private_key,
        },
        "idp": {"entityId": forge.entity_id, "singleSignOnService": {"url": forge.sso}, "x509cert": forge.key.certificate},
        "security": {"wantAttributeStatement": False, "requestedAuthnContext": False},
    }


def library(encoded: str, request_id: str, settings: dict[str, Any], acs: str) -> Callable[[], None]:
    """python3-saml as its documentation has it: a new object for each request."""
    from onelogin.saml2.auth import OneLogin_Saml2_Auth

    parts = urlsplit(acs)
    request = {
        "http_host": parts.netloc,
        "script_name": parts.path,
        "https": "on" if parts.scheme == "https" else "off",
        "get_data": {},
        "post_data": {"SAMLResponse": encoded},
    }

    def act() -> None:
        auth = OneLogin_Saml2_Auth(request, old_settings=settings)
        auth.process_response(request_id=request_id)
        assert auth.is_authenticated(), auth.get_last_error_reason()
        assert auth.get_attributes()

    return act


def stock_settings(forge: Any, pair: Any) -> dict[str, Any]:
    """Stock social-auth with one identity provider, as its documentation has it."""
    contact = {"givenName": "x", "emailAddress": "x@x.example"}
    return {
        "SOCIAL_AUTH_SAML_SP_ENTITY_ID": SP,
        "SOCIAL_AUTH_SAML_SP_PUBLIC_CERT": "".join(pair.certificate.splitlines()[1:-1]),
        "SOCIAL_AUTH_SAML_SP_PRIVATE_KEY": "".join((pair.private_key or "").splitlines()[1:-1]),
        "SOCIAL_AUTH_SAML_ORG_INFO": {"en-US": {"name": "x", "displayname": "x", "url": "http://x.example"}},
        "SOCIAL_AUTH_SAML_TECHNICAL_CONTACT": contact,
        "SOCIAL_AUTH_SAML_SUPPORT_CONTACT": contact,
        "SOCIAL_AUTH_SAML_SECURITY_CONFIG": {"wantAttributeStatement": False, "requestedAuthnContext": False},
        "SOCIAL_AUTH_SAML_ENABLED_IDPS": {
            "idp": {
                "entity_id": forge.entity_id,
                "url": forge.sso,
                "x509cert": forge.key.bare_certificate,
                "attr_user_permanent_id": "email",
                "attr_email": "email",
                "attr_username": "email",
                "attr_full_name": None,
                "attr_first_name": None,
                "attr_last_name": None,
            }
        },
    }


def social(encoded: str, request_id: str, settings: dict[str, Any]) -> Callable[[], None]:
    """social-core's `auth_complete`, with a session in memory, up to where its pipeline would begin."""
    from social_core.backends.saml import SAMLAuth
    from social_core.strategy import BaseStrategy

    posted = {"SAMLResponse": encoded, "RelayState": '{"idp": "idp"}', SAMLAuth.BROWSER_RETURN_FIELD: "1"}
    parts = urlsplit(SP)
    session: dict[str, Any] = {}

    class Strategy(BaseStrategy):
        def get_setting(self, name: str) -> Any:
            return settings[name]

        def request_data(self, merge: bool = True) -> dict[str, str]:
            return posted

        request_post = request_data

        def request_get(self) -> dict[str, str]:
            return {}

        def request_host(self) -> str:
            return parts.netloc

        def request_port(self) -> str:
            return str(parts.port)

        def request_path(self) -> str:
            return parts.path

        def request_is_secure(self) -> bool:
            return False

        def session_get(self, name: str, default: Any = None) -> Any:
            return session.get(name, default)

        def session_pop(self, name: str) -> Any:
            return session.pop(name, None)

        def session_set(self, name: str, value: Any) -> None:
            session[name] = value

        def session_setdefault(self, name: str, value: Any) -> Any:
            return session.setdefault(name, value)

        def build_absolute_uri(self, path: str | None = None) -> str:
            return SP

        def authenticate(self, backend: Any, *args: Any, **kwargs: Any) -> Any:
            return kwargs["response"]

    def act() -> None:
        session["saml_idp_authn_request_id"] = request_id
        answer = SAMLAuth(Strategy(), redirect_uri=SP).auth_complete()
        assert answer["attributes"]["email"], answer

    return act


def up_to_the_identity() -> list[str]:
    """The table of documents; what is above its bound."""
    from integrations import clock
    from integrations.providers.saml.config import Pending
    from integrations.providers.saml.engine import verify
    from tests.providers.saml.forge import Forge, Saying
    from tests.providers.saml.peers import agreement

    forge = Forge()
    config = agreement(forge)
    pair = config.keys[0]
    settings = library_settings(config.entity_id, config.acs_url, forge, pair)
    too_slow = []
    stock = stock_settings(forge, pair)
    print("up to the identity, ms of CPU      floor  python3-saml  social-core    ours   ours/floor  python3-saml/ours  social-core/ours")
    for name, options in {
        "signed": {},
        "both signed": {"signs": "both"},
        "signed, AES-GCM": {"encrypts_for": pair.certificate},
    }.items():
        attributes = {"email": ["jane@northwind.example"], "FirstName": ["Jane"], "LastName": ["Doe"], "groups": ["staff", "design"]}
        saying = Saying(acs=config.acs_url, audience=config.entity_id, issuer=forge.entity_id, in_response_to="_r", attributes=attributes)
        encoded = forge.response(saying, **options)
        for_stock = forge.response(replace(saying, acs=SP, audience=SP), **options)
        pending = Pending("_r", clock.now())

        def ours(encoded: str = encoded, pending: Pending = pending) -> None:
            verdict = verify(encoded, config, pending, clock.now())
            assert verdict.identity is not None, verdict.refusal

        bare = floor(base64.b64decode(encoded), forge.key.certificate, pair.private_key)
        acts = bare, library(encoded, "_r", settings, config.acs_url), social(for_stock, "_r", stock), ours
        least, library_takes, social_takes, mine = interleaved(*acts)
        print(
            f"{name:<32}{least:>8.2f}{library_takes:>14.2f}{social_takes:>13.2f}{mine:>8.2f}"
            f"{mine / least:>13.1f}{library_takes / mine:>19.1f}{social_takes / mine:>18.1f}"
        )
        if mine / least > FLOOR_BOUNDS[name]:
            too_slow.append(f"{name}: {mine / least:.1f} times the floor, at most {FLOOR_BOUNDS[name]:g}")
        if name == "signed" and library_takes / mine < FASTER_THAN_LIBRARY:
            too_slow.append(f"{name}: only {library_takes / mine:.1f} times faster than python3-saml, at least {FASTER_THAN_LIBRARY:g}")
    return too_slow


def whole_request() -> list[str]:
    """A sign-on of somebody known, through the views, with sessions and database: ours beside stock social-auth's."""
    from django.conf import settings as django_settings
    from django.test import Client, override_settings
    from django.urls import reverse
    from social_django.models import UserSocialAuth

    from integrations.providers.saml.configuring import keys_in_use
    from tests.conftest import make_world
    from tests.providers.saml.conftest import Browser, SignOnScene, make_sign_on
    from tests.providers.saml.forge import Forge, Saying

    world, forge = make_world("Northwind Studio"), Forge()
    scene = SignOnScene(world, forge, make_sign_on(world.organization, forge))
    person = {"name_id": world.member.email, "attributes": {"email": [world.member.email]}}
    scene.signs_on(**person)
    acs = reverse("saml-acs", args=[scene.integration.uuid])
    ready = []
    for _ in range(WARM_UP + ROUNDS):
        browser = Browser()
        request = browser.begins(scene.integration)
        form = {"SAMLResponse": forge.response(scene.saying(request, **person)), "RelayState": request["relay"]}
        client = Client()
        client.cookies["__Host-saml"] = browser.client.cookies["__Host-saml"].value
        ready.append((client, form))

    stock = {
        "ROOT_URLCONF": "tests.benchmarks.stock_urls",
        "AUTHENTICATION_BACKENDS": [*django_settings.AUTHENTICATION_BACKENDS, "social_core.backends.saml.SAMLAuth"],
        **stock_settings(forge, keys_in_use(scene.integration)[0]),
        "SOCIAL_AUTH_LOGIN_REDIRECT_URL": "/done/",
        "SOCIAL_AUTH_USER_FIELDS": ["email"],
        "ALLOWED_HOSTS": ["*"],
    }
    UserSocialAuth.objects.create(user=world.member, provider="saml", uid=f"idp:{world.member.email}")
    theirs_ready = []
    for number in range(WARM_UP + ROUNDS):
        said = Saying(acs=SP, audience=SP, issuer=forge.entity_id, in_response_to=f"_r{number}", **person)
        client = Client()
        session = client.session
        session["saml_idp_authn_request_id"] = f"_r{number}"
        session.save()
        client.cookies["sessionid"] = session.session_key
        theirs_ready.append(
            (client, {"SAMLResponse": forge.response(said), "RelayState": '{"idp": "idp"}', "psa_saml_browser_return": "1"})
        )

    mine, theirs = iter(ready), iter(theirs_ready)

    def ours() -> None:
        client, form = next(mine)
        answer = client.post(acs, form)
        assert answer.status_code == 302, answer.content

    def stocks() -> None:
        client, form = next(theirs)
        answer = client.post("/stock/complete/saml/", form, headers={"host": "127.0.0.1:8000"})
        assert answer.status_code == 302, answer.content
        assert answer["Location"] == "/done/", answer["Location"]

    with override_settings(**stock):
        least, most = interleaved(ours, stocks)
    print(f"the whole request, ms of CPU: ours {least:.2f}, stock social-auth {most:.2f}, ours/stock {least / most:.2f}")
    return [f"the whole request takes {least / most:.2f} times stock social-auth's"] if least > most else []


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        os.environ.update(LOG_LEVEL="ERROR", ENV_FILE=os.devnull)
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        import django
        from django.test.utils import setup_test_environment

        django.setup()
        setup_test_environment()
        too_slow = [*up_to_the_identity(), *whole_request()]
    for problem in too_slow:
        print(f"TOO SLOW: {problem}")
    return 1 if too_slow else 0


if __name__ == "__main__":
    sys.exit(main())
