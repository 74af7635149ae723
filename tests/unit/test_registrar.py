"""A register's child judges tables of a sealed store, and says nothing but its verdict."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.partitions import partition
from disclosure_control.sdc.register.verdict import Limits, with_earlier
from queries.errors import EngineFailed
from queries.register import state as states
from queries.register.entry import Amount, Counted, Entry, Grid, chain, from_text
from queries.register.judged import Between
from queries.register.registrar import FOLDER, Registrar
from queries.register.state import State
from queries.store import connect
from tests.catalogues import clinic
from tests.stores import KEY, PERSONS, VERSION, seal

CLINIC = clinic()

LIMITS = Limits(threshold=5, amber=1.0, closed=1.0)


def entry(cell: str, *, cells: int, where: str = "TRUE", version: str = VERSION) -> Entry:
    sql = f"SELECT DISTINCT person AS _u, {cell} AS _c FROM db.persons WHERE {where}"
    return Entry(version, (Grid(cells, False, ()),), (Counted(sql, ((),), (), False),))


SEXES = entry("sex", cells=2)
TENS = entry("person // 30", cells=10)
FEW_LESS = entry("0", cells=1, where=f"person < {PERSONS - 3}")
EVERYBODY = entry("0", cells=1)
MANY_LESS = entry("0", cells=1, where=f"person < {PERSONS - 40}")


@pytest.fixture
def registrar(tmp_path):
    return Registrar(seal(tmp_path, CLINIC))


def judged(registrar, history, new, *, limits=LIMITS, admit=True, seconds=60.0, areas=()):
    with registrar.judge(
        dataset=CLINIC.dataset,
        history=history,
        new=new,
        limits=limits,
        deadline=time.monotonic() + seconds,
        areas=areas,
    ) as kept:
        if admit and kept.judged.safe:
            kept.admit()
        return kept.judged


def test_an_entry_survives_as_text():
    one = replace(TENS, grid=(Grid(12, True, ((10, (0, 1)),)),))
    assert from_text(one.text()) == one


def test_an_entry_says_that_a_unit_can_be_in_several_cells_and_else_is_as_it_was():
    several = replace(TENS, grid=(replace(TENS.grid[0], shared=True),))
    assert from_text(several.text()) == several
    assert "shared" in several.text()
    assert "shared" not in TENS.text()
    assert several.text() != TENS.text()


def test_a_first_table_is_safe_and_uses_some_headroom(registrar):
    found = judged(registrar, [], TENS)
    assert found.safe
    assert (found.rank, found.people) == (10, PERSONS)
    assert found.before.everybody == 0
    assert found.after.everybody == pytest.approx(10 / PERSONS)


def test_two_tables_that_tell_three_people_clash_and_name_each_other(registrar):
    history = [TENS, EVERYBODY]
    found = judged(registrar, history, FEW_LESS)
    assert not found.safe
    assert {1} in [set(clash.entries) for clash in found.clashes]
    assert {clash.people for clash in found.clashes if clash.layer == "pairs"} == {3}
    assert judged(registrar, history, MANY_LESS).safe


def test_what_is_known_is_read_again_and_never_asked_of_the_data(registrar, tmp_path):
    judged(registrar, [], EVERYBODY)
    sealed = tmp_path / CLINIC.dataset / f"{VERSION}.duckdb"
    states = list((tmp_path / CLINIC.dataset / FOLDER).iterdir())
    assert [one.stem for one in states] == [list(chain([EVERYBODY]))[-1]]
    assert sealed.exists()
    with_state = judged(registrar, [EVERYBODY], FEW_LESS)
    states[0].unlink()
    without = judged(registrar, [EVERYBODY], FEW_LESS)
    assert with_state.clashes == without.clashes != ()
    assert with_state.rank == without.rank


def test_what_was_not_admitted_leaves_nothing(registrar, tmp_path):
    judged(registrar, [], EVERYBODY, admit=False)
    assert list((tmp_path / CLINIC.dataset / FOLDER).iterdir()) == []


def test_states_are_sealed(registrar, tmp_path):
    judged(registrar, [], SEXES)
    (state,) = (tmp_path / CLINIC.dataset / FOLDER).iterdir()
    content = state.read_bytes()
    identities = (np.arange(1, PERSONS + 1) * 7919).astype("<i8").tobytes()
    assert identities[:64] not in content


def test_a_person_is_known_in_another_version_whatever_number_she_has(registrar, tmp_path):
    """The same people, numbered the other way round: three who left would be told."""
    seal(tmp_path, CLINIC, version="v2", persons=range(PERSONS - 1, -1, -1))
    last = entry("0", cells=1, where="person >= 3", version="v2")  # the same as FEW_LESS
    assert not judged(registrar, [EVERYBODY], last).safe
    assert judged(registrar, [FEW_LESS], last).safe
    first = entry("0", cells=1, where=f"person < {PERSONS - 1}", version="v2")
    assert not judged(registrar, [FEW_LESS], first).safe


def test_joiners_are_people_of_their_own(registrar, tmp_path):
    seal(tmp_path, CLINIC, version="v2", persons=range(2, PERSONS + 2))
    refreshed = replace(EVERYBODY, version="v2")
    assert not judged(registrar, [EVERYBODY], refreshed).safe
    seal(tmp_path, CLINIC, version="v3", persons=range(20, PERSONS + 20))
    assert judged(registrar, [EVERYBODY], replace(EVERYBODY, version="v3")).safe


def test_a_unit_in_several_cells_is_not_judged_to_be_safe(registrar):
    visits = replace(SEXES, counted=())
    twice = entry("unnest([0, 1])", cells=2)
    for one in (visits, twice):
        assert [clash.layer for clash in judged(registrar, [], one).clashes] == ["unjudged"]


def several(cell: str, *, cells: int) -> Entry:
    one = entry(cell, cells=cells)
    return replace(one, grid=(replace(one.grid[0], shared=True),))


def test_a_unit_may_be_in_several_cells_of_an_axis_that_says_so(registrar):
    twice = several("unnest([0, 1])", cells=2)
    first = judged(registrar, [], twice)
    assert first.safe
    assert first.rank == 1, "the same people in both cells"
    overlapping = several("unnest([0, 1 + person % 2])", cells=3)
    found = judged(registrar, [twice], overlapping)
    assert found.safe
    assert found.rank == 3 - 1, "everybody, and two halves that add up to them"
    few = several(f"unnest([0, CASE WHEN person < {PERSONS - 3} THEN 1 END])", cells=2)
    clashes = judged(registrar, [twice, overlapping], few).clashes
    assert {3} == {clash.people for clash in clashes if clash.layer in {"pairs", "twins"}}


def test_a_state_that_was_kept_before_cells_could_overlap_is_read(tmp_path, monkeypatch):
    known = Known.nothing(20, seed=1)
    state = State(np.arange(20), with_earlier([partition(np.repeat([1, 2], 10))], known), (1,))
    arrays = states._arrays
    older = lambda own: (one for one in arrays(own) if one[0] != "several")  # noqa: E731
    monkeypatch.setattr(states, "_arrays", older)
    states.write(state, tmp_path / "older.duckdb", key=KEY)
    again = states.read(connect(), tmp_path / "older.duckdb", key=KEY)
    assert [one.several for one in again.known.span.tables] == [False]
    assert again.known.span.rank == 2


def test_what_is_known_of_sets_is_read_again(registrar, tmp_path):
    overlapping = several("unnest([0, 1 + person % 2])", cells=3)
    judged(registrar, [], overlapping)
    with_state = judged(registrar, [overlapping], SEXES, admit=False)
    for state in (tmp_path / CLINIC.dataset / FOLDER).iterdir():
        state.unlink()
    again = judged(registrar, [overlapping], SEXES, admit=False)
    assert (again.rank, again.clashes) == (with_state.rank, with_state.clashes)


ROWS = entry("person // 30", cells=10)
FINER = entry("CASE WHEN person < 3 THEN 10 ELSE person // 30 END", cells=11)
"""The first row has three people in a cell of its own."""


def test_further_cells_are_hidden_beneath_what_left(registrar, tmp_path):
    hiding = FINER.hiding((10,))
    found = judged(registrar, [ROWS], hiding)
    assert found.safe
    assert 0 in found.hidden
    assert len(found.hidden) == 2, "and one for totals that may leave later"
    assert {one.people for one in found.clashed} == {3}
    assert {one.entries for one in found.clashed if one.layer == "pairs"} == {(0,)}
    assert found.narrowed == (Between(10, 0, 30),), "by the row that left"
    left = hiding.hiding(found.hidden)
    states = {one.stem for one in (tmp_path / CLINIC.dataset / FOLDER).iterdir()}
    assert list(chain([ROWS, left]))[-1] in states
    again = registrar.rebuilt(
        dataset=CLINIC.dataset,
        history=[ROWS, left],
        limits=LIMITS,
        deadline=time.monotonic() + 60,
    )
    assert again.kept is not None
    assert again.agree


def test_a_table_that_hides_a_cell_hides_one_more_for_totals_that_may_leave_later(registrar):
    hiding = FINER.hiding((10,))
    found = judged(registrar, [], hiding)
    assert found.safe
    assert (len(found.hidden), found.clashed) == (1, ())
    assert 10 not in found.hidden
    left = hiding.hiding(found.hidden)
    assert judged(registrar, [left], EVERYBODY, admit=False).safe
    assert not judged(registrar, [hiding], EVERYBODY, admit=False).safe, "but for that"


def test_without_a_total_nothing_bounds_a_hidden_cell(registrar):
    found = judged(registrar, [], FINER.hiding((10,)))
    assert found.narrowed == (Between(10, 0, None),)


def test_cells_that_would_say_where_the_few_are_are_only_named(registrar):
    """Three are not counted: the row that had to be hidden would be theirs."""
    without = entry("person // 30", cells=10, where="person >= 3")
    found = judged(registrar, [ROWS], without)
    assert not found.safe
    assert (found.hidden, found.would_help) == ((), (0,))
    assert not judged(registrar, [ROWS], FINER).safe


def test_areas_have_a_meter(registrar):
    """Of twenty people a table of two cells tells a tenth, of all three hundred hardly anything."""
    limits = replace(LIMITS, closed=0.06)
    few = entry("CASE WHEN person < 20 THEN person % 2 END", cells=2)
    area = "CASE WHEN person < 280 THEN person // 20 END"
    areas = [f"SELECT DISTINCT person AS _u, {area} AS _c FROM db.persons"]
    without = judged(registrar, [], few, limits=limits, admit=False)
    assert without.safe
    assert without.after.areas == 0
    found = judged(registrar, [], few, limits=limits, areas=areas)
    assert [one.layer for one in found.clashes] == ["headroom"]
    assert found.before.areas == 0
    assert found.after.areas > limits.closed > found.after.most


def test_watched_groups_stay_watched(registrar):
    """Whom a hidden cell holds is not told by later tables, however large the group is."""
    hiding = replace(
        TENS, counted=(replace(TENS.counted[0], hidden=((0, 1),), unsafe=(0,), sums=True),)
    )
    assert judged(registrar, [], hiding).safe
    just_those = entry("0", cells=1, where="person < 30")
    assert [c.layer for c in judged(registrar, [hiding], just_those).clashes] == ["watch"]


def test_sums_are_held_to_more_people(registrar):
    eight = entry("0", cells=1, where=f"person < {PERSONS - 8}")
    summed = replace(eight, counted=(replace(eight.counted[0], sums=True),))
    limits = replace(LIMITS, told=15)
    assert judged(registrar, [EVERYBODY], eight, limits=limits).safe
    assert not judged(registrar, [EVERYBODY], summed, limits=limits).safe


def test_sums_of_another_version_are_not_told_apart_from_revisions(registrar, tmp_path):
    seal(tmp_path, CLINIC, version="v2")
    summed = replace(TENS, counted=(replace(TENS.counted[0], sums=True),))
    again = replace(summed, version="v2")
    assert judged(registrar, [summed], summed).safe
    assert [one.layer for one in judged(registrar, [summed], again).clashes] == ["revised"]
    assert judged(registrar, [TENS], again).safe
    assert judged(registrar, [summed], replace(TENS, version="v2")).safe


ADDED = "SELECT person AS _u, CAST(sum(income) AS BIGINT) AS _v FROM db.persons GROUP BY 1"
INCOMES = Amount(ADDED, "sum of persons.income")
BMIS = Amount(ADDED.replace("income", "bmi"), "sum of persons.bmi")


def summed(*amounts: Amount, version: str = VERSION) -> Entry:
    (counted,) = TENS.counted
    own = replace(counted, sums=True, amounts=amounts)
    return replace(TENS, version=version, counted=(own,))


def test_sums_of_a_few_new_values_are_not_told_by_a_later_version(registrar, tmp_path):
    seal(tmp_path, CLINIC, version="v2", revised=[1, 2, 40])
    seal(tmp_path, CLINIC, version="v3", revised=range(PERSONS))
    seal(tmp_path, CLINIC, version="v4")
    first = summed(INCOMES)
    few = judged(registrar, [first], summed(INCOMES, version="v2"))
    assert {(one.layer, one.people) for one in few.clashes} == {("revised", 2), ("revised", 1)}
    for version in ("v3", "v4"):
        assert judged(registrar, [first], summed(INCOMES, version=version)).safe
    back = [first, summed(INCOMES, version="v4")]
    assert not judged(registrar, back, summed(INCOMES, version="v2")).safe


def test_other_numbers_have_nothing_to_do_with_it(registrar, tmp_path):
    seal(tmp_path, CLINIC, version="v2", revised=[1, 2, 40])
    assert judged(registrar, [summed(INCOMES)], summed(BMIS, version="v2")).safe
    spelled = replace(BMIS, of=INCOMES.of)
    for one in (replace(BMIS, of=""), spelled, None):
        later = summed(*([one] if one else []), version="v2")
        clashes = judged(registrar, [summed(INCOMES)], later).clashes
        assert [(clash.layer, clash.entries) for clash in clashes] == [("revised", (0,))]


def test_an_older_version_that_is_gone_is_no_verdict(registrar, tmp_path):
    seal(tmp_path, CLINIC, version="v2")
    later = summed(INCOMES, version="v2")
    with pytest.raises(EngineFailed):
        judged(registrar, [summed(INCOMES), later], summed(INCOMES, version="v9"))


@pytest.mark.parametrize(
    ("history", "new"),
    [
        ([], replace(SEXES, version="missing")),
        ([replace(SEXES, version="missing")], SEXES),
        ([], entry("nothing", cells=2)),
    ],
)
def test_whatever_fails_is_no_verdict(registrar, history, new):
    with pytest.raises(EngineFailed):
        judged(registrar, history, new)


def test_a_late_verdict_is_none(registrar):
    with pytest.raises(EngineFailed):
        judged(registrar, [], SEXES, seconds=0.01)


def rebuilt(registrar, history):
    return registrar.rebuilt(
        dataset=CLINIC.dataset,
        history=history,
        limits=LIMITS,
        deadline=time.monotonic() + 60,
    )


def test_what_is_kept_is_what_the_entries_say(registrar):
    judged(registrar, [], TENS)
    judged(registrar, [TENS], SEXES)
    found = rebuilt(registrar, [TENS, SEXES])
    assert found.kept is not None
    assert found.agree
    assert found.fresh.rank == found.kept.rank == 11


def test_a_state_of_other_people_is_noticed_and_replaced(registrar, tmp_path):
    judged(registrar, [], TENS)
    folder = tmp_path / CLINIC.dataset / FOLDER
    (state,) = folder.iterdir()
    judged(registrar, [], replace(TENS, counted=(replace(TENS.counted[0], sql=OTHER_TENS),)))
    (other,) = set(folder.iterdir()) - {state}
    other.replace(state)
    assert not rebuilt(registrar, [TENS]).agree
    assert rebuilt(registrar, [TENS]).agree


def test_without_a_state_there_is_nothing_to_disagree_with(registrar):
    found = rebuilt(registrar, [TENS])
    assert found.kept is None
    assert found.agree


OTHER_TENS = TENS.counted[0].sql.replace("person // 30", "person % 10")
