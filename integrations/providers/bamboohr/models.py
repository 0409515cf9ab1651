"""What an organization settles for its connection to BambooHR; names are those of Productive's Integration resource."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.mappings.fields import OptionField, Ours, Theirs, ValueMapping
from integrations.models.integration import Integration
from integrations.providers.bamboohr.custom_fields import misfits


class BamboohrIntegration(Integration):
    bamboo_subdomains = models.JSONField(default=list, editable=False)
    bamboo_subdomain_id = models.CharField(max_length=255, blank=True, editable=False)

    bamboo_enable_user_provisioning = models.BooleanField(
        _("Bring people"),
        default=True,
        help_text=_(
            "Whoever works at the company in BambooHR is a person here, with name, e-mail address, manager and start date; whoever leaves "
            "is deactivated and cannot sign in any more. Off: people who are here already are only recognised by their e-mail address."
        ),
    )
    bamboo_enable_time_offs = models.BooleanField(
        _("Bring time off"),
        default=False,
        help_text=_("Policies that people are assigned to become entitlements, approved requests become bookings."),
    )
    bamboo_enable_cost_rates = models.BooleanField(
        _("Bring pay"),
        default=False,
        help_text=_("The history of everybody's pay becomes salaries, which only those see who may see pay."),
    )
    bamboo_default_subsidiary = models.ForeignKey(
        "records.Subsidiary",
        verbose_name=_("Default subsidiary"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Where people belong whose workplace is not mapped; without a workplace field, everybody."),
    )
    bamboo_workplace_field = OptionField(
        _("Workplace field"),
        theirs=Theirs("fields", use="workplace"),
        help_text=_("The list field in BambooHR, such as the location, that decides a person's subsidiary. Empty: the default for all."),
    )
    bamboo_workplace_mapping = ValueMapping(
        _("Subsidiaries by workplace"),
        of=Theirs("workplaces"),
        to=Ours("subsidiary"),
        noun=_("subsidiary"),
        fallback="bamboo_default_subsidiary",
        help_text=_("Values of the workplace field. After choosing another field, save, and refresh the list of workplaces."),
    )
    bamboo_custom_field_mapping = ValueMapping(
        _("Custom fields"),
        of=Theirs("fields", use="custom_field"),
        to=Ours("custom_field"),
        noun=_("custom field"),
        help_text=_("Fields in BambooHR whose values fill custom fields of people here. What is not mapped is not read."),
    )

    class Meta(Integration.Meta):
        abstract = False
        verbose_name = _("BambooHR connection")
        verbose_name_plural = _("BambooHR connections")

    def clean(self) -> None:
        super().clean()
        if wrong := misfits(self):
            raise ValidationError({"bamboo_custom_field_mapping": list(wrong.values())})
