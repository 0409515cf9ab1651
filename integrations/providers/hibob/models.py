"""What an organization settles for its connection to HiBob."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.mappings.fields import Ours, Theirs, ValueMapping
from integrations.models.integration import Integration


class HibobIntegration(Integration):
    hibob_enable_time_offs = models.BooleanField(
        _("Time off"),
        default=True,
        help_text=_("Approved requests become bookings, once a day; what is canceled or deleted in HiBob is marked as deleted here."),
    )
    hibob_enable_entitlements = models.BooleanField(
        _("Allowances"),
        default=True,
        help_text=_("What each person may take in the current year by HiBob's policies becomes an entitlement, once a day."),
    )
    hibob_policy_type_mapping = ValueMapping(
        _("Absence categories"),
        of=Theirs("policy_types"),
        to=Ours("event"),
        noun=_("absence category"),
        help_text=_("Time off of a policy type without a category here stays in HiBob, and so does what was allowed of it."),
    )
    hibob_add_carry_over = models.BooleanField(
        _("Add what was carried over"),
        default=False,
        help_text=_("Adds the balance with which the year began, and corrections made by hand, to the annual allowance."),
    )

    class Meta(Integration.Meta):
        abstract = False
        verbose_name = _("HiBob connection")
        verbose_name_plural = _("HiBob connections")
