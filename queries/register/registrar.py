"""Who judges whether an exact table may leave? A sandbox of its own, for this one verdict.

The child sees every version of the dataset, and what the register knew before, all of it sealed;
it writes what it knows now, sealed by the same key. Whatever goes wrong, there is no verdict, and
without one nothing leaves.
"""

from __future__ import annotations

import secrets
import shutil
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from disclosure_control.sdc.register.verdict import Limits
from queries import sandbox
from queries.engines.locked import Resources
from queries.errors import EngineFailed, Fault, StoreFailed
from queries.job import framed, opening
from queries.register.entry import Entry, chain, versions
from queries.register.job import RegisterJob
from queries.register.judged import Judged, judged_from
from queries.sandbox import Errand
from queries.store import Store

FOLDER = "register"
STATE = "state.duckdb"
INSIDE = Path("/register")
INSIDE_BASE = Path("/known.duckdb")
LENGTH = struct.Struct("<I")
LONGEST_ANSWER = 1024 * 1024
MOST_STATES = 3  # files that are kept of one dataset; any other can be made again

RESOURCES = Resources(memory_mb=4096, spill_mb=8192, cpu_seconds=1200)


@dataclass(frozen=True, slots=True)
class Kept:
    """A verdict, and the state that knows the new table, until it is admitted or not."""

    judged: Judged
    state: Path | None = None
    final: Path | None = None

    def admit(self) -> None:
        """The new table counts from now on: its state is where the next check looks for it."""
        if self.state is not None and self.final is not None and self.state.exists():
            self.state.replace(self.final)
            _prune(self.final.parent)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """``kept``: by the file that was there, if there was one."""

    fresh: Judged
    kept: Judged | None

    @property
    def agree(self) -> bool:
        """Were the same people in the same blocks, and do they tell as much?"""
        if self.kept is None:
            return True
        mine, kept = self.fresh, self.kept
        return (mine.membership, mine.rank) == (kept.membership, kept.rank)


@dataclass(frozen=True, slots=True)
class Registrar:
    """Judges on one store. Safe for several processes."""

    store: Store
    resources: Resources = field(default=RESOURCES)

    @contextmanager
    def judge(
        self,
        *,
        dataset: str,
        history: Sequence[Entry],
        new: Entry,
        limits: Limits,
        deadline: float,
        areas: Sequence[str] = (),
    ) -> Iterator[Kept]:
        """``areas``: rows (unit, area) of the new table's version. Raises EngineFailed."""
        with self._at_work(dataset) as work:
            judged = self._verdict(
                dataset, history, new, limits, work=work, deadline=deadline, areas=areas
            )
            left = new.hiding(judged.hidden)
            yield Kept(judged, work / STATE, self._final(dataset, [*history, left]))

    def rebuilt(
        self, *, dataset: str, history: Sequence[Entry], limits: Limits, deadline: float
    ) -> Rebuilt:
        """Everything again from the entries, compared with what was kept. Raises EngineFailed."""
        known, _ = self._base(dataset, history)
        kept = None
        if known == len(history):
            kept = self._gone_through(dataset, history, limits, deadline, fresh=False)
        fresh = self._gone_through(dataset, history, limits, deadline, fresh=True)
        return Rebuilt(fresh, kept)

    def _gone_through(
        self,
        dataset: str,
        history: Sequence[Entry],
        limits: Limits,
        deadline: float,
        *,
        fresh: bool,
    ) -> Judged:
        with self._at_work(dataset) as work:
            judged = self._verdict(
                dataset, history, None, limits, work=work, deadline=deadline, fresh=fresh
            )
            if fresh:
                Kept(judged, work / STATE, self._final(dataset, history)).admit()
            return judged

    def _folder(self, dataset: str) -> Path:
        try:
            folder = self.store.path(dataset, FOLDER).parent / FOLDER
        except StoreFailed:
            raise EngineFailed(Fault.START) from None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _verdict(
        self,
        dataset: str,
        history: Sequence[Entry],
        new: Entry | None,
        limits: Limits,
        *,
        work: Path,
        deadline: float,
        fresh: bool = False,
        areas: Sequence[str] = (),
    ) -> Judged:
        known, base = (0, None) if fresh else self._base(dataset, history)
        compared = [one for one in history if one.amounts] if new and new.amounts else []
        used = versions([*history[known:], *compared, *([new] if new else [])])
        files = {f"/data/{name}.duckdb": self.store.path(dataset, name) for name in used}
        reads = files | ({str(INSIDE_BASE): base} if base else {})
        walled = sandbox.bubblewrap() is not None
        place = {inside: inside if walled else str(own) for inside, own in reads.items()}
        job = RegisterJob(
            files={name: place[f"/data/{name}.duckdb"] for name in used},
            history=tuple(history),
            known=known,
            base=place[str(INSIDE_BASE)] if base else None,
            new=new,
            limits=limits,
            keep=str((INSIDE if walled else work) / STATE),
            areas=tuple(areas),
        )
        errand = Errand(
            sandbox.REGISTER,
            (),
            (*sandbox.ENGINE, *sandbox.NUMBERS),
            reads,
            {str(INSIDE): work},
        )
        return self._answer(errand, job, deadline=deadline)

    @contextmanager
    def _at_work(self, dataset: str) -> Iterator[Path]:
        work = self._folder(dataset) / f"work-{secrets.token_hex(8)}"
        work.mkdir(mode=0o700)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _final(self, dataset: str, history: Sequence[Entry]) -> Path:
        """Where the state that knows this history lies."""
        return self._folder(dataset) / f"{list(chain(history))[-1]}.duckdb"

    def _base(self, dataset: str, history: Sequence[Entry]) -> tuple[int, Path | None]:
        """The file that knows most of this history, and how many entries that is."""
        for known, name in reversed(list(enumerate(chain(history)))):
            path = self._folder(dataset) / f"{name}.duckdb"
            if known and path.exists():
                return known, path
        return 0, None

    def _answer(self, errand: Errand, job: RegisterJob, *, deadline: float) -> Judged:
        child = sandbox.launch(errand, resources=self.resources)
        try:
            child.send(opening(self.store.key, resources=self.resources) + framed(job.text()))
            length = child.read(LENGTH.size, deadline=deadline)
            if len(length) < LENGTH.size:
                raise EngineFailed(Fault.CHILD)
            told = child.read(min(LENGTH.unpack(length)[0], LONGEST_ANSWER), deadline=deadline)
            return judged_from(told)
        except (ValueError, KeyError, TypeError):
            raise EngineFailed(Fault.ANSWER) from None
        finally:
            child.end()


def seconds(limit: float) -> float:
    """A deadline of ``time.monotonic``."""
    return time.monotonic() + limit


def _prune(folder: Path) -> None:
    """Old states can be made again from the entries."""
    states = sorted(folder.glob("*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in states[MOST_STATES:]:
        path.unlink(missing_ok=True)
