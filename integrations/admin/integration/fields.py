"""The form of a section's plain fields: switches, choices, texts, and the vendor's options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.mappings.fields import MappingField, OptionField, Theirs
from integrations.models import Integration
from integrations.records.base import Record
from integrations.sync.offers import Offers


class OptionChoiceField(forms.ChoiceField):
    """One of the options of the list as it was last read. What is chosen already stays choosable, whatever became of it."""

    def __init__(self, column: OptionField, offers: Offers, current: str) -> None:
        assert column.theirs is not None
        self.theirs: Theirs = column.theirs
        self.read = offers.lists.get(column.theirs.source)
        self.source_label = offers.integration.declaration.option_source(column.theirs.source).label
        self.vendor = offers.integration.declaration.label
        offered = [(offer.value, offer.label) for offer in offers.of(self.theirs).values() if not offer.is_gone]
        if current and not offers.can_choose(self.theirs, current):
            said = (
                _("%(option)s (gone at %(vendor)s)")
                if offers.is_known(self.theirs)
                else _("%(option)s (not checked: the list was never read)")
            )
            offered.insert(0, (current, said % {"option": offers.label(self.theirs, current), "vendor": self.vendor}))
        super().__init__(
            choices=[("", _("– choose –")), *offered],
            label=capfirst(column.verbose_name),
            help_text=str(column.help_text),
            required=False,
            initial=current,
        )

    def validate(self, value: str) -> None:
        if value and not self.valid_value(value):
            text = _("“%(value)s” is not among the options of %(vendor)s. Refresh the list, or choose another one.")
            raise ValidationError(text, code="unknown", params={"value": value[:100], "vendor": self.vendor})


class IntegrationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form of some of an integration's fields, which is cleaned as a whole."""

    def _update_errors(self, errors: ValidationError) -> None:
        """What the model finds wrong with other fields is said above these."""
        if hasattr(errors, "error_dict"):
            elsewhere = [name for name in errors.error_dict if name not in self.fields and name != NON_FIELD_ERRORS]
            for name in elsewhere:
                label = capfirst(str(self.instance._meta.get_field(name).verbose_name))
                for error in errors.error_dict.pop(name):
                    text = _("“%(field)s”: %(error)s") % {"field": label, "error": " ".join(error.messages)}
                    errors.error_dict.setdefault(NON_FIELD_ERRORS, []).append(ValidationError(text))
        super()._update_errors(errors)  # type: ignore[misc]


class SectionForm(IntegrationForm):
    """Writes what its reader changed, and nothing else: every field carries the value with which it was shown.

    `changed` names the fields to save. A field that somebody else changed meanwhile is reported with both values.
    """

    required_names: Sequence[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changed: list[str] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if name not in cleaned or field.disabled:
                continue
            stored = _plain(field, self.initial[name])
            shown, given = self._shown(name, field, stored), _plain(field, cleaned[name])
            if given in (shown, stored):
                cleaned[name] = getattr(self.instance, name)
            elif shown != stored:
                self._refuse(name, field, stored, given)
            else:
                self.changed.append(name)
        return cleaned

    def _shown(self, name: str, field: forms.Field, stored: str) -> str:
        given = self.data.get(self[name].html_initial_name)
        if given is None:
            return stored
        try:
            return _plain(field, field.to_python(given))
        except ValidationError:
            return stored

    def _refuse(self, name: str, field: forms.Field, stored: str, given: str) -> None:
        """The next attempt knows what it overwrites."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self[name].html_initial_name] = stored
        self.data = data
        text = _("Somebody else has changed this to “%(stored)s” meanwhile, you chose “%(given)s”. Save again to have yours.")
        self.add_error(name, ValidationError(text, params={"stored": said(field, stored), "given": said(field, given)}))


def plain_fields(integration: Integration, names: Sequence[str]) -> list[str]:
    """Those of the fields that are no mapping and may be edited."""
    columns = {name: integration._meta.get_field(name) for name in names}
    return [name for name, column in columns.items() if not isinstance(column, MappingField) and column.editable]


def section_form(
    integration: Integration, names: Sequence[str], offers: Offers, data: Mapping[str, Any] | None, *, required: Sequence[str], locked: bool
) -> SectionForm:
    """The form of the plain ones among the fields; `locked` shows them to somebody who may not change them."""
    made = forms.modelform_factory(
        type(integration),
        form=SectionForm,
        fields=plain_fields(integration, names),
        formfield_callback=partial(_field, integration, offers),
    )
    form: Any = made(data, instance=integration)
    form.required_names = required
    for field in form.fields.values():
        field.show_hidden_initial, field.disabled = not locked, locked
    return cast(SectionForm, form)


def _field(integration: Integration, offers: Offers, column: models.Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    if isinstance(column, OptionField) and column.theirs is not None:
        return OptionChoiceField(column, offers, getattr(integration, column.attname))
    if isinstance(column, models.ForeignKey) and issubclass(column.related_model, Record):
        kwargs["queryset"] = column.related_model.objects.order_by("pk")
        kwargs["empty_label"] = _("– choose –")
    if isinstance(column, models.BooleanField):
        kwargs["widget"] = forms.CheckboxInput(attrs={"class": "switch"})
    if isinstance(column, models.URLField):
        kwargs["assume_scheme"] = "https"
    return column.formfield(**kwargs)


def _plain(field: forms.Field, value: Any) -> str:
    """Values of forms, rows and hidden inputs made alike."""
    prepared = field.prepare_value(value)
    return "" if prepared in (None, False) else str(prepared)


def said(field: forms.Field, value: str) -> str:
    """A value in the words of the form."""
    if isinstance(field, forms.BooleanField):
        return str(_("on") if value else _("off"))
    choices = getattr(field, "choices", ())
    return str(next((label for key, label in choices if str(key) == value and value), value or _("nothing")))
