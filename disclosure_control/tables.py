"""What is a table before and after protection?

A ``Shape`` is public: axes, vectors with their sensitivity, statistics. An ``Unprotected`` holds
the integers that an engine counted; it shows its shape and never a value. A ``Protected`` is
what people may see once they decide so; only ``disclosure_control.protect`` makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import chain, product
from math import prod
from typing import NoReturn

from disclosure_control.errors import Leak
from disclosure_control.record import DisclosureRecord

Sum = tuple[int, tuple[int, ...]]
"""One label, and those that add up to it, by their positions."""


GroupingSets = tuple[tuple[int, ...], ...]
"""Tables of one grid, each by the positions of its axes, in order; over the others it is summed."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of the public key grid; ``labels`` are its keys in order of display.

    With ``total`` the last label stands for all the others together. ``shared``: a unit may stand
    under several labels, so that distinct units do not add up over them. ``missing``: the last
    label before a total stands for values that are missing. ``subtotals``: labels that stand for
    some of the others together, each with those directly below it, by position. ``empty``: labels
    that everybody knows to hold nobody, by the question alone. ``unknown``: before protection the
    labels but that of missing values are places for texts, which come with the data; after it they
    are the texts that are told.
    """

    name: str
    labels: tuple[str, ...]
    total: bool = False
    shared: bool = False
    missing: bool = False
    subtotals: tuple[Sum, ...] = ()
    empty: tuple[int, ...] = ()
    unknown: bool = False

    @property
    def texts(self) -> int:
        """How many labels stand for texts that nobody knows beforehand."""
        return len(self.labels) - self.missing - self.total if self.unknown else 0

    @property
    def sums(self) -> tuple[Sum, ...]:
        """Every label that others add up to, the total included."""
        last = len(self.labels) - 1
        return (*self.subtotals, (last, self.tops)) if self.total else self.subtotals

    @property
    def tops(self) -> tuple[int, ...]:
        """Labels that are part of no subtotal, without the total."""
        parts = {part for _, parts in self.subtotals for part in parts}
        return tuple(at for at in range(len(self.labels) - self.total) if at not in parts)

    @property
    def families(self) -> tuple[tuple[int, ...], ...]:
        """Labels that stand beside each other: those of one subtotal, and those of none."""
        return (self.tops, *(parts for _, parts in self.subtotals))

    @property
    def above(self) -> tuple[tuple[int, ...], ...]:
        """For each label, every label that it is a part of."""
        over = {part: whole for whole, parts in self.sums for part in parts}
        found: list[tuple[int, ...]] = []
        for at in range(len(self.labels)):
            wholes: list[int] = []
            while at in over and over[at] not in wholes:
                at = over[at]  # noqa: PLW2901 — one step up
                wholes.append(at)
            found.append(tuple(wholes))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Most that one unit, with all its rows in all tables, moves an integer vector."""

    l0: int  # cells changed
    l1: int
    l2_squared: int  # an integer, so that no bound is lost to rounding
    linf: int


class Counting(StrEnum):
    """What one vector holds for each cell."""

    ROWS = "rows"
    UNITS = "units"  # distinct units
    CONTRIBUTORS = "contributors"  # DP: rows with a value; SDC: distinct units with a value
    TOTAL = "total"  # sum of (value - centre)
    LARGEST = "largest"  # SDC: the largest absolute contribution of one unit to TOTAL
    SECOND = "second"  # SDC: the second largest
    SMALLEST = "smallest"  # SDC: the smallest
    GROSS = "gross"  # SDC: sum of absolute contributions of units
    NEGATIVE = "negative"  # SDC: distinct units whose contribution is below zero
    HISTOGRAM = "histogram"  # DP: rows with a value, by equal bins of its declared range
    PATTERNS = "patterns"  # DP: rows that have all of some numbers, by the bin of each
    KEYS = "keys"  # SDC: sum of the record keys of distinct units


@dataclass(frozen=True, slots=True)
class Vector:
    """One integer per cell of the grid, row-major over the axes; quantity = integer / scale.

    A histogram has ``bins`` integers per cell, those of one cell side by side; so have patterns.
    """

    name: str
    counts: Counting
    scale: int
    magnitude: int  # no cell's absolute value exceeds this, whatever the data, nor, with noise, do
    #                 those of all cells together; below 2**62
    sensitivity: Sensitivity | None  # None on the SDC track, which makes no such claim
    row_bounds: tuple[int, int] | None = None  # TOTAL: public bounds of what one row adds, before
    #                                              its weight; on the DP track less the centre
    centre: int = 0  # TOTAL only: the public midpoint subtracted from each value, in the integers
    #                  of the store (so, where row weights multiply a total, before the weight)
    step: int = (
        1  # TOTAL of squares or products only: quantity = integer * step / scale, and what each row
    )
    #                adds was rounded to whole steps
    bins: int = 1  # HISTOGRAM and PATTERNS only
    beside: str | None = None  # DP, TOTAL of what is never below zero: name of the count of its
    #                            rows, with which it shares one noise (``dp.parts``)


class Kind(StrEnum):
    """What a published column is."""

    COUNT = "count"
    UNITS = "units"
    SUM = "sum"
    NONNEGATIVE_SUM = "nonnegative_sum"
    MEAN = "mean"
    VARIANCE = "variance"
    STDDEV = "stddev"
    QUANTILE = "quantile"
    RATIO = "ratio"
    SLOPE = "slope"
    LOG_ODDS = "log_odds"
    LEFT_OUT = "left_out"


SPREADS = frozenset({Kind.VARIANCE, Kind.STDDEV})
REGRESSIONS = frozenset({Kind.SLOPE, Kind.LOG_ODDS})
"""Their interval covers sampling too."""

QUOTIENTS = SPREADS | REGRESSIONS | {Kind.MEAN, Kind.RATIO, Kind.LEFT_OUT}
"""Divided by a count, by another total or, a slope, by what numbers have in common."""

NOISY_ONLY = (
    SPREADS | REGRESSIONS | {Kind.QUANTILE, Kind.RATIO, Kind.LEFT_OUT, Kind.NONNEGATIVE_SUM}
)
VARYING = QUOTIENTS | {Kind.QUANTILE}
"""Their interval depends on the cell, so that there is no single half-width."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """SDC track: names of the vectors that decide whether a column's cell may be shown.

    ``units`` holds distinct units: all of them for COUNT and UNITS, those with a value for SUM
    and MEAN. The others but the last are needed for SUM and MEAN, where dominance can occur.
    ``keys`` is needed where counts are drawn by the keys of their units.
    """

    units: str
    largest: str | None = None
    second: str | None = None
    gross: str | None = None
    smallest: str | None = None
    negative: str | None = None
    keys: str | None = None


@dataclass(frozen=True, slots=True)
class Quantile:
    """``part`` of ``parts`` of the values are at most this one; read from a histogram.

    Bin b holds the integers of the store from ``low + b * width`` on, so many as ``width`` says;
    the last bin ends at ``last``. Value = integer / ``scale``.
    """

    histogram: str  # name of the vector
    part: int
    parts: int
    low: int
    width: int
    last: int
    scale: int

    @property
    def bins(self) -> int:
        return (self.last - self.low) // self.width + 1


@dataclass(frozen=True, slots=True)
class Regression:
    """Totals of numbers and of their products, by name; the last number is explained by the others.

    Each number less a centre of its own. ``products`` has each pair, row by row of the upper
    triangle. The slope that is told is that of the first number.
    """

    sums: tuple[str, ...]
    products: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.sums, *self.products)


@dataclass(frozen=True, slots=True)
class Bands:
    """Equal bands of a number; value = integer / ``scale``. Yes or no are 1 and 0."""

    low: int = 0
    width: int = 1
    last: int = 1
    scale: int = 1

    @property
    def count(self) -> int:
        return (self.last - self.low) // self.width + 1

    @property
    def middles(self) -> tuple[Fraction, ...]:
        """What stands for each band."""
        lows = (self.low + at * self.width for at in range(self.count))
        return tuple(
            Fraction(low + min(low + self.width - 1, self.last), 2 * self.scale) for low in lows
        )


@dataclass(frozen=True, slots=True)
class Patterns:
    """A vector of PATTERNS: rows by the band of each number, row-major, the last one side by side.

    ``explained`` is yes or no; the coefficient that is told is that of ``told``.
    """

    vector: str
    numbers: tuple[Bands, ...]
    explained: int
    told: int

    @property
    def bins(self) -> int:
        return prod(one.count for one in self.numbers)


@dataclass(frozen=True, slots=True)
class Published:
    """One column of the published table, computed from one to three vectors.

    COUNT and UNITS read ``count``; SUM reads ``total``; MEAN is
    (centre + total / count) x (count.scale / total.scale). On the DP track only: NONNEGATIVE_SUM is
    a SUM with nothing shown below zero, value nor interval, which the truth is not; VARIANCE is the
    mean of the ``squares`` of what ``total`` adds up, which have a centre of their own, less the
    square of the mean of ``total``, times n / (n - 1); STDDEV is its root; RATIO is ``total`` by
    ``per``; LEFT_OUT is 1 - ``count`` / ``per``, of bounded rows and of all; SLOPE is a coefficient
    of least squares, LOG_ODDS one of a logistic regression on ``patterns``; QUANTILE tells the
    middle of a bin that was chosen. On the DP track a column is hidden where its noisy ``count`` is
    below the threshold; on the SDC track ``evidence`` decides.
    """

    name: str  # stable, machine-readable: "count", "mean_bmi"
    title: str
    kind: Kind
    count: str  # name of the vector that decides suppression and divides a mean
    total: str | None
    decimals: int  # shown after the point
    evidence: Evidence | None = None  # SDC track only
    squares: str | None = None  # spreads only
    quantile: Quantile | None = None  # quantiles only
    per: str | None = None  # name of what divides ``total`` or, of what is left out, ``count``
    regression: Regression | None = None  # slopes only
    patterns: Patterns | None = None  # logarithms of odds only

    @property
    def read(self) -> tuple[str, ...]:
        """Names of the vectors that it is worked out from, but those that have bins."""
        told = self.regression.names if self.regression else ()
        names = (self.count, self.total, self.squares, self.per, *told)
        return tuple(name for name in names if name is not None)


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything about a table that is known before data is read."""

    unit: str  # singular, for sentences
    axes: tuple[Axis, ...]
    vectors: tuple[Vector, ...]
    published: tuple[Published, ...]
    bounds: tuple[str, ...] = ()  # clamping rules in words, for the record
    grouping_sets: GroupingSets = ()  # DP, with totals: which tables are told; (): all of them

    @property
    def cells(self) -> int:
        return prod(len(axis.labels) for axis in self.axes)

    @property
    def not_asked(self) -> frozenset[int]:
        """Cells by other axes together than any table that is told."""
        if not self.grouping_sets:
            return frozenset()
        told = frozenset(self.grouping_sets)
        axes = [
            [(at,) if label < len(axis.labels) - 1 else () for label in range(len(axis.labels))]
            for at, axis in enumerate(self.axes)
        ]
        by = (tuple(chain.from_iterable(place)) for place in product(*axes))
        return frozenset(cell for cell, own in enumerate(by) if own not in told)

    @property
    def has_totals(self) -> bool:
        return any(axis.sums for axis in self.axes)

    @property
    def empty(self) -> frozenset[int]:
        """Cells that everybody knows to hold nobody: their zeros are no secret."""
        if not any(axis.empty for axis in self.axes):
            return frozenset()
        none = [frozenset(axis.empty) for axis in self.axes]
        places = product(*(range(len(axis.labels)) for axis in self.axes))
        return frozenset(
            cell
            for cell, place in enumerate(places)
            if any(at in own for at, own in zip(place, none, strict=True))
        )

    @property
    def cells_asked(self) -> int:
        """How many numbers each column has."""
        return self.cells - len(self.not_asked)

    @property
    def unknown(self) -> int | None:
        """Position of the axis whose keys come with the data; there is one at most."""
        return next((at for at, axis in enumerate(self.axes) if axis.unknown), None)

    @property
    def texts(self) -> int:
        """Places for texts, of all axes."""
        return sum(axis.texts for axis in self.axes)

    def length(self, vector: Vector) -> int:
        """Integers of a vector of this table."""
        return self.cells * vector.bins

    @property
    def lengths(self) -> dict[str, int]:
        return {vector.name: self.length(vector) for vector in self.vectors}

    def vector(self, name: str) -> Vector:
        return next(vector for vector in self.vectors if vector.name == name)

    def keys(self, cell: int) -> tuple[str, ...]:
        """The labels of a row-major grid position, one per axis."""
        labels: list[str] = []
        for axis in reversed(self.axes):
            cell, position = divmod(cell, len(axis.labels))
            labels.append(axis.labels[position])
        return tuple(reversed(labels))


Texts = tuple[str | None, ...]
LONGEST_TEXT = 80  # bytes of UTF-8
TAKEN = frozenset({"missing", "total"})  # labels with a meaning of their own


def is_text(text: object) -> bool:
    """One line of printable characters, without blanks around it, that is no other label."""
    return (
        isinstance(text, str)
        and 0 < len(text.encode(errors="replace")) <= LONGEST_TEXT
        and text.isprintable()
        and text == text.strip()
        and text.casefold() not in TAKEN
    )


class Unprotected:
    """Integers that an engine counted. Shows its shape; refuses to show, store or pass values.

    Only ``disclosure_control.protect``, ``disclosure_control.codec`` and tests of the engines
    call ``reveal`` (a test reads the source to keep this true).
    """

    __slots__ = ("__texts", "__vectors", "shape")

    def __init__(
        self, shape: Shape, vectors: Mapping[str, tuple[int, ...]], texts: Texts = ()
    ) -> None:
        """Raises Leak if the vectors are not exactly those of the shape, in length and range.

        ``texts``: one for each place of the axis with unknown keys; None where there is none.
        """
        declared = {vector.name: vector for vector in shape.vectors}
        if vectors.keys() != declared.keys():
            raise Leak("vectors differ from the declared shape")
        for name, cells in vectors.items():
            limit = declared[name].magnitude
            if len(cells) != shape.length(declared[name]) or not _are_within(cells, limit):
                raise Leak(f"vector {name} breaks its declared bounds")
        told = [text for text in texts if text is not None]
        if len(texts) != shape.texts or len(told) != len(set(told)) or not all(map(is_text, told)):
            raise Leak("the texts of an axis break its declared form")
        self.shape = shape
        self.__vectors = dict(vectors)
        self.__texts = tuple(texts)

    def reveal(self) -> dict[str, tuple[int, ...]]:
        return dict(self.__vectors)

    def reveal_texts(self) -> Texts:
        return self.__texts

    def __repr__(self) -> str:
        return f"<Unprotected {'x'.join(str(len(axis.labels)) for axis in self.shape.axes) or '1'}>"

    def __refuse(self, *_: object) -> NoReturn:
        raise Leak

    __iter__ = __len__ = __getitem__ = __eq__ = __hash__ = __bool__ = __refuse
    __reduce__ = __reduce_ex__ = __getstate__ = __copy__ = __deepcopy__ = __refuse
    __format__ = __html__ = __json__ = __int__ = __float__ = __refuse


def _are_within(cells: tuple[int, ...], limit: int) -> bool:
    """Are all of them whole numbers, and none larger? A truth value is none."""
    whole = set(map(type, cells)) <= {int}
    return whole and (not cells or (max(cells) <= limit and min(cells) >= -limit))


class Status(StrEnum):
    SHOWN = "shown"
    SUPPRESSED = "suppressed"  # [c]
    NOT_ASKED = "not_asked"  # a cell by other axes together than any table that is asked for


@dataclass(frozen=True, slots=True)
class Cell:
    """One published value. All four numbers are None where the status is not SHOWN.

    ``low`` and ``high`` bound the interval of at least 95 % per cell (DP track; None on SDC, and
    for a mean whose interval is unbounded). ``half_width`` is None for means.
    """

    status: Status
    value: Decimal | None = None
    half_width: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None


Columns = tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a track made of a table. Nothing of it leaves before the door makes it Protected."""

    axes: tuple[Axis, ...]
    published: tuple[Published, ...]
    columns: Columns  # columns[i][cell] belongs to published[i]
    record: DisclosureRecord


@dataclass(frozen=True, slots=True)
class Protected:
    """A table that may leave once people decide so. Cells are row-major, one list per column."""

    track: str  # "dp" | "sdc"
    axes: tuple[Axis, ...]
    published: tuple[Published, ...]
    columns: Columns  # columns[i][cell] belongs to published[i]
    record: DisclosureRecord

    @property
    def asked(self) -> tuple[int, ...]:
        """Cells that have something to show, or to hide; the same in each column."""
        return asked_of(self.columns)


def asked_of(columns: Columns) -> tuple[int, ...]:
    return tuple(
        at
        for at, cell in enumerate(columns[0] if columns else ())
        if cell.status != Status.NOT_ASKED
    )
