"""Which states does a question travel through, and who may move it? As data.

The page that shows progress, the triggers of the database, the journey's functions and the
picture in the documentation all come from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    SUBMITTED = "submitted"
    VALIDATED = "validated"
    EXECUTED = "executed"
    PROTECTED = "protected"
    REVIEWED = "reviewed"
    RELEASED = "released"
    RETURNED = "returned"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class Mover(StrEnum):
    """Who moves a question along an edge."""

    AUTHOR = "author"
    WORKER = "worker"
    CHECKER = "checker"
    PUBLISHER = "publisher"
    SERVICE = "service"  # follows from a policy that asks for no checker


@dataclass(frozen=True, slots=True)
class Edge:
    source: State
    target: State
    movers: frozenset[Mover]


def _edge(source: State, target: State, *movers: Mover) -> Edge:
    return Edge(source, target, frozenset(movers))


EDGES: tuple[Edge, ...] = (
    _edge(State.SUBMITTED, State.VALIDATED, Mover.WORKER),
    _edge(State.SUBMITTED, State.REFUSED, Mover.WORKER),
    _edge(State.SUBMITTED, State.CANCELLED, Mover.AUTHOR),
    _edge(State.SUBMITTED, State.FAILED, Mover.WORKER),
    _edge(State.VALIDATED, State.EXECUTED, Mover.WORKER),
    _edge(State.VALIDATED, State.FAILED, Mover.WORKER),
    _edge(State.VALIDATED, State.CANCELLED, Mover.AUTHOR),
    _edge(State.EXECUTED, State.PROTECTED, Mover.WORKER),
    _edge(State.PROTECTED, State.REVIEWED, Mover.CHECKER, Mover.SERVICE),
    _edge(State.PROTECTED, State.RETURNED, Mover.CHECKER),
    _edge(State.PROTECTED, State.REJECTED, Mover.CHECKER),
    _edge(State.PROTECTED, State.CANCELLED, Mover.AUTHOR),
    _edge(State.RETURNED, State.PROTECTED, Mover.AUTHOR),
    _edge(State.RETURNED, State.CANCELLED, Mover.AUTHOR),
    _edge(State.REVIEWED, State.RELEASED, Mover.PUBLISHER, Mover.SERVICE),
    _edge(State.REVIEWED, State.PROTECTED, Mover.PUBLISHER),
    _edge(State.REVIEWED, State.CANCELLED, Mover.AUTHOR),
)

ALLOWED: dict[tuple[State, State], frozenset[Mover]] = {
    (edge.source, edge.target): edge.movers for edge in EDGES
}
"""Every declared edge; an edge that is not a key here does not exist."""

INITIAL = State.SUBMITTED

TERMINAL: frozenset[State] = frozenset(State) - {edge.source for edge in EDGES}
"""States without an exit. (A recall is a record beside a release, not an exit from it.)"""

MEANING: dict[State, str] = {
    State.SUBMITTED: "Waiting for its turn",
    State.VALIDATED: "Allowed and paid for; the computation runs",
    State.EXECUTED: "Counted inside the sealed environment",
    State.PROTECTED: "Protected; waiting for the checkers",
    State.REVIEWED: "Approved; waiting to be released",
    State.RELEASED: "Released",
    State.RETURNED: "Its checkers have a question for its author",
    State.REFUSED: "Not allowed to run; nothing was spent",
    State.FAILED: "Could not be answered",
    State.CANCELLED: "Cancelled by its author",
    State.REJECTED: "Rejected by its checkers",
}


def may_move(source: State, target: State, mover: Mover) -> bool:
    return mover in ALLOWED.get((source, target), frozenset())
