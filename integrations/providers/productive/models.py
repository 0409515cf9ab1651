"""What an organization settles for its connection to Productive."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.integration import Integration


class ProductiveIntegration(Integration):
    pulls_time = models.BooleanField(
        _("Bring time entries"),
        default=True,
        help_text=_("The time that people track. Most organizations have more of it than of anything."),
    )
    pulls_pay = models.BooleanField(
        _("Bring salaries"),
        default=False,
        help_text=_("What people cost. The token's owner has to be allowed to see it; here only those see it who may see pay."),
    )
    writes_payments = models.BooleanField(
        _("Write payments back"),
        default=True,
        help_text=_("Payments that an accounting system brought are entered at their invoices in Productive."),
    )
    writes_copies = models.BooleanField(
        _("Mark what was copied"),
        default=True,
        help_text=_("Invoices, credit notes and expenses that were copied to an accounting system say so in Productive, with a link."),
    )
    writes_numbers = models.BooleanField(
        _("Write final numbers"),
        default=False,
        help_text=_("A copied invoice gets the number in Productive that it has here, such as the one the accounting system gave."),
    )
    writes_people = models.BooleanField(
        _("Write people"),
        default=False,
        help_text=_(
            "Whoever HR brings is made in Productive, unless somebody there has the e-mail; names, managers and subsidiaries follow, "
            "and leavers are deactivated. Nobody is invited or deleted."
        ),
    )
    writes_time_off = models.BooleanField(
        _("Write time off"),
        default=False,
        help_text=_(
            "Entitlements and time off that HR brings are entered in Productive, and taken back when they are canceled. An absence "
            "category that Productive has not by that name is made there, as a paid one."
        ),
    )
    writes_pay = models.BooleanField(
        _("Write pay"),
        default=False,
        help_text=_(
            "Salaries that HR brings are entered in Productive, with the working hours of a week that the organization has there. "
            "The token's owner has to be allowed to; here only those see it who may see pay."
        ),
    )
    writes_by_itself = models.BooleanField(
        _("Write by itself"),
        default=True,
        help_text=_("What there is to write back goes as soon as it is known. Off: only when somebody asks for it."),
    )

    class Meta(Integration.Meta):
        abstract = False
        verbose_name = _("Productive connection")
        verbose_name_plural = _("Productive connections")
