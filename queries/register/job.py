"""What is a register's child asked? Entries, limits, and where the sealed files lie, in JSON."""

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
    state that knows the new table too; ``areas``: rows (unit, area) of the new table's version.
    """

    files: Mapping[str, str]
    history: tuple[Entry, ...]
    known: int
    base: str | None
    new: Entry | None
    limits: Limits
    keep: str
    areas: tuple[str, ...] = ()

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
        areas=tuple(fields["areas"]),
    )
