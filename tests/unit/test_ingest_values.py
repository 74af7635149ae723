from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from queries.catalogue import Code, Column, ColumnType
from tre.ingest.convert import Rule, Verdict, reader_of, text_of
from tre.ingest.entry import ColumnHints

HINTS = ColumnHints(source="x")


def number(*, lower="0", upper="100", decimals=1, nullable=False) -> Column:
    bounds = {"lower": Decimal(lower), "upper": Decimal(upper)}
    return Column("x", "X", ColumnType.NUMBER, decimals=decimals, nullable=nullable, **bounds)


def date() -> Column:
    return Column("x", "X", ColumnType.DATE, lower=Decimal(0), upper=Decimal(20000))


def code(*, nullable=False) -> Column:
    codes = (Code("1", "Yes"), Code("0", "No"))
    return Column("x", "X", ColumnType.CODE, codes=codes, nullable=nullable)


@pytest.mark.parametrize(
    ("value", "stored"),
    [("0.25", 2), ("0.35", 4), (0.25, 2), (0.35, 4), (22.690939, 227), (7, 70), ("1e1", 100),
     (Decimal("0.45"), 4), ("+3.14", 31), (-0.0, 0), (100, 1000)],
)  # fmt: skip
def test_a_number_is_the_digits_it_shows_rounded_half_to_even(value, stored):
    assert reader_of(number(), HINTS)(value) == Verdict(stored)


@pytest.mark.parametrize("value", ["12a", "NaN", "inf", float("inf"), "1e999", "9" * 100, "1,5"])
def test_what_is_no_plain_number_is_rejected(value):
    assert reader_of(number(), HINTS)(value).rule is Rule.NOT_A_NUMBER


@pytest.mark.parametrize("value", ["100.04", "-0.04", 101, "1e50"])
def test_the_value_itself_keeps_the_bounds_not_what_it_is_rounded_to(value):
    assert reader_of(number(), HINTS)(value) == Verdict(None, Rule.OUTSIDE)


def test_a_value_outside_may_become_missing_where_the_entry_says_so():
    hints = ColumnHints(source="x", outside_is_missing=True)
    verdict = reader_of(number(nullable=True), hints)(101)
    assert verdict == Verdict(None, Rule.OUTSIDE, kept=True)


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), "NA", "-9", -9, -9.0])
def test_a_missing_value_stays_missing_or_rejects_the_row(value):
    hints = ColumnHints(source="x", missing=("NA", "-9"))
    assert reader_of(number(nullable=True), hints)(value) == Verdict(None)
    assert reader_of(number(), hints)(value) == Verdict(None, Rule.ABSENT)


@pytest.mark.parametrize(("value", "place"), [("1", 0), (1, 0), (1.0, 0), (" 0 ", 1), (0, 1)])
def test_a_code_is_its_place_in_the_list_however_the_source_types_it(value, place):
    assert reader_of(code(), HINTS)(value) == Verdict(place)


def test_an_unknown_code_is_rejected_unless_the_entry_leaves_it_out():
    assert reader_of(code(), HINTS)("2").rule is Rule.NOT_A_CODE
    named = ColumnHints(source="x", leave_out={"2": "not ours"})
    assert reader_of(code(), named)("2").rule is Rule.LEFT_OUT
    assert reader_of(code(), named)("3").rule is Rule.NOT_A_CODE
    every = ColumnHints(source="x", leave_out={"*": "not ours"})
    assert reader_of(code(), every)("3").rule is Rule.LEFT_OUT


def test_texts_are_numbered_and_equal_ones_alike():
    read = reader_of(Column("x", "X", ColumnType.TEXT, most_values=9, nullable=True), HINTS)
    numbers = [read(value) for value in ("Nurse ", "clerk", "Nurse", None, 7, "7")]
    assert [one.stored for one in numbers] == [0, 1, 0, None, 2, 2]
    assert {one.rule for one in numbers} == {None}


@pytest.mark.parametrize("value", ["two\nlines", "Missing", "TOTAL", "x" * 81, "é" * 41, "a\x00b"])
def test_what_is_no_label_is_no_text(value):
    read = reader_of(Column("x", "X", ColumnType.TEXT, most_values=9), HINTS)
    assert read(value).rule is Rule.NOT_A_TEXT


@pytest.mark.parametrize(
    "value", ["1970-01-11", "1970-01-11T23:59:59Z", datetime.date(1970, 1, 11),
              datetime.datetime(1970, 1, 11, 5)],  # noqa: DTZ001
)  # fmt: skip
def test_a_date_is_its_days_since_1970(value):
    assert reader_of(date(), HINTS)(value) == Verdict(10)


@pytest.mark.parametrize("value", ["1970-02-30", "11/01/1970", "yesterday", "1970"])
def test_what_is_no_date_is_rejected(value):
    assert reader_of(date(), HINTS)(value).rule is Rule.NOT_A_DATE


def test_a_date_outside_the_bounds_is_rejected():
    assert reader_of(date(), HINTS)("1969-12-31").rule is Rule.OUTSIDE


def test_a_date_can_be_read_by_a_declared_format():
    assert reader_of(date(), ColumnHints(source="x", format="%d/%m/%Y"))("11/01/1970").stored == 10


@pytest.mark.parametrize(("part", "stored"), [("hour", 18), ("month", 12), ("year", 1999)])
def test_a_part_of_a_shifted_time_is_taken_after_the_shift(part, stored):
    hints = ColumnHints(source="x", part=part, shift_hours=-6)
    column = number(upper="3000", decimals=0)
    assert reader_of(column, hints)("2000-01-01T00:00:42Z") == Verdict(stored)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (3.0, "3"), (2.5, "2.5"), (" a b ", "a b"), (10**20, "1" + 20 * "0")],
)
def test_values_are_read_as_text(value, text):
    assert text_of(value) == text
