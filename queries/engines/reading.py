"""What does a plan read, and how are its tables joined? FROM and WHERE of the steps.

Features are steps of their own, ``_f0``, ``_f1``...: one row per unit, linked by the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from disclosure_control.tables import Counting
from queries.engines.block import selected, step
from queries.engines.expressions import (
    TOTAL_FEATURES,
    Namer,
    clamped,
    column_sql,
    condition_sql,
    feature_sql,
    where_sql,
)
from queries.plan import Derived, Filter, Linked, Plan
from queries.plan_axes import AxisKey
from queries.plan_measured import Measured
from queries.plan_terms import Computed, Level, Stored, Term, terms_in
from queries.plan_vectors import Recipe
from queries.store import RECORD_KEY, SCHEMA, quoted


@dataclass(frozen=True)
class Reading:
    """Of one plan: terms, tables, joins and filters as SQL."""

    plan: Plan
    marked: bool = True  # has the store marked first rows?

    # What is read, and under which name.

    def direct(self, term: Term) -> str:
        """Where the source and all linked tables and features are joined side by side."""
        if isinstance(term, Stored):
            return column_sql(term)
        group, feature = self.feature_places[term.feature]
        column = f"{group}.{quoted(feature.name)}"
        return f"coalesce({column}, 0)" if feature.aggregate in TOTAL_FEATURES else column

    @property
    def unit(self) -> str:
        return column_sql(Stored(self.plan.source, self.plan.unit_column))

    @property
    def key(self) -> str:
        """The record key of a row's unit."""
        return column_sql(Stored(self.plan.source, RECORD_KEY))

    @property
    def keyed(self) -> bool:
        """Are record keys added up?"""
        return any(one.counts is Counting.KEYS for one in self.plan.recipes)

    @cached_property
    def terms(self) -> frozenset[Term]:
        """Every term that decides something."""
        filters = (terms_in(one.condition) for one in self.plan.filters)
        return frozenset(
            chain(
                (key.term for key in self.plan.keys),
                chain.from_iterable(one.terms for one in self.plan.measured),
                *filters,
            )
        )

    @cached_property
    def features(self) -> tuple[Derived, ...]:
        used = {term.feature for term in self.terms if isinstance(term, Computed)}
        return tuple(one for one in self.plan.features if one.name in used)

    @cached_property
    def feature_groups(self) -> dict[str, tuple[Derived, ...]]:
        """Features over the same rows are computed in one pass."""
        groups: dict[tuple[object, ...], list[Derived]] = {}
        for one in self.features:
            groups.setdefault((one.table, one.where), []).append(one)
        return {f"_f{at}": tuple(group) for at, group in enumerate(groups.values())}

    @cached_property
    def feature_places(self) -> dict[str, tuple[str, Derived]]:
        return {
            one.name: (group, one)
            for group, members in self.feature_groups.items()
            for one in members
        }

    @cached_property
    def feature_steps(self) -> list[str]:
        return [_feature_step(group, of=of) for group, of in self.feature_groups.items()]

    @cached_property
    def linked(self) -> tuple[Linked, ...]:
        """Tables that are read, on the way to one that is, or that drop rows."""
        wanted = {term.table for term in self.terms if isinstance(term, Stored)}
        kept: list[Linked] = []
        for one in reversed(self.plan.linked):
            if one.inner or one.table in wanted:
                kept.append(one)
                wanted.add(one.left.table)
        return tuple(reversed(kept))

    # Tables, joined.

    def source(self) -> str:
        return f"{SCHEMA}.{quoted(self.plan.source)} AS {quoted(self.plan.source)}"

    def joins(self, *levels: Level, unit: str) -> str:
        """Links of these levels, and at UNIT level the features too, to ``unit``."""
        parts = [self._join(one, unit=unit) for one in self.linked if one.level in levels]
        if Level.UNIT in levels:
            parts += [f" LEFT JOIN {one} ON {one}._u = {unit}" for one in self.feature_groups]
        return "".join(parts)

    def _join(self, one: Linked, *, unit: str) -> str:
        own_unit = one.left == Stored(self.plan.source, self.plan.unit_column)
        left = unit if own_unit else column_sql(one.left)
        kind = "JOIN" if one.inner else "LEFT JOIN"
        right = column_sql(Stored(one.table, one.right_column))
        return f" {kind} {SCHEMA}.{quoted(one.table)} AS {quoted(one.table)} ON {right} = {left}"

    def where(self, *levels: Level, name: Namer | None = None, also: tuple[str, ...] = ()) -> str:
        kept = (one.condition for one in self.plan.filters if one.level in levels)
        return where_sql([*(condition_sql(one, name=name or self.direct) for one in kept), *also])

    def of_level(self, level: Level) -> tuple[Filter, ...]:
        return tuple(one for one in self.plan.filters if one.level is level)

    def keys(self, level: Level) -> tuple[AxisKey, ...]:
        return tuple(key for key in self.plan.keys if key.level is level)

    def rows(self, *, also: tuple[str, ...] = ()) -> str:
        """FROM … WHERE of the source's rows, with whatever filters on rows need.

        Filters on the unit alone wait for ``framed``, unless one joins both.
        """
        mixed = (Level.UNIT, Level.BOTH) if self.of_level(Level.BOTH) else ()
        levels = (Level.ROW, *mixed)
        joined = self.joins(*levels, unit=self.unit)
        return f" FROM {self.source()}{joined}{self.where(*levels, also=also)}"

    def everything(self, *, also: tuple[str, ...] = ()) -> str:
        """FROM … WHERE of the source's rows with every link, feature and filter."""
        joined = self.joins(Level.ROW, Level.UNIT, unit=self.unit)
        kept = self.where(Level.ROW, Level.UNIT, Level.BOTH, also=also)
        return f" FROM {self.source()}{joined}{kept}"

    def units_of(self, step: str) -> str:
        """FROM … WHERE of a step that has a unit ``u``, with what the unit alone decides."""
        return f" FROM {step}{self.joins(Level.UNIT, unit=f'{step}._u')}{self.where(Level.UNIT)}"

    def measured(self, recipe: Recipe) -> Measured | None:
        """The number that a vector adds up; None for counts of rows and units."""
        return next((one for one in self.plan.measured if one.name == recipe.of), None)

    def value(self, one: Measured, *, name: Namer | None = None) -> str:
        """A measured number, kept within its declared bounds; or what is made of it."""
        if one.parts:
            return self._moment(one, name=name)
        term = (name or self.direct)(one.term)
        lower, upper = one.values or (one.lower, one.upper)
        kept = clamped(term, lower=lower, upper=upper)
        if not one.squared:
            return kept if one.factor == 1 else f"{kept} * {one.factor}"
        apart = f"({kept} - ({(lower + upper) // 2}))::BIGINT"
        return f"({apart} * {apart} + {one.step // 2}) // {one.step}"

    def _moment(self, one: Measured, *, name: Namer | None) -> str:
        """Distances multiplied; rounded half up, from a number below all, so that none is cut."""
        apart = (
            f"({self.value(part, name=name)} - ({part.midpoint}))::BIGINT" for part in one.parts
        )
        product = " * ".join(apart)
        if one.step > 1:
            below = one.upper + 1
            shifted = below * one.step + one.step // 2
            product = f"({product} + {shifted}) // {one.step} - {below}"
        missing = [
            f"{(name or self.direct)(part.term)} IS NULL" for part in one.complete if part.nullable
        ]
        return (
            f"CASE WHEN {' OR '.join(missing)} THEN NULL ELSE {product} END" if missing else product
        )


def _feature_step(group: str, *, of: tuple[Derived, ...]) -> str:
    first = of[0]
    unit = f"{quoted(first.unit_column)} AS _u"
    values = [f"{feature_sql(one)} AS {quoted(one.name)}" for one in of]
    kept = where_sql(condition_sql(one, name=_own_column) for one in first.where)
    rows = f" FROM {SCHEMA}.{quoted(first.table)}{kept}"
    return step(group, selected(unit, *values, rows=rows, by="1"))


def _own_column(term: Term) -> str:
    """A feature's filter reads its own table only."""
    return quoted(term.column if isinstance(term, Stored) else term.feature)
