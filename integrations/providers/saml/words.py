"""What happened and what to change, for admins: every code and every step in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import Step

TRY_AGAIN = _("Sign in once more, from the beginning.")
COPY_AGAIN = _("Compare the values in the identity provider with those of the set-up guide, and copy them again.")
TAMPERED = _("Nothing to change: identity providers do not send this. If it comes again, somebody may be trying to get in.")
STRONGER = _("Set the identity provider to RSA or ECDSA with SHA-256 or better, and to exclusive canonicalization.")
CLOCK = _("Set the clock of the identity provider right, or allow a larger difference under “Protection”.")


@dataclass(frozen=True)
class Words:
    what: str | Promise
    cure: str | Promise


CODES: dict[Code, Words] = {
    Code.MISSING: Words(_("The message was empty."), TRY_AGAIN),
    Code.TOO_LARGE: Words(
        _("The message was larger than any that is accepted."), _("Let the identity provider send fewer attributes or groups.")
    ),
    Code.BASE64_WRONG: Words(_("The message arrived damaged."), TRY_AGAIN),
    Code.XML_WRONG: Words(_("The message was not readable XML."), TRY_AGAIN),
    Code.XML_FORBIDDEN: Words(_("The message had parts that are refused unread: a document type, entities or instructions."), TAMPERED),
    Code.XML_TOO_COMPLEX: Words(_("The message was nested too deeply or too long."), TAMPERED),
    Code.ROOT_WRONG: Words(_("The message was of another kind than belongs at this address."), COPY_AGAIN),
    Code.ASSERTIONS_NOT_ONE: Words(_("The response did not hold exactly one assertion in its place."), TAMPERED),
    Code.ID_WRONG: Words(_("Two parts of the message had the same ID, or one had an ID that is not allowed."), TAMPERED),
    Code.SIGNATURE_MISPLACED: Words(_("A signature stood where none belongs."), TAMPERED),
    Code.SIGNATURE_SHAPE: Words(_("A signature did not have the shape that is accepted."), TAMPERED),
    Code.ALGORITHM_FORBIDDEN: Words(_("The signature was made in a way that is not safe any more, or not known."), STRONGER),
    Code.ENCRYPTION_FORBIDDEN: Words(
        _("The encryption was of a kind that is not accepted."),
        _("Set the identity provider to AES and RSA-OAEP, for the assertion as a whole."),
    ),
    Code.SCHEMA_WRONG: Words(
        _("The message does not keep to the rules of SAML 2.0."), _("Update the identity provider, or ask its maker.")
    ),
    Code.VERSION_WRONG: Words(_("The message was not SAML 2.0."), _("Set the identity provider to SAML 2.0.")),
    Code.UNREADABLE: Words(_("The message could not be made sense of."), TAMPERED),
    Code.STATUS_FAILED: Words(
        _("The identity provider said itself that it did not sign the person in."),
        _("See what it says beside this, and look into its own log. Is the person assigned to the application?"),
    ),
    Code.STATUS_MISSING: Words(_("The response did not say how the sign-on ended."), TAMPERED),
    Code.UNSIGNED: Words(
        _("Neither the response nor the assertion was signed."), _("Let the identity provider sign the assertion, or the response.")
    ),
    Code.SIGNATURE_WRONG: Words(
        _("The signature does not fit any certificate of the metadata."),
        _("If the identity provider has a new certificate, read its metadata anew; else somebody else has sent this."),
    ),
    Code.NOT_ENCRYPTED: Words(
        _("The assertion was not encrypted."), _("Switch encryption on in the identity provider, or do not require it under “Protection”.")
    ),
    Code.DECRYPTION_FAILED: Words(
        _("What was encrypted could not be opened."), _("Give the identity provider our metadata anew: it may encrypt for an old key.")
    ),
    Code.ISSUER_MISSING: Words(_("The message did not say who made it."), TAMPERED),
    Code.ISSUER_OTHER: Words(
        _("The message came from another identity provider than the one in the metadata."),
        _("Read or paste the metadata of the right one."),
    ),
    Code.DESTINATION_OTHER: Words(_("The message was meant for another address."), COPY_AGAIN),
    Code.DESTINATION_MISSING: Words(_("The message did not say for which address it was meant."), COPY_AGAIN),
    Code.AUDIENCE_MISSING: Words(
        _("The assertion did not say for which application it was made."),
        _("Enter the Audience URI (SP entity ID) of the set-up guide there."),
    ),
    Code.AUDIENCE_OTHER: Words(
        _("The assertion was made for another application."),
        _("Correct the Audience URI (SP entity ID) there: it has to be that of the set-up guide, letter for letter."),
    ),
    Code.RECIPIENT_OTHER: Words(
        _("The assertion was made for another address."),
        _("Correct the Single sign-on URL (ACS, Reply URL) there: it has to be that of the set-up guide, to the last slash."),
    ),
    Code.CONFIRMATION_MISSING: Words(_("The assertion did not say how its subject is recognized."), COPY_AGAIN),
    Code.CONFIRMATION_UNKNOWN: Words(_("The assertion was not made for the browser that brings it."), COPY_AGAIN),
    Code.EXPIRY_MISSING: Words(_("The assertion would never end."), _("Set how long assertions are valid in the identity provider.")),
    Code.EXPIRED: Words(_("The message was not valid any more when it arrived."), CLOCK),
    Code.NOT_YET_VALID: Words(_("The message was not valid yet when it arrived."), CLOCK),
    Code.ISSUED_IN_THE_FUTURE: Words(_("The message was made in the future."), CLOCK),
    Code.ISSUED_LONG_AGO: Words(_("The message was made too long ago."), TRY_AGAIN),
    Code.TIME_WRONG: Words(
        _("A time in the message was missing, unreadable or far too late."), _("Set assertions to be valid for some minutes, not for days.")
    ),
    Code.SESSION_OVER: Words(_("The session at the identity provider had ended already."), TRY_AGAIN),
    Code.AUTHENTICATION_MISSING: Words(_("The assertion did not say that somebody had signed in."), COPY_AGAIN),
    Code.NAME_ID_MISSING: Words(
        _("The message did not say about whom it is."), _("Let the identity provider send a NameID: the e-mail address is best.")
    ),
    Code.NAME_ID_ODD: Words(
        _("The NameID was too long, or had characters that belong in no name."), _("Choose another field as NameID there.")
    ),
    Code.NAME_ID_TRANSIENT: Words(
        _("The NameID is a new one with each sign-on, so nobody can be recognized by it."),
        _("Choose the e-mail address or a persistent id as NameID."),
    ),
    Code.NAME_ID_OF_ANOTHER: Words(_("The NameID was made for another application."), COPY_AGAIN),
    Code.EMAIL_ODD: Words(
        _("The e-mail address was not plainly one address."),
        _("Send exactly one address, in plain letters, in the claim for the e-mail address."),
    ),
    Code.ATTRIBUTES_ODD: Words(
        _("The attributes were too many, too long, or twice the same."), _("Let the identity provider send only what is needed.")
    ),
    Code.REQUEST_UNKNOWN: Words(
        _("Nothing here had asked for this sign-on."),
        _("Begin at Patchbay's login page, or allow sign-on that begins at the identity provider under “Protection”."),
    ),
    Code.REQUEST_OTHER: Words(_("The response answered another request than the one of this browser."), TRY_AGAIN),
    Code.REQUEST_OTHER_BROWSER: Words(_("The sign-on was begun in another browser, or the browser keeps no cookies."), TRY_AGAIN),
    Code.REQUEST_USED: Words(_("The request had been answered before, as when a page is sent twice."), TRY_AGAIN),
    Code.REQUEST_EXPIRED: Words(_("More than ten minutes had passed at the identity provider."), TRY_AGAIN),
    Code.UNSOLICITED: Words(
        _("The response was not what a sign-on that begins at the identity provider looks like."), _("Begin at Patchbay's login page.")
    ),
    Code.METADATA_CHANGED: Words(_("The metadata was changed while somebody was signing in."), TRY_AGAIN),
    Code.REPLAYED: Words(_("The message had been used before."), TRY_AGAIN),
    Code.SWITCHED_OFF: Words(_("Single sign-on was switched off."), _("Switch it on at the head of its page.")),
    Code.BUSY: Words(_("The same person was signing in twice at the same moment."), TRY_AGAIN),
    Code.EMAIL_MISSING: Words(
        _("No e-mail address was told, and the person is not known yet."),
        _("Let the identity provider send it, or name its claim under “Claims”."),
    ),
    Code.DOMAIN_UNVERIFIED: Words(
        _("The address lies in no verified domain of the organization, so no account is made for it."),
        _("Verify the domain under “Domains”, or invite the person, who then opens the invitation first."),
    ),
    Code.LINK_UNVERIFIED: Words(
        _("There is a member with this address, but the address lies in no verified domain."),
        _("Verify the domain, or let the person sign in with the password first and then use single sign-on in the same browser."),
    ),
    Code.LINKED_OTHERWISE: Words(
        _("The member with this address signs in as somebody else of the identity provider already."),
        _("If the identity provider's NameID has changed, take the old link away under “Sign-ons”."),
    ),
    Code.ADDRESS_TAKEN: Words(
        _("There is an account with this address that does not belong to the organization."),
        _("Invite the person: once the invitation is accepted, single sign-on works."),
    ),
    Code.CREATING_OFF: Words(
        _("The person has no account, and accounts are not created by signing in."),
        _("Invite the person, or switch it on under “People and roles”."),
    ),
    Code.PERSON_DEACTIVATED: Words(_("The account is deactivated."), _("Ask the operator of Patchbay to activate it, if that is wrong.")),
    Code.PERSON_LEFT: Words(_("The person was removed from the organization."), _("Invite the person again, if that is wrong.")),
    Code.PERSON_OPERATOR: Words(
        _("The account is an operator's, whom no identity provider can sign in."), _("Operators sign in with their password.")
    ),
    Code.DOOR_SHUT: Words(_("The organization's own rules shut the door."), _("Look at “Who signs in how”.")),
    Code.LOGOUT_UNSIGNED: Words(_("A message about logging out was not signed."), _("Let the identity provider sign its logout messages.")),
    Code.LOGOUT_UNKNOWN: Words(_("The identity provider wanted to log somebody out who is not known here."), _("Nothing to change.")),
    Code.LOGOUT_UNASKED: Words(_("The identity provider answered a logout that nobody here had begun."), _("Nothing to change.")),
    Code.PARAMETER_REPEATED: Words(_("A part of the message was there twice."), TAMPERED),
}

STEPS: dict[Step, str | Promise] = {
    Step.SIZE: _("It has a size that is accepted"),
    Step.ENCODING: _("It is readable"),
    Step.STRUCTURE: _("It is built as it should be"),
    Step.ALGORITHMS: _("It is signed and encrypted in safe ways"),
    Step.SCHEMA: _("It keeps to the rules of SAML 2.0"),
    Step.STATUS: _("The identity provider says that the sign-on succeeded"),
    Step.DECRYPTION: _("It can be decrypted"),
    Step.SIGNATURE: _("It is signed with a certificate of the metadata"),
    Step.ISSUER: _("It comes from this identity provider"),
    Step.DESTINATION: _("It is meant for this address"),
    Step.AUDIENCE: _("It is made for Patchbay"),
    Step.RECIPIENT: _("It is for the browser that brings it"),
    Step.TIME: _("It is valid now"),
    Step.REQUEST: _("It answers the request of this browser"),
    Step.SUBJECT: _("It says about whom it is"),
    Step.ATTRIBUTES: _("Its attributes can be used"),
}


def of_code(code: str) -> Words | None:
    """The words of a code; None for '' and for what is not known any more."""
    return CODES.get(Code(code)) if code in set(Code) else None
