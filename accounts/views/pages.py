"""Home, profile, and which organization to look at."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import views
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import second_factor
from accounts.doors import CHOSEN, outside
from accounts.forms import MailForm, PasswordChangeForm, ProfileForm
from accounts.models import Organization, Role
from accounts.roles import membership_of, role_of
from accounts.views import SignedInRequest


@require_safe
@login_required
def start(request: SignedInRequest) -> HttpResponse:
    """Where signing in leads: those who work in the admin go there, plain members stay on their own page."""
    return home(request) if role_of(request.user) == Role.MEMBER else redirect("admin:index")


@require_safe
@login_required
def home(request: SignedInRequest) -> HttpResponse:
    context = {"memberships": request.user.memberships.values(), "has_second_factor": second_factor.is_set_up(request.user)}
    return render(request, "accounts/home.html", context)


@login_required
def profile(request: SignedInRequest) -> HttpResponse:
    """Name, and what one is told by mail of the current organization; operators who are no members are told nothing."""
    membership = membership_of(request.user)
    forms: list[ProfileForm | MailForm] = [ProfileForm(request.POST or None, instance=request.user)]
    forms += [MailForm(request.POST or None, instance=membership)] if membership else []
    if all(form.is_valid() for form in forms):
        for form in forms:
            form.save()
        messages.success(request, _("Your profile is saved."))
        return redirect("profile")
    return render(request, "accounts/profile.html", {"forms": forms, "has_second_factor": second_factor.is_set_up(request.user)})


class PasswordChangeView(views.PasswordChangeView):
    form_class = PasswordChangeForm
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("profile")

    def get_form_kwargs(self) -> dict[str, object]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: auth_forms.PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, _("Your password is changed. Other sessions of yours are signed out."))
        return super().form_valid(form)


@outside
@login_required
def organizations(request: SignedInRequest) -> HttpResponse:
    """The organizations that one may look at, searchable; a POST with `organization` (an id) makes one the session's."""
    rows = Organization.objects.all() if request.user.is_operator else Organization.objects.filter(pk__in=request.user.memberships)
    if request.method == "POST":
        request.session[CHOSEN] = _chosen_of(request, rows).pk
        return redirect("home")
    query = request.GET.get("q", "").strip()
    found = rows.filter(Q(name__icontains=query) | Q(slug__icontains=query)) if query else rows
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    return render(request, "accounts/organizations.html", {"page": page, "query": query, "total": rows.count()})


def _chosen_of(request: HttpRequest, rows: QuerySet[Organization]) -> Organization:
    wanted = request.POST.get("organization", "")
    organization = rows.filter(pk=wanted).first() if wanted.isascii() and wanted.isdigit() else None
    if organization is None:
        raise Http404
    return organization
