"""Whatever is sent, the simulated Xero says what is wrong with it: it never fails itself."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.providers.xero.sandbox import XeroSandbox
from integrations.providers.xero.sandbox.contacts import FIELDS as CONTACT_FIELDS
from integrations.providers.xero.sandbox.documents import INVOICE_FIELDS
from integrations.providers.xero.sandbox.payments import FIELDS as PAYMENT_FIELDS
from tests.providers.xero.app import App, invoice, line

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", "2026-11-01", "/Date(1793491200000)/", "ACCREC", "DRAFT", "AUTHORISED", "1e999", "NaN", "200", "http://[", "a@b.c"]
    ),
)
JUNK = st.recursive(
    PLAIN, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)), max_leaves=6
)
LINE_FIELDS = (*line(), "DiscountRate", "DiscountAmount", "TaxAmount", "LineAmount", "Tracking", "ItemCode", "LineItemID", "AccountID")
SOME_EXAMPLES = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def element(fields: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(fields), JUNK, max_size=6)


@SOME_EXAMPLES
@given(
    plural=st.sampled_from(["Invoices", "CreditNotes", "Contacts", "Payments"]),
    method=st.sampled_from(["PUT", "POST"]),
    changes=element((*INVOICE_FIELDS, *CONTACT_FIELDS, *PAYMENT_FIELDS)),
    line_changes=element(LINE_FIELDS),
    each=st.booleans(),
)
def test_no_body_makes_it_fail(
    app: App, xero: XeroSandbox, plural: str, method: str, changes: dict[str, Any], line_changes: dict[str, Any], each: bool
) -> None:
    xero.watchers.clear()
    xero.gate.quotas.clear()
    whole = {**invoice(LineItems=[line(**line_changes)], Name="Acme GmbH", Amount=1, Account={"Code": "090"}), **changes}
    answer = app.call(method, plural, {plural: [whole, changes]}, params={"summarizeErrors": str(not each).lower()})
    assert answer.status_code in (200, 400, 404), answer.text


@SOME_EXAMPLES
@given(
    plural=st.sampled_from(["Invoices", "CreditNotes", "Contacts", "Payments", "Accounts", "TaxRates"]),
    where=st.text(alphabet='()!=<>"&|.,-\\ aN1', max_size=12)
    | st.sampled_from(["Name==1", "Status", "Contact", "!Date", "Date==Date", '"a"']),
    order=st.text(alphabet="Name,. DESC", max_size=12),
    since=st.text(alphabet="0123456789-:TZ+ ", max_size=25),
)
def test_no_question_makes_it_fail(app: App, xero: XeroSandbox, plural: str, where: str, order: str, since: str) -> None:
    xero.watchers.clear()
    xero.gate.quotas.clear()
    answer = app.call("GET", plural, params={"where": where, "order": order}, If_Modified_Since=since.strip())
    assert answer.status_code in (200, 400), answer.text
