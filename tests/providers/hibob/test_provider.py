"""Connecting, and what HiBob's answers mean: less instead of a refusal, a time instead of seconds, and shutting out who insists."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import AuthLost, ConfigProblem, RateLimited, Rejected
from integrations.models import Option
from integrations.providers.hibob.sandbox import HibobSandbox
from integrations.sync import connections
from integrations.sync.options import fetch_options
from tests.contract.harness import Harness


def steps(harness: Harness) -> list[tuple[bool, str]]:
    return [(step.passed, step.text) for step in connections.check_connection(harness.integration)]


def test_the_test_says_how_much_the_service_user_sees(harness: Harness) -> None:
    assert steps(harness) == [
        (True, "7 employees, 7 of them with an e-mail."),
        (True, "Holiday, Sick, Overtime, Remote. Away today: 0."),
    ]


@pytest.mark.parametrize(
    ("hidden", "words"),
    [("people", "shows this service user nobody"), ("emails", "no e-mail of anybody"), ("policy_types", "no policy type")],
)
def test_what_a_service_user_may_not_see_fails_the_test_with_a_cure(harness: Harness, hibob: HibobSandbox, hidden: Any, words: str) -> None:
    hibob.hidden = {hidden}
    *_passed, (passed, text) = steps(harness)
    assert not passed
    assert words in text
    assert "permission group" in text


def test_a_refused_token_is_shown_once(harness: Harness, hibob: HibobSandbox) -> None:
    hibob.end_grants()
    since = len(harness.exchanges)
    with pytest.raises(AuthLost):
        harness.client().policy_types()
    assert [exchange.reply.status for exchange in harness.exchanges[since:]] == [401]


def test_the_id_of_a_service_user_is_shown_and_the_token_is_not(harness: Harness) -> None:
    assert harness.integration.options == {"service_user_id": "SERVICE-4711"}
    with pytest.raises(ConfigProblem) as refused:
        connections.connect_with(harness.integration, {"service_user_id": "a:b", "token": "x"}, None)
    assert refused.value.field == "service_user_id"


@pytest.mark.parametrize("wait", [1, 45, 600])
def test_hibob_is_left_alone_until_the_time_it_names(harness: Harness, wait: int) -> None:
    harness.misbehave({"kind": "status", "status": 429, "retry_after": wait, "times": 1})
    with pytest.raises(RateLimited) as limited:
        harness.client().policy_types()
    assert wait - 1 <= limited.value.retry_after <= wait + 2


def test_a_missing_permission_says_where_to_look(harness: Harness) -> None:
    harness.misbehave({"kind": "status", "status": 403, "message": "No access to time off.", "times": 1})
    with pytest.raises(Rejected) as refused:
        harness.client().policy_types()
    assert (refused.value.message, bool(refused.value.advice)) == ("No access to time off.", True)


def test_policy_types_are_offered_by_name(harness: Harness, hibob: HibobSandbox) -> None:
    names = list(Option.objects.filter(gone_at=None).order_by("position").values_list("value", flat=True))
    assert names == list(hibob.company.policy_types)
    del hibob.company.policy_types["Remote"]
    fetch_options(harness.integration, harness.client())
    assert Option.objects.exclude(gone_at=None).get().value == "Remote"
