"""How the usual identity providers are set up: what to do there, in their own words, and which of our values goes where."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class GuideStep:
    """One thing to do, with values to copy: name of the value -> what the field is called there."""

    text: Text
    values: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True)
class Guide:
    name: str
    label: Text
    steps: tuple[GuideStep, ...]


BACK = _("Save here under “Identity provider”, test the sign-on, then switch it on.")

GUIDES = (
    Guide(
        "okta",
        "Okta",
        (
            GuideStep(_("In Okta's admin console, open Applications, choose “Create App Integration”, then SAML 2.0.")),
            GuideStep(
                _("Fill in the SAML settings. Set Name ID format to EmailAddress and Application username to Email."),
                (("acs", "Single sign-on URL"), ("entity_id", "Audience URI (SP Entity ID)")),
            ),
            GuideStep(
                _("Add attribute statements with the values user.firstName, user.lastName and user.email."),
                (
                    ("first_name", _("Name for user.firstName")),
                    ("last_name", _("Name for user.lastName")),
                    ("email", _("Name for user.email")),
                ),
            ),
            GuideStep(_("If groups shall give roles, add a group attribute statement."), (("groups", _("Name of the group attribute")),)),
            GuideStep(_("Assign the people or groups that shall come in.")),
            GuideStep(_("On the tab “Sign On”, copy the Metadata URL and enter it as metadata address. Do not paste the XML.")),
            GuideStep(BACK),
        ),
    ),
    Guide(
        "entra",
        "Microsoft Entra ID",
        (
            GuideStep(_("In the Entra admin center, open Enterprise applications, choose “New application”, then “Create your own”.")),
            GuideStep(
                _("Choose Single sign-on, then SAML. In “Basic SAML Configuration”, delete other identifiers first."),
                (("entity_id", "Identifier (Entity ID)"), ("acs", "Reply URL"), ("sls", "Logout Url")),
            ),
            GuideStep(
                _("Under “Attributes & Claims” the claims that Entra sends by itself are right. Everybody needs a first and a last name."),
                (("email", "user.mail"), ("first_name", "user.givenname"), ("last_name", "user.surname")),
            ),
            GuideStep(_("If groups shall give roles, add a group claim. Entra sends the object ids of groups, not their names."), ()),
            GuideStep(_("Under “Users and groups”, assign who shall come in.")),
            GuideStep(_("Under “SAML Certificates”, copy the App Federation Metadata Url and enter it as metadata address.")),
            GuideStep(BACK),
        ),
    ),
    Guide(
        "google",
        "Google Workspace",
        (
            GuideStep(_("In the admin console, open Apps, Web and mobile apps, and choose “Add custom SAML app”.")),
            GuideStep(_("Choose “Download metadata”. Google has no metadata address: paste the content of the file here as metadata.")),
            GuideStep(
                _(
                    "Enter the service provider's details. Set Name ID format to EMAIL and Name ID to Primary email, and tick “Signed response”."
                ),
                (("acs", "ACS URL"), ("entity_id", "Entity ID")),
            ),
            GuideStep(
                _("Map First name and Last name to these app attributes."), (("first_name", "First name"), ("last_name", "Last name"))
            ),
            GuideStep(_("Switch the app on for the people that shall come in. It can take some minutes to take effect.")),
            GuideStep(BACK),
        ),
    ),
    Guide(
        "other",
        _("Another one"),
        (
            GuideStep(
                _("Most identity providers take our metadata address, and need nothing else."), (("metadata", _("Metadata address")),)
            ),
            GuideStep(
                _("Where they do not, enter the values one by one. The NameID is best the e-mail address."),
                (
                    ("acs", _("Single sign-on URL (ACS, Reply URL)")),
                    ("entity_id", _("Audience URI (SP entity ID)")),
                    ("sls", _("Single logout URL")),
                    ("name_id", _("Format of the NameID")),
                ),
            ),
            GuideStep(
                _("Send these attributes. Other names are entered here under “Claims”."),
                (("email", _("E-mail address")), ("first_name", _("First name")), ("last_name", _("Last name")), ("groups", _("Groups"))),
            ),
            GuideStep(_("Let it sign the assertion or the response, with SHA-256.")),
            GuideStep(_("Copy the address of its metadata and enter it here; where there is none, paste the whole metadata file.")),
            GuideStep(BACK),
        ),
    ),
)
