"""What all accounting providers share: the switches of the fields that Productive gives them in common."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.integration import Integration
from integrations.provider import Choice


class AccountingIntegration(Integration):
    """Base of every accounting provider's row."""

    use_invoices_export = models.BooleanField(
        _("Copy invoices"), default=True, help_text=_("Finalised invoices and credit notes can be copied to the accounting system.")
    )
    use_companies_export = models.BooleanField(
        _("Create and update customers"),
        default=True,
        help_text=_(
            "A customer that the accounting system does not know is created there, and changed customers are updated. "
            "Off: customers are only looked up, and never written."
        ),
    )
    use_expense_sync = models.BooleanField(
        _("Copy expenses"),
        default=False,
        help_text=_("Expenses can be copied to the accounting system, where they are paid. How is settled with the expenses."),
    )
    payments_import = models.BooleanField(
        _("Bring payments back"),
        default=False,
        help_text=_(
            "Payments of copied invoices, also partial ones, come back, and follow when they are edited or deleted there. "
            "A copied expense is paid when it is paid there in full."
        ),
    )
    export_number = models.BooleanField(
        _("Send our number"), default=False, help_text=_("On: invoices keep our number there. Off: the accounting system numbers them.")
    )
    import_number = models.BooleanField(
        _("Take their number"), default=False, help_text=_("The number that the accounting system gives becomes the invoice's number here.")
    )

    export_attachment = models.BooleanField(
        _("Send our PDF"),
        default=False,
        help_text=_("The invoice's PDF is attached to its copy: Productive's where its file is here, else one that Patchbay draws."),
    )
    import_attachment = models.BooleanField(
        _("Take their PDF"),
        default=False,
        help_text=_("The PDF that the accounting system makes of a copied invoice is kept as the invoice's document."),
    )
    update_invoice_sent_status = models.BooleanField(
        _("Keep “sent” alike"),
        default=False,
        help_text=_("Invoices that were sent are marked as sent there, once approved; those marked there count as sent here."),
    )
    copies_by_itself = models.BooleanField(
        _("Copy by itself"),
        default=False,
        help_text=_(
            "Invoices and credit notes are copied as soon as they are finalised, and copies follow what changes later. "
            "Impossible where something has to be chosen for each copy."
        ),
    )

    class Meta(Integration.Meta):
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.export_number and self.import_number:
            message = _("Numbers go one way only: either ours are sent, or theirs are taken. Switch one of the two off.")
            raise ValidationError({"import_number": message})
        if self.export_attachment and self.import_attachment:
            message = _("An invoice has one PDF: either ours is sent, or theirs is taken. Switch one of the two off.")
            raise ValidationError({"import_attachment": message})
        for choice in self._asked_for_each_copy() if self.copies_by_itself else ():
            message = _("“%(choice)s” is asked for each copy, so invoices cannot go by themselves. Set it, or switch this off.")
            raise ValidationError({"copies_by_itself": message % {"choice": choice.label}})

    def _asked_for_each_copy(self) -> list[Choice]:
        going = [export for export in self.declaration.exports if export.by_itself == "copies_by_itself"]
        return [choice for export in going for choice in export.choices if choice.required(self)]
