"""The `where` and `order` parameters of Xero's lists: a subset of its expression language.

`where` knows `== != > >= < <=`, `AND`/`&&`, `OR`/`||`, `NOT`/`!`, parentheses, text in double quotes, numbers, `true`, `false`, `null`,
`DateTime(y,m,d[,h,m,s])`, `guid("…")`, dotted fields, and the methods `Contains`, `StartsWith`, `EndsWith`, `ToLower`, `ToUpper` and
`ToString`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from integrations.providers.xero.sandbox.wire import Row, parse_time

Value = Callable[[Mapping[str, Any]], Any]

TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"\\]|\\.|"")*")|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>==|!=|>=|<=|&&|\|\||[<>!().,=-])
    )""",
    re.VERBOSE,
)
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
LITERALS = {"true": True, "false": False, "null": None}
METHODS: dict[str, tuple[int, Callable[..., Any]]] = {
    "contains": (1, lambda text, part: part.lower() in text.lower()),
    "startswith": (1, lambda text, part: text.lower().startswith(part.lower())),
    "endswith": (1, lambda text, part: text.lower().endswith(part.lower())),
    "tolower": (0, str.lower),
    "toupper": (0, str.upper),
    "tostring": (0, str),
}


class QueryError(ValueError):
    """The message is what Xero says of the expression."""


def compile_where(text: str, kind: str, fields: Iterable[str]) -> Callable[[Mapping[str, Any]], bool]:
    """A test for rows of `kind` (its name in messages), which have these `fields`. Raises `QueryError`."""
    parser = _Parser(text, kind, frozenset(fields))
    try:
        value = parser.either()
    except RecursionError as error:
        raise QueryError("The expression is too deep") from error
    if parser.kind_of_next:
        raise QueryError(f"Syntax error (at index {parser.index})")
    return lambda row: bool(value(row))


def sort(rows: Iterable[Row], order: str, kind: str, fields: Iterable[str]) -> list[Row]:
    """`rows` by `order` (`UpdatedDateUTC ASC, InvoiceNumber DESC`); missing values come first. Raises `QueryError`."""
    known = frozenset(fields)
    sorted_rows = list(rows)
    for step in reversed(order.split(",")):
        path, _, direction = step.strip().partition(" ")
        if direction.strip().upper() not in ("", "ASC", "DESC"):
            raise QueryError(f"Syntax error in order: {step.strip()}")
        value = _field(path.split("."), kind, known)
        try:
            sorted_rows.sort(key=_sort_key(value), reverse=direction.strip().upper() == "DESC")
        except TypeError as error:
            raise QueryError(f"The field '{path}' has no order") from error
    return sorted_rows


def _sort_key(value: Value) -> Callable[[Mapping[str, Any]], tuple[int, Any]]:
    return lambda row: (0, 0) if (found := value(row)) is None else (1, found)


def _field(path: Sequence[str], kind: str, fields: frozenset[str]) -> Value:
    if path[0] not in fields:
        raise QueryError(f"No property or field '{path[0]}' exists in type '{kind}'")

    def read(row: Mapping[str, Any]) -> Any:
        value: Any = row
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            return parse_time(value) or value
        return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return read


class _Parser:
    def __init__(self, text: str, kind: str, fields: frozenset[str]) -> None:
        self._text, self._kind, self._fields = text.rstrip(), kind, fields
        self.index = 0
        self.kind_of_next = self.next = ""
        self._advance()

    def either(self) -> Value:
        values = [self._both()]
        while self._accept("||", "or"):
            values.append(self._both())
        return values[0] if len(values) == 1 else lambda row: any(value(row) for value in values)

    def _both(self) -> Value:
        values = [self._compared()]
        while self._accept("&&", "and"):
            values.append(self._compared())
        return values[0] if len(values) == 1 else lambda row: all(value(row) for value in values)

    def _compared(self) -> Value:
        if self._accept("!", "not"):
            inner = self._compared()
            return lambda row: not inner(row)
        left = self._value()
        sign = self.next if self.kind_of_next == "sign" and self.next in COMPARE else ""
        if not sign:
            return left
        self._advance()
        right, compare = self._value(), COMPARE[sign]
        return lambda row: _compare(compare, sign, left(row), right(row))

    def _value(self) -> Value:
        kind, text = self.kind_of_next, self.next
        if self._accept("("):
            inner = self.either()
            self._expect(")")
            return inner
        if self._accept("-"):
            negated = self._value()
            return lambda row: _negative(negated(row))
        self._advance()
        if kind == "text":
            return self._with_methods(_constant(re.sub(r'\\(.)|"(")', r"\1\2", text[1:-1])))
        if kind == "number":
            return _constant(Decimal(text))
        if kind == "name":
            return self._named(text)
        raise QueryError(f"Expression expected (at index {self.index})")

    def _named(self, name: str) -> Value:
        """A literal, something made by a function, or a field."""
        if name.lower() in LITERALS:
            return _constant(LITERALS[name.lower()])
        if self.next == "(" and name.lower() in ("datetime", "guid"):
            return self._made(name.lower())
        return self._with_methods(None, [name])

    def _made(self, function: str) -> Value:
        arguments = self._arguments()
        try:
            if function == "guid":
                (text,) = arguments
                return self._with_methods(_constant(str(text).lower()))
            return _constant(datetime(*(int(part) for part in arguments), tzinfo=UTC))  # type: ignore[misc, arg-type]
        except (TypeError, ValueError) as error:
            raise QueryError(f"No applicable constructor exists in type '{function}'") from error

    def _with_methods(self, value: Value | None, path: list[str] | None = None) -> Value:
        steps = path or []
        while self._accept("."):
            name = self.next
            if self.kind_of_next != "name":
                raise QueryError(f"Identifier expected (at index {self.index})")
            self._advance()
            if self.next != "(":
                steps.append(name)
                continue
            value = self._method(value or _field(steps, self._kind, self._fields), name)
        return value or _field(steps, self._kind, self._fields)

    def _method(self, target: Value, name: str) -> Value:
        count, function = METHODS.get(name.lower(), (None, None))
        arguments = self._arguments()
        if function is None or len(arguments) != count:
            raise QueryError(f"No applicable method '{name}' exists in type 'String'")
        return lambda row: None if target(row) is None else function(str(target(row)), *map(str, arguments))

    def _arguments(self) -> list[Any]:
        self._expect("(")
        arguments: list[Any] = []
        while not self._accept(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._value()({}))
        return arguments

    def _accept(self, *words: str) -> bool:
        if self.kind_of_next in ("sign", "name") and self.next.lower() in words:
            self._advance()
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise QueryError(f"'{sign}' expected (at index {self.index})")

    def _advance(self) -> None:
        if self.index >= len(self._text):
            self.kind_of_next = self.next = ""
            return
        match = TOKEN.match(self._text, self.index)
        if match is None:
            raise QueryError(f"Syntax error '{self._text[self.index]}' (at index {self.index})")
        self.kind_of_next, self.next, self.index = str(match.lastgroup), match[str(match.lastgroup)], match.end()


def _constant(value: Any) -> Value:
    return lambda row: value


def _negative(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        raise QueryError("Operator '-' incompatible with operand type")
    return -value


def _compare(compare: Callable[[Any, Any], Any], sign: str, left: Any, right: Any) -> bool:
    if (left is None or right is None) and sign not in ("==", "=", "!="):
        return False
    if isinstance(left, bool) != isinstance(right, bool) and left is not None and right is not None:
        raise QueryError(f"Operator '{sign}' incompatible with operand types")
    try:
        return bool(compare(left, right))
    except TypeError as error:
        raise QueryError(f"Operator '{sign}' incompatible with operand types") from error
