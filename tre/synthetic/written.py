"""Which files hold a twin? CSV with every table and column of its catalogue, links included.

Within a bin values are drawn evenly, and so is every value of a column that was not measured:
public look-up tables too, which have a row for each key that is declared. Texts are invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from queries.catalogue import Catalogue, Column, ColumnType, Role, Table
from queries.plan_terms import stored_bounds
from queries.resolve import column_meaning
from queries.values import date_of_days, number_text, unscaled
from tre.synthetic.attributes import Attribute, Attributes, Bin, Rows
from tre.synthetic.modelled import Drawn

MOST_TEXTS = 40
MISSING_SHARE = 0.1  # of a column that was not measured and may be missing
NOTHING = np.iinfo(np.int64).min  # stands for a missing value


@dataclass(frozen=True, slots=True)
class Twin:
    """Bins that were drawn: of units, and of rows for each other table of units, by its name.

    Rows carry the bin of their unit's first attribute, if it was measured with them.
    """

    attributes: Attributes
    units: Drawn
    rows: dict[str, Drawn]
    people: int


def write(folder: Path, catalogue: Catalogue, twin: Twin, *, seed: int) -> None:
    """``<table>.csv`` for each table."""
    dice = np.random.default_rng(seed)
    units = np.arange(twin.people)
    columns = _columns(twin.attributes.units, twin.units, units, dice)
    _save(folder, twin.attributes.table, units, columns, dice)
    for rows in twin.attributes.rows:
        owners, at = _dealt(twin, rows, dice)
        columns = _columns(rows.columns, twin.rows[rows.table.name], at, dice)
        _save(folder, rows.table, owners, columns, dice)
    for table in catalogue.tables:
        if table.public:
            _look_up(table, dice).to_csv(folder / file_of(table), index=False)


def file_of(table: Table) -> str:
    return f"{table.name}.csv"


def _dealt(twin: Twin, rows: Rows, dice: np.random.Generator) -> tuple[Any, Any]:
    """Whose each row is, and which of the drawn rows it is: one of a unit alike, where there is."""
    pool = twin.rows[rows.table.name]
    size = max((len(bins) for bins in pool.values()), default=0)
    how_many = twin.units.get(rows.how_many.name)
    if how_many is None:
        counts = dice.integers(0, rows.table.max_rows_per_unit + 1, twin.people)
    else:
        counts = _by_size(rows.how_many.bins, how_many, dice)
    owners = np.repeat(np.arange(twin.people), counts)
    if len(owners) > rows.table.declared_rows:
        owners = np.sort(dice.permutation(owners)[: rows.table.declared_rows])
    at = dice.integers(0, max(size, 1), len(owners))
    centre = twin.attributes.units[0]
    if centre.name in pool and centre.name in twin.units:
        kind = twin.units[centre.name][owners]
        for bin_ in np.unique(kind):
            alike = np.flatnonzero(pool[centre.name] == bin_)
            mine = np.flatnonzero(kind == bin_)
            if len(alike):
                at[mine] = alike[dice.integers(0, len(alike), len(mine))]
    return owners, at


def _columns(
    attributes: Sequence[Attribute], drawn: Drawn, at: Any, dice: np.random.Generator
) -> dict[str, Any]:
    """Integers of the store by column, of those that were measured."""
    return {
        one.column: _within(one.bins, drawn[one.name][at], dice)
        for one in attributes
        if one.column is not None and one.name in drawn
    }


def _within(bins: tuple[Bin, ...], chosen: Any, dice: np.random.Generator) -> Any:
    lows = np.array([NOTHING if one.low is None else one.low for one in bins])
    highs = np.array([NOTHING if one.high is None else one.high for one in bins])
    return dice.integers(lows[chosen], highs[chosen], endpoint=True)


def _by_size(bins: tuple[Bin, ...], chosen: Any, dice: np.random.Generator) -> Any:
    """The smaller the likelier, as where each bin is twice as wide as the one before."""
    lows = np.array([one.low or 0 for one in bins])[chosen]
    highs = np.array([one.high or 0 for one in bins])[chosen]
    drawn = np.floor(lows * ((highs + 1) / np.maximum(lows, 1)) ** dice.random(len(chosen)))
    return np.minimum(drawn.astype(np.int64), highs)


def _save(
    folder: Path, table: Table, owners: Any, columns: dict[str, Any], dice: np.random.Generator
) -> None:
    frame = {}
    for column in table.columns:
        if column.role is Role.UNIT:
            frame[column.name] = pd.Series(owners + 1).map("twin-{}".format)
        else:
            stored = columns.get(column.name)
            frame[column.name] = _texts_of(
                column, _evenly(table, column, len(owners), dice) if stored is None else stored
            )
    pd.DataFrame(frame).to_csv(folder / file_of(table), index=False)


def _evenly(table: Table, column: Column, size: int, dice: np.random.Generator) -> Any:
    low, high = _bounds(table, column)
    stored = dice.integers(low, high, size, endpoint=True)
    if column.nullable:
        stored[dice.random(size) < MISSING_SHARE] = NOTHING
    return stored


def _spread(table: Table, column: Column, size: int, dice: np.random.Generator) -> Any:
    """All over the bounds, in any order: few rows by chance alone could all have one value."""
    low, high = _bounds(table, column)
    each, rest = divmod(high - low + 1, size)
    at = np.arange(size, dtype=np.int64)
    stored = dice.permutation(low + at * each + at * rest // size)
    if column.nullable:
        stored[: int(size * MISSING_SHARE)] = NOTHING
    return stored


def _bounds(table: Table, column: Column) -> tuple[int, int]:
    if column.type is ColumnType.TEXT:
        return 0, min(MOST_TEXTS, column.most_values) - 1
    return stored_bounds(column_meaning(column, table=table))


def _texts_of(column: Column, stored: Any) -> pd.Series[str]:
    """As an ingest reads them; each different value is written once."""
    values, places = np.unique(stored, return_inverse=True)
    texts = [_text(column, int(value)) for value in values]
    return pd.Series(np.array(texts, dtype=object)[places])


def _text(column: Column, stored: int) -> str:
    if stored == NOTHING:
        return ""
    if column.type is ColumnType.CODE:
        return column.codes[stored].value
    if column.type is ColumnType.DATE:
        return date_of_days(stored).isoformat()
    if column.type is ColumnType.TEXT:
        return f"made up {stored + 1}"
    return number_text(unscaled(stored, decimals=column.decimals))


def _look_up(table: Table, dice: np.random.Generator) -> pd.DataFrame:
    """One row for each key, as many as are declared at most."""
    keys = [column for column in table.columns if column.role is Role.KEY]
    found = list(islice(product(*(_every(table, column) for column in keys)), table.declared_rows))
    frame = {
        column.name: _texts_of(column, np.array([key[at] for key in found], dtype=np.int64))
        for at, column in enumerate(keys)
    }
    for column in table.columns:
        if column not in keys:
            frame[column.name] = _texts_of(column, _spread(table, column, len(found), dice))
    return pd.DataFrame(frame)[[column.name for column in table.columns]]


def _every(table: Table, column: Column) -> Iterator[int]:
    low, high = _bounds(table, column)
    return iter(range(low, high + 1))
