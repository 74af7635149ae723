"""Can colluding researchers rebuild a secret attribute from exact tables that the register let out?

The attacker knows every code of every person, and the register's rules; he wants a yes-or-no
attribute that is independent of the codes, so that whatever he gets right beyond chance has leaked.
He solves for the point in the middle of all attributes that fit every released number.
"""

from __future__ import annotations

import highspy
import numpy as np
import pytest
from scipy.sparse import coo_array, vstack
from scipy.stats import rankdata

from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.partitions import partition
from disclosure_control.sdc.register.verdict import Layer, Limits, judge

T = 10
LIMITS = Limits(threshold=T)
HIGHEST = 0.65  # area under the curve of true against false positives; 0.5 is chance


class World:
    """People with 40 codes of 3 to 6 values, and a secret."""

    def __init__(self, people: int, *, seed: int) -> None:
        self.dice = np.random.default_rng(seed)
        self.people = people
        sizes = self.dice.integers(3, 7, 40)
        self.codes = [self.dice.integers(size, size=people) for size in sizes]
        self.secret = (self.dice.random(people) < 0.3).astype(int)

    def question(self, inside: np.ndarray | None = None) -> np.ndarray:
        """Cells of two codes, from 1; 0 outside of the filter."""
        one, other = self.dice.choice(40, 2, replace=False)
        cells = self.codes[one] * 6 + self.codes[other] + 1
        return cells if inside is None else np.where(inside, cells, 0)

    def table(self, cells: np.ndarray) -> np.ndarray:
        """By the secret too; cells of fewer than T people are hidden."""
        labels = np.where(cells > 0, cells * 2 + self.secret, 0)
        return np.where(np.bincount(labels)[labels] < T, 0, labels)


class Attacker:
    """Keeps the released numbers: for each shown cell, who could be in it and how many are."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: list[tuple[np.ndarray, int]] = []

    def sees(self, cells: np.ndarray, labels: np.ndarray) -> None:
        for cell in np.unique(cells[cells > 0]):
            members = np.flatnonzero(cells == cell)
            shown = labels[members][labels[members] > 0]
            yes, no = (shown % 2 == 1).sum(), (shown % 2 == 0).sum()
            if yes:
                self.rows.append((members, int(yes)))
            elif no:
                self.rows.append((members, len(members) - int(no)))  # less a few he does not know

    def guesses(self, among: np.ndarray) -> np.ndarray:
        """For each of these people, from 0 to 1."""
        place = np.full(self.world.people, -1)
        place[among] = np.arange(len(among))
        rows = [(place[members], yes) for members, yes in self.rows]
        rows = [(members[members >= 0], yes) for members, yes in rows if (members >= 0).all()]
        matrix = vstack(
            [
                coo_array(
                    (np.ones(len(members)), (np.zeros(len(members), int), members)),
                    shape=(1, len(among)),
                )
                for members, _ in rows
            ]
        ).tocsc()
        lows = np.array([float(yes) for _, yes in rows])
        return _middle(matrix, lows, lows)


def _middle(matrix, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """A point inside of 0 to 1 that fits, by interior steps that do not go on to a corner."""
    slack = matrix.shape[0]
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = np.zeros(matrix.shape[1])
    model.col_lower_, model.col_upper_ = np.zeros(matrix.shape[1]), np.ones(matrix.shape[1])
    model.row_lower_, model.row_upper_ = low - 1e-6, high + 1e-6
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data
    highs = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),  # of the whole process: another number makes every later solver fail
        ("solver", "ipm"),
        ("run_crossover", "off"),
        ("presolve", "off"),
    ):
        highs.setOptionValue(option, value)
    highs.passModel(model)
    highs.run()
    assert slack
    return np.asarray(highs.getSolution().col_value)


def area_under_curve(secret: np.ndarray, guesses: np.ndarray) -> float:
    ranks = rankdata(guesses)
    yes = int(secret.sum())
    no = len(secret) - yes
    return float((ranks[secret == 1].sum() - yes * (yes + 1) / 2) / (yes * no))


def asked(world: World, questions, known: Known) -> tuple[Attacker, Known, int, set[Layer]]:
    attacker, released, closed_by = Attacker(world), 0, set()
    for cells in questions:
        labels = world.table(cells)
        verdict = judge([partition(labels)], known, LIMITS)
        if verdict.safe:
            attacker.sees(cells, labels)
            known, released = verdict.known, released + 1
        else:
            closed_by |= {clash.layer for clash in verdict.clashes}
    return attacker, known, released, closed_by


@pytest.mark.slow
def test_four_hundred_tables_of_a_small_file_do_not_rebuild_it():
    world = World(5000, seed=1)
    filters = [world.codes[code] == 0 for code in range(3)]
    questions = [
        world.question(None if number % 4 else filters[number // 4 % 3]) for number in range(400)
    ]
    attacker, known, released, closed_by = asked(world, questions, Known.nothing(5000, seed=1))
    assert Layer.HEADROOM in closed_by
    assert released >= 5, "honest tables leave until the meter closes"
    everybody = np.arange(5000)
    guesses = attacker.guesses(everybody)
    assert area_under_curve(world.secret, guesses) <= HIGHEST
    for inside in (*filters, *known.populations):
        assert area_under_curve(world.secret[inside], guesses[inside]) <= HIGHEST


def test_without_the_meter_the_attacker_would_succeed():
    """The attack is a real one: the same tables, all of them let out, tell far more than chance."""
    world = World(1000, seed=2)
    attacker = Attacker(world)
    for _ in range(40):
        cells = world.question()
        attacker.sees(cells, cells * 2 + world.secret)
    guesses = attacker.guesses(np.arange(1000))
    assert area_under_curve(world.secret, guesses) > 0.9


@pytest.mark.slow
def test_a_filter_of_a_large_file_is_not_rebuilt_while_the_whole_looks_untouched():
    world = World(100_000, seed=3)
    inside = np.zeros(100_000, dtype=bool)
    inside[world.dice.choice(100_000, 1000, replace=False)] = True
    questions = [world.question(inside) for _ in range(40)]
    attacker, known, released, closed_by = asked(world, questions, Known.nothing(100_000, seed=1))
    assert Layer.HEADROOM in closed_by
    assert released >= 1
    assert known.span.rank / 100_000 < 0.001, "the whole looks untouched"
    people = np.flatnonzero(inside)
    assert area_under_curve(world.secret[people], attacker.guesses(people)) <= HIGHEST
