"""Of tables whose cells overlap: do their sets tell what is published, and is each few found?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from disclosure_control.sdc.register import sets
from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.verdict import Layer, Limits, judge
from disclosure_control.tables import Axis
from tests.laws.register.brute_force import derivable, of_few, rows
from tests.laws.register.test_partitions import in_span

PEOPLE = 9
CODES = Axis("codes", ("a", "b", "c"), shared=True)
CODES_ALL = Axis("codes", ("a", "b", "c", "Total"), total=True, shared=True)
KINDS = Axis(
    "kinds",
    ("W", "a", "b", "c", "Total"),
    total=True,
    shared=True,
    subtotals=((0, (1, 2)),),
)
SEXES = Axis("sexes", ("f", "m"))
SEXES_ALL = Axis("sexes", ("f", "m", "Total"), total=True)
OTHER = Axis("other", ("x", "y", "Total"), total=True, shared=True)
GRIDS = [
    (CODES,),
    (CODES_ALL,),
    (KINDS,),
    (CODES_ALL, SEXES),
    (SEXES_ALL, CODES),
    (KINDS, SEXES_ALL),
    (OTHER, CODES_ALL),
    (OTHER, SEXES_ALL, CODES),
]
LOOSE = Limits(threshold=3, amber=1.0, closed=1.0, seconds=20.0)


def leaves_of(axis: Axis) -> list[int]:
    wholes = {whole for whole, _ in axis.sums}
    return [at for at in range(len(axis.labels)) if at not in wholes]


@st.composite
def lying(draw, grids=GRIDS, people=PEOPLE):
    """Axes; who is in which leaf, by place on the grid; and which cells are hidden."""
    axes = draw(st.sampled_from(grids))
    grid = [len(axis.labels) for axis in axes]
    members: set[tuple[int, int]] = set()
    for person in range(people):
        own = [draw(st.sampled_from(leaves_of(axis))) for axis in axes]
        for _ in range(draw(st.integers(0, 3))):
            place = [
                draw(st.sampled_from(leaves_of(axis))) if axis.shared else at
                for axis, at in zip(axes, own, strict=True)
            ]
            members.add((person, int(np.ravel_multi_index(place, grid))))
    cells = int(np.prod(grid))
    hidden = draw(st.sets(st.integers(0, cells - 1), max_size=3))
    return axes, sorted(members), frozenset(hidden)


def people_under(axes, members) -> np.ndarray:
    """One row of 0 and 1 for each cell of the grid: who is in it, or in what it adds up."""
    grid = [len(axis.labels) for axis in axes]
    found = np.zeros((int(np.prod(grid)), PEOPLE))
    for person, cell in members:
        place = np.unravel_index(cell, grid)
        over = ((int(at), *axis.above[at]) for axis, at in zip(axes, place, strict=True))
        for whole in product(*over):
            found[int(np.ravel_multi_index(whole, grid)), person] = 1
    return found


def cut(axes, members):
    pairs = np.array(members, dtype=np.int64).reshape(-1, 2)
    return sets.slices(pairs[:, 0], pairs[:, 1], of=PEOPLE, axes=axes)


def published(axes, members, hidden):
    return sets.packed([block for one in cut(axes, members) for block in one.blocks(hidden)])


@settings(deadline=None, max_examples=300)
@given(lying())
def test_sets_tell_what_the_shown_cells_tell_and_no_more(lie):
    axes, members, hidden = lie
    every = people_under(axes, members)
    shown = np.array([row for cell, row in enumerate(every) if cell not in hidden])
    found = published(axes, members, hidden)
    blocks = rows(found) if found else np.zeros((0, PEOPLE))
    assert in_span(blocks, shown)
    assert in_span(shown, blocks)


@settings(deadline=None, max_examples=300)
@given(lying())
def test_no_person_is_in_two_blocks_of_one_partition(lie):
    for one in published(*lie):
        assert one.sizes.sum() == PEOPLE
        assert (one.sizes[1:] > 0).all()


@settings(deadline=None, max_examples=300)
@given(lying())
def test_whatever_few_people_can_be_told_is_found(lie):
    """By brute force over all groups; near copies are refused besides."""
    axes, members, hidden = lie
    found = published(axes, members, hidden)
    assume(found)
    verdict = judge(found, Known.nothing(PEOPLE, seed=1), LOOSE)
    layers = {clash.layer for clash in verdict.clashes} - {Layer.TWINS}
    assert Layer.TIME not in layers
    if next(derivable(found, most=LOOSE.threshold - 1), None):
        assert layers
    elif len(found) > 2:
        assert bool(layers) == of_few(found, most=LOOSE.threshold - 1)
    else:
        assert not layers


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(lying(), lying())
def test_and_together_with_a_table_that_left(earlier, new):
    left, mine = published(*earlier), published(*new)
    assume(left and mine)
    first = judge(left, Known.nothing(PEOPLE, seed=1), LOOSE)
    assume(first.safe)
    every = [*left, *mine]
    layers = {clash.layer for clash in judge(mine, first.known, LOOSE).clashes} - {Layer.TWINS}
    assert Layer.TIME not in layers
    if next(derivable(every, most=LOOSE.threshold - 1), None):
        assert layers
    elif len(every) > 2:
        assert bool(layers) == of_few(every, most=LOOSE.threshold - 1)
    else:
        assert not layers


@settings(deadline=None, max_examples=300)
@given(lying(), st.integers(2, 5))
def test_a_total_that_has_few_more_than_its_shown_parts_is_found(lie, threshold):
    axes, members, hidden = lie
    sizes = people_under(axes, members).sum(axis=1)
    grid = [len(axis.labels) for axis in axes]
    expected: dict[tuple[int, int], list[int]] = {}
    for cell in range(len(sizes)):
        place = list(map(int, np.unravel_index(cell, grid)))
        for at, axis in enumerate(axes):
            parts = dict(axis.sums).get(place[at], ()) if axis.shared else ()
            under = [
                int(np.ravel_multi_index([*place[:at], part, *place[at + 1 :]], grid))
                for part in parts
            ]
            rest = sizes[cell] - sum(sizes[one] for one in under if one not in hidden)
            if cell not in hidden and hidden.intersection(under) and 0 < rest < threshold:
                expected.setdefault((at, place[at]), []).append(int(rest))
    own = cut(axes, members)
    found = list(sets.bounded(own, axes=axes, hidden=hidden, threshold=threshold))
    assert sorted(one.people for one in found) == sorted(map(min, expected.values()))


def test_somebody_in_two_cells_of_one_slice_is_an_error():
    with pytest.raises(ValueError, match="two cells"):
        sets.slices(np.array([0, 0]), np.array([0, 1]), of=1, axes=(CODES, SEXES))


# What attackers of such tables would do, with 200 people and a threshold of 10.

MANY = 200
LIMITS = Limits(threshold=10, amber=1.0, closed=1.0)


def verdict_of(*groups: range | set[int], known: Known | None = None):
    blocks = [np.isin(np.arange(MANY), list(group)) for group in groups]
    return judge(sets.packed(blocks), known or Known.nothing(MANY, seed=1), LIMITS)


def layers_of(verdict) -> set[Layer]:
    return {clash.layer for clash in verdict.clashes}


def test_overlapping_codes_of_many_people_leave():
    assert verdict_of(range(100), range(50, 150), range(30, 200)).safe


def test_how_few_have_both_of_two_codes_is_found_beside_their_total():
    """|A and B| = |A| + |B| - |A or B|."""
    found = verdict_of(range(100), range(95, 200), range(200))
    assert Layer.WINDOW in layers_of(found) or Layer.HISTORY in layers_of(found)
    assert {clash.people for clash in found.clashes} == {5}
    assert verdict_of(range(100), range(95, 200)).safe, "without the total nobody can tell"


def test_how_many_codes_a_few_have_beyond_their_first_is_found():
    """The sum of three codes less their total: four people add one each, one of them two."""
    codes = ({*range(80), 150}, {*range(80, 140), 0, 1, 2, 150}, range(140, 200))
    assert verdict_of(*codes).safe
    assert layers_of(verdict_of(*codes, range(200))) & {Layer.WINDOW, Layer.HISTORY}


def test_the_few_without_a_code_are_found():
    assert Layer.PAIRS in layers_of(verdict_of(range(100), range(107)))


def test_one_day_more_of_rows_is_a_near_copy():
    """The same codes, of rows of one day more, which three people have."""
    first = verdict_of(range(100), range(60, 160))
    assert first.safe
    more = verdict_of(range(100), {*range(60, 160), 0, 1, 2}, known=first.known)
    assert Layer.PAIRS in layers_of(more) or Layer.TWINS in layers_of(more)
