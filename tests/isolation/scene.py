"""People of every kind, looking at the first of two organizations, and what they are answered."""

from __future__ import annotations

import difflib
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

from django.contrib.messages import get_messages
from django.core.signals import got_request_exception
from django.test import Client, RequestFactory
from django.test.client import ClientHandler
from django.urls import reverse

from accounts.models import Organization, Role, User
from tests.conftest import PASSWORD, make_user
from tests.isolation.estates import Estate
from tests.isolation.tables import changes, dump, undone, written

OURS, THEIRS, NOBODYS = 6_000_001, 7_000_001, 8_000_001
"""The first ids of both organizations' rows, and of rows that never were."""

INSIDERS = [role.value for role in Role]
OUTSIDERS = ["outsider", "anonymous"]
VISITORS = [*INSIDERS, *OUTSIDERS, "operator"]
"""Who looks: the four roles of our organization, somebody signed in who belongs nowhere, nobody, an operator who looks at ours."""

MANAGERS = ["owner", "admin", "auditor", "operator"]
"""Those among them whom the admin lets in."""

PASSING = re.compile(r'(name="csrfmiddlewaretoken" value="|name="once" value="|data-once="|[?&]state=|&code_challenge=)[\w-]+')
"""What differs from view to view by design."""
NEW_ROW = re.compile(r"(?<=/admin/runs/)\d+(?=/$)")
"""What was made for this answer, and numbered on by the database."""
TELLS_TIME = {"expires", "last-modified", "date", "content-length"}
OWN_SESSION = {"django_session", "axes_accessattempt", "axes_accesslog", "axes_accessfailurelog", "saml_event"}
"""Tables in which a visit leaves notes of itself."""


@dataclass(frozen=True)
class Answer:
    """What a visitor was answered, and what answering has written. `trouble` is the traceback of an exception nobody caught."""

    visitor: str
    method: str
    path: str
    status: int
    location: str
    messages: tuple[str, ...]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: str
    writes: frozenset[str]
    trouble: str = ""
    changed: tuple[str, ...] = ()
    """What is different of the organization that was watched."""

    def __str__(self) -> str:
        return f"{self.method} {self.path} as {self.visitor}: {self.status}{f' to {self.location}' if self.location else ''}"

    @property
    def writes_beside_the_visit(self) -> frozenset[str]:
        return frozenset(write for write in self.writes if write.split()[1] not in OWN_SESSION)

    def places(self) -> Iterator[tuple[str, str]]:
        """Everything that the visitor gets to see, by where it stands."""
        yield "location", self.location
        yield "body", self.body
        yield from (("message", message) for message in self.messages)
        yield from ((f"header {name}", value) for name, value in self.headers.items())
        yield from ((f"cookie {name}", value) for name, value in self.cookies.items())

    def traces_of(self, estate: Estate, *, but: str = "") -> list[str]:
        """Where something of the organization can be read, with what stands around it. `but` is what the visitor gave himself."""
        found = []
        for place, text in self.places():
            for match in estate.traces.finditer(text.replace(but, "") if but else text):
                around = text[max(0, match.start() - 60) : match.end() + 40].replace("\n", " ")
                found.append(f"{self}\n    {place}: …{around}…")
                break
        return found


def differences(one: Answer, one_id: object, other: Answer, other_id: object) -> list[str]:
    """How two answers differ beside the ids that were asked for."""
    found = []
    first, second = (_without(answer, str(pk)) for answer, pk in ((one, one_id), (other, other_id)))
    for what in first:
        if first[what] != second[what]:
            found.append(f"    {what}: {_contrast(first[what], second[what])}")
    return [f"{one}\n  is not answered like {other.path}: {other.status}\n" + "\n".join(found)] if found else []


def _without(answer: Answer, pk: str) -> dict[str, Any]:
    def neutral(text: str) -> str:
        written = (pk, f"{int(pk):,}", str(UUID(int=int(pk)))) if pk.isdigit() else (pk,)
        return re.sub("|".join(map(re.escape, written)), "ID", text)

    return {
        "status": answer.status,
        "location": neutral(NEW_ROW.sub("", PASSING.sub(r"\1", answer.location))),
        "messages": [neutral(message) for message in answer.messages],
        "headers": {name: neutral(value) for name, value in answer.headers.items() if name.lower() not in TELLS_TIME},
        "cookies": sorted(answer.cookies),
        "writes": sorted(answer.writes),
        "body": neutral(PASSING.sub(r"\1", answer.body)),
    }


def _contrast(first: Any, second: Any) -> str:
    if not isinstance(first, str):
        return f"{first!r} and {second!r}"
    lines = difflib.unified_diff(second.splitlines(), first.splitlines(), "missing", "theirs", n=0, lineterm="")
    return "\n      ".join(line.strip()[:200] for line in itertools_first(lines, 12))


def itertools_first(lines: Iterator[str], count: int) -> list[str]:
    return [line for _number, line in zip(range(count), lines, strict=False)]


class _Asking(RequestFactory):
    """Django's whole stack of middleware and views, without what its test client adds for looking into templates."""

    HANDLERS = {checks: ClientHandler(enforce_csrf_checks=checks) for checks in (True, False)}

    def __init__(self, cookies: Mapping[str, str], *, checks_csrf: bool) -> None:
        super().__init__()
        self.handler = self.HANDLERS[checks_csrf]
        self.cookies = SimpleCookie(dict(cookies))

    def request(self, **request: Any) -> Any:
        return self.handler(self._base_environ(**request))


@dataclass
class Visitor:
    """Somebody with a browser. Every visit begins anew: what the one before has changed is undone."""

    role: str
    cookies: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, **more: Any) -> Answer:
        return self.ask("GET", path, **more)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        return self.ask("POST", path, data, **more)

    def ask(
        self,
        method: str,
        path: str,
        data: Mapping[str, Any] | bytes | None = None,
        *,
        watching: Estate | None = None,
        checks_csrf: bool = False,
        content_type: str = "",
        **environ: Any,
    ) -> Answer:
        """The answer; with `watching`, also what was changed of that organization, when anything was written at all."""
        asking = _Asking(self.cookies, checks_csrf=checks_csrf)
        with undone(), trouble() as troubles, written() as writes:
            if method == "POST" and not isinstance(data, bytes):
                response = asking.post(path, data or {}, **environ)
            elif isinstance(data, bytes) or content_type:
                response = asking.generic(method, path, data or b"", content_type or "application/octet-stream", **environ)
            else:
                response = asking.generic(method, path, **environ)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            answer = Answer(
                visitor=self.role,
                method=method,
                path=path,
                status=response.status_code,
                location=response.headers.get("Location", ""),
                messages=_messages(response.wsgi_request) if hasattr(response, "wsgi_request") else (),
                headers={name: value for name, value in response.headers.items() if name != "Location"},
                cookies={name: morsel.OutputString() for name, morsel in response.cookies.items() if name != "messages"},
                body=body.decode(errors="replace"),
                writes=frozenset(writes),
                trouble="\n".join(troubles),
            )
            if watching is not None and answer.writes_beside_the_visit:
                answer = Answer(**{**vars(answer), "changed": tuple(changes(watched(watching), dump(watching)))})
        return answer


_watched: dict[int, Any] = {}


def watched(estate: Estate) -> Any:
    """The organization's rows as they were when the scene was made."""
    return _watched[estate.first_id]


def _messages(request: Any) -> tuple[str, ...]:
    return tuple(f"{message.level_tag}: {message}" for message in get_messages(request)) if hasattr(request, "_messages") else ()


@contextmanager
def trouble() -> Iterator[list[str]]:
    """Collects the tracebacks of exceptions that no view and no middleware has caught."""
    found: list[str] = []

    def note(**_more: Any) -> None:
        found.append("".join(traceback.format_exception(*sys.exc_info())[-12:]))

    got_request_exception.connect(note)
    try:
        yield found
    finally:
        got_request_exception.disconnect(note)


@dataclass(frozen=True, repr=False)
class Scene:
    """`visitors` by role. Nobody of them but `them` belongs to the organization `theirs`."""

    ours: Estate
    theirs: Estate
    visitors: Mapping[str, Visitor]

    def __repr__(self) -> str:
        return "<Scene>"


def make_scene() -> Scene:
    ours, theirs = Estate("Studio", "Harbour", 426_426_426, OURS), Estate("Gmbh", "Canarybird", 731_731_731, THEIRS)
    for estate in (ours, theirs):
        estate.fill()
    for estate in (ours, theirs):
        estate.fill_history()
    outsider = make_user("outsider@nowhere.example")
    operator = make_user("operator@nowhere.example", is_staff=True)
    visitors = {role.value: Visitor(role.value, _signed_in(ours.person(role))) for role in Role}
    visitors |= {
        "outsider": Visitor("outsider", _signed_in(outsider)),
        "anonymous": Visitor("anonymous"),
        "operator": Visitor("operator", _signed_in(operator, ours.organization)),
        "them": Visitor("them", _signed_in(theirs.person(Role.OWNER))),
    }
    _watched.update({estate.first_id: dump(estate) for estate in (ours, theirs)})
    return Scene(ours, theirs, visitors)


def _signed_in(user: User, organization: Organization | None = None) -> dict[str, str]:
    """The cookies of somebody who has come in through the door."""
    client = Client()
    answer = client.post(reverse("login"), {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    if organization is not None:
        answer = client.post(reverse("organizations"), {"organization": organization.pk})
        assert answer.status_code == 302, answer.content.decode()
    client.get(reverse("home"))
    return {name: morsel.value for name, morsel in client.cookies.items()}


def fail_with(problems: Sequence[str], what: str) -> None:
    """Fail with all problems at once, the first of them in full."""
    assert not problems, f"{what} ({len(problems)}):\n\n" + "\n\n".join(problems[:6])
