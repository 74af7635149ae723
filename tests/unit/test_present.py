"""Are the bytes that people approve always the same, complete and harmless?"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from disclosure_control import present
from disclosure_control.errors import Malformed
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.tables import Axis, Cell, Protected, Status, Unprotected
from tests.small_tables import EXACT, NOISY, RHO_NANO, exact_table, means_shape

NOISY_TABLE = protect(
    Unprotected(means_shape(2), {"rows": (1_000, 1), "centred_bmi": (-70_000, 10)}),
    policy=NOISY,
    grant=NoiseGrant(RHO_NANO),
)
EXACT_TABLE = protect(exact_table((101, 99, *(100,) * 10), (5, 6)), policy=EXACT, grant=None)
TABLES = {"noisy": NOISY_TABLE, "exact": EXACT_TABLE}
HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "|cmd",
    "%0A",
    "\ufeff=1",
)


def rows_of(table: Protected, **options: object) -> list[list[str]]:
    return list(csv.reader(io.StringIO(present.to_csv(table, **options), newline="")))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_json_comes_back_equal_and_with_the_same_bytes(table):
    text = present.to_json(table, for_checkers=True)
    assert present.from_json(text) == table
    assert present.to_json(present.from_json(text), for_checkers=True) == text


def test_what_only_checkers_may_see_is_left_out_unless_asked_for():
    assert present.from_json(present.to_json(EXACT_TABLE)).record.findings == ()
    assert "nk-dominance" not in present.to_json(EXACT_TABLE)
    assert "nk-dominance" in present.to_json(EXACT_TABLE, for_checkers=True)
    assert present.from_json(present.to_json(NOISY_TABLE)) == NOISY_TABLE


def test_a_suppressed_cell_is_never_a_zero():
    cells = json.loads(present.to_json(EXACT_TABLE))["table"]["columns"][0]
    assert cells[1] == {
        "status": "suppressed",
        "value": None,
        "half_width": None,
        "low": None,
        "high": None,
    }
    assert rows_of(EXACT_TABLE)[-1] == ["area 1", "[c]", "[c]", "[c]"]


def test_numbers_keep_the_decimals_that_were_published():
    assert rows_of(EXACT_TABLE)[-2] == ["area 0", "12", "120.0", "10.00"]


def test_a_noisy_count_has_a_half_width_and_a_noisy_mean_only_an_interval():
    assert rows_of(NOISY_TABLE)[0] == [
        "area",
        "Number of persons",
        "Number of persons (plus or minus, 95 %)",
        "Number of persons (lower, 95 %)",
        "Number of persons (upper, 95 %)",
        "Mean of BMI",
        "Mean of BMI (lower, 95 %)",
        "Mean of BMI (upper, 95 %)",
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_can_start_a_formula(text):
    table = replace(
        EXACT_TABLE,
        axes=(Axis(text, (text, "b")),),
        published=tuple(replace(one, title=text) for one in EXACT_TABLE.published),
    )
    rows = rows_of(table, title_lines=(text,))
    assert [rows[0][0], rows[1][0], rows[1][1], rows[2][0]] == [f"'{text}"] * 4


def test_a_negative_number_stays_a_number():
    sums = replace(
        EXACT_TABLE,
        columns=tuple(
            tuple(Cell(Status.SHOWN, Decimal("-1.5")) for _ in column)
            for column in EXACT_TABLE.columns
        ),
    )
    assert rows_of(sums)[1][1] == "-1.5"


def test_title_lines_come_first_in_their_order():
    assert rows_of(EXACT_TABLE, title_lines=("one", "two, three"))[:2] == [["one"], ["two, three"]]


def test_a_number_that_does_not_apply_is_marked():
    odd = replace(
        NOISY_TABLE,
        columns=tuple(
            tuple(Cell(Status.SHOWN, Decimal(1)) for _ in column) for column in NOISY_TABLE.columns
        ),
    )
    assert rows_of(odd)[1][2] == "[x]"


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("format"),
        lambda document: document.update(format="other/1"),
        lambda document: document.update(more=1),
        lambda document: document["table"].update(more=1),
        lambda document: document["table"]["columns"].pop(),
        lambda document: document["table"]["columns"][0].pop(),
        lambda document: document["table"]["columns"][0][0].update(value=None),
        lambda document: document["table"]["columns"][0][1].update(value="3"),
        lambda document: document["table"]["columns"][0][0].update(value="NaN"),
        lambda document: document["table"]["columns"][0][0].update(value="1e999999"),
        lambda document: document["table"]["columns"][0][0].update(status="secret"),
        lambda document: document["table"].update(axes=[]),
        lambda document: document["table"]["record"].update(rho_nano="1"),
        lambda document: document["table"]["record"].update(versions=[["python"]]),
    ],
)
def test_a_changed_document_is_not_read(change):
    document = json.loads(present.to_json(EXACT_TABLE))
    change(document)
    with pytest.raises(Malformed):
        present.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", "[" * 100_000])
def test_text_of_another_kind_is_not_read(text):
    with pytest.raises(Malformed):
        present.from_json(text)
