"""What the browser is answered: the way to the identity provider, and one neutral page for every refusal."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from integrations.providers.saml.bindings import post_fields, redirect_url
from integrations.providers.saml.config import POST, Config
from integrations.providers.saml.models import Event


def refused(request: HttpRequest, event: Event) -> HttpResponse:
    """The same words whatever the reason; the admin finds that by the reference."""
    return render(request, "saml/refused.html", {"reference": event.reference}, status=403)


def too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "saml/too_many.html", status=429)
    response["Retry-After"] = "60"
    return response


def onward(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser on. After a form this takes a page: browsers hold the address against the form's own policy."""
    if request.method != "POST":
        return HttpResponseRedirect(address)
    return render(request, "saml/onward.html", {"address": address})


def carry(
    request: HttpRequest, config: Config, binding: str, location: str, parameter: str, xml: str, relay: str, *, sign: bool
) -> HttpResponse:
    """Send a message with the browser. `parameter` is SAMLRequest or SAMLResponse."""
    key = config.keys[0] if sign and config.keys else None
    if binding != POST:
        return onward(request, redirect_url(location, parameter, xml, relay, key))
    fields = post_fields(parameter, xml, relay, key)
    response = render(request, "saml/post.html", {"location": location, "fields": fields})
    target = urlsplit(location)
    response.form_action = [f"{target.scheme}://{target.netloc}"]  # type: ignore[attr-defined]
    return response
