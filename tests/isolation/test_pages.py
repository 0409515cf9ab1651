"""What people see who do nothing wrong: their own organization's pages, all that their role may see, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import models

from accounts.models import Membership
from tests.isolation import html
from tests.isolation.addresses import every_address
from tests.isolation.crawling import Visit, crawl
from tests.isolation.estates import owned_models
from tests.isolation.scene import MANAGERS, OURS, VISITORS, Answer, Scene, fail_with

INSTALLATION = ("/organizations/", "/admin/accounts/organization/", "/admin/accounts/user/")
"""Pages of operators about the whole installation."""
FEWEST = {"member": 4, "outsider": 1, "anonymous": 2}
"""How many pages a crawl must have found to have been one; of those whom the admin lets in, 60."""

OWN_TABLES = {
    "accounts_membership",
    "accounts_user",
    "auditlog_logentry",
    "otp_totp_totpdevice",
    "otp_static_staticdevice",
    "otp_static_statictoken",
}
"""Where a person's own name, password, second factor and wish for mail are; of the first two each row is looked at."""

_crawls: dict[tuple[int, str], list[Visit]] = {}


def visits_of(scene: Scene, role: str) -> list[Visit]:
    key = (id(scene), role)
    if key not in _crawls:
        _crawls[key] = crawl(scene.visitors[role])
    return _crawls[key]


@pytest.mark.parametrize("role", VISITORS)
def test_links_lead_to_pages_that_show_nothing_of_theirs(scene: Scene, role: str):
    visits = visits_of(scene, role)
    assert sum(visit.answer.status == 200 for visit in visits) >= FEWEST.get(role, 60)
    errors = [visit for visit in visits if visit.answer.status not in {200, 302}]
    fail_with([f"{visit.answer}\n  linked from {visit.came_from}\n{visit.answer.trouble}" for visit in errors], "Links lead to errors")
    pages = [visit.answer for visit in visits if not (role == "operator" and visit.answer.path.startswith(INSTALLATION))]
    fail_with([trace for answer in pages for trace in answer.traces_of(scene.theirs)], "Pages show something of theirs")


def test_the_same_pages_show_their_owner_all_of_it(scene: Scene):
    """So that the other tests look for what can be found."""
    visits = visits_of(scene, "them")
    telling = {visit.answer.path for visit in visits if visit.answer.traces_of(scene.theirs)}
    assert len(telling) >= 60
    registered = [model for model in owned_models() if model in admin.site._registry]
    mute = [model._meta.label for model in registered if not any(path.startswith(_list_of(model)) for path in telling)]
    assert mute == []


def _list_of(model: type[models.Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


# What each role may do ---------------------------------------------------------------------------------------------------


def forms_of_the_owner(scene: Scene) -> Iterator[html.Form]:
    """Every form that changes something, of all pages the owner finds, one of a kind."""
    seen = set()
    for visit in visits_of(scene, "owner"):
        for form in html.read(visit.answer.path, visit.answer.body).forms:
            if form.method == "POST" and (kind := (form.action.partition("?")[0], tuple(form.fields))) not in seen:
                seen.add(kind)
                yield form


def test_who_may_only_look_can_change_nothing_of_the_organization(scene: Scene):
    """Every form that an owner has, with each of its buttons and bulk actions, and a POST to every address."""
    posts = [(form.action, data) for form in forms_of_the_owner(scene) for data in _ways_to_send(form)]
    posts += [(path, {"post": ["yes"]}) for address in every_address() for path in address.paths(OURS) if not address.is_like_another]
    alike = [(path, {"post": ["yes"]}) for address in every_address() for path in address.paths(OURS) if address.is_like_another]
    assert len(posts) > 120
    problems = []
    for role in ("auditor", "member", "outsider", "anonymous"):
        for path, data in [*posts, *(alike if role == "auditor" else [])]:
            answer = scene.visitors[role].post(path, data, watching=scene.ours)
            problems += [f"{answer} changed {change}" for change in answer.changed if not _may_be(change, scene, role)]
            if foreign := {write.split()[1] for write in answer.writes_beside_the_visit} - OWN_TABLES:
                problems.append(f"{answer} wrote into {', '.join(sorted(foreign))}")
    fail_with(problems, "Visitors who may only look got further than that")


def _ways_to_send(form: html.Form) -> Iterator[dict[str, list[str]]]:
    """As it stands; with each of its buttons; and with each of its bulk actions for all rows."""
    yield form.data(post=["yes"])
    for name, value in form.buttons:
        yield form.data(**{name: [value]})
    if "action" in form.fields and "_selected_action" in form.fields:
        for action in filter(None, form.fields["action"].options):
            yield form.data(action=[action], _selected_action=form.fields["_selected_action"].options, post=["yes"])


def _may_be(change: str, scene: Scene, role: str) -> bool:
    """Everybody may change the own name and password, and whether mail is wanted; a refused sign-on is noted for the organization."""
    if change.startswith("saml_event:"):
        return "'is_refusal': 'True'" in change
    own = [person.pk for person in scene.ours.people if person.email.startswith(role)]
    if change.startswith("accounts_membership:"):
        rows = Membership.everywhere.filter(organization=scene.ours.organization, user_id__in=own)
        return any(f"'role': '{role}', 'sees_pay': '{row.sees_pay}', 'user_id': '{row.user_id}', 'wants_mail': " in change for row in rows)
    return change.startswith("accounts_user:") and any(f"'id': '{pk}'" in change for pk in own)


@pytest.mark.parametrize("role", ["member", "outsider", "anonymous"])
def test_the_admin_shows_nothing_to_who_does_not_belong_there(scene: Scene, role: str):
    problems = []
    for address in every_address():
        if address.route.startswith(("/admin/", "/connect/", "/records/")):
            for path in address.paths(OURS):
                answer = scene.visitors[role].get(path)
                if answer.status not in {302, 400, 403, 404, 405}:
                    problems.append(f"{answer}: neither refused nor led elsewhere")
    fail_with(problems, f"Pages of the admin open to somebody who does not belong there ({role})")


@pytest.mark.parametrize("role", MANAGERS)
def test_lists_of_the_admin_open_to_those_who_manage(scene: Scene, role: str):
    """Every role gets what it may."""
    closed = []
    for model in admin.site._registry:
        answer = scene.visitors[role].get(_list_of(model))
        all_may = role in {"owner", "operator"} or "view" in model._meta.default_permissions
        expected = {200} if role == "operator" or (all_may and model in owned_models()) else {200, 302, 403}
        if answer.status not in expected:
            closed.append(str(answer))
    fail_with(closed, "Lists do not open")


def test_every_answer_forbids_caches_to_keep_what_it_shows(scene: Scene):
    """Else a shared cache would show it to the next who asks."""
    pages = [
        visit.answer for visit in visits_of(scene, "owner") if visit.answer.status == 200 and scene.ours.traces.search(visit.answer.body)
    ]
    kept = [str(answer) for answer in pages if not _is_private(answer)]
    fail_with(kept, "Pages may be kept by caches")


def _is_private(answer: Answer) -> bool:
    return "Cookie" in answer.headers.get("Vary", "") or {"private", "no-store"} & set(answer.headers.get("Cache-Control", "").split(", "))  # type: ignore[return-value]
