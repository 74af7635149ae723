"""Is a released table safe? For every protected cell, against outsiders and against insiders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from disclosure_control.sdc.audit.attacker import Attacker, AuditOutOfTime, Contradiction
from disclosure_control.sdc.audit.released import Released

SLACK = 1e-5  # share of a requirement by which linear programmes may be off
FEW = 40  # hidden cells: up to here whole numbers are tried too


class Kind(StrEnum):
    SHOWN = "shown"  # the cell is not hidden at all
    NARROW = "narrow"  # its interval does not reach far enough
    WHOLE = "narrow in whole numbers"
    INSIDER = "narrow for a sole contributor"
    CONTRADICTION = "contradiction"
    TIME = "out of time"


@dataclass(frozen=True, slots=True)
class Requirement:
    """The interval of ``cell`` must reach from ``low`` to ``high``, which only checkers know."""

    cell: str
    low: float
    high: float
    width: float = 0.0  # and be so wide for a sole contributor of other cells


@dataclass(frozen=True, slots=True)
class Violation:
    kind: Kind
    cell: str = ""
    insider: str = ""


def judge(
    released: Released,
    requirements: Sequence[Requirement],
    *,
    insiders: Iterable[Mapping[str, float]] = (),
    whole: bool = False,
    seconds: float = 600.0,
) -> tuple[Violation, ...]:
    """Every violation; none means safe. An insider is what he knows: cells and their values."""
    try:
        return tuple(
            _violations(released, requirements, insiders=insiders, whole=whole, seconds=seconds)
        )
    except Contradiction:
        return (Violation(Kind.CONTRADICTION),)
    except AuditOutOfTime:
        return (Violation(Kind.TIME),)


def _violations(
    released: Released,
    requirements: Sequence[Requirement],
    *,
    insiders: Iterable[Mapping[str, float]],
    whole: bool,
    seconds: float,
) -> Iterator[Violation]:
    hidden = set(released.hidden)
    shown = [one for one in requirements if one.cell not in hidden]
    asked = [one for one in requirements if one.cell in hidden]
    yield from (Violation(Kind.SHOWN, one.cell) for one in shown)
    attacker = Attacker(released, seconds=seconds)
    yield from (Violation(Kind.NARROW, one.cell) for one in asked if not _reached(attacker, one))
    if whole and len(hidden) <= FEW:
        exact = Attacker(released, seconds=seconds, whole=True)
        yield from (Violation(Kind.WHOLE, one.cell) for one in asked if not _reached(exact, one))
    for insider in insiders:
        yield from _against(released, asked, insider, seconds=seconds)


def _reached(attacker: Attacker, one: Requirement) -> bool:
    slack = SLACK * max(1.0, one.high - one.low)
    return attacker.reaches(one.cell, low=one.low + slack, high=one.high - slack)


def _against(
    released: Released,
    asked: Sequence[Requirement],
    insider: Mapping[str, float],
    *,
    seconds: float,
) -> Iterator[Violation]:
    attacker = Attacker(released, seconds=seconds, known=insider)
    widths = {
        one.cell: one.width * (1 - SLACK)
        for one in asked
        if one.width > 0 and one.cell not in insider
    }
    for cell in attacker.narrower(widths):
        yield Violation(Kind.INSIDER, cell, next(iter(insider)))
