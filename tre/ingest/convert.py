"""Which integer does a source value become, or why does it become none?

Every value is read as its text: a number as the digits that its file shows (22.690939, not the
binary fraction nearest to it), so that CSV, Parquet and a data frame of the same data are stored
alike. Codes become positions in their list, numbers value x 10**decimals rounded half to even,
dates days since 1970-01-01, and texts, whose values nobody declared, numbers in their own order.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from enum import StrEnum

from disclosure_control.tables import is_text
from queries.catalogue import Column, ColumnType
from queries.values import days_of
from tre.ingest.entry import EVERY_OTHER, ColumnHints


class Rule(StrEnum):
    """Why a row does not stay as it is. The sentence is for the dataset's owner."""

    LEFT_OUT = "left out, as the entry declares"
    ABSENT = "missing, but the column is not nullable"
    NOT_A_CODE = "not in the code list"
    NOT_A_NUMBER = "not a number"
    NOT_A_DATE = "not a date or time"
    NOT_A_TEXT = "not one line of printable text of at most 80 bytes, or the name of a label"
    OUTSIDE = "outside the declared bounds"
    SEVERAL_ROWS = "one of several rows where the entry declares one"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``stored`` is None for a missing value. A rule rejects the row, unless ``kept``."""

    stored: int | None
    rule: Rule | None = None
    kept: bool = False


Reader = Callable[[str], Verdict]

WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)
LARGEST_EXPONENT = 60
MISSING = Verdict(None)
PARTS: dict[str, Callable[[datetime.datetime], int]] = {
    "date": lambda moment: days_of(moment.date()),
    "hour": lambda moment: moment.hour,
    "month": lambda moment: moment.month,
    "year": lambda moment: moment.year,
}


def text_of(value: object) -> str | None:
    """A source value as text without outer blanks; None for a missing one."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return str(value).strip() or None


def reader_of(column: Column, hints: ColumnHints) -> Callable[[object], Verdict]:
    """How values of this column are read."""
    read = _READERS[column.type](column, hints)
    absent = MISSING if column.nullable else Verdict(None, Rule.ABSENT)

    def verdict(value: object) -> Verdict:
        text = text_of(value)
        return absent if text is None or text in hints.missing else read(text)

    return verdict


def _code_reader(column: Column, hints: ColumnHints) -> Reader:
    known = {code.value: Verdict(position) for position, code in enumerate(column.codes)}
    known |= {value: Verdict(None, Rule.LEFT_OUT) for value in hints.leave_out}
    unknown = Verdict(None, Rule.LEFT_OUT if EVERY_OTHER in hints.leave_out else Rule.NOT_A_CODE)
    return lambda text: known.get(text, unknown)


def _number_reader(column: Column, hints: ColumnHints) -> Reader:
    if hints.part:
        return _moment_reader(column, hints)

    def read(text: str) -> Verdict:
        number = _number(text)
        if number is None:
            return Verdict(None, Rule.NOT_A_NUMBER)
        return _bounded(number, stored(number, column=column), column, hints)

    return read


def _moment_reader(column: Column, hints: ColumnHints) -> Reader:
    part = PARTS[hints.part or "date"]

    def read(text: str) -> Verdict:
        moment = _moment(text, hints=hints)
        if moment is None:
            return Verdict(None, Rule.NOT_A_DATE)
        return _bounded(Decimal(part(moment)), part(moment), column, hints)

    return read


def _text_reader(_: Column, __: ColumnHints) -> Reader:
    """A new number for each text; which one it ends with is decided when all rows are known."""
    known: dict[str, Verdict] = {}

    def read(text: str) -> Verdict:
        if not is_text(text):
            return Verdict(None, Rule.NOT_A_TEXT)
        return known.setdefault(text, Verdict(len(known)))

    return read


_READERS: dict[ColumnType, Callable[[Column, ColumnHints], Reader]] = {
    ColumnType.CODE: _code_reader,
    ColumnType.NUMBER: _number_reader,
    ColumnType.DATE: _moment_reader,
    ColumnType.TEXT: _text_reader,
}


def stored(number: Decimal, *, column: Column) -> int:
    """Value x 10**decimals, rounded half to even."""
    return int(number.scaleb(column.decimals, WIDE).to_integral_value(ROUND_HALF_EVEN))


def _bounded(number: Decimal, integer: int, column: Column, hints: ColumnHints) -> Verdict:
    """Bounds are kept by the value itself, not by what it is rounded to."""
    inside = (column.lower is None or number >= column.lower) and (
        column.upper is None or number <= column.upper
    )
    if inside:
        return Verdict(integer)
    return Verdict(None, Rule.OUTSIDE, kept=hints.outside_is_missing)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    plain = number.is_finite() and abs(number.adjusted()) <= LARGEST_EXPONENT
    return number if plain and len(text) <= LARGEST_EXPONENT else None


def _moment(text: str, *, hints: ColumnHints) -> datetime.datetime | None:
    try:
        moment = (
            datetime.datetime.strptime(text, hints.format)  # noqa: DTZ007 - as the file means it
            if hints.format
            else datetime.datetime.fromisoformat(text)
        )
        return moment + datetime.timedelta(hours=hints.shift_hours)
    except (ValueError, OverflowError):
        return None
