"""What is a register's child asked, and what does it answer? Names, sizes and verdicts, in JSON.

No answer says who is in a group: only which tables, how many people, and shares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from disclosure_control.sdc.register.verdict import Limits
from queries.register.entry import Entry, from_text


@dataclass(frozen=True, slots=True)
class RegisterJob:
    """``new``: the table to judge; without one the history is only gone through.

    ``files``: where each version of the data lies, for the child; ``base``: the file of a state
    that knows the first ``known`` entries of the history, or none; ``keep``: where to write the
    state that knows the new table too.
    """

    files: Mapping[str, str]
    history: tuple[Entry, ...]
    known: int
    base: str | None
    new: Entry | None
    limits: Limits
    keep: str

    def text(self) -> bytes:
        fields = asdict(self) | {
            "history": [one.text() for one in self.history],
            "new": None if self.new is None else self.new.text(),
        }
        return json.dumps(fields, separators=(",", ":")).encode()


def job_from(text: bytes) -> RegisterJob:
    fields: dict[str, Any] = json.loads(text)
    return RegisterJob(
        files=fields["files"],
        history=tuple(from_text(one) for one in fields["history"]),
        known=fields["known"],
        base=fields["base"],
        new=None if fields["new"] is None else from_text(fields["new"]),
        limits=Limits(**fields["limits"]),
        keep=fields["keep"],
    )


@dataclass(frozen=True, slots=True)
class Found:
    """One reason why a table may not leave. ``entries``: of the history, by their place in it."""

    layer: str
    entries: tuple[int, ...]
    formula: str
    people: int


@dataclass(frozen=True, slots=True)
class Room:
    """Shares of the dataset, and of the most used of all groups that have a meter."""

    everybody: float
    most: float


@dataclass(frozen=True, slots=True)
class Judged:
    """``clashes`` is empty for a table that may leave with all that left before it."""

    clashes: tuple[Found, ...]
    before: Room
    after: Room
    rank: int
    people: int
    amber: bool
    membership: str = ""  # without a new table: a keyed hash of who is in which block

    @property
    def safe(self) -> bool:
        return not self.clashes

    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)


def judged_from(text: str | bytes) -> Judged:
    """Raises ValueError, KeyError or TypeError for anything else than a verdict."""
    fields: dict[str, Any] = json.loads(text)
    return Judged(
        clashes=tuple(
            Found(one["layer"], tuple(one["entries"]), one["formula"], one["people"])
            for one in fields["clashes"]
        ),
        before=Room(**fields["before"]),
        after=Room(**fields["after"]),
        rank=fields["rank"],
        people=fields["people"],
        amber=fields["amber"],
        membership=fields["membership"],
    )
