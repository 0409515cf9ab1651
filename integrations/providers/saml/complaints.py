"""What is wrong with metadata that cannot be used, in words. The usual trouble is an editor that "improved" it on its way here."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from integrations.providers.saml.xml import XmlProblem

CURLY = re.compile(r"""=\s*[“”„‟″«»‘’]""")
PAGE = re.compile(r"\s*(<\?xml[^>]*\?>)?\s*(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
BEGINNING = 4000


class MetadataProblem(ValueError):
    """The metadata cannot be used. `message` says why and what to do; `code` is for tests and logs."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code, self.message = code, str(message)

    def __str__(self) -> str:
        return self.message


def is_page(text: str) -> bool:
    """Whether it is a web page, such as one that asks to sign in before the metadata is shown."""
    return PAGE.match(text[:BEGINNING]) is not None


def why(text: str, problem: XmlProblem) -> tuple[str, str]:  # noqa: PLR0911
    """What happened to the text that is no XML any more: a code, and words that say it and what to do."""
    if not text:
        return "empty", _("The metadata is empty.")
    if is_page(text):
        return "page", page()
    if text.startswith("{\\rtf"):
        return "formatted", _("This is a text document with formatting (RTF). Copy from the XML file itself, not from TextEdit or Word.")
    if text.startswith(("https://", "http://")):
        return "address", _("This is an address. Put it into the field for the metadata address.")
    if problem.kind == "encoding":
        return problem.kind, _("The metadata is not text in UTF-8. Download the file anew, and do not open it in an editor.")
    if problem.kind == "forbidden":
        return problem.kind, _("The metadata has a document type, entities or processing instructions, which no identity provider needs.")
    if problem.kind == "complex":
        return problem.kind, _("The metadata is nested too deeply or too long. Use the metadata of this one application only.")
    if "&lt;" in text and "<" not in text:
        return "escaped", _("The tags were turned into &lt; and &gt;. Copy the XML file itself, not how a web page shows it.")
    if "<" not in text:
        return "no_tags", _("All tags are gone: an editor has kept the text only. Copy from the XML file itself, with all its < and >.")
    if CURLY.search(text):
        return "curly", _("An editor has turned straight quotes into curly ones. Copy from the XML file itself.")
    if not text.startswith("<"):
        return "leading", _("There is text before the first tag. Copy from the first < to the last > of the XML file.")
    if not text.endswith(">"):
        return "end", _("The end is missing, or there is text behind it. Copy from the first < to the last > of the XML file.")
    words = _("The XML is damaged: %(reason)s. Copy the whole file once more, from the first < to the last >.")
    return problem.kind, words % {"reason": problem}


def page() -> str:
    return _("This is a web page, not metadata. Open the metadata address itself, or download the XML file.")


def private_key() -> MetadataProblem:
    return MetadataProblem("private_key", _("There is a private key in it. It has to be kept secret: make a new one there."))
