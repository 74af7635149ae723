"""How does an ingest look on a terminal? A bar while it lasts, then the report.

Where the output is no terminal, one plain line for each step.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from tre.ingest import keys
from tre.ingest.errors import DataRefused
from tre.ingest.ingested import IngestResult, Progress, ingest
from tre.ingest.report import lines


@dataclass(frozen=True, slots=True)
class Place:
    """Where versions are sealed, and with what."""

    store_root: Path
    key_file: Path


def run(
    entry_dir: Path,
    *,
    source: Path | None = None,
    store_root: Path,
    key_file: Path,
    stream: TextIO = sys.stdout,
    full_report: bool = True,
) -> IngestResult:
    """Ingests and shows how; the key is made on the first use. Raises IngestError, StoreFailed."""
    key = keys.load_or_create(key_file, store_root=store_root)
    try:
        with showing(stream, title=entry_dir.name) as progress:
            result = ingest(
                entry_dir, source=source, store_root=store_root, key=key, progress=progress
            )
    except DataRefused as refused:
        stream.writelines(f"{line}\n" for line in lines(refused.report))
        raise
    if full_report:
        stream.writelines(f"{line}\n" for line in lines(result.report))
    stream.write(f"{summary(result)}\n")
    return result


def summary(result: IngestResult) -> str:
    """One sentence, for the owner who started the ingest."""
    rejected = sum(table.rejected for table in result.report.tables)
    kept = sum(table.kept for table in result.report.tables)
    state = "sealed as" if result.new else "was there before as"
    return (
        f"{result.dataset}: {kept:,} rows of {result.report.units:,} units, "
        f"{rejected:,} rejected; {state} version {result.version}"
    )


@contextmanager
def showing(stream: TextIO, *, title: str) -> Iterator[Progress]:
    """A progress bar on a terminal, lines elsewhere."""
    if stream.isatty():
        with _bar(stream, title=title) as progress:
            yield progress
    else:
        yield lambda what, done, of: _line(stream, f"{title}: {what} ({done + 1} of {of})")


@contextmanager
def _bar(stream: TextIO, *, title: str) -> Iterator[Progress]:
    parts = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*parts, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(title)
        yield lambda what, done, of: bar.update(
            task, description=f"{title}: {what}", completed=done, total=of
        )


def _line(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
