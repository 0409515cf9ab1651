"""What is said in a message that is signed as it should be: by whom, for whom, when, in answer to what."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import reverse
from lxml import etree

from integrations import clock
from integrations.models import Connection
from integrations.providers.saml.configuring import take_metadata
from integrations.providers.saml.models import PendingRequest, Purpose
from tests.providers.saml.conftest import Browser
from tests.providers.saml.corpus.variants import Stage, find, plays, says, signed
from tests.providers.saml.forge import SAML, Forge, instant, key

FAMILY = "protocol"

# Issuer, audience, recipient, destination -----------------------------------------------------------------------------

says(FAMILY, "issuer_other", codes=("issuer_other",), issuer="https://other.example/metadata", response_issuer=None)
says(FAMILY, "issuer_of_response_other", codes=("issuer_other",), response_issuer="https://other.example/metadata")
says(FAMILY, "issuer_longer", codes=("issuer_other",), issuer="https://idp.example/metadata/x", response_issuer=None)
says(FAMILY, "issuer_other_case", codes=("issuer_other",), issuer="https://IDP.example/metadata", response_issuer=None)
says(FAMILY, "issuer_missing", codes=("issuer_missing", "schema_wrong"), issuer=None, response_issuer=None)
says(FAMILY, "issuer_empty", codes=("issuer_missing",), issuer="", response_issuer=None)
says(FAMILY, "issuer_blank", codes=("issuer_missing",), issuer="   ", response_issuer=None)
says(FAMILY, "issuer_of_response_empty", codes=("issuer_missing",), response_issuer="")
says(FAMILY, "audience_other", codes=("audience_other",), audience="https://other.example/")
says(FAMILY, "audience_missing", codes=("audience_missing",), audience=None)
says(FAMILY, "audience_empty", codes=("audience_missing",), audience="")
says(FAMILY, "audience_restriction_empty", codes=("audience_missing", "schema_wrong"), restrictions=[[]])


@plays(FAMILY, codes=("audience_other",))
def audience_right_in_one_of_two_restrictions(stage: Stage) -> Any:
    return stage.brings(stage.response({"restrictions": [[stage.scene.entity_id], ["https://other.example/"]]}))


def relative(name: str, part: str, change: Any, codes: tuple[str, ...]) -> None:
    """A value that is ours with something added or taken away."""

    def act(stage: Stage) -> Any:
        base = stage.scene.entity_id if part == "audience" else stage.scene.acs
        return stage.brings(stage.response({part: change(base)}, signs="both"))

    plays(FAMILY, name, codes=codes)(act)


relative("audience_longer", "audience", lambda url: url + "x", ("audience_other",))
relative("audience_shorter", "audience", lambda url: url[:-1], ("audience_other",))
relative("audience_host_only", "audience", lambda url: url.partition("/sso")[0], ("audience_other",))
relative("recipient_longer", "recipient", lambda url: url + "x/", ("recipient_other",))
relative("recipient_shorter", "recipient", lambda url: url[:-1], ("recipient_other",))
relative("recipient_as_parameter", "recipient", lambda url: f"https://evil.example/?u={url}", ("recipient_other",))
relative("recipient_with_query", "recipient", lambda url: f"{url}?x=1", ("recipient_other",))
relative("recipient_other_scheme", "recipient", lambda url: url.replace("http://", "ftp://"), ("recipient_other",))
relative("destination_longer", "destination", lambda url: url + "x", ("destination_other",))
relative("destination_shorter", "destination", lambda url: url[:-1], ("destination_other",))
relative("destination_other_case", "destination", lambda url: url.upper(), ("destination_other",))
says(FAMILY, "recipient_missing", codes=("recipient_other",), recipient=None)
says(FAMILY, "recipient_empty", codes=("recipient_other",), recipient="")
says(FAMILY, "destination_other", codes=("destination_other",), destination="https://other.example/acs/")
says(FAMILY, "destination_empty", codes=("destination_other", "schema_wrong"), destination="")
says(FAMILY, "destination_missing_in_a_signed_response", codes=("destination_missing",), destination=None, options={"signs": "response"})

# Times ----------------------------------------------------------------------------------------------------------------

HOUR, DAY = 3600, 86400
says(FAMILY, "expired", codes=("expired",), not_on_or_after=-200)
says(FAMILY, "confirmation_expired", codes=("expired",), confirmation_until=-200)
says(FAMILY, "confirmation_without_expiry", codes=("expiry_missing",), confirmation_until=None)
says(FAMILY, "no_expiry_anywhere", codes=("expiry_missing",), confirmation_until=None, not_on_or_after=None)
says(FAMILY, "not_yet_valid", codes=("not_yet_valid",), not_before=HOUR)
says(FAMILY, "issued_in_the_future", codes=("issued_in_the_future",), issued=HOUR)
says(FAMILY, "issued_ten_days_ago", codes=("issued_long_ago",), issued=-10 * DAY)
says(FAMILY, "valid_for_ten_years", codes=("time_wrong",), not_on_or_after=3650 * DAY, confirmation_until=3650 * DAY)
says(FAMILY, "session_over", codes=("session_over",), session_until=-200)


def put(path: str, attribute: str, seconds: float) -> Any:
    """Before it is signed, a time is written somewhere."""
    moment = instant(datetime.now(UTC) + timedelta(seconds=seconds))
    return lambda root: find(root, path).set(attribute, moment)


CONFIRMED = "saml:Assertion/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
signed(FAMILY, "assertion_issued_ten_days_ago", codes=("issued_long_ago",), before=put("saml:Assertion", "IssueInstant", -10 * DAY))
signed(FAMILY, "assertion_issued_in_the_future", codes=("issued_in_the_future",), before=put("saml:Assertion", "IssueInstant", HOUR))
signed(FAMILY, "response_issued_ten_days_ago", codes=("issued_long_ago",), before=put(".", "IssueInstant", -10 * DAY))
signed(FAMILY, "response_issued_in_the_future", codes=("issued_in_the_future",), before=put(".", "IssueInstant", HOUR))
signed(FAMILY, "confirmation_not_yet_valid", codes=("not_yet_valid",), before=put(CONFIRMED, "NotBefore", HOUR))
signed(FAMILY, "valid_for_three_days", codes=("time_wrong",), before=put("saml:Assertion/saml:Conditions", "NotOnOrAfter", 3 * DAY))
says(FAMILY, "issued_and_expired_at_once", codes=("expired",), issued=-600, not_before=-600, not_on_or_after=-500, confirmation_until=-500)
for name, attribute, value in (
    ("not_a_time", "NotOnOrAfter", "tomorrow"),
    ("empty_time", "NotOnOrAfter", ""),
    ("thirteenth_month", "NotOnOrAfter", "2026-13-01T00:00:00Z"),
    ("year_ten_thousand", "NotOnOrAfter", "10000-01-01T00:00:00Z"),
    ("time_zone_far_away", "NotBefore", "2026-01-01T00:00:00+99:99"),
):

    def write(root: Any, attribute: str = attribute, value: str = value) -> None:
        find(root, "saml:Assertion/saml:Conditions").set(attribute, value)

    signed(FAMILY, f"time_{name}", codes=("schema_wrong", "time_wrong"), before=write)

# Request --------------------------------------------------------------------------------------------------------------

says(FAMILY, "in_response_to_other", codes=("request_other",), in_response_to="_other", response_in_response_to=None)
says(FAMILY, "in_response_to_stripped", codes=("request_other",), in_response_to=None, response_in_response_to=None)
says(FAMILY, "in_response_to_only_unsigned", codes=("request_other",), in_response_to=None, response_in_response_to="_whatever")


@plays(FAMILY, codes=("request_other",))
def in_response_to_injected(stage: Stage) -> Any:
    """A response that nobody asked for, made to look asked for where it is not signed."""
    return stage.brings(stage.response({"in_response_to": None, "response_in_response_to": stage.request["id"]}))


@plays(FAMILY, codes=("request_other",))
def in_response_to_of_the_response_differs(stage: Stage) -> Any:
    return stage.brings(stage.response({"response_in_response_to": "_other"}))


@plays(FAMILY, codes=("request_other",))
def in_response_to_differs_in_a_second_confirmation(stage: Stage) -> Any:
    def before(root: Any) -> None:
        confirmations = root.findall(f".//{{{SAML}}}SubjectConfirmationData")
        confirmations[1].set("InResponseTo", "_other")

    return stage.brings(stage.response({"confirmations": 2}, before=before))


@plays(FAMILY, codes=("request_unknown",), sets_out=False)
def unsolicited(stage: Stage) -> Any:
    return stage.brings(stage.response())


@plays(FAMILY, accepts=True, sets_out=False, settings={"allows_idp_initiated": True})
def unsolicited_where_that_is_allowed(stage: Stage) -> Any:
    return stage.brings(stage.response())


@plays(FAMILY, codes=("unsolicited",), sets_out=False, settings={"allows_idp_initiated": True})
def unsolicited_with_an_in_response_to(stage: Stage) -> Any:
    return stage.brings(stage.response({"in_response_to": "_stolen"}))


@plays(FAMILY, codes=("request_other",), settings={"allows_idp_initiated": True})
def unsolicited_while_a_request_waits(stage: Stage) -> Any:
    return stage.brings(stage.response({"in_response_to": None, "response_in_response_to": None}))


@plays(FAMILY, codes=("request_other_browser",))
def request_of_another_browser(stage: Stage) -> Any:
    response, relay = stage.response(), stage.request["relay"]
    stage.browser = Browser()
    return stage.brings(response, relay)


@plays(FAMILY, codes=("request_other",))
def two_requests_crossed(stage: Stage) -> Any:
    """The answer to one tab's request, with the relay state of another's."""
    first = stage.request
    stage.set_out()
    second = stage.request
    stage.request = first
    return stage.brings(stage.response(), second["relay"])


@plays(FAMILY, codes=("request_other",))
def answer_to_somebody_elses_request(stage: Stage) -> Any:
    """A genuine response that somebody else was sent with, brought by a browser with a request of its own."""
    theirs = Browser().begins(stage.scene.integration)
    return stage.brings(stage.response({"in_response_to": theirs["id"]}))


@plays(FAMILY, codes=("request_expired",))
def answer_after_ten_minutes(stage: Stage) -> Any:
    PendingRequest.everywhere.update(expires_at=clock.now())
    return stage.brings(stage.response())


def logged_out(stage: Stage) -> None:
    stage.scene.signs_on(stage.browser)
    stage.browser.client.post(reverse("logout"))


@plays(FAMILY, codes=("request_unknown",), prepare=logged_out, sets_out=False)
def answer_to_a_logout_of_ours(stage: Stage) -> Any:
    """The relay state stands for a request to log out, not for one to sign on."""
    pending = PendingRequest.everywhere.get(purpose=Purpose.LOGOUT)
    return stage.brings(stage.response({"in_response_to": pending.request_id}), pending.relay)


@plays(FAMILY, codes=("request_other_browser",), settings={"allows_idp_initiated": True})
def unsolicited_with_the_relay_state_of_another_browser(stage: Stage) -> Any:
    relay, stage.request, stage.browser = stage.request["relay"], {}, Browser()
    return stage.brings(stage.response(), relay)


@plays(FAMILY, codes=("metadata_changed",))
def metadata_changed_while_somebody_signs_in(stage: Stage) -> Any:
    response = stage.response()
    take_metadata(stage.scene.integration, stage.scene.forge.metadata(keys=[stage.scene.forge.key, key("second")]))
    return stage.brings(response)


# Structure, status, subject -------------------------------------------------------------------------------------------

says(FAMILY, "version_1_1", codes=("version_wrong", "schema_wrong"), version="1.1")
says(FAMILY, "assertion_version_1_1", codes=("version_wrong", "schema_wrong"), assertion_version="1.1")
says(FAMILY, "status_failed", codes=("status_failed",), status="urn:oasis:names:tc:SAML:2.0:status:Requester", status_message="No.")
says(FAMILY, "status_denied", codes=("status_failed",), status="urn:oasis:names:tc:SAML:2.0:status:RequestDenied")
says(FAMILY, "status_looks_alike", codes=("status_failed",), status="urn:oasis:names:tc:SAML:2.0:status:Success ")
says(FAMILY, "status_empty", codes=("status_missing", "schema_wrong"), status="")
says(FAMILY, "status_missing", codes=("status_missing", "schema_wrong"), status=None)
says(FAMILY, "confirmation_method_missing", codes=("schema_wrong", "confirmation_unknown"), confirmation_method=None)
says(FAMILY, "confirmation_method_empty", codes=("schema_wrong", "confirmation_unknown"), confirmation_method="")
says(
    FAMILY,
    "confirmation_holder_of_key",
    codes=("confirmation_unknown",),
    confirmation_method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
)
says(
    FAMILY,
    "confirmation_sender_vouches",
    codes=("confirmation_unknown",),
    confirmation_method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches",
)
says(FAMILY, "no_confirmation", codes=("confirmation_missing",), confirmations=0)
says(FAMILY, "no_authentication", codes=("authentication_missing",), authn=False)


def without(path: str) -> Any:
    def change(root: Any) -> None:
        element = find(root, path)
        element.getparent().remove(element)

    return change


def twice(path: str) -> Any:
    return lambda root: find(root, path).addnext(deepcopy(find(root, path)))


def condition(xml: str) -> Any:
    return lambda root: find(root, "saml:Assertion/saml:Conditions").append(etree.fromstring(xml))


UNKNOWN = f'<saml:Condition xmlns:saml="{SAML}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="urn:x" xsi:type="x:Only"/>'
signed(FAMILY, "no_conditions", codes=("audience_missing",), before=without("saml:Assertion/saml:Conditions"))
signed(FAMILY, "no_subject", codes=("confirmation_missing",), before=without("saml:Assertion/saml:Subject"))
signed(FAMILY, "conditions_twice", codes=("schema_wrong", "audience_missing"), before=twice("saml:Assertion/saml:Conditions"))
signed(FAMILY, "subject_twice", codes=("schema_wrong",), before=twice("saml:Assertion/saml:Subject"))
signed(FAMILY, "status_twice", codes=("schema_wrong",), before=twice("samlp:Status"))
signed(FAMILY, "authentication_twice", codes=("authentication_missing",), before=twice("saml:Assertion/saml:AuthnStatement"))
signed(FAMILY, "issuer_twice", codes=("schema_wrong",), before=twice("saml:Assertion/saml:Issuer"))
signed(FAMILY, "condition_that_nobody_knows", codes=("audience_other", "schema_wrong"), before=condition(UNKNOWN))
signed(
    FAMILY,
    "confirmation_without_data",
    codes=("confirmation_missing",),
    before=without(CONFIRMED),
)


@plays(FAMILY, codes=("issuer_other", "signature_wrong"))
def another_identity_provider_answers(stage: Stage) -> Any:
    """Wholly genuine, of somebody else."""
    other = Forge(entity_id="https://other.example/metadata", key=key("other"))
    return stage.brings(other.response(stage.saying(issuer=other.entity_id)))


@plays(FAMILY, codes=("switched_off",))
def switched_off_meanwhile(stage: Stage) -> Any:
    response = stage.response()
    integration = stage.scene.integration
    integration.connection = Connection.DISCONNECTED
    integration.save(update_fields=["connection"])
    return stage.brings(response)
