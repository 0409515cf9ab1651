"""Reading XML that a stranger sent, and naming what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"

Element = etree._Element

MAX_ELEMENTS = 2000
MAX_DEPTH = 20
MAX_NAMESPACES = 2500
MAX_IN_SCOPE = 40
"""Namespaces that are declared around one element."""
MAX_ATTRIBUTES = 64
"""Of one element. Canonicalization sorts them in a time that grows with their square, and schemas complain of each."""
ATTRIBUTES_EACH = 2
"""On average."""
DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>")
ENCODING = re.compile(r"""encoding\s*=\s*["']([^"']*)["']""")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!-~]+")
"""Canonicalization has no result for other namespaces, and the digest of nothing is known to everybody (CVE-2025-66568)."""
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?", re.ASCII)


class XmlProblem(ValueError):
    """The text is not XML that is read here. `kind` is `encoding`, `forbidden`, `malformed` or `complex`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def name(namespace: str, local: str) -> str:
    return f"{{{namespace}}}{local}"


def parse(xml: bytes, *, max_elements: int = MAX_ELEMENTS, max_namespaces: int = MAX_NAMESPACES) -> Element:
    """The root of a document in UTF-8, without its comments. Raises `XmlProblem`.

    Declarations of document types and entities, processing instructions and other encodings are refused, before a parser sees
    them. Comments are dropped when it is read, so that no text is ever cut in two by one.
    """
    try:
        text = xml.decode("utf-8")
    except UnicodeDecodeError:
        raise XmlProblem("encoding", "It is not text in UTF-8.") from None
    text = text.removeprefix("\ufeff")
    declared = DECLARATION.match(text)
    if declared and (encoding := ENCODING.search(declared[0])) and encoding[1].lower() not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        raise XmlProblem("encoding", "It says that it is not in UTF-8.")
    body = text[declared.end() :] if declared else text
    if "<!DOCTYPE" in body or "<!ENTITY" in body or "<!ATTLIST" in body or "<?" in body:
        raise XmlProblem("forbidden", "It declares a document type or an entity, or has processing instructions.")
    if body.count("xmlns") > max_namespaces:
        raise XmlProblem("complex", "It declares too many namespaces.")
    if body.count("<") > 3 * max_elements:
        raise XmlProblem("complex", "It is too long.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(body.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlProblem("malformed", str(error).partition(" (<")[0][:200]) from None
    _measure(root, max_elements)
    return root


def _measure(root: Element, max_elements: int) -> None:
    depth = count = in_scope = attributes = 0
    walk: Iterator[tuple[str, Any]] = iter(etree.iterwalk(root, events=("start", "end", "start-ns", "end-ns")))
    for event, found in walk:
        if event == "start-ns":
            in_scope += 1
            if found[1] and not ABSOLUTE.fullmatch(found[1]):
                raise XmlProblem("malformed", "One of its namespaces is no absolute address.")
        elif event == "end-ns":
            in_scope -= 1
        elif event == "end":
            depth -= 1
        else:
            here = len(found.attrib)
            depth, count, attributes = depth + 1, count + 1, attributes + here
            if depth > MAX_DEPTH or count > max_elements:
                raise XmlProblem("complex", "It is nested too deeply, or too long.")
            if in_scope > MAX_IN_SCOPE or here > MAX_ATTRIBUTES or attributes > ATTRIBUTES_EACH * max_elements:
                raise XmlProblem("complex", "It has too many attributes, or namespaces around an element.")


def children(element: Element, namespace: str, *locals_: str) -> list[Element]:
    """The direct children of these names."""
    wanted = {name(namespace, local) for local in locals_}
    return [child for child in element if child.tag in wanted]


def descendants(element: Element, namespace: str, *locals_: str) -> Iterator[Element]:
    return element.iter(*(name(namespace, local) for local in locals_))


def text_of(element: Element) -> str:
    """The text of an element that has nothing but text; whatever else is in it makes it ''."""
    return "" if len(element) else (element.text or "").strip()


def time_of(text: str) -> datetime | None:
    """An xs:dateTime, with any fraction of seconds; UTC where it says nothing of a zone. None for anything else."""
    match = TIME.fullmatch(text.strip())
    if match is None:
        return None
    fraction = (match[2] or "")[:7]
    zone = "+00:00" if match[3] in (None, "Z") else match[3]
    try:
        return datetime.fromisoformat(f"{match[1]}{fraction.ljust(7, '0') if fraction else ''}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
