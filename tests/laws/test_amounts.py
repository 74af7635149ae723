"""What a unit adds to a sum, by the oracle: with a table of one unit a cell both are the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from disclosure_control.tables import Kind
from queries.engines.amounts import amounts
from queries.plan import plan
from tests.catalogues import nested_clinic, sdc_policy
from tests.engines import MemoryStore
from tests.made_up import CLINIC, clinics, questions

NESTED = nested_clinic()
STORE = MemoryStore(CLINIC)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def added(statement: str) -> dict[int, int | None]:
    rows = STORE.con.execute(statement).fetchall()
    assert len({unit for unit, _ in rows}) == len(rows)
    return dict(rows)


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(tables=clinics(), query=questions(NESTED, exact=True), data=st.data())
def test_a_unit_with_another_number_adds_another_amount(tables, query, data):
    """One value of one row is another one: then the amounts of that unit differ, and no others."""
    planned = plan(query, NESTED, sdc_policy())
    assume(planned.parts_units)
    source = NESTED.table(planned.source)
    columns = [one for one in planned.shape.published if one.kind in {Kind.SUM, Kind.MEAN}]
    measured = [
        next(one for one in planned.measured if one.name == recipe.of)
        for column in columns
        for recipe in planned.recipes
        if recipe.name == column.total
    ]
    stored = [
        (column, one.term.column)
        for column, one in zip(columns, measured, strict=True)
        if getattr(one.term, "table", None) == source.name
    ]
    rows = tables[source.name]
    assume(stored and rows)
    column, name = data.draw(st.sampled_from(stored))
    at = data.draw(st.integers(0, len(rows) - 1))
    assume(rows[at][name] is not None)
    (statement, *_) = [one.sql for one in amounts(planned, column)]
    STORE.fill(tables)
    before = added(statement)
    changed = [dict(row) for row in rows]
    changed[at][name] = rows[at][name] + 1
    STORE.fill(tables | {source.name: changed})
    after = added(statement)
    unit = rows[at][source.unit_column]
    assert before.keys() == after.keys()
    assert {who for who in before if before[who] != after[who]} == {unit}


def test_filters_and_groups_do_not_change_what_a_unit_adds():
    from queries.language import ColumnRef, Dimension, Measure, Query, Statistic
    from tests.factories import a_query

    income = Measure(Statistic.MEAN, ColumnRef("persons", "income"))
    one = replace(a_query(), measures=(income,))
    other = Query("clinic", "persons", (income,), (Dimension(ColumnRef("persons", "smoker")),))
    found = [
        tuple(amounts(own, own.shape.published[0]))
        for own in (plan(query, NESTED, sdc_policy()) for query in (one, other))
    ]
    assert found[0] == found[1] != ()
    assert [amount.of for amount in found[0]] == ["sum of persons.income"]
