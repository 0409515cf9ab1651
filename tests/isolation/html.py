"""What a page leads to: its links, and its forms as a browser would send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass
class Field:
    """One control of a form. `values` are what is sent as it stands; `options` what a select, a checkbox or a radio offers."""

    name: str
    kind: str
    values: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)


@dataclass
class Form:
    method: str
    action: str
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def data(self, **changed: list[str]) -> dict[str, list[str]]:
        """What is sent when nothing is filled in, but for what is changed."""
        sent = {one.name: one.values for one in self.fields.values() if one.values and one.name != "csrfmiddlewaretoken"}
        return {**sent, **changed}


@dataclass
class Page:
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.page = Page()
        self.by_id: dict[str, Form] = {}
        self.form: Form | None = None
        self.select: Field | None = None
        self.textarea: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.page.links.append(urljoin(self.address, given["href"]))
        elif tag == "form":
            self.form = Form(given.get("method", "get").upper(), urljoin(self.address, given.get("action", "")))
            self.page.forms.append(self.form)
            self.by_id[given.get("id", "")] = self.form
        elif tag == "option" and self.select is not None:
            self.select.options.append(given.get("value", ""))
            if "selected" in given:
                self.select.values.append(given.get("value", ""))
        form = self.by_id.get(given["form"]) if "form" in given else self.form
        if form is not None and tag in {"input", "select", "textarea", "button"}:
            self._control(form, tag, given)

    def _control(self, form: Form, tag: str, given: Mapping[str, str]) -> None:
        name, kind, value = given.get("name", ""), given.get("type", tag), given.get("value", "")
        if tag == "button" or kind == "submit":
            if name:
                form.buttons.append((name, value))
            if "formaction" in given:
                self.page.forms.append(Form(form.method, urljoin(self.address, given["formaction"]), form.fields))
            return
        if not name:
            return
        control = form.fields.setdefault(name, Field(name, tag if tag != "input" else kind))
        if tag == "select":
            self.select = control
        elif tag == "textarea":
            self.textarea = control
            control.values.append("")
        elif kind in {"checkbox", "radio"}:
            control.options.append(given.get("value", "on"))
            if "checked" in given:
                control.values.append(given.get("value", "on"))
        else:
            control.values.append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select" and self.select is not None:
            if not self.select.values and self.select.options and self.select.kind == "select":
                self.select.values.append(self.select.options[0])
            self.select = None
        elif tag == "textarea":
            self.textarea = None

    def handle_data(self, data: str) -> None:
        if self.textarea is not None:
            self.textarea.values[-1] += data


def read(address: str, body: str) -> Page:
    reader = _Reader(address)
    reader.feed(body)
    return reader.page
