"""What identity providers call a person's address, names and groups. Sources: the providers' own guides for service providers."""

from __future__ import annotations

from dataclasses import replace

from integrations.providers.saml.config import Claims

XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MICROSOFT = "http://schemas.microsoft.com/ws/2008/06/identity/claims/"

ANY = Claims(
    email=("email", "mail", "Email", "EmailAddress", "emailaddress", f"{XMLSOAP}emailaddress", "urn:oid:0.9.2342.19200300.100.1.3"),
    first_name=("FirstName", "first_name", "firstName", "givenName", f"{XMLSOAP}givenname", "urn:oid:2.5.4.42"),
    last_name=("LastName", "last_name", "lastName", "sn", "surname", f"{XMLSOAP}surname", "urn:oid:2.5.4.4"),
    groups=("groups", "Groups", "memberOf", f"{MICROSOFT}groups", "Role"),
)

PRESETS: dict[str, Claims] = {
    "okta": Claims(
        email=("email", "Email", "login"),
        first_name=("FirstName", "firstName"),
        last_name=("LastName", "lastName"),
        groups=("groups", "Groups"),
    ),
    "entra": Claims(
        email=(f"{XMLSOAP}emailaddress", f"{XMLSOAP}name"),
        first_name=(f"{XMLSOAP}givenname",),
        last_name=(f"{XMLSOAP}surname",),
        groups=(f"{MICROSOFT}groups", f"{MICROSOFT}role"),
    ),
    "google": Claims(
        email=("email",), first_name=("first_name", "FirstName"), last_name=("last_name", "LastName"), groups=("groups", "Groups")
    ),
    "onelogin": Claims(
        email=("User.email",), first_name=("User.FirstName",), last_name=("User.LastName",), groups=("memberOf", "User.Roles")
    ),
    "adfs": Claims(
        email=(f"{XMLSOAP}emailaddress", f"{XMLSOAP}upn"),
        first_name=(f"{XMLSOAP}givenname",),
        last_name=(f"{XMLSOAP}surname",),
        groups=("http://schemas.xmlsoap.org/claims/Group", f"{MICROSOFT}role"),
    ),
    "jumpcloud": Claims(email=("email",), first_name=("firstname",), last_name=("lastname",), groups=("memberOf",)),
    "oids": Claims(
        email=("urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:1.2.840.113549.1.9.1"),
        first_name=("urn:oid:2.5.4.42",),
        last_name=("urn:oid:2.5.4.4",),
        groups=("urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "Role", "memberOf"),
    ),
    "other": ANY,
}


def claims_of(preset: str, *, email: str = "", first_name: str = "", last_name: str = "", groups: str = "") -> Claims:
    """The names of a preset; those that an admin gave stand in their place."""
    given = {"email": email, "first_name": first_name, "last_name": last_name, "groups": groups}
    return replace(PRESETS.get(preset, ANY), **{part: (name,) for part, name in given.items() if name})
