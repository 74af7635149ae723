"""Does each rule on exact cells hide what it must, and nothing else?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from disclosure_control.errors import Refused
from disclosure_control.protect import protect
from disclosure_control.sdc.evidence import CellEvidence
from disclosure_control.sdc.rules import RULES
from disclosure_control.tables import Axis, Evidence, Shape, Status, Unprotected
from tests.small_tables import EXACT, SDC_RULES, TOTAL_EVIDENCE, exact_shape, exact_table

EVEN = (101, 99, *(100,) * 10)


def failing(cell: CellEvidence, **changes: object) -> set[str]:
    rules = replace(SDC_RULES, **changes)
    return {rule.name for rule in RULES if rule.failing((cell,), rules, exact_shape(1))}


@pytest.mark.parametrize(
    ("cell", "rules"),
    [
        (CellEvidence(units=12, largest=100, second=100, gross=1200), set()),
        (CellEvidence(units=10, largest=100, second=100, gross=1000), set()),
        (CellEvidence(units=9, largest=100, second=100, gross=900), {"minimum-threshold"}),
        (CellEvidence(units=0), {"minimum-threshold"}),
        (CellEvidence(units=50, largest=500, second=400, gross=1000), set()),
        (CellEvidence(units=50, largest=500, second=401, gross=1000), {"nk-dominance"}),
        (CellEvidence(units=50, largest=1000, second=0, gross=1100), {"nk-dominance"}),
        (
            CellEvidence(units=50, largest=1000, second=1, gross=1100),
            {"nk-dominance", "p-ratio"},
        ),
        (CellEvidence(units=50), {"all-values-are-same"}),
    ],
)
def test_a_cell_fails_exactly_these_rules(cell, rules):
    assert failing(cell) == rules


def test_the_p_ratio_catches_what_dominance_by_one_misses():
    cell = CellEvidence(units=50, largest=500, second=460, gross=1000)
    assert failing(cell, dominance_n=1) == {"p-ratio"}


def test_one_dominating_unit_is_caught_by_dominance_of_one():
    cell = CellEvidence(units=50, largest=910, second=0, gross=1000)
    assert "nk-dominance" in failing(cell, dominance_n=1)
    assert "nk-dominance" not in failing(replace(cell, largest=900), dominance_n=1)


def test_an_empty_cell_is_hidden_unless_the_policy_calls_zeros_structural():
    table = protect(exact_table((), EVEN), policy=EXACT, grant=None)
    assert [column[0].status for column in table.columns] == [Status.SUPPRESSED] * 3
    structural = replace(EXACT, sdc=replace(SDC_RULES, structural_zeros=True))
    count, total, mean = protect(exact_table((), EVEN), policy=structural, grant=None).columns
    assert (count[0].value, total[0].value) == (0, 0)
    assert mean[0].status == Status.SUPPRESSED


def test_negative_contributions_cannot_hide_a_dominating_one():
    """The net total looks shared, the gross one does not."""
    table = exact_table((-10_000, 9_000, *(10,) * 20))
    columns = protect(table, policy=EXACT, grant=None).columns
    assert [column[0].status.value for column in columns] == ["shown", "suppressed", "suppressed"]


def test_a_dominated_cell_keeps_its_count_and_loses_its_sum_and_mean():
    columns = protect(exact_table(EVEN, (9_000, *(1,) * 30)), policy=EXACT, grant=None).columns
    assert [cell.status.value for cell in columns[0]] == ["shown", "shown"]
    assert [cell.status.value for cell in columns[1]] == ["shown", "suppressed"]
    assert [cell.status.value for cell in columns[2]] == ["shown", "suppressed"]


def test_shown_values_are_exact_and_rounded_as_declared():
    columns = protect(exact_table((*EVEN, 7)), policy=EXACT, grant=None).columns
    assert [str(column[0].value) for column in columns] == ["13", "120.7", "9.28"]


def test_a_single_contributor_is_never_shown():
    columns = protect(exact_table((5,)), policy=EXACT, grant=None).columns
    assert {column[0].status for column in columns} == {Status.SUPPRESSED}


def test_every_finding_is_for_checkers_and_names_rule_column_and_statbarn():
    found = protect(exact_table(EVEN, (1, 2)), policy=EXACT, grant=None).record.findings
    assert all(one.for_checkers for one in found)
    assert [(one.column, one.rule, one.cells) for one in found if one.severity == "fail"] == [
        ("count", "minimum-threshold", (1,)),
        ("sum_rd", "minimum-threshold", (1,)),
        ("sum_rd", "nk-dominance", (1,)),
        ("sum_rd", "p-ratio", (1,)),
        ("mean_rd", "minimum-threshold", (1,)),
        ("mean_rd", "nk-dominance", (1,)),
        ("mean_rd", "p-ratio", (1,)),
    ]
    assert {one.statbarn for one in found} == {"frequencies", "linear aggregations"}


@pytest.mark.parametrize(
    "evidence",
    [
        None,
        Evidence("units"),
        *(
            replace(TOTAL_EVIDENCE, **{part: other})
            for part, other in (
                ("units", "rows"),
                ("largest", "second"),
                ("gross", None),
                ("gross", "nothing"),
                ("smallest", None),
                ("negative", "units"),
            )
        ),
    ],
)
def test_a_sum_without_its_evidence_does_not_leave(evidence):
    shape = exact_shape(1)
    count, total, mean = shape.published
    changed = Shape(
        shape.unit, shape.axes, shape.vectors, (count, replace(total, evidence=evidence), mean)
    )
    vectors = exact_table(EVEN).reveal()
    with pytest.raises(Refused):
        protect(Unprotected(changed, vectors), policy=EXACT, grant=None)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("largest", -1),
        ("second", 102),
        ("gross", 150),
        ("units", -1),
        ("smallest", 102),
        ("negative", 13),
    ],
)
def test_evidence_that_contradicts_itself_does_not_leave(part, value):
    vectors = exact_table(EVEN).reveal() | {part: (value,)}
    with pytest.raises(Refused):
        protect(Unprotected(exact_shape(1), vectors), policy=EXACT, grant=None)


def grid(*rows: tuple[int, ...], **changes: bool) -> tuple[Shape, tuple[CellEvidence, ...]]:
    """A table of units, rows by columns, without totals."""
    across = Axis("kind", tuple(f"kind {n}" for n in range(len(rows[0]))), **changes)
    down = Axis("area", tuple(f"area {n}" for n in range(len(rows))))
    shape = replace(exact_shape(1), axes=(down, across))
    return shape, tuple(CellEvidence(units=units) for row in rows for units in row)


def found_by(name: str, shape: Shape, cells: tuple[CellEvidence, ...], **changes: object):
    rule = next(one for one in RULES if one.name == name)
    return rule.failing(cells, replace(SDC_RULES, **changes), shape)


def test_everybody_in_one_category_is_class_disclosure_where_zeros_are_shown():
    shape, cells = grid((40, 0, 0), (20, 30, 40), (50, 60, 70))
    assert found_by("class-disclosure", shape, cells, structural_zeros=True) == {
        0: "1 of 3 categories"
    }
    assert found_by("class-disclosure", shape, cells) == {}, "the zeros beside it are hidden"


def test_a_column_with_one_filled_cell_is_class_disclosure_too_and_its_total_does_not_count():
    shape, cells = grid((40, 50, 90), (0, 30, 30), total=True)
    found = found_by("class-disclosure", shape, cells, structural_zeros=True)
    assert found == {0: "1 of 2 categories", 4: "1 of 2 categories"}


def test_equal_contributions_tell_each_one_and_opposite_ones_do_not():
    same = CellEvidence(units=12, largest=5, second=5, gross=60, smallest=5)
    assert "all-values-are-same" in failing(same)
    assert "all-values-are-same" in failing(replace(same, negative=12))
    assert "all-values-are-same" not in failing(replace(same, negative=1))
    assert "all-values-are-same" not in failing(replace(same, smallest=4))


def test_negative_values_are_for_checkers_to_judge_and_hide_nothing():
    protected = protect(exact_table((-50, 60, *EVEN)), policy=EXACT, grant=None)
    warned = [one for one in protected.record.findings if one.rule == "negative-values"]
    assert {(one.severity, one.cells, one.values, one.after) for one in warned} == {
        ("warn", (0,), ("1",), (0,))
    }
    assert protected.columns[1][0].status is Status.SHOWN


def test_missing_values_are_pointed_out_to_checkers():
    shape, cells = grid((40, 50, 12), (20, 30, 0), missing=True)
    assert found_by("missing-category", shape, cells) == {2: "12"}


def test_a_finding_says_by_how_much_and_what_is_left_after():
    protected = protect(exact_table(EVEN, (9_000, *(1,) * 30)), policy=EXACT, grant=None)
    found = {(one.column, one.rule): one for one in protected.record.findings}
    dominated = found["sum_rd", "nk-dominance"]
    assert (dominated.cells, dominated.values, dominated.after) == ((1,), ("0.997",), ())
    assert found["sum_rd", "p-ratio"].values == ("0.003",)
