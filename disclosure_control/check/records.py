"""How do records become a table before protection? Grouped by every set of dimensions it shows.

A total is counted from the records that belong to it: distinct units and largest contributions are
no sums of anything.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from disclosure_control.check.reading import (
    Keys,
    NotATable,
    Numbers,
    Wanted,
    labelled,
    numbers,
)
from disclosure_control.tables import (
    Counting,
    Evidence,
    Kind,
    Published,
    Shape,
    Unprotected,
    Vector,
)

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 2**61
ROWS = Vector("rows", Counting.ROWS, 1, LARGEST, None)
UNITS = Vector("units", Counting.UNITS, 1, LARGEST, None)
KEYS = Vector("keys", Counting.KEYS, 1, LARGEST, None)
KEY_BYTES = 4  # of a record key
COUNTS: dict[str, Counting] = {
    "values": Counting.ROWS,
    "contributors": Counting.CONTRIBUTORS,
    "negative": Counting.NEGATIVE,
}
AMOUNTS: dict[str, Counting] = {
    "total": Counting.TOTAL,
    "gross": Counting.GROSS,
    "largest": Counting.LARGEST,
    "second": Counting.SECOND,
    "smallest": Counting.SMALLEST,
}

Cells = dict[str, tuple[int, ...]]


def of_records(frame: pd.DataFrame, wanted: Wanted, *, secret: bytes | None = None) -> Unprotected:
    """One row each. With a ``secret`` units have record keys. Raises NotATable."""
    keys = [labelled(frame[name]) for name in wanted.by]
    sizes = [len(key.labels) + wanted.totals for key in keys]
    placed = _placed(frame, wanted, keys)
    every = _in_every_cell(placed, sizes, totals=wanted.totals)
    by_cell, cells = every.groupby("cell"), prod(sizes)
    vectors: Cells = {
        "rows": _grid(by_cell.size(), cells),
        "units": _grid(by_cell["unit"].nunique(), cells),
    }
    if secret:
        vectors["keys"] = _keys(every, cells, of=_names(frame, wanted), secret=secret)
    declared, published = [ROWS, UNITS], list(_counts(wanted, keyed=bool(secret)))
    declared += [KEYS] if secret else []
    weight = numbers(frame[wanted.weight]) if wanted.weight else None
    for name in dict.fromkeys((*wanted.sums, *wanted.means)):
        values = numbers(frame[name])
        values = values.times(weight) if weight else values
        found = _added_up(every, values, name=name, cells=cells)
        vectors |= found
        declared += _vectors(name, values, found)
        published += _measures(name, values, wanted)
    shared = _shared(placed, keys) if wanted.unit else [False] * len(keys)
    axes = (
        key.axis(totals=wanted.totals, shared=own) for key, own in zip(keys, shared, strict=True)
    )
    shape = Shape(wanted.unit_word, tuple(axes), tuple(declared), tuple(published))
    return Unprotected(shape, vectors)


def _placed(frame: pd.DataFrame, wanted: Wanted, keys: Sequence[Keys]) -> pd.DataFrame:
    import pandas as pd

    placed = pd.DataFrame({at: key.places for at, key in enumerate(keys)})
    unit = frame[wanted.unit] if wanted.unit else pd.Series(range(len(frame)))
    if unit.isna().any():
        raise NotATable(f"{wanted.unit} has missing values: every record needs its unit")
    return placed.assign(unit=pd.factorize(unit)[0], record=range(len(frame)))


def _in_every_cell(placed: pd.DataFrame, sizes: Sequence[int], *, totals: bool) -> pd.DataFrame:
    """Each record once for each cell that it counts in: its own, and every total."""
    import pandas as pd

    parts = []
    for kept in product((True, False) if totals else (True,), repeat=len(sizes)):
        cell: Any = 0
        for at, (size, keep) in enumerate(zip(sizes, kept, strict=True)):
            cell = cell * size + (placed[at] if keep else size - 1)
        parts.append(placed[["unit", "record"]].assign(cell=cell))
    return pd.concat(parts, ignore_index=True)


def _shared(placed: pd.DataFrame, keys: Sequence[Keys]) -> list[bool]:
    """Is any unit under several labels of the dimension?"""
    units = placed["unit"].nunique()
    return [len(placed[["unit", at]].drop_duplicates()) > units for at in range(len(keys))]


def _grid(found: pd.Series, cells: int) -> tuple[int, ...]:
    whole = [0] * cells
    for cell, number in found.items():
        whole[int(str(cell))] = int(number)
    return tuple(whole)


def _added_up(every: pd.DataFrame, values: Numbers, *, name: str, cells: int) -> Cells:
    """The total of a number, and the evidence of how it is made up."""
    import pandas as pd

    whole = [values.whole[record] for record in every["record"]]
    frame = every.assign(value=pd.Series(whole, dtype=object))  # whole numbers of any size
    frame = frame[[value is not None for value in whole]]
    net = frame.groupby(["cell", "unit"])["value"].sum()
    size = net.abs().groupby("cell")
    found = {
        "values": frame.groupby("cell").size(),
        "contributors": net.groupby("cell").size(),
        "negative": (net < 0).groupby("cell").sum(),
        "total": net.groupby("cell").sum(),
        "gross": size.sum(),
        "largest": size.max(),
        "second": size.apply(lambda each: sorted(each)[-2] if len(each) > 1 else 0),
        "smallest": size.min(),
    }
    return {f"{part}_{name}": _grid(series, cells) for part, series in found.items()}


def _vectors(name: str, values: Numbers, found: Cells) -> Iterator[Vector]:
    """No cell exceeds the next power of ten: that much is taken to be known beforehand."""
    most = 10 ** len(str(max((1, *found[f"gross_{name}"]))))
    if most >= LARGEST:
        raise NotATable(f"{name} adds up to more than can be added exactly")
    for part, counts in COUNTS.items():
        yield Vector(f"{part}_{name}", counts, 1, LARGEST, None)
    low = -most if any(found[f"negative_{name}"]) else 0
    for part, counts in AMOUNTS.items():
        bounds = (low, most) if counts is Counting.TOTAL else None
        yield Vector(f"{part}_{name}", counts, 10**values.decimals, most, None, row_bounds=bounds)


def _names(frame: pd.DataFrame, wanted: Wanted) -> list[str]:
    """Of each record's unit; a record that is a unit of its own has its place in the file."""
    return [str(one) for one in (frame[wanted.unit] if wanted.unit else range(len(frame)))]


def _keys(every: pd.DataFrame, cells: int, *, of: Sequence[str], secret: bytes) -> tuple[int, ...]:
    """Of each cell, the sum of its units' record keys."""
    once = every.drop_duplicates(["cell", "unit"])
    keys = [_key(of[record], secret) for record in once["record"]]
    return _grid(once.assign(key=keys).groupby("cell")["key"].sum(), cells)


def _key(name: str, secret: bytes) -> int:
    return int.from_bytes(hmac.digest(secret, name.encode(), hashlib.sha256)[:KEY_BYTES], "big")


def _counts(wanted: Wanted, *, keyed: bool) -> Iterator[Published]:
    evidence = Evidence("units", keys=KEYS.name if keyed else None)
    yield Published("count", "Number of records", Kind.COUNT, "rows", None, 0, evidence)
    if wanted.unit:
        title = f"Number of distinct {wanted.unit}"
        yield Published("units", title, Kind.UNITS, "units", None, 0, evidence)


def _measures(name: str, values: Numbers, wanted: Wanted) -> Iterator[Published]:
    evidence = Evidence(
        units=f"contributors_{name}",
        largest=f"largest_{name}",
        second=f"second_{name}",
        gross=f"gross_{name}",
        smallest=f"smallest_{name}",
        negative=f"negative_{name}",
    )
    total = f"total_{name}"
    if name in wanted.sums:
        count = f"contributors_{name}"
        title = f"Sum of {name}"
        yield Published(f"sum_{name}", title, Kind.SUM, count, total, values.decimals, evidence)
    if name in wanted.means:
        count, title = f"values_{name}", f"Mean of {name}"
        yield Published(
            f"mean_{name}", title, Kind.MEAN, count, total, values.decimals + 1, evidence
        )
