"""The table of states and edges is total, and terminal means terminal."""

from __future__ import annotations

import itertools

import pytest

from tre.lifecycle import ALLOWED, EDGES, INITIAL, MEANING, TERMINAL, Mover, State, may_move


def reachable() -> set[State]:
    found = {INITIAL}
    while more := {edge.target for edge in EDGES if edge.source in found} - found:
        found |= more
    return found


def test_every_state_is_reached_from_the_beginning():
    assert reachable() == set(State)


def test_every_state_has_a_meaning_that_a_person_can_read():
    assert MEANING.keys() == set(State)


def test_terminal_states_have_no_exit_and_are_the_expected_ones():
    assert {edge.source for edge in EDGES}.isdisjoint(TERMINAL)
    assert {
        State.RELEASED,
        State.REFUSED,
        State.FAILED,
        State.CANCELLED,
        State.REJECTED,
    } == TERMINAL


def test_every_pair_of_states_is_decided_for_every_mover():
    allowed = {
        (source, target, mover)
        for source, target, mover in itertools.product(State, State, Mover)
        if may_move(source, target, mover)
    }
    assert allowed == {(*edge, mover) for edge, movers in ALLOWED.items() for mover in movers}
    assert all(movers for movers in ALLOWED.values())
    assert len(ALLOWED) == len(EDGES), "an edge is declared twice"


def test_no_question_returns_to_before_its_budget_was_reserved():
    early = {State.SUBMITTED, State.VALIDATED, State.EXECUTED}
    late = set(State) - early
    assert not {edge for edge in EDGES if edge.source in late and edge.target in early}


@pytest.mark.parametrize("mover", [Mover.AUTHOR, Mover.WORKER, Mover.CHECKER])
def test_only_the_service_itself_releases(mover: Mover):
    assert not any(may_move(state, State.RELEASED, mover) for state in State)


def test_nobody_but_a_checker_or_a_policy_moves_an_output_to_reviewed():
    movers = {mover for edge in EDGES if edge.target is State.REVIEWED for mover in edge.movers}
    assert movers == {Mover.CHECKER, Mover.SERVICE}
