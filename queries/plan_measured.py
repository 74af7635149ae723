"""Which numbers are read of each row, to be added up? Columns, features and what is made of them.

A number is kept within its declared bounds. Spreads add up its squared distance from their middle,
slopes the product of two such distances, in rows that have every number of the regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from math import prod

from queries.catalogue import Catalogue
from queries.language import SPREADS, ColumnRef, Measure, Query, Ref, Statistic
from queries.plan_terms import Level, Term, known, stored_bounds, term_of
from queries.resolve import Kind

SQUARES = "squares."
"""Before the name of a number whose squares are added up; no declared name has a full stop."""


MOMENT = "moment."
"""Before the names of numbers whose distances from their midpoints are multiplied."""


TENTHS = 10


STEPS = 10**6
"""Of the largest square: finer steps would change no number that noise leaves to be seen."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that is added up: a column or feature, kept within its declared bounds.

    ``lower`` and ``upper`` bound what is added; ``values`` what is read, where that is something
    else: the squared distance from the midpoint, or ``factor`` times the value.
    """

    name: str
    title: str
    term: Term
    level: Level
    lower: int
    upper: int
    decimals: int
    nullable: bool
    values: tuple[int, int] | None = None
    squared: bool = False
    step: int = 1  # of squares and products, which are rounded to it
    factor: int = 1
    parts: tuple[Measured, ...] = ()  # a moment: the product of their distances from midpoints,
    complete: tuple[Measured, ...] = ()  # in rows where all of these have a value

    @property
    def squares(self) -> Measured:
        """The squared distance of a value from the midpoint, a number like any other.

        Within 0 to the square of the reach, so that its own midpoint halves what a unit moves. In
        steps of a power of ten, so that sums of large squares fit.
        """
        largest = self.reach(self.midpoint) ** 2
        step = 1
        while largest > STEPS * step:
            step *= 10
        return replace(
            self,
            name=SQUARES + self.name,
            lower=0,
            upper=(largest + step // 2) // step,
            decimals=2 * self.decimals,
            values=(self.lower, self.upper),
            squared=True,
            step=step,
        )

    @property
    def terms(self) -> tuple[Term, ...]:
        """Everything that is read."""
        return tuple(dict.fromkeys(one.term for one in self.complete)) or (self.term,)

    @property
    def midpoint(self) -> int:
        return (self.lower + self.upper) // 2

    @property
    def row_bounds(self) -> tuple[int, int]:
        """Of what one row adds; a missing value adds nothing."""
        if self.nullable:
            return min(self.lower, 0), max(self.upper, 0)
        return self.lower, self.upper

    def reach(self, centre: int) -> int:
        """Largest distance of a value from the centre."""
        return max(abs(self.lower - centre), abs(self.upper - centre))


@dataclass(frozen=True, slots=True)
class Moments:
    """What least squares need of some numbers, the last of which is explained by the others.

    ``products`` has each pair of numbers, row by row of the upper triangle.
    """

    sums: tuple[Measured, ...]
    products: tuple[Measured, ...]

    @classmethod
    def of(cls, numbers: Sequence[Measured]) -> Moments:
        whole = tuple(sorted(numbers, key=lambda one: one.name))
        return cls(
            tuple(_moment((one,), whole) for one in numbers),
            tuple(
                _moment(tuple(sorted(pair, key=lambda one: one.name)), whole)
                for pair in combinations_with_replacement(numbers, 2)
            ),
        )


def _moment(parts: tuple[Measured, ...], whole: tuple[Measured, ...]) -> Measured:
    """In steps of a power of ten, as squares are."""
    largest = prod(one.reach(one.midpoint) for one in parts)
    step = 1
    while len(parts) > 1 and largest > STEPS * step:
        step *= 10
    upper = (largest + step // 2) // step
    squared = len(set(parts)) < len(parts)
    names = ".".join(one.name for one in parts)
    return replace(
        parts[0],
        name=f"{MOMENT}{names}:{'-'.join(one.name for one in whole)}",
        title=" and ".join(dict.fromkeys(one.title for one in parts)),
        lower=0 if squared else -upper,
        upper=upper,
        decimals=sum(one.decimals for one in parts),
        nullable=any(one.nullable for one in whole),
        values=None,
        step=step,
        factor=1,
        parts=parts,
        complete=whole,
    )


def measured_in(
    query: Query, *, catalogue: Catalogue, levels: dict[str, Level]
) -> dict[Ref, Measured]:
    """Every number that is added up; two measures of one number share it."""
    refs = {ref: None for one in query.measures for ref in one.refs}
    plain = [_plain_name(ref) for ref in refs]
    return {
        ref: _measured(ref, query=query, catalogue=catalogue, levels=levels, shared=plain)
        for ref in refs
    }


def added_up(query: Query, measured: dict[Ref, Measured]) -> dict[str, Measured]:
    """By name, all numbers that are read of each row; squares where a spread needs them."""
    values = {one.name: one for one in measured.values()}
    spreads = (one.ref for one in query.measures if one.statistic in SPREADS)
    squares = (measured[ref].squares for ref in spreads if ref is not None)
    found = values | {one.name: one for one in squares}
    for one in query.measures:
        if one.statistic is Statistic.SLOPE:
            moments = moments_of(one, measured)
            found |= {part.name: part for part in (*moments.sums, *moments.products)}
        if one.statistic is Statistic.LOG_ODDS:
            whole = complete_of(one, measured)
            found[whole.name] = whole
    return found


def complete_of(measure: Measure, measured: dict[Ref, Measured]) -> Measured:
    """Something that has a value in every row in which all numbers of a measure have one."""
    numbers = sorted((measured[ref] for ref in measure.refs), key=lambda one: one.name)
    return _moment((numbers[0],), tuple(numbers))


def moments_of(measure: Measure, measured: dict[Ref, Measured]) -> Moments:
    """Of a slope: that which explains first, then what it is adjusted for."""
    of, *others = measure.refs
    return Moments.of([measured[ref] for ref in (*others, of)])


def _measured(
    ref: Ref,
    *,
    query: Query,
    catalogue: Catalogue,
    levels: dict[str, Level],
    shared: list[str],
) -> Measured:
    meaning = known(ref, query=query, catalogue=catalogue)
    lower, upper = stored_bounds(meaning)
    name = _plain_name(ref)
    table = ref.table if isinstance(ref, ColumnRef) else None
    if meaning.kind is Kind.TRUTH:
        return _truth(ref, name=name, title=meaning.title)
    return Measured(
        name=f"{table}_{name}" if table and shared.count(name) > 1 else name,
        title=meaning.title,
        term=term_of(ref),
        level=levels[table] if table else Level.UNIT,
        lower=lower,
        upper=upper,
        decimals=meaning.decimals,
        nullable=meaning.nullable,
    )


def _truth(ref: Ref, *, name: str, title: str) -> Measured:
    """In tenths, so that a whole number lies in the middle and halves what a unit moves."""
    return Measured(
        name=name,
        title=title,
        term=term_of(ref),
        level=Level.UNIT,
        lower=0,
        upper=TENTHS,
        decimals=1,
        nullable=False,
        values=(0, 1),
        factor=TENTHS,
    )


def _plain_name(ref: Ref) -> str:
    return ref.column if isinstance(ref, ColumnRef) else ref.name
