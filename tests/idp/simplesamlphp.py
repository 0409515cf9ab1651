"""SimpleSAMLphp of Debian's package as an identity provider: PHP's own web server, and a folder of settings of its own.

The settings are JSON that a line of PHP reads with every request, so whatever is changed counts at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.idp.browser import Browser, Page
from tests.idp.serving import Account, free_port, serving
from tests.providers.saml.forge import EMAIL, POST, REDIRECT, Key

HOME = Path("/usr/share/simplesamlphp")
NAMES = {"name": "uid", "email": "mail", "first_name": "givenName", "last_name": "sn", "groups": "groups"}
LOADS = "<?php ${variable} = json_decode(file_get_contents(__DIR__ . '/{file}.json'), true);\n"
FILES = {"config": "config", "authsources": "config", "saml20-idp-hosted": "metadata"}
"""What is set up, and the variable of PHP in which it is looked for."""

SECURE_COOKIES = """<?php
// Browsers take Secure cookies from http://localhost, and SameSite=None only with them; SimpleSAMLphp sets them with https alone.
ob_start(function ($page) {
    $cookies = preg_grep('/^Set-Cookie:/i', headers_list());
    header_remove('Set-Cookie');
    foreach ($cookies as $cookie) {
        header("$cookie; Secure", false);
    }
    return $page;
});
"""


def is_there() -> bool:
    return HOME.is_dir() and Path("/usr/bin/php").exists()


@dataclass
class SimpleSamlPhp:
    """One that runs. `hosted` is what its saml20-idp-hosted.php says, see `changes`; `config` its config.php."""

    url: str
    folder: Path
    application: str
    hosted: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/saml2/idp/metadata.php"

    @property
    def entity_id(self) -> str:
        return self.metadata_url

    def trusts(self, metadata: bytes) -> None:
        (self.folder / "partner.xml").write_bytes(metadata)

    def changes(self, **settings: Any) -> None:
        """Set it up differently: `changes(assertion__encryption=True)` for `assertion.encryption`; None takes a setting away."""
        for name, value in settings.items():
            self.hosted[name.replace("__", ".")] = value
        self.hosted = {name: value for name, value in self.hosted.items() if value is not None}
        self._write("saml20-idp-hosted", {self.entity_id: {"host": "__DEFAULT__", **self.hosted}})

    def configures(self, **settings: Any) -> None:
        """The same for what is set for the whole server."""
        self.config.update({name.replace("__", "."): value for name, value in settings.items()})
        self._write("config", self.config)

    def signs_with(self, key: Key, *, beside: Key | None = None) -> None:
        """Sign with this key; the other one is already in the metadata, as the one that will sign next."""
        self._key("current", key)
        if beside:
            self._key("next", beside)
        self.changes(
            privatekey="current.key",
            certificate="current.crt",
            new_privatekey="next.key" if beside else None,
            new_certificate="next.crt" if beside else None,
        )

    def encrypts(self) -> None:
        self.changes(assertion__encryption=True)

    def has(self, *accounts: Account) -> None:
        """Know these people, as they are now."""
        self._write("authsources", {"people": {"0": "exampleauth:UserPass", **_people(accounts)}})

    def names_by_address(self) -> None:
        """Its NameID is the address of e-mail."""
        self.changes(authproc={"10": {"class": "saml:AttributeNameID", "attribute": NAMES["email"], "Format": EMAIL}})

    def names_for_good(self) -> None:
        """Its NameID tells nothing, and stays the same whatever the person is called."""
        self.changes(authproc={"10": {"class": "saml:PersistentNameID", "attribute": NAMES["name"]}})

    def signs_in(self, browser: Browser, page: Page, account: Account, password: str = "") -> Page:
        form = page.form_with("username", "password")
        return browser.sends(form, {"username": account.name, "password": password or account.password})

    def signs_out(self, browser: Browser) -> Page:
        return browser.opens(f"{self.url}/saml2/idp/SingleLogoutService.php?ReturnTo={self.application}/login/")

    def knows(self, browser: Browser) -> bool:
        page = browser.opens(f"{self.url}/module.php/core/authenticate.php?as=people")
        return not page.tree.xpath("//input[@name='password']")

    @property
    def starts(self) -> str:
        """The address of its own start page's link to us, which only lacks our entity ID."""
        return f"{self.url}/saml2/idp/SSOService.php?spentityid="

    def _key(self, name: str, key: Key) -> None:
        (self.folder / f"{name}.key").write_text(key.private)
        (self.folder / f"{name}.crt").write_text(key.certificate)

    def _write(self, file: str, settings: dict[str, Any]) -> None:
        (self.folder / f"{file}.json").write_text(json.dumps(settings))


@contextmanager
def running_simplesamlphp(folder: Path, key: Key, accounts: tuple[Account, ...], application: str) -> Iterator[SimpleSamlPhp]:
    """It knows these people and trusts nobody yet. `application` is where it may send people when they are signed out."""
    port = free_port()
    server = SimpleSamlPhp(f"http://localhost:{port}", folder, application)
    for file, variable in FILES.items():
        (folder / f"{file}.php").write_text(LOADS.format(variable=variable, file=file))
    (folder / "cookies.php").write_text(SECURE_COOKIES)
    for own in ("sessions", "logs", "temporary"):
        (folder / own).mkdir()
    server.config = _config(server.url, folder, application)
    server.configures()
    server.has(*accounts)
    server.trusts(b'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>')
    server.changes(
        auth="people",
        SingleSignOnServiceBinding=[REDIRECT, POST],
        SingleLogoutServiceBinding=[REDIRECT, POST],
        NameIDFormat=[EMAIL],
        sign__logout=True,
        validate__logout=True,
    )
    server.names_by_address()
    server.signs_with(key)
    command = ["php", "-d", "error_reporting=0", "-d", f"auto_prepend_file={folder}/cookies.php"]
    command += ["-S", f"127.0.0.1:{port}", "-t", str(HOME / "www")]
    with serving(command, port, folder, {"SIMPLESAMLPHP_CONFIG_DIR": str(folder)}):
        yield server


def _people(accounts: tuple[Account, ...]) -> dict[str, dict[str, list[str]]]:
    return {
        f"{account.name}:{account.password}": {
            **{NAMES[part]: [getattr(account, part)] for part in ("name", "email", "first_name", "last_name")},
            NAMES["groups"]: list(account.groups),
        }
        for account in accounts
    }


def _config(url: str, folder: Path, application: str) -> dict[str, Any]:
    return {
        "baseurlpath": f"{url}/",
        "certdir": f"{folder}/",
        "loggingdir": f"{folder}/logs/",
        "datadir": f"{folder}/temporary/",
        "tempdir": f"{folder}/temporary",
        "attributenamemapdir": "/etc/simplesamlphp/attributemap/",
        "metadatadir": f"{folder}/",
        "metadata.sources": [{"type": "flatfile"}, {"type": "xml", "file": f"{folder}/partner.xml"}],
        "secretsalt": "a salt for tests only",
        "auth.adminpassword": "nobody signs in as admin here",
        "technicalcontact_email": "na@example.org",
        "timezone": "UTC",
        "logging.handler": "file",
        "logging.level": 7,
        "enable.saml20-idp": True,
        "module.enable": {"core": True, "saml": True, "exampleauth": True},
        "store.type": "phpsession",
        "session.phpsession.savepath": f"{folder}/sessions",
        "session.cookie.secure": False,
        "session.cookie.samesite": "None",
        "trusted.url.domains": [application.removeprefix("http://"), url.removeprefix("http://")],
        "production": True,
        "showerrors": True,
    }
