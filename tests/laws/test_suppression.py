"""No pattern leaves a cell that arithmetic brings back: 500 made-up tables against the attacker."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array

from disclosure_control.sdc.audit import read as audited
from disclosure_control.sdc.audit.attacker import Attacker
from disclosure_control.sdc.audit.verdict import Kind, judge
from disclosure_control.sdc.suppression import exact
from disclosure_control.sdc.suppression.drop import Drop
from disclosure_control.sdc.suppression.lp import Unsolved
from disclosure_control.sdc.suppression.read import from_json
from disclosure_control.sdc.suppression.solve import Method, NoPattern, Suppressed, Why, suppress
from tests import suppression_instances as made

PER_KIND = 84  # six kinds: 504 tables


def verdict(entry, hidden):
    return judge(
        audited.released(entry, hidden),
        audited.requirements(entry),
        insiders=audited.insiders(entry),
        whole=all(float(value).is_integer() for value in entry["cells"].values()),
    )


def pattern(entry, *, method):
    """None where no pattern protects the table; any other failure is an error of the test."""
    try:
        return suppress(from_json(entry), method=method)
    except NoPattern as none:
        if none.why != Why.UNPROTECTABLE:
            raise
        return None


def hidden_by(entry, found: Suppressed):
    names = from_json(entry).cells
    return [*entry["primary"], *(names[cell] for cell in found.secondary)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", made.KINDS)
def test_no_pattern_lets_an_attacker_come_too_near(kind):
    protected = 0
    for seed in range(PER_KIND):
        entry = made.random_instance(kind, seed)
        found = pattern(entry, method=Method.QUICK)
        if found is None:
            continue
        assert verdict(entry, hidden_by(entry, found)) == (), (kind, seed)
        protected += bool(len(entry["primary"]))
    assert protected > PER_KIND // 2, "too few tables could be protected for this to say anything"


def test_the_attacker_notices_when_one_cell_too_many_is_shown():
    """A planted bug: one complementary cell of a cheapest pattern is published after all."""
    noticed = 0
    for seed in range(8):
        entry = made.random_instance("plane", seed)
        found = pattern(entry, method=Method.EXACT)
        if found is None:
            continue
        hidden = hidden_by(entry, found)
        for shown in hidden[len(entry["primary"]) :]:
            assert verdict(entry, [one for one in hidden if one != shown]), (seed, shown)
            noticed += 1
    assert noticed >= 3


def test_the_attacker_finds_the_intervals_that_a_plain_linear_programme_finds():
    """Against scipy, one programme for each end of each cell."""
    for seed in range(4):
        entry = made.random_instance("cube", seed)
        instance = from_json(entry)
        hidden = np.zeros(instance.size, dtype=bool)
        hidden[instance.primary] = True
        hidden[: instance.size : 3] = True
        names = [instance.cells[cell] for cell in np.flatnonzero(hidden)]
        attacker = Attacker(audited.released(entry, names))
        equations = csr_array(instance.equations)
        rest = -equations[:, ~hidden] @ instance.values[~hidden]
        bounds = np.column_stack([instance.lower, instance.upper])[hidden]
        for place, name in list(enumerate(names))[:6]:
            ends = []
            for sign in (1.0, -1.0):
                cost = np.zeros(len(names))
                cost[place] = sign
                answer = linprog(cost, A_eq=equations[:, hidden], b_eq=rest, bounds=bounds)
                ends.append(-sign * np.inf if answer.status == 3 else sign * answer.fun)
            assert attacker.interval(name) == pytest.approx(tuple(ends), abs=1e-6), (seed, name)


def test_the_published_table_is_solved_as_published():
    entry = made.textbook()
    entry["cost"] = "value"
    found = suppress(from_json(entry), method=Method.EXACT)
    assert found.proven_optimal
    assert (len(found.secondary), found.cost) == (3, 37.0)
    hidden = hidden_by(entry, found)
    assert Attacker(audited.released(entry, hidden)).interval("II|C") == pytest.approx((5, 30))
    assert verdict(entry, hidden) == ()


def test_the_heuristic_is_at_the_optimum_in_two_dimensions():
    for size, seed in ((4, 1), (6, 2), (8, 3), (12, 4)):
        inner = made.counts((size, size), mean=40, spread=1.0, seed=seed)
        instance = from_json(made.table([made.many(size, "a"), made.many(size, "b")], inner))
        best = suppress(instance, method=Method.EXACT)
        assert best.proven_optimal
        assert suppress(instance).cost == best.cost, (size, seed)


def test_the_same_table_is_hidden_in_the_same_way():
    instance = from_json(made.random_instance("cube", 1))
    first, second = (suppress(instance, method=Method.QUICK) for _ in range(2))
    assert first.secondary.tolist() == second.secondary.tolist()


def test_a_sole_contributor_needs_one_cell_more():
    """Two singletons in a line protect each other against outsiders only: each knows one."""
    entry = made.table([made.flat(("a", "b", "c", "d"))], np.array([1, 1, 30, 40]))
    entry["upl"] = [1.0, 1.0]
    unaware = {**entry, "singletons": []}
    assert len(suppress(from_json(unaware)).secondary) == 0
    found = suppress(from_json(entry))
    assert len(found.secondary) == 1
    assert [one.kind for one in verdict(entry, entry["primary"])] == [Kind.INSIDER, Kind.INSIDER]
    assert verdict(entry, hidden_by(entry, found)) == ()


def test_a_cell_that_cannot_be_protected_is_named():
    entry = made.table([made.flat(("a", "b"))], np.array([3, 30]))
    entry |= {"lb": {"b": 25}, "ub": {"Total": 35}}
    with pytest.raises(NoPattern) as refused:
        suppress(from_json(entry))
    assert (refused.value.why, refused.value.cell) == (Why.UNPROTECTABLE, 1)


def test_no_time_is_no_pattern():
    with pytest.raises(NoPattern) as refused:
        suppress(from_json(made.random_instance("cube", 1)), seconds=0.0)
    assert refused.value.why == Why.TIME


def test_proofs_fail_on_a_pattern_that_shows_what_they_move():
    """The arithmetic check catches a secondary that is published after all."""
    entry = made.textbook()
    instance = from_json(entry)
    found = suppress(instance)
    hidden = found.hidden(instance)
    assert found.proofs.verify(hidden)
    hidden[found.secondary[0]] = False
    assert not found.proofs.verify(hidden)


def test_a_cheaper_pattern_without_a_proof_is_not_taken(monkeypatch):
    """Whatever the exact search says, what is returned is proved."""
    instance = from_json(made.textbook())
    bare = np.zeros(instance.size, dtype=bool)
    bare[instance.primary] = True
    monkeypatch.setattr(exact, "optimum", lambda *_, **__: exact.Optimum(hidden=bare, proven=True))
    found = suppress(instance, method=Method.EXACT)
    assert found.proofs.verify(found.hidden(instance))
    assert not found.proven_optimal
    assert len(found.secondary) >= 3


def test_a_solver_that_fails_while_cells_are_shown_again_costs_nothing_but_those(monkeypatch):
    instance = from_json(made.random_instance("cube", 1))

    def fail(*_, **__):
        raise Unsolved

    monkeypatch.setattr(Drop, "_met", fail)
    found = suppress(instance, method=Method.QUICK)
    assert found.proofs.verify(found.hidden(instance))


def test_negative_values_are_protected_within_their_bounds():
    inner = np.random.default_rng(3).integers(-50, 80, (4, 4))
    entry = made.table([made.many(4, "a"), made.many(4, "b")], inner)
    entry |= {"primary": ["a1|b1"], "lpl": [20.0], "upl": [20.0], "singletons": []}
    entry |= {"cost": "value", "lb": dict.fromkeys(entry["cells"], -500.0)}
    entry["ub"] = dict.fromkeys(entry["cells"], 1e6)
    assert Kind.NARROW in {one.kind for one in verdict(entry, entry["primary"])}
    assert verdict(entry, hidden_by(entry, suppress(from_json(entry)))) == ()
