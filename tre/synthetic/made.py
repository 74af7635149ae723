"""How is a twin made? Asked for, and once its tables were released: modelled, written, sealed."""

from __future__ import annotations

import datetime
import hashlib
import tempfile
from pathlib import Path
from typing import TextIO

from sqlalchemy.orm import Session

from disclosure_control.tables import Protected
from queries import plan, read_catalogue
from tre.datasets import Dataset
from tre.ingest import command
from tre.ingest.command import Place
from tre.journey import twinned
from tre.journey.twinned import Made, Subject
from tre.people import Person
from tre.releases import Release
from tre.submissions import Submission
from tre.synthetic import entry, written
from tre.synthetic.allotted import allotted, declared_total
from tre.synthetic.attributes import Attributes, of_catalogue
from tre.synthetic.measured import Measured, measured
from tre.synthetic.modelled import Wanted, modelled
from tre.synthetic.workload import Counted, workload
from tre.synthetic.written import Twin

MOST_ROWS = 200_000  # that are drawn for a table of rows; rows of units are taken from them


def ask(
    session: Session, *, owner: Person, name: str, rho_total: int, now: datetime.datetime
) -> list[Submission]:
    """Questions on their way. Raises NoTwin, NotFound, and as ``submitted.submit``."""
    found = twinned.subject(session, owner=owner, name=name, now=now)
    counted = counted_for(found)
    parts = allotted(counted, found.catalogue, found.policy, rules=found.rules, total=rho_total)
    costs = [(one.query, rho) for one, rho in zip(counted, parts, strict=True)]
    return twinned.ask(session, owner=owner, found=found, costs=costs, rho_total=rho_total, now=now)


def make(
    session: Session,
    *,
    owner: Person,
    name: str,
    place: Place,
    stream: TextIO,
    now: datetime.datetime,
) -> Dataset:
    """The same twin from the same releases. Raises NoTwin, NotFound, IngestError, StoreFailed."""
    found = twinned.subject(session, owner=owner, name=name, now=now)
    counted = counted_for(found)
    told = twinned.measured(session, found=found, queries=[one.query for one in counted])
    session.rollback()
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held) / entry.name_of(name)
        folder.mkdir()
        write(
            folder,
            found,
            counted,
            tables=[table for _, table in told],
            seed=_seed([release for release, _ in told]),
        )
        result = command.run(
            folder,
            source=folder,
            store_root=place.store_root,
            key_file=place.key_file,
            stream=stream,
            full_report=False,
        )
    made = Made(
        catalogue=read_catalogue.from_json(result.catalogue_json),
        policy=entry.policy_of(found.policy),
        version=result.version,
        report=result.report.to_json(),
        sources=tuple(release for release, _ in told),
    )
    return twinned.publish(session, owner=owner, found=found, made=made, now=now)


def counted_for(found: Subject) -> tuple[Counted, ...]:
    """The tables that a twin of a dataset is made from. Raises NoTwin."""
    attributes = of_catalogue(found.catalogue)
    return workload(found.catalogue, attributes, max_cells=found.policy.max_cells)


def write(
    folder: Path,
    found: Subject,
    counted: tuple[Counted, ...],
    *,
    tables: list[Protected],
    seed: int,
) -> None:
    """The twin's entry and its files."""
    attributes = of_catalogue(found.catalogue)
    twin = _drawn(found, attributes, _measured(found, counted, tables), seed)
    entry.write(folder, found.catalogue, found.policy)
    written.write(folder, found.catalogue, twin, seed=seed)


def _seed(sources: list[Release]) -> int:
    """Of what was released: the same tables make the same twin."""
    text = "\n".join(one.manifest_hash for one in sources)
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def _measured(
    found: Subject, counted: tuple[Counted, ...], tables: list[Protected]
) -> dict[str, tuple[Measured, ...]]:
    """By the table whose rows were counted."""
    told: dict[str, list[Measured]] = {}
    for one, table in zip(counted, tables, strict=True):
        declared = declared_total(found.catalogue, one)
        axes = plan.plan(one.query, found.catalogue, found.policy).shape.axes
        what = measured(one, table, axes=axes, threshold=found.rules.threshold, declared=declared)
        if what is not None:
            told.setdefault(one.of, []).append(what)
    return {name: tuple(these) for name, these in told.items()}


def _drawn(
    found: Subject, attributes: Attributes, told: dict[str, tuple[Measured, ...]], seed: int
) -> Twin:
    """Units first, and rows for each other table of units."""
    sizes = {
        one.name: len(one.bins)
        for rows in attributes.rows
        for one in (*attributes.units, rows.how_many, *rows.columns)
    } | {one.name: len(one.bins) for one in attributes.units}
    people = found.catalogue.declared_units
    wanted = [Wanted(sizes, people, seed, told.get(attributes.table.name, ()))]
    for rows in attributes.rows:
        name = rows.table.name
        size = min(rows.table.declared_rows, MOST_ROWS)
        wanted.append(Wanted(sizes, size, seed, told.get(name, ())))
    units, *others = modelled(wanted)
    names = [rows.table.name for rows in attributes.rows]
    return Twin(attributes, units, dict(zip(names, others, strict=True)), people)
