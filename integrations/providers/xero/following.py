"""The declaration of what follows a copied invoice or credit note."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.documents.invoices import READS
from integrations.provider import Export
from integrations.providers.xero import steps
from integrations.providers.xero.buying import KEY_WINDOW, NOT_FINALIZED

FINALIZED = {"finalized_on__isnull": False}
KINDS = ("invoice", "credit_note")
FOLLOWING_INVOICES = ("pdf", "their_pdf", "note", "sent")
FOLLOWING_CREDIT_NOTES = ("pdf", "their_pdf", "note", "allocation")


def _step(kind: str, step: str, label: Any, **parts: Any) -> Export:
    shared = {"select": FINALIZED, "not_ready": NOT_FINALIZED, "key_window": KEY_WINDOW}
    return Export(kind=kind, step=step, label=label, **{**shared, **parts})


STEPS = (
    *(
        _step(
            kind,
            "pdf",
            _("Our PDF"),
            switches=("export_attachment",),
            reads=(*READS, "attachment"),
            build=steps.build_pdf,
            create=steps.one_by_one(steps.attach_pdf),
            update=steps.one_by_one(steps.attach_pdf_again),
            find_existing=steps.find_pdf,
        )
        for kind in KINDS
    ),
    *(
        _step(
            kind,
            "their_pdf",
            _("Xero's PDF"),
            switches=("import_attachment",),
            build=steps.build_fetch,
            create=steps.one_by_one(steps.fetch_pdf),
            update=steps.one_by_one(steps.fetch_pdf),
            find_existing=steps.find_nothing,
        )
        for kind in KINDS
    ),
    *(
        _step(
            kind,
            "note",
            _("Internal note"),
            switches=("xero_internal_note_cf",),
            build=steps.build_note,
            create=steps.one_by_one(steps.add_note),
            update=steps.one_by_one(steps.add_note),
            adds=True,
            find_existing=steps.find_note,
        )
        for kind in KINDS
    ),
    _step(
        "credit_note",
        "allocation",
        _("Allocation to its invoice"),
        switches=("use_invoices_export",),
        select={**FINALIZED, "parent_invoice__isnull": False},
        not_ready=_("It is not finalised, or credits no invoice."),
        mentions={"parent_invoice": "invoice"},
        reads=("parent_invoice",),
        build=steps.build_allocation,
        create=steps.one_by_one(steps.allocate),
        update=steps.one_by_one(steps.allocate),
        find_existing=steps.find_allocation,
    ),
    _step(
        "invoice",
        "sent",
        _("Sent"),
        switches=("update_invoice_sent_status",),
        select={**FINALIZED, "sent_on__isnull": False},
        not_ready=_("It was not sent yet."),
        build=steps.build_sent,
        create=steps.mark_sent,
        update=steps.mark_sent,
        find_existing=steps.find_nothing,
        batch_size=50,
    ),
)
