"""What is odd about a source, although no rule is broken?

These checks know no field: they look for copies, constants and repetition, on the source as it
came, before anything is left out or rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa

from queries.catalogue import ColumnType, Role, Table
from tre.ingest.entry import ROW_NUMBER, TableHints

MOST_CODES = 30
FEWEST_MATCHES = 50  # below it equality is no evidence
FEWEST_VALUES = 10  # two yes-no columns are often equal
SHARE_SAME = 0.95


def findings(source: pa.Table, *, table: Table, hints: TableHints) -> Iterator[str]:
    """Sentences for the owner."""
    named = dict.fromkeys(told.source for told in hints.columns.values())
    names = [name for name in named if name != ROW_NUMBER]
    frame = source.select(names).to_pandas()
    for finding in FINDINGS:
        yield from finding(frame, table, hints)


def _codes_with_same_values(frame: pd.DataFrame, table: Table, hints: TableHints) -> Iterator[str]:
    """Two codes whose rows carry the same number wherever all other columns agree."""
    for code in _sources(table, hints, ColumnType.CODE):
        if 1 < frame[code].nunique() <= MOST_CODES:
            values = _sources(table, hints, ColumnType.NUMBER)
            pairs = [pair for value in values for pair in _same_by_code(frame, code, value)]
            yield from (pair.sentence(code) for pair in _clearest(pairs))


@dataclass(frozen=True, slots=True)
class _Same:
    one: str
    other: str
    value: str
    share: float
    matches: int

    def sentence(self, code: str) -> str:
        return (
            f"{code} {self.one} and {self.other} hold the same {self.value} in {self.share:.1%} "
            f"of the {self.matches:,} cases where both have one: is one a copy of the other?"
        )


def _clearest(pairs: list[_Same]) -> list[_Same]:
    """A copied pair is told once, by the column with the most matches."""
    best = {(pair.one, pair.other): pair for pair in sorted(pairs, key=lambda pair: pair.matches)}
    return list(best.values())


def _same_by_code(frame: pd.DataFrame, code: str, value: str) -> Iterator[_Same]:
    keys = [name for name in frame.columns if name not in {code, value}]
    if not keys:
        return
    row = frame.groupby(keys, sort=False, dropna=False).ngroup()
    number = pd.to_numeric(frame[value], errors="coerce")
    lowest = number.groupby([row, frame[code].astype(str)]).min()
    wide = lowest.unstack()  # noqa: PD010 - a series has no pivot_table
    for one, other in combinations(wide.columns, 2):
        share, matches = _share_same(wide[one], wide[other])
        if share >= SHARE_SAME:
            yield _Same(one, other, value, share, matches)


def _columns_with_same_values(
    frame: pd.DataFrame, table: Table, hints: TableHints
) -> Iterator[str]:
    sources = _sources(table, hints, ColumnType.NUMBER)
    numbers = {name: pd.to_numeric(frame[name], errors="coerce") for name in sources}
    for one, other in combinations(numbers, 2):
        share, matches = _share_same(numbers[one], numbers[other])
        if share >= SHARE_SAME:
            yield (
                f"{one} and {other} are the same in {share:.1%} of the {matches:,} rows "
                f"where both have a value: is one a copy of the other?"
            )


def _share_same(one: pd.Series, other: pd.Series) -> tuple[float, int]:
    """Share of equal values and number of pairs; 0 where there is too little to tell."""
    both = one.notna() & other.notna()
    matches = int(both.sum())
    if matches < FEWEST_MATCHES or one[both].nunique() < FEWEST_VALUES:
        return 0.0, matches
    return float(np.mean(one[both] == other[both])), matches


def _constant_columns(frame: pd.DataFrame, _: Table, __: TableHints) -> Iterator[str]:
    for name in frame.columns:
        if len(frame) > 1 and len(frame[name].unique()) == 1:
            yield f"{name} has the same value in every row"


def _repeated_rows(frame: pd.DataFrame, _: Table, hints: TableHints) -> Iterator[str]:
    repeated = 0 if hints.distinct else int(frame.duplicated().sum())
    if repeated:
        yield f"{repeated:,} rows say the same as an earlier row; they are kept"


Finding = Callable[[pd.DataFrame, Table, TableHints], Iterator[str]]

FINDINGS: tuple[Finding, ...] = (
    _codes_with_same_values,
    _columns_with_same_values,
    _constant_columns,
    _repeated_rows,
)


def _sources(table: Table, hints: TableHints, kind: ColumnType) -> list[str]:
    """Source columns of the attributes of one type, as the source holds them."""
    return list(
        dict.fromkeys(
            hints.columns[column.name].source
            for column in table.columns
            if column.type is kind
            and column.role is Role.ATTRIBUTE
            and hints.columns[column.name].part is None
        )
    )
