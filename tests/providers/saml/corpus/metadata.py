"""Metadata that an admin pastes. What counts already goes on to count, unless the new one is as it has to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from integrations.providers.saml.models import SamlIntegration
from tests.providers.saml.conftest import SignOnScene
from tests.providers.saml.corpus.houses import House
from tests.providers.saml.corpus.variants import VARIANTS, Variant
from tests.providers.saml.forge import DS, POST, REDIRECT, SAMLP, Forge, instant, key, sign
from tests.providers.saml.written import BOTH, SERVICE_PROVIDER, described, endpoint, entity, group, role

FAMILY = "metadata"
FIELDS = ("preset", "sso_metadata_url", "sso_metadata", "sso_url", "sso_target_url")


@dataclass
class Desk:
    """An admin of the organization, before the pages of the set-up."""

    scene: SignOnScene
    house: House
    settings: Any
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.client.force_login(self.scene.world.admin)

    @property
    def row(self) -> SamlIntegration:
        return SamlIntegration.everywhere.get(pk=self.scene.integration.pk)

    def saves(self, **given: str) -> str:
        """What the form has against it; '' when it is saved."""
        shown = {name: str(getattr(self.row, name)) for name in FIELDS}
        form = {**shown, **{f"initial-{name}": value for name, value in shown.items()}, **given}
        answer = self.client.post(reverse("admin:integration-section", args=[self.row.pk, "identity-provider"]), form)
        if answer.status_code == 302:
            return ""
        assert answer.status_code == 200, answer.status_code
        errors = answer.context["editor"].form.errors.as_data()
        return " ".join(f"{problem.code}: {message}" for problems in errors.values() for problem in problems for message in problem)

    def pastes(self, document: str, **beside: str) -> str:
        """Why the document does not count; '' when it does."""
        return self.saves(sso_metadata=document, **beside) or ("waits" if self.row.proposed else self.row.metadata_problem)

    def reads(self, address: str) -> str:
        """The same of a document at an address, which is saved and then read with the button."""
        if said := self.saves(sso_metadata_url=address):
            return said
        answer = self.client.post(reverse("admin:integration-section", args=[self.row.pk, "guide"]), {"do": "read"})
        assert answer.status_code == 302
        said = " ".join(str(message) for message in get_messages(answer.wsgi_request))
        return "" if "was read, and counts" in said else said

    def has_sandbox(self) -> None:
        """The operator lets the house stand in for identity providers."""
        self.settings.SANDBOX_URL = self.house.base


def document(name: str, make: str | Callable[[Forge], str], *, accepts: bool = False, codes: tuple[str, ...] = (), **beside: str) -> None:
    def act(desk: Any) -> str:
        found: Desk = desk
        return found.pastes(make if isinstance(make, str) else make(found.scene.forge), **beside)

    called = f"metadata_{name}"
    assert called not in VARIANTS, called
    VARIANTS[called] = Variant(called, FAMILY, accepts, act, codes)


def signed_document(forge: Forge) -> str:
    from lxml import etree

    root = etree.fromstring(forge.metadata(attributes=' ID="_m"').encode())
    sign(root, forge.key)
    return etree.tostring(root).decode()


def in_days(days: float) -> str:
    return instant(datetime.now(UTC) + timedelta(days=days))


# What counts ------------------------------------------------------------------------------------------------------------

document("same_again", Forge.metadata, accepts=True)
document("with_declaration", lambda forge: f'<?xml version="1.0" encoding="UTF-8"?>\n{forge.metadata()}\n', accepts=True)
document("with_comments", lambda forge: f"<!-- Okta -->{forge.metadata()}<!-- end -->", accepts=True)
document("with_a_byte_order_mark", lambda forge: f"\ufeff{forge.metadata()}", accepts=True)
document("signed_by_itself", signed_document, accepts=True)
document("valid_for_a_month", lambda forge: forge.metadata(attributes=f' validUntil="{in_days(30)}" cacheDuration="PT6H"'), accepts=True)
document("with_a_second_certificate", lambda forge: forge.metadata(keys=[forge.key, key("second")]), accepts=True)
document("with_a_curve_beside", lambda forge: forge.metadata(keys=[forge.key, key("curve", curve=True)]), accepts=True)
document("with_an_old_certificate_beside", lambda forge: forge.metadata(keys=[key("old", days=(-9, -1)), forge.key]), accepts=True)
document("that_takes_forms_only", lambda forge: forge.metadata(bindings=(POST,)), accepts=True)
document("that_wants_signed_requests", lambda forge: forge.metadata(wants_signed=True), accepts=True)
document("without_logout", lambda forge: forge.metadata(slo_bindings=()), accepts=True)
document("among_applications", lambda forge: group(entity(SERVICE_PROVIDER, entity_id="urn:app"), forge.metadata()), accepts=True)
document("with_a_key_for_everything", entity(role(keys=described(key(), use=None))), accepts=True)
document("without_address_but_one_beside", entity(role(sso="")), accepts=True, sso_url="https://idp.example/sso")

# What waits for somebody to look at it ----------------------------------------------------------------------------------

WAITS = ("waits",)
document("of_another_entity", lambda forge: replace(forge, entity_id="https://idp.example/other").metadata(), codes=WAITS)
document("of_another_case", lambda forge: replace(forge, entity_id="https://idp.example/Metadata").metadata(), codes=WAITS)
document("with_another_key_only", lambda forge: forge.metadata(keys=[key("stranger")]), codes=WAITS)
document("with_a_look_alike_certificate", lambda forge: forge.metadata(keys=[key("idp", days=(-2, 3650))]), codes=WAITS)
document("that_leads_to_another_host", lambda forge: forge.metadata(sso="https://evil.example/sso"), codes=WAITS)
document("that_leads_to_another_port", lambda forge: forge.metadata(sso="https://idp.example:8443/sso"), codes=WAITS)
document("that_logs_out_at_another_host", lambda forge: replace(forge, slo="https://evil.example/slo").metadata(), codes=WAITS)

# What never counts ------------------------------------------------------------------------------------------------------

for name, changes, code in (
    ("expired", {"attributes": f' validUntil="{in_days(-1)}"'}, "expired"),
    ("valid_until_never", {"attributes": ' validUntil="tomorrow"'}, "expired"),
    ("ended_certificate", {"keys": [key("old", days=(-9, -1))]}, "ended"),
    ("short_key", {"keys": [key("short", bits=1024)]}, "weak"),
    ("plain_http", {"sso": "http://idp.example/sso"}, "address"),
    ("script_for_an_address", {"sso": "javascript:alert(1)"}, "address"),
    ("data_for_an_address", {"sso": "data:text/html,x"}, "address"),
    ("file_for_an_address", {"sso": "file:///etc/passwd"}, "address"),
    ("credentials_in_the_address", {"sso": "https://idp.example@evil.example/sso"}, "address"),
    ("address_with_a_fragment", {"sso": "https://idp.example/sso#x"}, "address"),
    ("address_with_a_quote", {"sso": 'https://idp.example/"onload="x'}, "address"),
    ("address_with_a_backslash", {"sso": "https://evil.example\\.idp.example/sso"}, "address"),
    ("address_without_end", {"sso": f"https://idp.example/{'x' * 2000}"}, "address"),
    ("no_certificate", {"keys": []}, "no_certificate"),
    ("no_address", {"bindings": ()}, "no_address"),
    ("eleven_certificates", {"keys": [key(f"many {number}", curve=True) for number in range(11)]}, "certificates"),
):
    document(name, lambda forge, changes=changes: forge.metadata(**changes), codes=(code,))  # type: ignore[misc]

for name, xml, code in (
    ("garbage_for_a_certificate", entity(role(keys=described("AAAA"))), "unreadable"),
    ("no_base64_for_a_certificate", entity(role(keys=described("%%%%"))), "unreadable"),
    ("empty_certificate", entity(role(keys=described(""))), "unreadable"),
    ("private_key_for_a_certificate", entity(role(keys=described("".join(key().private.strip().splitlines()[1:-1])))), "private_key"),
    ("private_key_beside", entity() + key().private, "private_key"),
    ("key_for_encryption_only", entity(role(keys=described(key(), use="encryption"))), "encryption_only"),
    ("key_for_nothing_known", entity(role(keys=described(key(), use="Signing"))), "no_certificate"),
    ("key_by_name_only", entity(role(keys='<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:KeyName>x</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>')), "no_certificate"),
    ("key_outside_of_the_role", entity(described(key()), role(keys="")), "no_certificate"),
    ("two_identity_providers", group(entity(), entity(entity_id="https://evil.example/")), "several"),
    ("two_roles", entity(role(), role()), "several"),
    ("role_hidden_in_extensions", entity(f"<md:Extensions>{role()}</md:Extensions>"), "no_provider"),
    ("saml_1_only", entity(role().replace(SAMLP, "urn:oasis:names:tc:SAML:1.1:protocol")), "protocol"),
    ("application", entity(SERVICE_PROVIDER), "service_provider"),
    ("nobody", entity("<md:Organization/>"), "no_provider"),
    ("name_missing", entity(entity_id=None), "entity_id"),
    ("name_blank", entity(entity_id="  "), "entity_id"),
    ("name_without_end", entity(entity_id="https://idp.example/" + "x" * 1024), "entity_id"),
    ("name_of_two_lines", entity(entity_id="https://idp.example/&#10;x"), "entity_id"),
    ("name_of_ours", entity(entity_id="http://127.0.0.1:8000/sso/3f0c8f4e/metadata/"), "own"),
    ("addresses_of_other_ways_only", entity(role(sso=endpoint("SingleSignOnService", "urn:oasis:names:tc:SAML:2.0:bindings:SOAP", "https://idp.example/"))), "no_address"),
    ("address_that_is_missing", entity(role(sso=endpoint("SingleSignOnService", REDIRECT, None))), "no_address"),
    ("answers_to_logout_without_encryption", entity(role(slo=endpoint("SingleLogoutService", POST, "https://idp.example/slo", "http://evil.example/"))), "address"),
    ("doctype", f"<!DOCTYPE x>{entity()}", "forbidden"),
    ("external_entity", f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>{entity(entity_id="&e;")}', "forbidden"),
    ("parameter_entity", f'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]>{entity()}', "forbidden"),
    ("bomb_of_entities", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>', "forbidden"),
    ("stylesheet", f'<?xml-stylesheet href="http://127.0.0.1:9/"?>{entity()}', "forbidden"),
    ("nested_deeply", "<a>" * 5000 + "</a>" * 5000, "malformed"),
    ("elements_without_end", f"<md:EntitiesDescriptor {'x'}>".replace(" x", "") + "<a/>" * 70_000, "complex"),
    ("megabytes", entity(f"<md:Extensions>{'x' * 1_000_001}</md:Extensions>"), "too_large"),
    ("curly_quotes", entity().replace('="', "=“").replace('">', "”>"), "curly"),
    ("page", "<!DOCTYPE html><html><body>Sign in</body></html>", "page"),
    ("escaped", entity().replace("<", "&lt;").replace(">", "&gt;"), "escaped"),
    ("half", entity()[:-30], "end"),
    ("address", "https://idp.example/metadata", "address"),
    ("json", '{"issuer": "https://idp.example"}', "no_tags"),
    ("response", f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:ds="{DS}"/>', "root"),
    ("nul", f"\x00{entity()}", "null_characters_not_allowed"),
):  # fmt: skip
    document(name, xml, codes=(code,))

document("of_our_own", lambda forge: entity(SERVICE_PROVIDER, role(), entity_id="http://127.0.0.1:8000/sso/"), codes=("own",))
document("both_bindings_without_encryption", entity(role(sso=BOTH.replace("https:", "http:"))), codes=("address",))
