"""What does a register's child answer? Verdicts, in JSON: text that pages can read, too.

No answer says who is in a group: only which tables, how many people, and shares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """One reason why a table may not leave. ``entries``: of the history, by their place in it."""

    layer: str
    entries: tuple[int, ...]
    formula: str
    people: int


@dataclass(frozen=True, slots=True)
class Room:
    """Shares of the dataset, and of the most used filter and area."""

    everybody: float
    most: float
    areas: float = 0.0


@dataclass(frozen=True, slots=True)
class Between:
    """So many people can be in a hidden cell; None: no number bounds it."""

    cell: int
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """``clashes`` is empty for a table that may leave with all that left before it.

    ``hidden``: cells that are to be hidden beside those that it hides by itself: where it would
    have ``clashed``, or so that totals of it may leave later. ``would_help``: cells without which
    it would not clash, for checkers only, since they may say where the few are. ``narrowed``: what
    hidden cells of a table that may leave can be, by all numbers near it.
    """

    clashes: tuple[Found, ...]
    before: Room
    after: Room
    rank: int
    people: int
    amber: bool
    membership: str = ""  # without a new table: a keyed hash of who is in which block
    hidden: tuple[int, ...] = ()
    clashed: tuple[Found, ...] = ()
    would_help: tuple[int, ...] = ()
    narrowed: tuple[Between, ...] = ()

    @property
    def safe(self) -> bool:
        return not self.clashes

    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)


def judged_from(text: str | bytes) -> Judged:
    """Raises ValueError, KeyError or TypeError for anything else than a verdict."""
    fields: dict[str, Any] = json.loads(text)
    return Judged(
        clashes=_found(fields["clashes"]),
        before=Room(**fields["before"]),
        after=Room(**fields["after"]),
        rank=fields["rank"],
        people=fields["people"],
        amber=fields["amber"],
        membership=fields["membership"],
        hidden=tuple(fields.get("hidden", ())),
        clashed=_found(fields.get("clashed", ())),
        would_help=tuple(fields.get("would_help", ())),
        narrowed=tuple(Between(**one) for one in fields.get("narrowed", ())),
    )


def _found(several: Iterable[Mapping[str, Any]]) -> tuple[Found, ...]:
    return tuple(
        Found(one["layer"], tuple(one["entries"]), one["formula"], one["people"]) for one in several
    )
