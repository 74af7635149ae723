"""What does a plan say of a question before any data is read?"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest

from disclosure_control.policy import Track
from disclosure_control.shapes import MOST_BINS, require_publishable
from disclosure_control.tables import Counting, Kind, Sensitivity
from queries.catalogue import Catalogue
from queries.engines.statement import statement
from queries.errors import QueryRefused
from queries.language import (
    Aggregate,
    And,
    Between,
    ColumnRef,
    Compare,
    Dimension,
    Feature,
    FeatureRef,
    In,
    Join,
    JoinKind,
    Measure,
    Operator,
    Query,
    Statistic,
)
from queries.plan import Plan, plan
from queries.plan_slots import MARGIN, SECONDS_PER_ROW, SLOTS, rest_of
from queries.plan_terms import Level
from queries.plan_vectors import WEIGHT, Contribution
from queries.values import date_of_days
from tests.catalogues import clinic, dp_policy, sdc_policy

CLINIC = clinic()
K, G = 3, 2
PERSON = {name: ColumnRef("persons", name) for name in ("sex", "age", "bmi", "income", "seen")}
LAB = {name: ColumnRef("labs", name) for name in ("test", "value", "day")}
COUNT, UNITS = Measure(Statistic.COUNT), Measure(Statistic.UNITS)


def asked(source: str, *measures: Measure, by=(), **more) -> Query:
    return Query("clinic", source, measures or (COUNT,), tuple(by), **more)


def planned(query: Query, policy=None) -> Plan:
    return plan(query, CLINIC, policy or dp_policy())


def moved(found: Plan, name: str) -> Sensitivity:
    return found.shape.vector(name).sensitivity


# Shapes of contribution.

BY_SEX = (Dimension(PERSON["sex"]),)
BY_TEST = (Dimension(LAB["test"]),)
LINKED = (Join("lab_person"),)


@pytest.mark.parametrize(
    ("query", "how"),
    [
        (asked("persons", by=BY_SEX), Contribution.UNIT_ROWS),
        (asked("labs"), Contribution.UNIT_TOTALS),
        (asked("labs", by=BY_SEX, joins=LINKED), Contribution.UNIT_TOTALS),
        (asked("labs", by=BY_TEST), Contribution.ROW_WEIGHTS),
        (asked("labs", by=(*BY_SEX, *BY_TEST), joins=LINKED), Contribution.ROW_WEIGHTS),
    ],
)
def test_cells_that_are_constant_for_a_unit_need_no_weights(query, how):
    assert planned(query).how is how


def test_rows_weigh_by_their_cell_where_that_needs_less_noise():
    """K is 3 and G is 2: with M = 1 the root of 2 is moved and not 3; M = 2 allows 4 in all."""
    query = asked("labs", COUNT, Measure(Statistic.SUM, LAB["value"]), by=BY_TEST)
    rows = plan(query, CLINIC, dp_policy())
    hows = {
        most: plan(query, CLINIC, dp_policy(max_rows_per_group_per_unit=most))
        for most in (0, 1, 2, 3)
    }

    assert [one.how for one in hows.values()] == [
        Contribution.ROW_WEIGHTS,
        Contribution.CELL_WEIGHTS,
        Contribution.ROW_WEIGHTS,
        Contribution.ROW_WEIGHTS,
    ]
    told = hows[1].shape.vector("total_value")
    assert told.sensitivity == Sensitivity(
        2, 2 * WEIGHT * 30_000, 2 * (WEIGHT * 30_000) ** 2, WEIGHT * 30_000
    )
    assert told.beside == "values_value"
    before = rows.shape.vector("total_value").sensitivity
    assert told.sensitivity.l1 <= before.l1
    assert 4 * told.sensitivity.l2_squared < before.l2_squared
    assert any("count as 1 there" in one for one in hows[1].shape.bounds)


def test_where_a_person_is_in_one_cell_no_rows_weigh_by_their_cell():
    most = dp_policy(max_rows_per_group_per_unit=1)
    assert plan(asked("labs"), CLINIC, most).how is Contribution.UNIT_TOTALS
    assert plan(asked("persons", by=BY_SEX), CLINIC, most).how is Contribution.UNIT_ROWS


def test_a_feature_puts_one_person_in_one_cell():
    diabetic = Feature("diabetic", "events", Aggregate.EXISTS)
    found = planned(asked("labs", by=(Dimension(FeatureRef("diabetic")),), features=(diabetic,)))

    assert found.how is Contribution.UNIT_TOTALS


# Sensitivities, as docs/explanation/sensitivity.md has them.


def test_a_unit_row_moves_one_cell_by_its_distance_from_the_midpoint():
    found = planned(asked("persons", COUNT, Measure(Statistic.MEAN, PERSON["age"]), by=BY_SEX))

    assert moved(found, "units") == Sensitivity(1, 1, 1, 1)
    assert found.shape.vector("centred_age").centre == 55
    assert moved(found, "centred_age") == Sensitivity(1, 55, 55**2, 55)


def test_a_sum_is_measured_from_the_least_value_and_a_mean_alone_from_the_midpoint():
    mean, total = (Measure(one, PERSON["income"]) for one in (Statistic.MEAN, Statistic.SUM))
    both = planned(asked("persons", total, mean))
    alone = planned(asked("persons", mean))

    assert [one.name for one in both.shape.vectors] == ["units", "above_income"]
    assert moved(both, "above_income").linf == 25_000_000 + 100_000
    assert moved(alone, "centred_income").linf == (25_000_000 + 100_000) // 2


def test_totals_of_a_unit_count_k_rows_at_most():
    value = Measure(Statistic.SUM, LAB["value"])
    found = planned(asked("labs", COUNT, UNITS, value, by=BY_SEX, joins=LINKED))
    most = K * 30_000

    assert moved(found, "rows") == Sensitivity(1, K, K**2, K)
    assert moved(found, "units") == Sensitivity(1, 1, 1, 1)
    assert moved(found, "values_value") == Sensitivity(1, K, K**2, K)
    assert moved(found, "total_value") == Sensitivity(1, most, most**2, most)


def test_weighted_rows_of_a_unit_add_up_to_k():
    found = planned(asked("labs", COUNT, Measure(Statistic.MEAN, LAB["value"]), by=BY_TEST))
    most = WEIGHT * K

    assert moved(found, "rows") == Sensitivity(2, most, most**2, most)
    assert found.shape.vector("rows").scale == WEIGHT
    assert found.shape.vector("centred_value").scale == WEIGHT * 100
    assert moved(found, "centred_value").l1 == most * 15_000


def test_a_unit_in_many_cells_weighs_g_in_all():
    cuts = tuple(date_of_days(day) for day in range(8000, 18000, 1000))
    found = planned(asked("labs", UNITS, by=(Dimension(LAB["day"], bands=cuts),)))

    assert moved(found, "units") == Sensitivity(6, WEIGHT * G, WEIGHT**2 * G, WEIGHT)


def test_no_bound_is_wider_than_what_ingest_allows():
    """The policy's K and G are generous; a unit has six laboratory rows at most."""
    generous = dp_policy(max_rows_per_unit=100, max_groups_per_unit=100)

    rows = plan(asked("labs", by=BY_SEX, joins=LINKED), CLINIC, generous)
    units = plan(asked("labs", UNITS, by=BY_TEST), CLINIC, generous)

    assert moved(rows, "rows").l1 == 6
    assert moved(units, "units").l1 == WEIGHT * 2


def test_the_exact_track_makes_no_claim_and_names_its_evidence():
    query = asked("labs", COUNT, Measure(Statistic.MEAN, LAB["value"]), by=BY_TEST)
    found = planned(query, sdc_policy())
    count, mean = found.shape.published

    assert {one.sensitivity for one in found.shape.vectors} == {None}
    assert {one.scale for one in found.shape.vectors} == {1, 100}
    assert (count.count, count.evidence.units) == ("rows", "units")
    assert (mean.count, mean.total, mean.evidence.units) == (
        "values_value", "total_value", "contributors_value",
    )  # fmt: skip
    assert found.shape.vector("gross_value").counts is Counting.GROSS


def test_equal_vectors_are_counted_once():
    age = PERSON["age"]
    found = planned(
        asked("persons", COUNT, UNITS, Measure(Statistic.SUM, age), Measure(Statistic.MEAN, age))
    )

    assert [(one.name, one.beside) for one in found.shape.vectors] == [
        ("units", None), ("total_age", "units"),
    ]  # fmt: skip
    assert [one.kind for one in found.shape.published] == [
        Kind.COUNT, Kind.UNITS, Kind.SUM, Kind.MEAN,
    ]  # fmt: skip


SUM_OF = partial(Measure, Statistic.SUM)
KINDS = (Dimension(ColumnRef("events", "kind")),)
SEXES = (Dimension(ColumnRef("persons", "sex")),)
AT_HOME = (Join("event_person"),)
SEVERITY = ColumnRef("events", "severity")
FAR_BELOW = replace(CLINIC.table("events").column("severity"), lower=Decimal(-9), upper=Decimal(9))


@pytest.mark.parametrize(
    ("query", "name", "count", "centre"),
    [
        (asked("persons", SUM_OF(PERSON["age"])), "total_age", "units", 0),
        (asked("persons", SUM_OF(PERSON["bmi"])), "total_bmi", "values_bmi", 0),
        (asked("persons", SUM_OF(PERSON["income"])), "above_income", "units", -100_000),
        (asked("labs", SUM_OF(LAB["value"])), "total_value", "values_value", 0),
        (asked("events", SUM_OF(SEVERITY), by=KINDS), "above_severity",
         "values_severity", -3),
        (asked("events", SUM_OF(SEVERITY), by=SEXES, joins=AT_HOME),
         "total_severity", None, 0),
        (asked("persons", Measure(Statistic.RATIO, PERSON["income"], per=PERSON["bmi"])),
         "total_bmi", "values_bmi", 0),
        (asked("persons", Measure(Statistic.RATIO, PERSON["income"], per=PERSON["bmi"])),
         "total_income", None, 0),
        (asked("persons", Measure(Statistic.MEAN, PERSON["age"])), "centred_age", None, 55),
    ],
)  # fmt: skip
def test_which_totals_are_told_with_the_count_of_their_rows(query, name, count, centre):
    vector = planned(query).shape.vector(name)

    assert (vector.beside, vector.centre) == (count, centre)


def test_a_sum_of_what_may_be_as_far_below_zero_has_a_noise_of_its_own():
    table = CLINIC.table("events")
    columns = tuple(FAR_BELOW if one.name == "severity" else one for one in table.columns)
    catalogue = _with(CLINIC, replace(table, columns=columns))
    query = asked("events", SUM_OF(SEVERITY), by=KINDS)

    assert plan(query, catalogue, dp_policy()).shape.vector("total_severity").beside is None


def test_two_columns_of_one_name_have_two_vectors():
    catalogue = CLINIC
    labs = catalogue.table("labs")
    renamed = replace(
        labs,
        columns=tuple(
            replace(one, name="age") if one.name == "value" else one for one in labs.columns
        ),
    )
    both = _with(catalogue, renamed)
    ages = (ColumnRef("labs", "age"), ColumnRef("persons", "age"))
    query = asked("labs", *(Measure(Statistic.SUM, one) for one in ages), joins=LINKED)

    names = [one.name for one in plan(query, both, dp_policy()).shape.published]

    assert names == ["sum_labs_age", "sum_persons_age"]


def _with(catalogue: Catalogue, *tables) -> Catalogue:
    new = {table.name: table for table in tables}
    return replace(
        catalogue, tables=tuple(new.get(table.name, table) for table in catalogue.tables)
    )


# The public grid.


@pytest.mark.parametrize(
    ("dimension", "labels"),
    [
        (Dimension(PERSON["sex"]), ("Female", "Male")),
        (
            Dimension(PERSON["age"], bands=(Decimal(40), Decimal(41), Decimal(60))),
            ("below 40", "40", "41 to 59", "60 and over"),
        ),
        (
            Dimension(PERSON["bmi"], bands=(Decimal("18.5"), Decimal(25))),
            ("below 18.5", "18.5 to below 25", "25 and over", "missing"),
        ),
        (
            Dimension(PERSON["seen"], bands=(date_of_days(10957), date_of_days(11323))),
            ("before 2000-01-01", "2000-01-01 to 2000-12-31", "from 2001-01-01"),
        ),
        (
            Dimension(ColumnRef("persons", "area"), recode="coast"),
            ("Coast", "Inland", "missing"),
        ),
    ],
)
def test_every_declared_key_is_on_the_axis_and_missing_where_it_can_occur(dimension, labels):
    assert planned(asked("persons", by=(dimension,))).shape.axes[0].labels == labels


@pytest.mark.parametrize(("kind", "missing"), [(JoinKind.LEFT, True), (JoinKind.INNER, False)])
def test_a_left_join_adds_missing_and_an_inner_join_does_not(kind, missing):
    query = asked("labs", by=BY_SEX, joins=(Join("lab_person", kind),))

    assert ("missing" in planned(query).shape.axes[0].labels) is missing


def test_the_grid_is_row_major_in_the_order_of_the_question():
    found = planned(asked("labs", by=(*BY_SEX, *BY_TEST), joins=LINKED))

    assert found.shape.keys(3) == ("Male", "Systolic blood pressure")
    assert [key.stride for key in found.keys] == [2, 1]


def test_two_axes_never_share_a_name():
    cuts = (
        Dimension(PERSON["age"], bands=(Decimal(40),)),
        Dimension(PERSON["age"], bands=(Decimal(60),)),
    )

    assert [axis.name for axis in planned(asked("persons", by=cuts)).shape.axes] == [
        "Age (1)", "Age (2)",
    ]  # fmt: skip


# Filters.


def test_a_filter_on_the_unit_waits_until_rows_are_units():
    row = Compare(LAB["value"], Operator.GT, Decimal(5))
    unit = Compare(PERSON["age"], Operator.LT, Decimal(70))
    found = planned(asked("labs", where=And((row, unit)), joins=LINKED))

    assert [one.level for one in found.filters] == [Level.ROW, Level.UNIT]


def test_constants_beyond_the_store_keep_their_meaning():
    age = PERSON["age"]
    huge = Decimal(10) ** 30
    query = asked(
        "persons", where=And((Compare(age, Operator.LT, huge), Between(age, -huge, huge)))
    )

    sql = statement(planned(query))

    assert str(2**62) in sql
    assert str(10**20) not in sql


# Nothing that a researcher wrote is in a statement.

WRITTEN = "x'; DROP TABLE persons; --"


def test_no_text_of_the_question_reaches_the_statement():
    table = CLINIC.table("persons")
    sex = table.column("sex")
    hostile = replace(
        sex, codes=tuple(replace(one, value=one.value + WRITTEN) for one in sex.codes)
    )
    columns = tuple(hostile if one.name == "sex" else one for one in table.columns)
    catalogue = _with(CLINIC, replace(table, columns=columns))
    query = asked("persons", by=BY_SEX, where=In(PERSON["sex"], ("f" + WRITTEN,)))

    sql = statement(plan(query, catalogue, dp_policy()))

    assert "DROP" not in sql
    assert "'" not in sql


# Refusals, slots, cost.


def test_a_sum_that_might_not_fit_is_refused_with_its_code():
    table = CLINIC.table("persons")
    wide = replace(table.column("income"), decimals=9, upper=Decimal(10) ** 8)
    columns = tuple(wide if one.name == "income" else one for one in table.columns)
    catalogue = _with(CLINIC, replace(table, columns=columns))

    with pytest.raises(QueryRefused) as refused:
        plan(asked("persons", Measure(Statistic.SUM, PERSON["income"])), catalogue, dp_policy())

    assert [one.code for one in refused.value.problems] == ["magnitude"]


def test_a_feature_whose_sum_might_not_fit_is_refused():
    table = CLINIC.table("labs")
    wide = replace(table.column("value"), decimals=9, upper=Decimal(10) ** 9)
    columns = tuple(wide if one.name == "value" else one for one in table.columns)
    catalogue = _with(CLINIC, replace(table, columns=columns))
    total = Feature("total", "labs", Aggregate.SUM, "value")

    with pytest.raises(QueryRefused):
        plan(asked("persons", features=(total,)), catalogue, dp_policy())


def test_a_slot_depends_on_declared_sizes_only_and_grows_with_them():
    small = asked("labs", by=BY_TEST)
    large = _with(CLINIC, replace(CLINIC.table("labs"), declared_rows=50_000_000))

    assert planned(small).time.slot == 0.5
    assert plan(small, large, dp_policy()).time.slot > 2


def test_every_magnitude_is_below_the_limit_of_the_store():
    query = asked("labs", COUNT, Measure(Statistic.SUM, LAB["value"]), by=BY_TEST)

    for policy in (dp_policy(), sdc_policy()):
        assert all(0 < one.magnitude < 2**62 for one in planned(query, policy).shape.vectors)


def test_clamping_is_said_in_words():
    found = planned(asked("labs", Measure(Statistic.MEAN, LAB["value"]), by=BY_TEST))

    assert found.shape.bounds == (
        "Records of a person with more than 3 of them weigh less, so that they count as 3 in all.",
        "Values of Result are kept within 0 to 300.",
    )
    assert planned(asked("labs"), sdc_policy()).shape.bounds == ()


def test_planning_takes_less_than_ten_milliseconds():
    query = asked(
        "labs", COUNT, UNITS, Measure(Statistic.MEAN, LAB["value"]),
        by=(*BY_SEX, *BY_TEST), joins=LINKED,
    )  # fmt: skip
    times = []
    for _ in range(20):
        began = time.process_time()
        planned(query)
        times.append(time.process_time() - began)

    assert min(times) < 0.01


def test_planning_needs_no_engine_and_no_heavy_library():
    code = (
        "import sys, queries.plan, queries.engines.statement\n"
        "print({'duckdb', 'pandas', 'numpy', 'opendp', 'pyarrow'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "set()"


def test_both_tracks_plan_the_same_grid():
    query = asked("labs", COUNT, by=(*BY_SEX, *BY_TEST), joins=LINKED)

    dp, sdc = planned(query), planned(query, sdc_policy())

    assert (dp.track, sdc.track) == (Track.DP, Track.SDC)
    assert dp.shape.axes == sdc.shape.axes


def test_ratios_of_features_whose_names_run_together_have_names_of_their_own():
    """a by b_per_c, and a_per_b by c."""
    names = ("a", "b_per_c", "a_per_b", "c")
    made = tuple(Feature(name, "labs", Aggregate.COUNT) for name in names)
    a, bc, ab, c = (FeatureRef(name) for name in names)
    query = replace(
        asked("persons", Measure(Statistic.RATIO, a, per=bc), Measure(Statistic.RATIO, ab, per=c)),
        features=made,
    )
    first, second = planned(query).shape.published
    assert first.name != second.name


def test_many_quantiles_leave_the_engine_a_part_of_their_slot():
    """However many are asked at once: their bins are shared out before there is a price."""
    areas = Dimension(ColumnRef("persons", "area"))
    ages = Dimension(PERSON["age"], bands=tuple(Decimal(age) for age in range(20, 90, 10)))
    levels = [Decimal(tenths) / 10 for tenths in range(1, 9)]
    measures = (Measure(Statistic.QUANTILE, PERSON["income"], level) for level in levels)
    found = planned(asked("persons", *measures, by=(*BY_SEX, areas, ages)))

    bins = found.shape.lengths["histogram_income"]
    assert bins * len(levels) <= MOST_BINS
    assert found.time.suppression < SLOTS[-1] / 3
    engine = found.time.slot - rest_of(found.time.slot) - found.time.suppression
    assert engine >= MARGIN * bins * SECONDS_PER_ROW["bin"]
    require_publishable(found.shape, dp_policy())
