"""What a variant is, and the register of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from tests.providers.saml.conftest import Browser, SignOnScene
from tests.providers.saml.forge import NS, Saying, encoded

JANE = "jane@northwind-studio.example"


@dataclass
class Stage:
    """One attempt: a browser that has set out, and the identity provider that is about to answer."""

    scene: SignOnScene
    browser: Browser = field(default_factory=Browser)
    request: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    def set_out(self) -> None:
        self.request = self.browser.begins(self.scene.integration)

    def saying(self, **values: Any) -> Saying:
        return self.scene.saying(self.request or None, **values)

    def response(self, said: dict[str, Any] | None = None, **options: Any) -> str:
        return self.scene.forge.response(self.saying(**(said or {})), **options)

    def tree(self, said: dict[str, Any] | None = None, **options: Any) -> Any:
        return self.scene.forge.tree(self.saying(**(said or {})), **options)

    def brings(self, response: str, relay: str | None = None) -> Any:
        return self.browser.brings(self.scene.integration, response, self.request.get("relay", "") if relay is None else relay)

    @property
    def own_certificate(self) -> str:
        from integrations.providers.saml.configuring import keys_in_use

        return keys_in_use(self.scene.integration)[0].certificate


Act = Callable[[Stage], Any]


@dataclass(frozen=True)
class Variant:
    """`act` plays it and answers what the browser got. `codes` are the reasons that may be given, any if empty. `leads_to` is the
    page that an accepted one has to lead to, any if empty.
    """

    name: str
    family: str
    accepts: bool
    act: Act
    codes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    sets_out: bool = True
    signs_in_as: str = JANE
    prepare: Act | None = None
    leads_to: str = ""


VARIANTS: dict[str, Variant] = {}


def of(*families: str) -> list[Variant]:
    return [variant for variant in VARIANTS.values() if variant.family in families]


def add(variant: Variant) -> None:
    assert variant.name not in VARIANTS, f"There are two variants called {variant.name}."
    VARIANTS[variant.name] = variant


def plays(family: str, name: str = "", *, accepts: bool = False, codes: tuple[str, ...] = (), **more: Any) -> Callable[[Act], Act]:
    """Register the decorated function, which plays the whole attempt."""

    def register(act: Act) -> Act:
        add(Variant(name or act.__name__, family, accepts, act, codes, **more))
        return act

    return register


def says(family: str, name: str, *, accepts: bool = False, codes: tuple[str, ...] = (), settings: Any = None, **said: Any) -> None:
    """Register a response that is signed as it should be and says something else than usual."""
    as_ = said.pop("signs_in_as", JANE)
    options = said.pop("options", {})
    add(
        Variant(
            name, family, accepts, lambda stage: stage.brings(stage.response(said, **options)), codes, dict(settings or {}), signs_in_as=as_
        )
    )


def signed(family: str, name: str, *, accepts: bool = False, codes: tuple[str, ...] = (), settings: Any = None, **options: Any) -> None:
    """Register a response that says the usual and is signed, altered or encrypted in another way."""
    add(Variant(name, family, accepts, lambda stage: stage.brings(stage.response(None, **options)), codes, dict(settings or {})))


def raw(family: str, name: str, make: Callable[[Stage], bytes | str], *, codes: tuple[str, ...] = (), accepts: bool = False) -> None:
    """Register bytes that are posted in base64, or a text that is posted as it is."""

    def act(stage: Stage) -> Any:
        made = make(stage)
        return stage.brings(made if isinstance(made, str) else encoded(made))

    add(Variant(name, family, accepts, act, codes))


def find(root: Any, path: str) -> Any:
    found = root.find(path, NS)
    assert found is not None, path
    return found


def text(root: Any) -> bytes:
    return bytes(etree.tostring(root))
