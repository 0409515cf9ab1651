"""An id of another organization's row is answered exactly like one that never was, whatever is asked about it and whoever asks.

The addresses come from the URLconf, the ids are good for every table: a page that is added later is put to the same proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.isolation import html
from tests.isolation.addresses import Address, every_address
from tests.isolation.scene import NOBODYS, OURS, THEIRS, VISITORS, Scene, Visitor, differences, fail_with

OPERATORS_OWN = ("/admin/accounts/organization/", "/admin/accounts/user/")
"""What operators see of the whole installation: it has every organization and every user."""

FOR_IDENTITY_PROVIDERS = ("sso/<uuid>/metadata/", "sso/<uuid>/acs/", "sso/<uuid>/sls/")
"""What strangers' servers ask and answer for each organization, under a random address that is handed to them."""

THOROUGH = {"owner"}
"""Who may do most tries everything: all sections of a page, all kinds, all forms. The others try each address."""

SOME = {"owner", "auditor", "outsider"}
"""Who is asked for about what is made in the same way for every kind: one who may do most, one who may look, one who may nothing."""

ABOUT_ROWS = [address for address in every_address() if address.ids and not address.route.endswith(FOR_IDENTITY_PROVIDERS)]


@pytest.mark.parametrize("address", ABOUT_ROWS, ids=lambda address: address.route)
def test_a_foreign_id_is_answered_like_a_missing_one(scene: Scene, address: Address):
    problems = []
    for role in VISITORS:
        if role == "operator" and address.route.startswith(OPERATORS_OWN):
            continue
        if address.is_like_another and role not in SOME:
            continue
        most = None if role in THOROUGH else 1
        for theirs, nobodys, ours in zip(
            address.paths(THEIRS, elsewhere=OURS, most=most),
            address.paths(NOBODYS, elsewhere=OURS, most=most),
            address.paths(OURS, most=most),
            strict=True,
        ):
            for method, data in asked_for(scene, address, role, ours):
                problems += compared(scene, scene.visitors[role], method, theirs, nobodys, data)
    fail_with(problems, "Somebody else's row is not answered like a missing one")


def asked_for(scene: Scene, address: Address, role: str, path: str) -> list[tuple[str, Mapping[str, Any]]]:
    """GET, and POST of what a question's form sends; to our own pages also POST of nothing and of what their own forms send."""
    asked: list[tuple[str, Mapping[str, Any]]] = [("GET", {})]
    if role in THOROUGH or not address.is_like_another:
        asked.append(("POST", {"post": "yes"}))
    if role in THOROUGH and not address.is_of_a_model:
        asked += [("POST", {}), ("POST", likely_body(scene, path))]
    return asked


_bodies: dict[str, Mapping[str, Any]] = {}


def likely_body(scene: Scene, path: str) -> Mapping[str, Any]:
    """What the form of the page about our own row sends; else some answers that forms of questions want."""
    if path not in _bodies:
        page = html.read(path, scene.visitors["owner"].get(path).body)
        forms = [form for form in page.forms if form.method == "POST" and form.action == path]
        _bodies[path] = (
            forms[0].data() if forms else {"post": "yes", "reason": "None", "account": "1", "confirmed": "on", "source": "accounts"}
        )
    return _bodies[path]


def compared(scene: Scene, visitor: Visitor, method: str, theirs: str, nobodys: str, data: Mapping[str, Any]) -> list[str]:
    """What is wrong with the answer about their row. A page that tells the time is given a second chance."""
    for _attempt in range(2):
        answer = visitor.ask(method, theirs, data, watching=scene.theirs)
        missing = visitor.ask(method, nobodys, data)
        unlike = differences(answer, THEIRS, missing, NOBODYS)
        if not unlike:
            break
    wrong = [f"{one}: an exception was not caught\n{one.trouble}" for one in (answer, missing) if one.trouble]
    return [*unlike, *wrong, *answer.traces_of(scene.theirs), *(f"{answer} changed {change}" for change in answer.changed)]
