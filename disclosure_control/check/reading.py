"""What is in the file? Columns as labels in order, and as whole numbers with a scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from disclosure_control.tables import Axis

if TYPE_CHECKING:
    import pandas as pd

MISSING, TOTAL = "missing", "Total"
TAKEN = frozenset({MISSING, TOTAL.casefold()})
MOST_DECIMALS = 6
MOST_DIMENSIONS = 4


class NotATable(Exception):
    """The file cannot be read as what was asked of it. Carries every fault."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names of columns. ``counted``: the file is a finished table, with this column of counts."""

    by: tuple[str, ...]
    unit: str | None = None
    sums: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    weight: str | None = None  # of sums: what each value is multiplied by
    counted: str | None = None
    totals: bool = False
    total_label: str | None = None  # of rows of a finished table that are totals
    unit_word: str = "unit"


@dataclass(frozen=True, slots=True)
class Keys:
    """The labels of one dimension, and which of them each row has."""

    title: str
    labels: tuple[str, ...]
    missing: bool
    places: Any

    def axis(self, *, totals: bool, shared: bool = False) -> Axis:
        labels = (*self.labels, TOTAL) if totals else self.labels
        return Axis(self.title, labels, total=totals, shared=shared, missing=self.missing)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whole numbers, each ``10 ** decimals`` times what it stands for; None where missing."""

    whole: list[int | None]
    decimals: int

    def times(self, weight: Numbers) -> Numbers:
        pairs = zip(self.whole, weight.whole, strict=True)
        made = [None if a is None or b is None else a * b for a, b in pairs]
        return Numbers(made, self.decimals + weight.decimals)


def read(path: Path) -> pd.DataFrame:
    """CSV as text, so that no digit is lost, or Parquet. Raises NotATable."""
    import pandas as pd

    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    except (OSError, ValueError, ImportError) as wrong:
        raise NotATable(f"{path.name} is no CSV or Parquet file: {type(wrong).__name__}") from None


def require(frame: pd.DataFrame, wanted: Wanted) -> None:
    """Raises NotATable with every fault of what is wanted."""
    if faults := tuple(_faults(frame, wanted)):
        raise NotATable(*faults)


def _faults(frame: pd.DataFrame, wanted: Wanted) -> Iterator[str]:
    named = (*wanted.by, *wanted.sums, *wanted.means)
    named += tuple(one for one in (wanted.unit, wanted.weight, wanted.counted) if one)
    yield from (f"there is no column {name}" for name in named if name not in frame.columns)
    if not 1 <= len(wanted.by) <= MOST_DIMENSIONS:
        yield f"a table has 1 to {MOST_DIMENSIONS} dimensions"
    if len(set(wanted.by)) < len(wanted.by):
        yield "a dimension is named twice"
    if wanted.counted and (wanted.unit or wanted.sums or wanted.means or wanted.weight):
        yield "a finished table of counts has no units, values or weights"
    if wanted.total_label and not wanted.counted:
        yield "only a finished table has rows that are totals"
    if wanted.weight and wanted.means:
        yield "means of weighted values are not supported"


def labelled(column: pd.Series) -> Keys:
    """Raises NotATable where a label is one that missing values or totals have."""
    text = [None if value is None or value != value else str(value) for value in column]  # noqa: PLR0124 — a missing number
    labels = sorted({label for label in text if label is not None}, key=_natural)
    if any(label.casefold() in TAKEN for label in labels):
        raise NotATable(f"{column.name}: the labels {MISSING} and {TOTAL} are taken")
    place: dict[str | None, int] = {label: at for at, label in enumerate(labels)}
    missing = None in text
    place[None] = len(labels)
    return Keys(
        title=str(column.name),
        labels=(*labels, MISSING) if missing else tuple(labels),
        missing=missing,
        places=[place[label] for label in text],
    )


def _natural(label: str) -> tuple[int, Decimal, str]:
    """Numbers in their order, before texts in theirs."""
    number = _decimal(label)
    return (0, number, label) if number.is_finite() else (1, Decimal(0), label)


def numbers(column: pd.Series) -> Numbers:
    """Raises NotATable where a value is no number."""
    given = [None if value is None or value != value else _decimal(value) for value in column]  # noqa: PLR0124 — a missing number
    if any(one is not None and not one.is_finite() for one in given):
        raise NotATable(f"{column.name} has values that are no numbers")
    places = [-int(one.normalize().as_tuple().exponent) for one in given if one is not None]
    decimals = min(MOST_DECIMALS, max([0, *places]))
    return Numbers(
        [None if one is None else round(one.scaleb(decimals)) for one in given], decimals
    )


def _decimal(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal("NaN")
