"""People who work here, as HR brought them: known in Productive by their e-mail, followed there, and deactivated when they leave.

Nobody is invited, so that nobody gets in whom nobody there has let in; and nobody is deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.errors import Rejected
from integrations.provider import Copy, Done, Draft, Export, Outcome
from integrations.providers.productive.client import ProductiveClient, Resource, related
from integrations.providers.productive.comparing import INCIDENTAL, OVERWRITE, conflict, terms
from integrations.providers.productive.writing.periods import only_once
from integrations.providers.productive.writing.reporting import MANAGERS
from integrations.records.choices import HrmType
from integrations.records.loading.values import read_moment
from integrations.records.models import Person
from integrations.source import plain

NAMES = ("first_name", "last_name", "email")
MOMENTS = ("deactivated_at", "joined_at")
"""What each side says by itself: Productive when it deactivated somebody, HR what was the last day."""
OF_PEOPLE = (*NAMES, *MOMENTS, "custom_fields", "subsidiary_id", "manager_id")
IDS_A_CALL = 50


def build_person(copy: Copy, person: Person) -> tuple[dict[str, Any], dict[str, Decimal]]:
    only_once(copy)
    if not person.email:
        message = _("There is no e-mail, by which Productive knows people.")
        raise Rejected(message, field="email", advice=_("Enter it where they come from."))
    names = {name: getattr(person, name) for name in NAMES}
    subsidiary = person.subsidiary.productive_id if person.subsidiary else None
    payload = {
        "type": "people",
        "attributes": names,
        "custom_fields": person.custom_fields,
        "relationships": {"subsidiary": related("subsidiaries", subsidiary)} if subsidiary else {},
        "company": (person.company and person.company.productive_id) or "",
        "has_left": person.deactivated_at is not None or person.remote_deleted_at is not None,
        "is_new": person.origin == "import",
    }
    return {**payload, **terms(copy, names)}, {}


def create_people(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [_refused(draft.payload) or _create(client, draft) for draft in drafts]


def _refused(payload: Mapping[str, Any]) -> Rejected | None:
    """Who is not made in Productive, where nobody has the e-mail."""
    if payload["has_left"]:
        return Rejected(_("They are not in Productive, and have left."), advice=_("Skip this one."))
    if not payload["is_new"]:
        return Rejected(_("They are not in Productive any more."), advice=_("Skip this one, or add them there with the same e-mail."))
    return None


def _create(client: ProductiveClient, draft: Draft) -> Outcome:
    payload = draft.payload
    custom_fields = {"custom_fields": payload["custom_fields"]} if payload["custom_fields"] else {}
    company = payload["company"] or client.organization.linked("company")
    if not company:
        return Rejected(_("Productive does not say which company is your own."), advice=_("Add the person in Productive, then try again."))
    relationships = {"company": related("companies", company), **payload["relationships"]}
    return _done(client, client.create("people", {**payload["attributes"], **custom_fields}, relationships))


def update_people(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [_update(client, draft) for draft in drafts]


def _update(client: ProductiveClient, draft: Draft) -> Outcome:
    payload = draft.payload
    there = client.one("people", draft.remote_id, ("subsidiary",))
    known = {name: value for name, value in payload["ours"].items() if name in payload["agreed"]}  # of the rest nobody knows who changed it
    if clash := conflict({**payload, "ours": known}, there.attributes):
        return clash
    if not _says(there, payload):
        custom_fields = {"custom_fields": _merged(there, payload)} if payload["custom_fields"] else {}
        there = client.update("people", there.id, {**payload["attributes"], **custom_fields}, payload["relationships"])
    if _has_left(there) != payload["has_left"]:
        there = client.act("people", there.id, "deactivate" if payload["has_left"] else "activate")
    return _done(client, there)


def adopt_people(client: ProductiveClient, drafts: Sequence[Draft]) -> Mapping[int, Done]:
    """Productive lets nobody have the e-mail of somebody else, so whoever has it is the one, whatever its case; employees before
    contacts. What HR says otherwise is written next."""
    by_email: dict[str, list[Resource]] = defaultdict(list)
    emails = sorted({email for draft in drafts for email in _spellings(draft.payload["attributes"]["email"])})
    for start in range(0, len(emails), IDS_A_CALL):
        for person in client.find("people", {"email": ",".join(emails[start : start + IDS_A_CALL])}, ("subsidiary",)):
            by_email[str(person.attributes.get("email") or "").casefold()].append(person)
    found = {}
    for draft in drafts:
        if people := by_email.get(draft.payload["attributes"]["email"].casefold()):
            one = min(people, key=lambda person: person.attributes.get("hrm_type_id") == HrmType.CONTACT)
            behind = not _says(one, draft.payload) or _has_left(one) != draft.payload["has_left"]
            found[draft.item] = _done(client, one, behind=behind)
    return found


def find_people(client: ProductiveClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    return adopt_people(client, drafts)


def _spellings(email: str) -> set[str]:
    return {email, email.lower()}


def _says(there: Resource, payload: Mapping[str, Any]) -> bool:
    """Whether Productive says of the person what HR does."""
    names = all((there.attributes.get(name) or "") == value for name, value in payload["attributes"].items())
    belongs = all(there.linked(name) == one["data"]["id"] for name, one in payload["relationships"].items())
    return names and belongs and _merged(there, payload) == (there.attributes.get("custom_fields") or {})


def _merged(there: Resource, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {**(there.attributes.get("custom_fields") or {}), **payload["custom_fields"]}


def _has_left(there: Resource) -> bool:
    return there.attributes.get("deactivated_at") is not None


def _done(client: ProductiveClient, there: Resource, *, behind: bool = False) -> Done:
    attributes = there.attributes
    agreed = {name: attributes.get(name) or "" for name in NAMES} | {name: plain(read_moment(attributes.get(name))) for name in MOMENTS}
    url = client.page_url("people", there.id)
    number = str(attributes.get("email") or there.id)
    return Done(remote_id=there.id, number=number, url=url, agreed=agreed, behind=behind)


PEOPLE = (
    Export(
        kind="person",
        label=gettext_lazy("People from HR"),
        switches=("writes_people",),
        select={"hrm_type_id": HrmType.EMPLOYEE},
        brought=True,
        not_ready=gettext_lazy("It is nobody whom HR brings."),
        then=(MANAGERS.step,),
        by_itself="writes_by_itself",
        reads=("subsidiary", "company"),
        incidental=(*INCIDENTAL, "company", "is_new"),
        choices=(OVERWRITE,),
        build=build_person,
        create=create_people,
        update=update_people,
        withdraws=True,
        find_existing=find_people,
        adopt=adopt_people,
        not_found=gettext_lazy("They are not in Productive. Add them there with the same e-mail, or switch on that people are written."),
        exclusive=False,
    ),
    MANAGERS,
)
