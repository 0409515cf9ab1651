"""The side navigation: the pages that exist and that the user may see, the one in view, and what needs a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import OPERATE, membership_of

Label = str | Promise
Counter = Callable[[], Mapping[str, int]]


@dataclass(frozen=True)
class Page:
    """A page of the admin site, by the name of its URL, for whoever has the permission; without one, for all who may enter."""

    label: Label
    name: str
    args: tuple[str, ...] = ()
    permission: str = ""

    def visible(self, request: HttpRequest) -> bool:
        return not self.permission or (request.user.is_authenticated and request.user.has_perm(self.permission))


@dataclass(frozen=True)
class Rows:
    """The list of a model's rows ("records.invoice"); the model's admin decides who may see it."""

    label: Label
    model: str
    args: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"admin:{self.model.replace('.', '_')}_changelist"

    def visible(self, request: HttpRequest) -> bool:
        try:
            rows = admin.site.get_model_admin(apps.get_model(self.model))
        except (LookupError, NotRegistered):
            return False
        return rows.has_view_or_change_permission(request)


@dataclass(frozen=True)
class Item:
    """An entry as it is drawn. `count` is how many rows behind it need a person."""

    label: Label
    url: str
    count: int
    is_here: bool


@dataclass(frozen=True)
class Group:
    label: Label
    items: list[Item]


@dataclass(frozen=True)
class Navigation:
    """What the side shows. Plain members have no groups; `role` is empty for whoever has none here."""

    groups: list[Group]
    role: Label
    may_switch: bool


GROUPS: tuple[tuple[Label, tuple[Page | Rows, ...]], ...] = (
    (
        _("Integrations"),
        (
            Page(_("Overview"), "admin:index"),
            Page(_("Catalogue"), "admin:catalogue", permission="integrations.view_integration"),
            Page(_("Runs"), "admin:runs", permission="integrations.view_run"),
            Page(_("Incidents"), "admin:incidents", permission="integrations.view_incident"),
            Page(_("Deliveries"), "admin:deliveries", permission="integrations.view_delivery"),
        ),
    ),
    (
        _("Records"),
        (
            Rows(_("Invoices"), "records.invoice"),
            Rows(_("Expenses"), "records.expense"),
            Rows(_("Purchase orders"), "records.purchaseorder"),
            Rows(_("People"), "records.person"),
            Rows(_("Companies"), "records.company"),
            Page(_("All records"), "admin:app_list", ("records",)),
        ),
    ),
    (
        _("Organization"),
        (
            Rows(_("People and roles"), "accounts.membership"),
            Rows(_("Invitations"), "accounts.invitation"),
            Rows(_("Domains"), "accounts.domain"),
            Rows(_("Notice endpoints"), "integrations.noticeendpoint"),
            Rows(_("Settings"), "accounts.organization"),
            Rows(_("History"), "auditlog.logentry"),
        ),
    ),
    (
        _("Installation"),
        (
            Rows(_("Users"), "accounts.user"),
            Page(_("Unclaimed deliveries"), "admin:unclaimed-deliveries", permission=OPERATE),
        ),
    ),
)

_counters: list[Counter] = []


def counter(function: Counter) -> Counter:
    """Register a function that tells, in at most one query, how many rows need a person: `{name of the URL: number}`."""
    _counters.append(function)
    return function


def navigation(request: HttpRequest) -> Navigation:
    """The navigation of a signed-in user's page, at the cost of one query for each counter."""
    user = request.user
    if not isinstance(user, User):
        return Navigation([], "", may_switch=False)
    membership = membership_of(user)
    role = _("Operator") if user.is_operator else membership.get_role_display() if membership else ""
    may_switch = user.is_operator or len(user.memberships) > 1
    return Navigation(_groups(request) if admin.site.has_permission(request) else [], role, may_switch)


def _groups(request: HttpRequest) -> list[Group]:
    """The groups with at least one page that exists and that the user may see; the longest matching address is in view."""
    found = [(label, [(page, url) for page in pages if page.visible(request) and (url := _url(page))]) for label, pages in GROUPS]
    here = max((url for _, pages in found for _, url in pages if request.path.startswith(url)), key=len, default="")
    counts = {name: number for function in _counters for name, number in function().items()}
    return [
        Group(label, [Item(page.label, url, counts.get(page.name, 0), url == here) for page, url in pages])
        for label, pages in found
        if pages
    ]


def _url(page: Page | Rows) -> str:
    try:
        return reverse(page.name, args=page.args)
    except NoReverseMatch:
        return ""
