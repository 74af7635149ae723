"""What can a shown number stand for, once totals are known to add up? From the CSV text alone.

The attacker knows the rule by which every count was altered, and that true totals are the sum of
true parts. So each cell lies within what its shown number can stand for, and the equations narrow
that. True values come in for the judgement only: which cells are below the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from disclosure_control.sdc.audit.attacker import Attacker, AuditOutOfTime, Contradiction
from disclosure_control.sdc.audit.released import Released
from disclosure_control.sdc.audit.table import columns_of, names_and_relations
from disclosure_control.tables import Shape

SLACK = 1e-6
Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rule:
    """``bounds`` of the true count behind a shown number, or behind a hidden one (None).

    At least ``fewest`` true counts must be left of a cell that is protected.
    """

    bounds: Callable[[int | None], Bounds]
    fewest: int


class NoVerdict(Exception):
    """Time ended, or the numbers do not fit together: then nothing leaves."""


def pinned(
    text: str,
    *,
    shape: Shape,
    column: str,
    adds_up: Sequence[bool],
    protected: Collection[int],
    rule: Rule,
    seconds: float,
) -> Iterator[int]:
    """Those of the protected cells of a column of counts that stand for too few true counts.

    Raises NoVerdict.
    """
    shown = columns_of(text, shape)[column]
    names, relations, unknown = names_and_relations(shape.axes, adds_up)
    bounds = dict(zip(names, (rule.bounds(_whole(one)) for one in shown), strict=True))
    held = Released(
        shown=dict.fromkeys((*names, *unknown)),
        relations=relations,
        lower={name: low for name, (low, _) in bounds.items()},
        upper={name: high for name, (_, high) in bounds.items()},
    )
    widths = {names[cell]: rule.fewest - SLACK for cell in protected}
    try:
        narrow = _too_narrow(Attacker(held, seconds=seconds), widths, rule)
        return (names.index(name) for name in narrow)
    except (AuditOutOfTime, Contradiction):
        raise NoVerdict from None


def _too_narrow(attacker: Attacker, widths: Mapping[str, float], rule: Rule) -> list[str]:
    """An interval as wide as so many numbers holds them; in a narrower one they are counted."""
    narrow = list(attacker.narrower(widths))
    return [name for name in narrow if _whole_numbers(attacker, name) < rule.fewest]


def _whole_numbers(attacker: Attacker, name: str) -> float:
    low, high = attacker.interval(name)
    return math.floor(high + SLACK) - math.ceil(low - SLACK) + 1 if math.isfinite(high) else high


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)
