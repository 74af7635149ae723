"""What a twin is made of: bins, tables to ask for, what they say, and files for an ingest."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from disclosure_control import policy as policies
from disclosure_control.policy import Policy
from disclosure_control.tables import Axis, Cell, Status
from queries import plan, sql, validate
from queries.catalogue import Catalogue, ColumnType
from queries.plan_terms import stored_bounds
from queries.resolve import column_meaning
from tests.catalogues import clinic, dp_policy, nested_clinic, worded_clinic
from tre.demo.places import ENTRIES
from tre.errors import NoTwin
from tre.ingest import command
from tre.ingest.entry import read_entry
from tre.synthetic import entry, measured, modelled, written
from tre.synthetic.attributes import Attributes, of_catalogue
from tre.synthetic.measured import Measured
from tre.synthetic.modelled import Wanted
from tre.synthetic.workload import workload
from tre.synthetic.written import Twin

POLICY = dp_policy()


def catalogue_of_demo(name: str) -> Catalogue:
    return read_entry(ENTRIES / name).catalogue


CATALOGUES = {
    "clinic": clinic(),
    "nested": nested_clinic(),
    "worded": worded_clinic(),
    "nafld": catalogue_of_demo("nafld"),
    "stops": catalogue_of_demo("stops"),
    "firms": catalogue_of_demo("firms"),
}
every_catalogue = pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)


def attributes_in(found: Attributes):
    yield from found.units
    for rows in found.rows:
        yield rows.how_many
        yield from rows.columns


@every_catalogue
def test_bins_hold_every_declared_value_once(catalogue):
    for one in attributes_in(of_catalogue(catalogue)):
        told = [each for each in one.bins if each.low is not None]
        assert all(first.high + 1 == after.low for first, after in pairwise(told))
        assert all(each.low <= each.high for each in told)
        table = catalogue.table(one.table)
        if one.column is None:
            assert (told[0].low, told[-1].high) == (0, table.max_rows_per_unit)
            continue
        column = table.column(one.column)
        bounds = stored_bounds(column_meaning(column, table=table))
        assert (told[0].low, told[-1].high) == bounds
        assert len(one.bins) - len(told) == column.nullable


@every_catalogue
def test_every_table_may_be_asked_and_its_axes_are_the_bins(catalogue):
    found = of_catalogue(catalogue)
    counted = workload(catalogue, found, max_cells=POLICY.max_cells)
    assert counted
    for one in counted:
        assert validate.validate(one.query, catalogue, POLICY) == ()
        shape = plan.plan(one.query, catalogue, POLICY).shape
        assert sorted(len(axis.labels) for axis in shape.axes) == sorted(
            len(each.bins) for each in one.attributes
        )
        assert shape.cells <= POLICY.max_cells


@every_catalogue
def test_every_attribute_is_measured_unless_it_has_too_many_bins(catalogue):
    found = of_catalogue(catalogue)
    counted = workload(catalogue, found, max_cells=POLICY.max_cells)
    told = {each.name for one in counted for each in one.attributes}
    assert told == {one.name for one in attributes_in(found)}
    few = workload(catalogue, found, max_cells=20)
    told = {each.name for one in few for each in one.attributes}
    assert told >= {one.name for one in attributes_in(found) if len(one.bins) <= 20}
    assert all(len(each.bins) <= 20 for one in few for each in one.attributes)


def test_a_dataset_without_a_table_of_units_has_no_twin():
    rows = clinic().table("labs")
    bare = replace(clinic(), tables=(rows,), links=(), recodes=())
    with pytest.raises(NoTwin, match="one row per unit"):
        of_catalogue(bare)


# What a table says


def table_of(values: list[float | None], *labels: int):
    cells = tuple(
        Cell(Status.SUPPRESSED)
        if value is None
        else Cell(Status.SHOWN, Decimal(value), half_width=Decimal("19.6"))
        for value in values
    )
    axes = tuple(
        Axis(f"a{at}", tuple(str(label) for label in range(size))) for at, size in enumerate(labels)
    )
    return SimpleNamespace(axes=axes, columns=(cells,))


def by_sex():
    found = of_catalogue(clinic())
    (one,) = (
        one
        for one in workload(clinic(), found, max_cells=2000)
        if [each.name for each in one.attributes] == ["persons.sex", "persons.smoker"]
    )
    return one


@pytest.mark.parametrize(
    ("declared", "hidden"),
    [(1000, 5.0), (706, 3.0), (700, 0.0), (10, 0.0)],
    ids=["much is left", "a little is left", "nothing is left", "less than is shown"],
)
def test_what_is_hidden_follows_from_what_is_declared(declared, hidden):
    table = table_of([400, 200, None, 90, None, 10], 2, 3)
    told = measured.measured(by_sex(), table, axes=table.axes, threshold=10, declared=declared)
    assert told.counts == (400, 200, hidden, 90, hidden, 10)
    assert told.errors[0] == pytest.approx(10, rel=1e-3)
    assert told.errors[2] > told.errors[0]


def test_a_table_of_another_form_is_refused_and_one_that_hides_all_says_nothing():
    axes = table_of([1] * 6, 2, 3).axes
    told = {"axes": axes, "threshold": 10, "declared": 9}
    for other in (
        table_of([1] * 4, 2, 2),
        table_of([1] * 6, 3, 2),
        turned(table_of([1] * 6, 2, 3)),
    ):
        with pytest.raises(NoTwin, match="form"):
            measured.measured(by_sex(), other, **told)
    assert measured.measured(by_sex(), table_of([None] * 6, 2, 3), **told) is None


def turned(table):
    """The same axes, the other first."""
    return SimpleNamespace(axes=table.axes[::-1], columns=table.columns)


# The model


def planted(size: int = 4000) -> tuple[dict[str, np.ndarray], tuple[Measured, ...]]:
    """A chain of three attributes, and two noisy tables of it."""
    dice = np.random.default_rng(3)
    first = dice.integers(0, 4, size)
    second = np.where(dice.random(size) < 0.8, first, dice.integers(0, 4, size))
    third = np.where(dice.random(size) < 0.8, second % 2, dice.integers(0, 2, size))
    held = {"a": first, "b": second, "c": third}
    return held, (noisy(held, "a", "b", dice), noisy(held, "b", "c", dice))


def counts(held, one: str, other: str) -> np.ndarray:
    sizes = {"a": 4, "b": 4, "c": 2}
    found = np.zeros((sizes[one], sizes[other]))
    np.add.at(found, (held[one], held[other]), 1)
    return found


def noisy(held, one: str, other: str, dice) -> Measured:
    told = (counts(held, one, other) + dice.normal(0, 8, counts(held, one, other).shape)).ravel()
    return Measured((one, other), tuple(told), (8.0,) * len(told))


@pytest.fixture(scope="module")
def drawn():
    held, told = planted()
    wanted = Wanted({"a": 4, "b": 4, "c": 2}, 4000, 11, told)
    nothing = Wanted({"a": 4}, 10, 11, ())
    return held, modelled.modelled([wanted, nothing]), modelled.modelled([wanted])


def test_the_model_keeps_what_was_measured_and_what_follows_from_it(drawn):
    held, (units, nothing), _ = drawn
    assert nothing == {}
    assert {len(bins) for bins in units.values()} == {4000}
    for pair in (("a", "b"), ("b", "c"), ("a", "c")):
        off = np.abs(counts(units, *pair) - counts(held, *pair)).sum() / 2 / 4000
        assert off < 0.03, pair


def test_the_same_request_draws_the_same_units(drawn):
    _, (first, _), (again,) = drawn
    assert all((first[name] == again[name]).all() for name in first)


def test_the_process_of_the_model_is_given_neither_keys_nor_a_database(monkeypatch):
    given = {}

    def run(command_line, **how):
        given.update(how["env"])
        held = io.BytesIO()
        np.savez(held)
        return SimpleNamespace(stdout=held.getvalue())

    monkeypatch.setenv("TRE_KEY_FILE", "a path")
    monkeypatch.setenv("TRE_DATABASE_URL", "an address")
    monkeypatch.setattr(modelled.subprocess, "run", run)
    assert modelled.modelled([]) == []
    assert given.keys() <= set(modelled.INHERITED)
    assert given.keys() <= os.environ.keys()


def test_a_process_that_fails_is_told_in_a_sentence(monkeypatch):
    def run(command_line, **how):
        raise modelled.subprocess.CalledProcessError(1, command_line)

    monkeypatch.setattr(modelled.subprocess, "run", run)
    with pytest.raises(NoTwin, match="not found in time"):
        modelled.modelled([])


# The files


def evenly(found: Attributes, *, people: int) -> Twin:
    """Bins drawn evenly, as if all of them had been measured."""
    dice = np.random.default_rng(1)
    centre = found.units[0]

    def bins(attributes, size):
        return {one.name: dice.integers(0, len(one.bins), size) for one in attributes}

    how_many = tuple(rows.how_many for rows in found.rows)
    return Twin(
        found,
        bins((*found.units, *how_many), people),
        {rows.table.name: bins((centre, *rows.columns), 500) for rows in found.rows},
        people,
    )


def rows_in(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / f"{name}.csv").read_text(encoding="utf-8"))))


def sealed(tmp_path: Path, catalogue: Catalogue, twin: Twin, policy: Policy = POLICY):
    folder = tmp_path / "entry"
    folder.mkdir()
    entry.write(folder, catalogue, policy)
    written.write(folder, catalogue, twin, seed=5)
    result = command.run(
        folder,
        source=folder,
        store_root=tmp_path / "store",
        key_file=tmp_path / "keys" / "key",
        stream=io.StringIO(),
    )
    return folder, result


@every_catalogue
@pytest.mark.parametrize("measured_at_all", [True, False], ids=["measured", "not measured"])
def test_an_ingest_takes_every_row_of_a_twin(tmp_path, catalogue, measured_at_all):
    found = of_catalogue(catalogue)
    twin = evenly(found, people=700)
    if not measured_at_all:
        twin = replace(twin, units={}, rows={rows.table.name: {} for rows in found.rows})
    _, result = sealed(tmp_path, catalogue, twin)
    assert result.report.units == 700
    assert all(table.rejected == 0 for table in result.report.tables)
    assert {table.table for table in result.report.tables} == {one.name for one in catalogue.tables}
    assert all(table.kept > 0 for table in result.report.tables)


def test_a_look_up_has_every_code_however_few_its_rows(tmp_path):
    folder, _ = sealed(tmp_path, clinic(), evenly(of_catalogue(clinic()), people=50))
    (region,) = (one for one in clinic().table("areas").columns if one.name == "region")
    rows = rows_in(folder, "areas")
    assert len(rows) < 3 * len(region.codes)
    assert {row["region"] for row in rows} == {code.value for code in region.codes}


def test_rows_go_to_units_of_their_kind_and_links_hold(tmp_path):
    """Every lab of somebody in the first bin of age has the first test, others the second."""
    found = of_catalogue(clinic())
    twin = evenly(found, people=400)
    labs = twin.rows["labs"]
    centre = found.units[0].name
    labs["labs.test"] = np.where(labs[centre] == 0, 0, 1)
    folder, _ = sealed(tmp_path, clinic(), twin)
    persons = {row["person"]: row for row in rows_in(folder, "persons")}
    column = clinic().table("persons").column(centre.partition(".")[2])
    first = column.codes[0].value
    seen = set()
    for row in rows_in(folder, "labs"):
        own = persons[row["person"]][column.name]
        assert (row["test"] == "hdl") == (own == first)
        seen.add(row["test"])
    assert seen == {"hdl", "sbp"}


def test_no_more_rows_than_are_declared(tmp_path):
    found = of_catalogue(clinic())
    twin = evenly(found, people=1500)
    twin.units["labs"][:] = len(found.rows[0].how_many.bins) - 1
    folder, _ = sealed(tmp_path, clinic(), twin)
    assert len(rows_in(folder, "labs")) == clinic().table("labs").declared_rows


def test_the_same_seed_writes_the_same_files(tmp_path):
    twin = evenly(of_catalogue(worded_clinic()), people=200)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written.write(tmp_path / name, worded_clinic(), twin, seed=9)
    for table in worded_clinic().tables:
        first, second = ((tmp_path / name / f"{table.name}.csv") for name in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()


@every_catalogue
def test_every_question_fits_both_and_a_twin_says_what_it_is(catalogue):
    twin = entry.catalogue_of(catalogue)
    assert (twin.tables, twin.links, twin.recodes) == (
        catalogue.tables,
        catalogue.links,
        catalogue.recodes,
    )
    assert twin.dataset == f"{catalogue.dataset}_twin"
    assert "nobody in it exists" in twin.description
    assert twin.notes[0] == twin.description
    for table in catalogue.tables:
        for column in table.columns:
            if column.type is ColumnType.CODE and not table.public:
                text = f"SELECT {column.name}, count(*) FROM {table.name} GROUP BY {column.name}"
                assert sql.parse(text, catalogue).source == sql.parse(text, twin).source


def test_a_long_name_stays_a_name():
    assert len(entry.name_of("x" * 40)) == 40


def test_nobody_looks_at_tables_of_nobody_and_all_else_is_as_strict():
    own = replace(POLICY, checkers=2)
    twin = entry.policy_of(own)
    assert twin.checkers == 0
    assert replace(twin, checkers=2) == own
    assert policies.validate_policy(twin) == ()
