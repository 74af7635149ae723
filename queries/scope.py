"""Which names may be used at one place of a query, and what is wrong with those that may not?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from queries.catalogue import Catalogue, Role, Table
from queries.errors import Problem, problem
from queries.language import ColumnRef, FeatureRef, Query, Ref
from queries.resolve import Meaning, feature_named, linked_tables, meaning


@dataclass(frozen=True, slots=True)
class Scope:
    """The whole query, or the rows of one ``table`` inside a feature."""

    query: Query
    catalogue: Catalogue
    table: str | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables whose columns may be used here."""
        return (self.table,) if self.table else linked_tables(self.query, catalogue=self.catalogue)

    def meaning(self, ref: Ref) -> Meaning | None:
        """What the name stands for; None if it may not be used here."""
        if any(self.problems(ref, where="")):
            return None
        return meaning(ref, query=self.query, catalogue=self.catalogue)

    def problems(self, ref: Ref, *, where: str) -> Iterator[Problem]:
        """Why the name may not be used here as a dimension, measure or condition."""
        if isinstance(ref, FeatureRef):
            yield from self._feature_problems(ref, where=where)
            return
        table = self.catalogue.table(ref.table)
        if table is None:
            yield unknown_table(ref.table, known=self.catalogue.tables, where=where)
        elif ref.table not in self.tables:
            yield self._elsewhere(ref, where=where)
        else:
            yield from _column_problems(ref, table=table, where=where)

    def _feature_problems(self, ref: FeatureRef, *, where: str) -> Iterator[Problem]:
        if self.table:
            yield problem("feature_in_feature", where=where)
        elif feature_named(ref.name, query=self.query) is None:
            hint = nearest(ref.name, (feature.name for feature in self.query.features))
            yield problem("unknown_feature", where=where, name=ref.name, hint=hint)

    def _elsewhere(self, ref: ColumnRef, *, where: str) -> Problem:
        if self.table:
            name = f"{ref.table}.{ref.column}"
            return problem("other_table_in_feature", where=where, table=self.table, name=name)
        return problem("table_not_linked", where=where, table=ref.table)


def _column_problems(ref: ColumnRef, *, table: Table, where: str) -> Iterator[Problem]:
    column = table.column(ref.column)
    if column is None:
        hint = nearest(ref.column, (column.name for column in table.columns))
        yield problem("unknown_column", where=where, name=ref.column, table=table.name, hint=hint)
    elif column.role is Role.UNIT:
        yield problem("unit_column", where=where, name=column.name)
    elif column.role is Role.KEY:
        yield problem("key_column", where=where, name=column.name)


def unknown_table(name: str, *, known: Iterable[Table], where: str = "") -> Problem:
    """The problem of a table that the catalogue does not declare."""
    names = [table.name for table in known]
    hint = nearest(name, names)
    return problem("unknown_table", where=where, name=name, hint=hint, known=", ".join(names))


def nearest(name: str, known: Iterable[str]) -> str:
    """A question that suggests the declared name closest to a wrong one, or nothing."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name[:100].casefold(), by_fold, n=1)
    return f" Did you mean {by_fold[close[0]]}?" if close else ""


def shown(ref: Ref) -> str:
    """The name as a person writes it."""
    return ref.name if isinstance(ref, FeatureRef) else f"{ref.table}.{ref.column}"
