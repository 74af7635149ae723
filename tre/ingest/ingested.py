"""How does one entry become one sealed version? The steps in order, each with its progress."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from disclosure_control import policy as policies
from queries import read_catalogue
from queries.store import Store
from tre.ingest.checks import Kept, check
from tre.ingest.columns import Integers
from tre.ingest.entry import Entry, Source, read_entry
from tre.ingest.errors import DataRefused
from tre.ingest.keys import derived
from tre.ingest.landing import confined, land
from tre.ingest.pseudonyms import identities, ranks, record_keys
from tre.ingest.report import Report, TableReport
from tre.ingest.seal import in_order, only_writer, seal, version_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

Progress = Callable[[str, int, int], None]
"""What is being done, how many steps are done, how many there are."""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What the service's records need of a published version."""

    dataset: str
    title: str
    version: str
    new: bool  # False: the same version was there before
    catalogue_json: dict[str, Any]
    catalogue_hash: str
    policy_json: dict[str, Any]
    policy_hash: str
    report: Report


def ingest(
    entry_dir: Path,
    *,
    source: Path | None = None,
    store_root: Path,
    key: bytes,
    progress: Progress = lambda _what, _done, _of: None,
) -> IngestResult:
    """Validates, converts and seals a dataset; the same data and entry give the same version.

    ``source`` is the folder of the entry's files, the entry's own folder otherwise. Raises
    EntryInvalid, SourceUnreadable, DataRefused (with the report), StoreBusy; StoreFailed of
    ``queries.errors``. Whatever is raised, nothing was published.
    """
    entry = read_entry(entry_dir)
    store = Store(store_root, key)
    steps = _Steps(progress, of=len({h.source for h in entry.tables.values()}) * 2 + 2)
    with only_writer(store_root / entry.catalogue.dataset):
        units: dict[str, int] = {}
        kept, reports = _landed(entry, folder=source or entry_dir, units=units, steps=steps)
        steps("giving units their numbers")
        final = ranks(units, kept=kept, secret=derived(key, purpose="pseudonyms"))
        report = Report(entry.catalogue.dataset, int((final >= 0).sum()), reports, confined())
        if report.faults:
            raise DataRefused(report)
        steps("sealing")
        keys = record_keys(units, secret=derived(key, purpose="record keys"))
        ordered = [in_order(rows, ranks=final, keys=keys) for rows in kept]
        people = identities(units, final=final, secret=derived(key, purpose="identities"))
        return _sealed(entry, ordered, people=people, store=store, report=report)


@dataclass(slots=True)
class _Steps:
    progress: Progress
    of: int
    done: int = 0

    def __call__(self, what: str) -> None:
        self.progress(what, self.done, self.of)
        self.done += 1


def _landed(
    entry: Entry, *, folder: Path, units: dict[str, int], steps: _Steps
) -> tuple[list[Kept], tuple[TableReport, ...]]:
    """Each source is read once, and forgotten as soon as its tables are checked."""
    kept: dict[str, Kept] = {}
    reports: dict[str, TableReport] = {}
    for source in dict.fromkeys(hints.source for hints in entry.tables.values()):
        steps(f"reading {source.name}")
        landed = land(source, folder=folder)
        steps(f"checking {source.name}")
        _check_tables_of(source, landed, entry=entry, units=units, kept=kept, reports=reports)
    names = [table.name for table in entry.catalogue.tables]
    return [kept[name] for name in names if name in kept], tuple(reports[name] for name in names)


def _check_tables_of(
    source: Source,
    landed: pa.Table,
    *,
    entry: Entry,
    units: dict[str, int],
    kept: dict[str, Kept],
    reports: dict[str, TableReport],
) -> None:
    here = {name: hints for name, hints in entry.tables.items() if hints.source == source}
    declared = frozenset(told.source for hints in here.values() for told in hints.columns.values())
    reasons = {name: why for hints in here.values() for name, why in hints.undeclared.items()}
    for table in entry.catalogue.tables:
        if table.name in here:
            rows, reports[table.name] = check(
                landed,
                table=table,
                hints=replace(here[table.name], undeclared=reasons),
                units=units,
                declared=declared,
            )
            kept |= {table.name: rows} if rows else {}


def _sealed(
    entry: Entry, tables: list[Kept], *, people: Integers, store: Store, report: Report
) -> IngestResult:
    catalogue_hash = read_catalogue.catalogue_hash(entry.catalogue)
    secret = derived(store.key, purpose="versions")
    version = version_of(tables, catalogue_hash=catalogue_hash, secret=secret)
    new = seal(tables, people=people, store=store, dataset=entry.catalogue.dataset, version=version)
    return IngestResult(
        dataset=entry.catalogue.dataset,
        title=entry.catalogue.title,
        version=version,
        new=new,
        catalogue_json=read_catalogue.to_json(entry.catalogue),
        catalogue_hash=catalogue_hash,
        policy_json=_plain(policies.to_json(entry.policy)),
        policy_hash=policies.policy_hash(entry.policy),
        report=report,
    )


def _plain(text: str) -> dict[str, Any]:
    plain: Mapping[str, Any] = json.loads(text)
    return dict(plain)
