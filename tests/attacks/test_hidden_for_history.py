"""Do the cells that are hidden for what left say where somebody is? Worlds that differ by one.

An attacker has a table of everybody, and asks it again without the target, or with the target in a
group of its own. Whatever comes back must not depend on which category the target is in.
"""

from __future__ import annotations

import numpy as np
import pytest

from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.laid import Column, Table
from disclosure_control.sdc.register.mended import mended
from disclosure_control.sdc.register.verdict import Limits, judge
from disclosure_control.tables import Axis

T = 5
LIMITS = Limits(threshold=T, amber=1.0, closed=1.0)
CATEGORIES = 6
TARGET = 0


def table(places: np.ndarray, cells: int) -> Table:
    """Its cells with few people, or none, are hidden."""
    counts = np.bincount(places[places >= 0], minlength=cells)
    hidden = tuple(np.flatnonzero(counts < T).tolist())
    axis = Axis("cell", tuple(map(str, range(cells))))
    return Table((axis,), (Column(places, (hidden,)),))


def answer(earlier: list[Table], asked: Table, *, people: int) -> tuple[int, ...] | None:
    """What comes back: which cells are hidden, or that it does not leave."""
    known = Known.nothing(people, seed=1)
    for one in earlier:
        first = judge(one.partitions, known, LIMITS)
        assert first.safe
        known = first.known
    verdict = judge(asked.partitions, known, LIMITS)
    (column,) = asked.columns
    if verdict.safe:
        return column.hidden[0]
    found = mended(asked, known, LIMITS, verdict.clashes, most=0.9)
    if found is None or not found.beside:
        return None
    return tuple(sorted({*column.hidden[0], *found.hidden}))


def world(seed: int, category: int, *, finer: int) -> tuple[np.ndarray, np.ndarray]:
    """Categories of everybody, and a code of ``finer`` values that splits them, with rare ones."""
    dice = np.random.default_rng(seed)
    people = int(dice.integers(100, 240))
    categories = dice.integers(CATEGORIES, size=people)
    codes = np.where(dice.random(people) < 0.06, 1, 0) if finer > 1 else np.zeros(people, dtype=int)
    categories[TARGET], codes[TARGET] = category, 0
    return categories, codes


@pytest.mark.parametrize("finer", [1, 2])
@pytest.mark.parametrize("left_out", [1, 3])
def test_leaving_the_target_out_never_says_where_it_is(finer, left_out):
    """Beside others whose cells are hidden, too."""
    refused = 0
    for seed in range(40):
        answers = set()
        for category in range(CATEGORIES):
            categories, codes = world(seed, category, finer=finer)
            asked = categories * finer + codes
            asked[TARGET : TARGET + left_out] = -1
            earlier = [table(categories, CATEGORIES)]
            answers.add(answer(earlier, table(asked, CATEGORIES * finer), people=len(asked)))
        assert len(answers) == 1, "the same, wherever the target is"
        refused += answers == {None}
    assert refused > 30


def test_a_group_of_the_target_alone_never_says_where_it_is():
    """Everybody else is in the other group; every cell of the target's is hidden, empty or not."""
    for seed in range(20):
        answers = set()
        for category in range(CATEGORIES):
            categories, codes = world(seed, category, finer=1)
            codes[TARGET] = 1
            asked = table(categories * 2 + codes, CATEGORIES * 2)
            answers.add(answer([table(categories, CATEGORIES)], asked, people=len(codes)))
        assert answers == {None}


def test_what_a_rule_hides_is_hidden_with_company():
    """Rare codes within categories: of each category either no cell is hidden for it, or two."""
    helped = 0
    for seed in range(40):
        categories, codes = world(seed, 0, finer=2)
        codes[-CATEGORIES:], categories[-CATEGORIES:] = 1, range(CATEGORIES)  # none is empty
        asked = table(categories * 2 + codes, CATEGORIES * 2)
        found = answer([table(categories, CATEGORIES)], asked, people=len(categories))
        if found is None:
            continue
        helped += 1
        for category in range(CATEGORIES):
            assert len({2 * category, 2 * category + 1} & set(found)) in {0, 2}
    assert helped > 20
