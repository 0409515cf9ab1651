"""A sheet of A4 to write on: text in every European script, columns, rules. The same calls make the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import cast

from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

FONTS = Path(__file__).parent / "fonts"
FAMILY = "DejaVu"
MARGIN, WIDTH = 18.0, 174.0  # mm
LINE = 4.6
NORMAL, SMALL, LARGE = 9.0, 7.5, 17.0
GREY, BLACK = 110, 20


@dataclass(frozen=True)
class Column:
    """`width` in mm; numbers stand to the right."""

    title: str
    width: float
    is_number: bool = True


class _Paper(FPDF):
    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FAMILY, size=SMALL)
        self.set_text_color(GREY)
        page = _("Page %(page)s of %(pages)s") % {"page": self.page_no(), "pages": "{nb}"}
        self.cell(0, LINE, f"{self.title} · {page}")


class Sheet:
    """`dated` is the day of the document, and stands in the file as the time when it was made."""

    def __init__(self, title: str, author: str, dated: date) -> None:
        self._paper = paper = _Paper(format="A4")
        paper.set_creation_date(datetime.combine(dated, time(), UTC))
        paper.set_producer("Patchbay")
        paper.set_title(title)
        paper.set_author(author)
        paper.set_margins(MARGIN, MARGIN)
        paper.set_auto_page_break(True, 22)
        paper.add_font(FAMILY, "", FONTS / "DejaVuSans.ttf")
        paper.add_font(FAMILY, "B", FONTS / "DejaVuSans-Bold.ttf")
        paper.add_page()

    def text(self, text: str, *, size: float = NORMAL, bold: bool = False, grey: bool = False, width: float = 0) -> None:
        """Text over as many lines as it needs."""
        self._pen(size, bold=bold, grey=grey)
        self._paper.multi_cell(width, size / NORMAL * LINE, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def gap(self, height: float = LINE) -> None:
        self._paper.ln(height)

    def rule(self) -> None:
        self._paper.set_draw_color(200)
        self._paper.line(MARGIN, self._paper.get_y(), MARGIN + WIDTH, self._paper.get_y())

    def pairs(self, pairs: Sequence[tuple[str, str]], *, last_bold: bool = False, right: bool = False) -> None:
        """Labels with their values, below each other and on one page; to the `right` as sums stand."""
        if self._paper.will_page_break(len(pairs) * (LINE + 1)):
            self._paper.add_page()
        for position, (label, value) in enumerate(pairs):
            bold = last_bold and position == len(pairs) - 1
            if right:
                self._paper.set_x(MARGIN + WIDTH - 90)
            self._pen(NORMAL, bold=bold, grey=not bold)
            self._paper.cell(50, LINE + 1, label, align="R" if right else "L")
            self._pen(NORMAL, bold=bold)
            self._paper.cell(40, LINE + 1, value, align="R" if right else "L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """The first column wraps; the titles stand on every page again. Only rows of more than half a page are split."""
        self._titles(columns)
        for row in rows:
            self._pen(NORMAL)
            height = LINE * max(1, len(self._wrapped(columns[0], row[0])))
            if self._paper.will_page_break(min(height, self._paper.eph / 2)):
                self._paper.add_page()
                self._titles(columns)
            self._row(columns, row)

    def content(self) -> bytes:
        return bytes(self._paper.output())

    def _titles(self, columns: Sequence[Column]) -> None:
        for column in columns:
            self._pen(SMALL, grey=True)
            self._paper.cell(column.width, LINE + 2, column.title, align="R" if column.is_number else "L")
        self.gap(LINE + 2)
        self.rule()
        self.gap(1)

    def _wrapped(self, column: Column, text: str) -> Sequence[str]:
        return cast("list[str]", self._paper.multi_cell(column.width, LINE, text, dry_run=True, output="LINES"))

    def _row(self, columns: Sequence[Column], row: Sequence[str]) -> None:
        self._pen(NORMAL)
        self._paper.set_x(MARGIN + columns[0].width)
        for column, value in zip(columns[1:], row[1:], strict=True):
            self._paper.cell(column.width, LINE, value, align="R" if column.is_number else "L")
        self._paper.set_x(MARGIN)
        self._paper.multi_cell(columns[0].width, LINE, row[0], align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.gap(2)

    def _pen(self, size: float, *, bold: bool = False, grey: bool = False) -> None:
        self._paper.set_font(FAMILY, "B" if bold else "", size)
        self._paper.set_text_color(GREY if grey else BLACK)
