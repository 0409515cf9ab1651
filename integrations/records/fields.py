"""Custom fields: what organizations add to records, and the options to choose from."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.records import columns
from integrations.records.base import Record
from integrations.records.choices import CustomFieldType, CustomizableType
from integrations.records.work import Project


class CustomField(Record):
    """The definition of a custom field. Values stand in the records' `custom_fields`, keyed by Productive's id of this."""

    productive_type: ClassVar[str] = "custom_fields"

    name = columns.text(_("name"))
    description = columns.long_text(_("description"))
    data_type_id = columns.choice(_("type"), CustomFieldType)
    customizable_type = columns.named_choice(_("of"), CustomizableType)
    is_global = columns.flag(_("in all projects"))
    required = columns.flag(_("required"))
    sensitive = columns.flag(_("sensitive"))
    position = columns.whole(_("position"))
    aggregation_type_id = columns.whole(_("aggregation"))
    formatting_type_id = columns.whole(_("format"))
    archived_at = columns.moment(_("archived at"))
    section_id = columns.remote_id(_("section"))
    survey_id = columns.remote_id(_("survey"))
    project = models.ForeignKey(
        Project, models.SET_NULL, verbose_name=_("project"), related_name="own_custom_fields", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")


class CustomFieldOption(Record):
    """A choice of a select or multiselect field. Values name it by Productive's id."""

    productive_type: ClassVar[str] = "custom_field_options"

    name = columns.text(_("name"))
    position = columns.whole(_("position"))
    archived_at = columns.moment(_("archived at"))
    color_id = columns.whole(_("color"))
    custom_field = models.ForeignKey(
        CustomField, models.CASCADE, verbose_name=_("custom field"), related_name="options", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("option of a custom field")
        verbose_name_plural = _("options of custom fields")
