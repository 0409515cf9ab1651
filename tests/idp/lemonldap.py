"""LemonLDAP::NG of Debian's packages as an identity provider: its portal under Starman, and a folder of settings of its own.

Its SAML is Lasso's. The settings are read when it starts, so it is started anew when they change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.idp.browser import Browser, Page
from tests.idp.serving import Account, free_port, serving
from tests.providers.saml.forge import Key

HOME = Path("/usr/share/lemonldap-ng/portal")
STARMAN = Path("/usr/bin/starman")
NAMES = {"email": "mail", "first_name": "givenName", "last_name": "sn"}
BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
OPTIONS = {"SignSSOMessage": 1, "CheckSSOMessageSignature": 1, "SignSLOMessage": 1, "CheckSLOMessageSignature": 1}
PORTAL = """
use JSON qw(decode_json);
use Lemonldap::NG::Portal::Main;
use Lemonldap::NG::Portal::UserDB::Demo;
open(my $people, '<', 'people.json') or die;
%Lemonldap::NG::Portal::UserDB::Demo::demoAccounts = %{ decode_json(join('', <$people>)) };
Lemonldap::NG::Portal::Main->run({});
"""


def is_there() -> bool:
    return HOME.is_dir() and STARMAN.exists()


@dataclass
class LemonLdap:
    """One that runs. Its people, those of the demonstration, have their names for passwords."""

    port: int
    folder: Path
    config: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=lambda: {f"samlSPMetaDataOptions{name}": value for name, value in OPTIONS.items()})
    running: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/saml/metadata"

    def trusts(self, metadata: bytes) -> None:
        self.config["samlSPMetaDataXML"] = {"patchbay": {"samlSPMetaDataXML": metadata.decode()}}
        self.changes()

    def changes(self, **options: Any) -> None:
        """Set it up differently for us: `changes(EncryptionMode="assertion")` for `samlSPMetaDataOptionsEncryptionMode`."""
        self.options.update({f"samlSPMetaDataOptions{name}": value for name, value in options.items()})
        self.config["samlSPMetaDataOptions"] = {"patchbay": self.options}
        self.starts()

    def encrypts(self) -> None:
        self.changes(EncryptionMode="assertion")

    def signs_in(self, browser: Browser, page: Page, account: Account, password: str = "") -> Page:
        form = page.form_with("user", "password")
        return browser.sends(form, {"user": account.name, "password": password or account.name})

    def signs_out(self, browser: Browser) -> Page:
        return browser.opens(f"{self.url}/?logout=1")

    def knows(self, browser: Browser) -> bool:
        return not browser.opens(self.url).tree.xpath("//input[@name='password']")

    def starts(self) -> None:
        self.running.close()
        (self.folder / "conf/lmConf-1.json").write_text(json.dumps(self.config))
        command = [str(STARMAN), "--preload-app", "--workers", "2", "--port", str(self.port), "--host", "127.0.0.1", "portal.psgi"]
        self.running.enter_context(
            serving(command, self.port, self.folder, {"LLNG_DEFAULTCONFFILE": str(self.folder / "lemonldap-ng.ini")})
        )


@contextmanager
def running_lemonldap(folder: Path, key: Key, accounts: tuple[Account, ...]) -> Iterator[LemonLdap]:
    """It knows these people and trusts nobody yet."""
    server = LemonLdap(free_port(), folder)
    for own in ("conf", "sessions", "sessions/lock", "persistent", "persistent/lock", "cache"):
        (folder / own).mkdir()
    people = {
        account.name: {"uid": account.name, "cn": account.name, **{NAMES[part]: getattr(account, part) for part in NAMES}}
        for account in accounts
    }
    (folder / "people.json").write_text(json.dumps(people))
    (folder / "portal.psgi").write_text(PORTAL)
    (folder / "lemonldap-ng.ini").write_text(_ini(folder))
    server.config = _config(server.url, folder, key)
    server.starts()
    with server.running:
        yield server


def _ini(folder: Path) -> str:
    return f"""
[all]
logLevel = warn
[configuration]
type = File
dirName = {folder}/conf
[portal]
staticPrefix = /static
templateDir = {HOME}/templates
languages = en
"""


def _config(url: str, folder: Path, key: Key) -> dict[str, Any]:
    return {
        "cfgNum": 1,
        "cfgVersion": "2.16.1",
        "cfgAuthor": "a test",
        "cfgDate": 1,
        "portal": f"{url}/",
        "domain": "localhost",
        "cookieName": "lemonldap",
        "securedCookie": 1,
        "sameSite": "None",
        "authentication": "Demo",
        "userDB": "Same",
        "passwordDB": "Null",
        "registerDB": "Null",
        "demoExportedVars": {name: name for name in ("uid", "cn", *NAMES.values())},
        "globalStorage": "Apache::Session::File",
        "globalStorageOptions": _storage(folder / "sessions"),
        "persistentStorage": "Apache::Session::File",
        "persistentStorageOptions": _storage(folder / "persistent"),
        "localSessionStorage": "",
        "locationRules": {"localhost": {"default": "accept"}},
        "exportedHeaders": {},
        "key": "a key for tests only",
        "whatToTrace": "_whatToTrace",
        "macros": {"_whatToTrace": "lc($_user)"},
        "issuerDBSAMLActivation": 1,
        "samlServicePrivateKeySig": key.private,
        "samlServicePublicKeySig": key.certificate,
        "samlServiceUseCertificateInResponse": 1,
        "samlSPMetaDataExportedAttributes": {"patchbay": {name: f"1;{name};{BASIC};{name}" for name in NAMES.values()}},
    }


def _storage(folder: Path) -> dict[str, str]:
    return {
        "Directory": str(folder),
        "LockDirectory": str(folder / "lock"),
        "generateModule": "Lemonldap::NG::Common::Apache::Session::Generate::SHA256",
    }
