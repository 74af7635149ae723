"""On which key of the public grid does a row fall? Whole-number keys, and their labels.

The grid comes from the catalogue and the question alone: every declared code, group or band,
and "missing" wherever a value can be missing. Which keys exist says nothing of the data. Of texts,
which nobody declares, there are as many places as a version may have values.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from disclosure_control.tables import Axis, Sum
from queries import nested
from queries.catalogue import Catalogue, Recode
from queries.catalogue_faults import MISSING, TOTAL
from queries.language import ColumnRef, Dimension, Query
from queries.plan_terms import (
    Level,
    Reader,
    Term,
    known,
    stored_bounds,
    stored_constant,
    term_of,
)
from queries.possible import empty_places
from queries.resolve import Kind, Meaning, recode_of
from queries.values import date_of_days, number_text, unscaled

Places = tuple[int | None, ...]

TRUTH_LABELS = ("no", "yes")


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal parts of a range of stored integers; what lies beyond counts as its end."""

    low: int
    last: int
    width: int


@dataclass(frozen=True, slots=True)
class AxisKey:
    """How a term becomes a position on one axis, from 0; ``missing`` is the last position.

    Exactly one rule applies: ``cuts`` (the number of cuts at or below the value), else
    ``groups`` (the group of each code position, None for none), else ``bins``, else the stored
    integer itself.
    ``above`` has the subtotals of each code position, one set of them for each depth.
    """

    term: Term
    level: Level
    keys: int  # positions without the one of missing values
    missing: int | None
    stride: int  # of this axis in the row-major grid, which has a place for its total if asked
    cuts: tuple[int, ...] = ()
    groups: Places = ()
    above: tuple[Places, ...] = ()
    bins: Bins | None = None

    @property
    def size(self) -> int:
        return self.keys + (self.missing is not None)


@dataclass(frozen=True, slots=True)
class _Rule:
    labels: tuple[str, ...]
    missing: bool
    cuts: tuple[int, ...] = ()
    groups: Places = ()
    above: tuple[Places, ...] = ()
    subtotals: tuple[Sum, ...] = ()
    unknown: bool = False


def axes_of(
    query: Query, *, catalogue: Catalogue, levels: dict[str, Level]
) -> tuple[tuple[AxisKey, Axis], ...]:
    """Keys and public axes in the order of the dimensions. ``levels`` has one entry a table."""
    rules = [_rule(one, query=query, catalogue=catalogue) for one in query.dimensions]
    names = _names(query, catalogue=catalogue)
    conditions = Reader(query, catalogue).conjuncts(query.where)
    found: list[tuple[AxisKey, Axis]] = []
    stride = 1
    for dimension, rule, name in reversed(list(zip(query.dimensions, rules, names, strict=True))):
        keys = len(rule.labels)
        key = AxisKey(
            term=term_of(dimension.ref),
            level=_level(dimension, levels=levels),
            keys=keys,
            missing=keys if rule.missing else None,
            stride=stride,
            cuts=rule.cuts,
            groups=rule.groups,
            above=rule.above,
        )
        meaning = known(dimension.ref, query=query, catalogue=catalogue)
        every = meaning.kind in {Kind.CODE, Kind.TRUTH}
        labels = (*rule.labels, MISSING) if rule.missing else rule.labels
        labels = (*labels, TOTAL) if query.margins else labels
        axis = Axis(
            name,
            labels,
            total=query.margins,
            shared=key.level is Level.ROW,
            missing=rule.missing,
            subtotals=rule.subtotals,
            unknown=rule.unknown,
            empty=empty_places(key, conditions, bounds=stored_bounds(meaning), every=every),
        )
        found.append((key, axis))
        stride *= len(labels)
    return tuple(reversed(found))


def _level(dimension: Dimension, *, levels: dict[str, Level]) -> Level:
    return levels[dimension.ref.table] if isinstance(dimension.ref, ColumnRef) else Level.UNIT


def _rule(dimension: Dimension, *, query: Query, catalogue: Catalogue) -> _Rule:
    found = known(dimension.ref, query=query, catalogue=catalogue)
    if dimension.bands:
        cuts = tuple(stored_constant(cut, of=found) for cut in dimension.bands)
        return _Rule(band_labels(dimension.bands, of=found), found.nullable, cuts=cuts)
    if found.kind is Kind.TRUTH:
        return _Rule(TRUTH_LABELS, found.nullable)
    if found.kind is Kind.TEXT:
        places = range(1, found.most_values + 1)
        return _Rule(tuple(map(str, places)), found.nullable, unknown=True)
    recode = recode_of(dimension, query=query, catalogue=catalogue)
    if recode is None:
        return _Rule(tuple(code.label for code in found.codes), found.nullable)
    return _of_groups(recode, found)


def _of_groups(recode: Recode, found: Meaning) -> _Rule:
    """A code is in the narrowest of its groups; the others are subtotals."""
    chains = nested.chains(recode.groups)
    own = [chains.get(code.value, ()) for code in found.codes]
    groups = tuple(chain[-1] if chain else None for chain in own)
    return _Rule(
        tuple(label for label, _ in recode.groups),
        found.nullable or None in groups,
        groups=groups,
        above=tuple(
            tuple(chain[at] if at < len(chain) - 1 else None for chain in own)
            for at in range(nested.depth(recode.groups))
        ),
        subtotals=tuple(nested.below(recode.groups).items()),
    )


def _names(query: Query, *, catalogue: Catalogue) -> list[str]:
    """Titles; where two axes would share one, each says how it differs."""
    titles = [_title(one, query=query, catalogue=catalogue) for one in query.dimensions]
    return [
        title if titles.count(title) == 1 else f"{title} ({titles[: at + 1].count(title)})"
        for at, title in enumerate(titles)
    ]


def _title(dimension: Dimension, *, query: Query, catalogue: Catalogue) -> str:
    recode = recode_of(dimension, query=query, catalogue=catalogue)
    return recode.title if recode else known(dimension.ref, query=query, catalogue=catalogue).title


def band_labels(cuts: tuple[Decimal | datetime.date, ...], *, of: Meaning) -> tuple[str, ...]:
    """Such as "below 40", "40 to 59", "60 and over"; with decimals "18.5 to below 25"."""
    words = _DATE_WORDS if of.kind is Kind.DATE else _NUMBER_WORDS
    first, last = _spelt(cuts[0], of=of), _spelt(cuts[-1], of=of)
    between = tuple(_between(low, high, of=of) for low, high in pairwise(cuts))
    return words[0].format(first), *between, words[1].format(last)


_DATE_WORDS = ("before {}", "from {}")
_NUMBER_WORDS = ("below {}", "{} and over")


def _between(low: Decimal | datetime.date, high: Decimal | datetime.date, *, of: Meaning) -> str:
    if of.decimals:
        return f"{_spelt(low, of=of)} to below {_spelt(high, of=of)}"
    last = stored_constant(high, of=of) - 1
    if last == stored_constant(low, of=of):
        return _spelt(low, of=of)
    return f"{_spelt(low, of=of)} to {_spelt_stored(last, of=of)}"


def _spelt(value: Decimal | datetime.date, *, of: Meaning) -> str:
    return _spelt_stored(stored_constant(value, of=of), of=of)


def _spelt_stored(stored: int, *, of: Meaning) -> str:
    if of.kind is Kind.DATE:
        return date_of_days(stored).isoformat()
    return number_text(unscaled(stored, decimals=of.decimals))
