from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation

from integrations.models import Connection
from tests.config.catalogue import MO, PO, compiled, forms, is_translated, stored, texts
from tests.conftest import World
from tests.integrations.admin.scenes import make_export, make_integration

CURE = f"Run `make messages`, translate what it names in {PO.relative_to(settings.BASE_DIR)}, and run it once more."
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd%]|</?\w[^>]*>")
GERMAN = {"accept-language": "de-CH,de;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    """The test client leaves the language of its last request switched on."""
    yield
    translation.deactivate()


def named(message: Message) -> tuple[str, str]:
    context: str | bytes = message.context or ""
    return context.decode() if isinstance(context, bytes) else context, forms(message)[0][0]  # Babel reads bytes from a .mo


def test_every_text_is_translated() -> None:
    done = {named(message) for message in stored() if is_translated(message)}
    missing = [named(message)[1] for message in texts() if message.id and named(message) not in done]
    assert missing == [], CURE


def test_translations_keep_the_placeholders_of_their_text() -> None:
    differing = [
        (text, translation)
        for message in stored()
        for text, translation in forms(message)
        if message.id and sorted(set(PLACEHOLDER.findall(text))) != sorted(set(PLACEHOLDER.findall(translation)))
    ]
    assert differing == []


def test_compiled_catalogue_is_that_of_the_texts() -> None:
    written, read = ({named(message): forms(message) for message in catalogue if message.id} for catalogue in (stored(), compiled()))
    assert read == written, f"{MO.name} is older than {PO.name}. {CURE}"


def test_browser_decides_on_the_language(db: None, client: Client) -> None:
    for asked, heading, lang in ((GERMAN, "Anmelden", "de"), ({}, "Sign in", "en"), ({"accept-language": "fr"}, "Sign in", "en")):
        page = client.get(reverse("login"), headers=asked).content.decode()
        assert f"<h1>{heading}</h1>" in page
        assert f'<html lang="{lang}"' in page


def test_choice_outweighs_the_browser_and_stays(world: World, client: Client) -> None:
    client.force_login(world.owner)
    here = f"http://testserver{reverse('profile')}"
    answer = client.post(reverse("set_language"), {"language": "de"}, headers={"referer": here})
    assert (answer.status_code, answer["location"]) == (302, here)
    page = client.get(here, headers={"accept-language": "en"}).content.decode()
    assert "<h1>Profil</h1>" in page
    assert '<button type="submit" name="language" value="de" lang="de" aria-current="true">Deutsch</button>' in page
    client.post(reverse("set_language"), {"language": "en"}, headers={"referer": here})
    assert "<h1>Profile</h1>" in client.get(here, headers=GERMAN).content.decode()


@pytest.mark.parametrize("value", ["", "xx", "de\0", "../../etc", "d" * 5000, "\N{SNOWMAN}"])
def test_odd_choice_changes_nothing(value: str, db: None, client: Client) -> None:
    assert client.post(reverse("set_language"), {"language": value, "next": value}).status_code == 302
    assert "Sign in" in client.get(reverse("login")).content.decode()


@pytest.mark.parametrize("value", ["xx", "../../etc", "d" * 5000, "de\N{POUND SIGN}", "*", ";q=", "de;q=x"])
def test_browser_may_ask_for_oddities(value: str, db: None, client: Client) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = value
    assert "Sign in" in client.get(reverse("login"), headers={"accept-language": value}).content.decode()


def test_choice_leads_nowhere_else(db: None, client: Client) -> None:
    answer = client.post(reverse("set_language"), {"language": "de", "next": "https://evil.example/"})
    assert answer["location"] == "/"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("index", ("Übersicht", "Verbinden Sie Ihr erstes System")),
        ("catalogue", ("Katalog", "Es wird nichts übertragen, bevor Sie es zugeordnet")),
        ("runs", ("Läufe", "Noch ist nichts gelaufen")),
        ("incidents", ("Störungen", "Bisher keine Störung")),
        ("records_invoice_changelist", ("Rechnungen",)),
        ("accounts_membership_changelist", ("Personen und Rollen", "Jemanden einladen")),
    ],
)
def test_page_is_german(name: str, words: tuple[str, ...], world: World, client: Client) -> None:
    client.force_login(world.admin)
    page = client.get(reverse(f"admin:{name}"), headers=GERMAN).content.decode()
    assert '<html lang="de"' in page
    assert [word for word in words if word not in page] == []


def test_integration_and_run_are_german(world: World, client: Client) -> None:
    client.force_login(world.admin)
    integration = make_integration(world.organization, connection=Connection.NEEDS_RECONNECT)
    run = make_export(integration)
    page = client.get(reverse("admin:integration", args=[integration.pk]), headers=GERMAN).content.decode()
    assert [word for word in ("Neu verbinden", "Steuersätze", "Einrichtung", "Verlauf") if word not in page] == []
    page = client.get(reverse("admin:run", args=[run.pk]), headers=GERMAN).content.decode()
    assert [word for word in ("Rechnungen werden exportiert", "erfolgreich", "CSV herunterladen") if word not in page] == []


def test_errors_are_german(db: None, client: Client) -> None:
    missing = client.get("/nowhere/", headers=GERMAN).content.decode()
    assert "Diese Seite gibt es nicht" in missing
    assert '<html lang="de"' in missing


def test_mail_is_in_the_language_of_who_asks(world: World, client: Client) -> None:
    client.post(reverse("password_reset"), {"email": world.owner.email}, headers=GERMAN)
    assert mail.outbox[0].subject == "Neues Passwort festlegen"
    assert "hat ein neues Passwort" in mail.outbox[0].body
