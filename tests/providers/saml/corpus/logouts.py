"""Messages about logging out. Jane sits at her desk and has her phone with her, Bob sits beside her."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from tests.conftest import make_world
from tests.providers.saml.conftest import Browser, SignOnScene, make_sign_on
from tests.providers.saml.corpus.variants import JANE, VARIANTS, Variant
from tests.providers.saml.forge import Forge, key

FAMILY = "logout"
BOB = "bob@northwind-studio.example"
JANES = ("desk", "phone")


@dataclass
class Office:
    """Who is signed in. Messages come through the browser at Jane's desk."""

    scene: SignOnScene
    browsers: dict[str, Browser]
    kept: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, scene: SignOnScene) -> Office:
        desk, phone = (scene.signs_on(Browser(), session_index=name) for name in JANES)
        bob = scene.signs_on(Browser(), session_index="bob", name_id=BOB, attributes={"email": [BOB]})
        return cls(scene, {"desk": desk, "phone": phone, "bob": bob})

    def gone(self) -> set[str]:
        """Whose sessions are over."""
        return {name for name, browser in self.browsers.items() if browser.client.get("/profile/").status_code != 200}

    @property
    def sls(self) -> str:
        return reverse("saml-sls", args=[self.scene.integration.uuid])

    def request(self, name_id: str = JANE, **said: Any) -> str:
        return self.scene.forge.logout_request(self.scene.sls, name_id, **said)

    def gets(self, query: str) -> Any:
        """An address that the desk's browser was led to."""
        return self.browsers["desk"].client.get(f"{self.sls}?{query}")

    def posts(self, form: dict[str, str]) -> Any:
        """A form that a page of another site sends with the desk's browser."""
        return self.browsers["desk"].posts_from_elsewhere(self.sls, form)

    def redirects(self, xml: str, parameter: str = "SAMLRequest", **options: Any) -> Any:
        return self.gets(self.scene.forge.query(parameter, xml, **options))

    def sends(self, xml: str, parameter: str = "SAMLRequest", **options: Any) -> Any:
        return self.posts({parameter: self.scene.forge.posted(xml, **options)})

    @property
    def neighbour(self) -> SignOnScene:
        """Another organization with an identity provider of its own."""
        if "other" not in self.kept:
            world = make_world("Canary Gmbh")
            forge = Forge(entity_id="https://canary.example/metadata", key=key("canary"))
            self.kept["other"] = SignOnScene(world, forge, make_sign_on(world.organization, forge))
        found: SignOnScene = self.kept["other"]
        return found


Act = Callable[[Office], Any]


@dataclass(frozen=True)
class Logout(Variant):
    """`ends` are the browsers whose sessions are over afterwards. One that is accepted with a code is answered, and noted with it."""

    ends: tuple[str, ...] = ()


def plays(
    *, accepts: bool = False, ends: tuple[str, ...] = (), codes: tuple[str, ...] = (), name: str = "", **more: Any
) -> Callable[[Act], Act]:
    def register(act: Act) -> Act:
        called = name or act.__name__
        assert called not in VARIANTS, called
        VARIANTS[called] = Logout(called, FAMILY, accepts, act, codes, ends=ends, **more)  # type: ignore[arg-type]
        return act

    return register


def asks(
    name: str,
    *,
    accepts: bool = False,
    ends: tuple[str, ...] = (),
    codes: tuple[str, ...] = (),
    name_id: str = JANE,
    change: Callable[[str], str] = str,
    options: dict[str, Any] | None = None,
    **said: Any,
) -> None:
    """The same request in an address and in a form."""
    for way in ("redirects", "sends"):

        def act(office: Office, way: str = way) -> Any:
            return getattr(office, way)(change(office.request(name_id, **said)), **(options or {}))

        plays(name=f"{name}_{way}", accepts=accepts, ends=ends, codes=codes)(act)


asks("logout_of_everything", accepts=True, ends=JANES)
asks("logout_of_one_session", accepts=True, ends=("phone",), sessions=["phone"])
asks("logout_of_both_sessions", accepts=True, ends=JANES, sessions=["desk", "phone", "tablet"])
asks("logout_of_bob_through_janes_browser", accepts=True, ends=("bob",), name_id=BOB)
asks("logout_of_bobs_session_in_janes_name", accepts=True, sessions=["bob"])
asks("logout_of_janes_session_in_bobs_name", accepts=True, sessions=["desk"], name_id=BOB)
asks("logout_of_nobody", accepts=True, codes=("logout_unknown",), name_id="nobody@northwind-studio.example")
asks("logout_in_other_letters", accepts=True, codes=("logout_unknown",), name_id=JANE.upper())
asks(
    "logout_with_a_comment_in_the_name",
    accepts=True,
    codes=("logout_unknown",),
    change=lambda xml: xml.replace(JANE, f"{JANE}<!---->.evil"),
)

asks("logout_unsigned", codes=("logout_unsigned",), options={"signed": False})
asks("logout_wrong_key", codes=("signature_wrong",), options={"key": key("stranger")})
asks("logout_issuer_missing", codes=("issuer_missing",), issuer=None)
asks("logout_issuer_empty", codes=("issuer_missing",), issuer="")
asks("logout_issuer_other", codes=("issuer_other",), issuer="https://other.example/")
asks("logout_destination_missing", codes=("destination_missing",), said_destination=None)
asks("logout_destination_other", codes=("destination_other",), said_destination="https://other.example/sls/")
asks("logout_destination_longer", codes=("destination_other",), change=lambda xml: xml.replace('/sls/"', '/sls/x/"'))
asks("logout_destination_shorter", codes=("destination_other",), change=lambda xml: xml.replace('/sls/"', '/sls"'))
asks("logout_destination_of_sign_on", codes=("destination_other",), change=lambda xml: xml.replace('/sls/"', '/acs/"'))
asks("logout_a_day_old", codes=("issued_long_ago",), issued=-86400)
asks("logout_of_tomorrow", codes=("issued_in_the_future",), issued=86400)
asks("logout_over", codes=("expired",), change=lambda xml: xml.replace(" Version", ' NotOnOrAfter="2026-01-01T00:00:00Z" Version'))
asks("logout_version_1", codes=("version_wrong",), change=lambda xml: xml.replace('"2.0"', '"1.1"'))
asks("logout_name_missing", codes=("schema_wrong",), change=lambda xml: xml.replace("saml:NameID", "saml:BaseID"))
asks("logout_name_empty", codes=("name_id_missing",), name_id=" ")
asks("logout_name_transient", codes=("name_id_transient",), format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
asks("logout_session_empty", codes=("attributes_odd",), sessions=[""])
asks("logout_thousand_sessions", codes=("attributes_odd",), sessions=["phone"] * 900)


@plays(accepts=True, ends=JANES)
def logout_by_adfs_with_small_escapes(office: Office) -> Any:
    """Signed over escapes in small letters, as ADFS writes them."""
    return office.redirects(office.request(), quoted=small, relay="a/b c=")


def small(value: str) -> str:
    return urlencode({"": value})[1:].replace("%2F", "%2f").replace("%3D", "%3d").replace("%2B", "%2b").replace("%3A", "%3a")


@plays(accepts=True, ends=JANES)
def logout_with_something_else_in_the_address(office: Office) -> Any:
    return office.gets(f"lang=de&{office.scene.forge.query('SAMLRequest', office.request())}&x=1")


@plays(codes=("replayed",))
def logout_once_more(office: Office) -> Any:
    """The same request again, for whoever is signed in by now: nobody of those."""
    query = office.scene.forge.query("SAMLRequest", office.request())
    office.gets(query)
    for name in JANES:
        office.browsers[name] = office.scene.signs_on(Browser(), session_index=f"{name} again")
    return office.gets(query)


def begins_here(office: Office) -> None:
    """Jane has logged out here, at her phone; the identity provider's answer is on its way."""
    answer = office.browsers["phone"].client.post(reverse("logout"))
    office.kept["begun"] = leads_to(answer)


def leads_to(page: Any) -> dict[str, str]:
    import re
    from html import unescape

    from tests.providers.saml.conftest import told

    match = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())
    assert match
    return told(unescape(match[1]))


def answers(office: Office, through: str, **said: Any) -> Any:
    begun = office.kept["begun"]
    xml = office.scene.forge.logout_response(office.scene.sls, said.pop("to", begun["id"]), **said)
    query = office.scene.forge.query("SAMLResponse", xml, relay=begun["relay"])
    return office.browsers[through].client.get(f"{office.sls}?{query}")


@plays(accepts=True, ends=("phone",), prepare=begins_here)
def answer_to_our_logout(office: Office) -> Any:
    return answers(office, "phone")


@plays(ends=("phone",), prepare=begins_here, codes=("logout_unasked",))
def answer_to_our_logout_in_another_browser(office: Office) -> Any:
    return answers(office, "desk")


@plays(ends=("phone",), prepare=begins_here, codes=("logout_unasked",))
def answer_to_our_logout_twice(office: Office) -> Any:
    answers(office, "phone")
    return answers(office, "phone")


@plays(ends=("phone",), prepare=begins_here, codes=("logout_unasked",))
def answer_to_no_logout_of_ours(office: Office) -> Any:
    return answers(office, "phone", to="_other")


@plays(codes=("logout_unasked",))
def answer_where_nobody_asked(office: Office) -> Any:
    return office.redirects(office.scene.forge.logout_response(office.scene.sls, "_1"), "SAMLResponse")
