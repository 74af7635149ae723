"""What does a name in the SQL text mean? Tables and features by alias, columns in their scope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from queries.catalogue import Catalogue, Role, Table
from queries.errors import Problem, QueryRefused, at
from queries.language import ColumnRef, Feature, FeatureRef, Ref
from queries.scope import nearest, unknown_table
from queries.sql_tree import Node, refused, span


@dataclass(slots=True)
class Reading:
    """One text while it is read: what was found wrong so far, and where each part stands."""

    text: str
    catalogue: Catalogue
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def mark(self, path: str, node: Node) -> None:
        """Remember where a part of the query stands, by its path in the JSON form."""
        self.places[path] = span(node, text=self.text)

    def refuse(self, node: Node, code: str, /, **words: str) -> QueryRefused:
        return refused(node, self.text, code, **words)

    def note(self, refusal: QueryRefused) -> None:
        """Keep the problems of one part and go on with the next."""
        self.problems += refusal.problems

    def table(self, node: exp.Table) -> Table:
        """The declared table that FROM or JOIN names. Raises QueryRefused."""
        name = self.name(node.this)
        found = self.catalogue.table(name)
        if found is None:
            start, end = span(node, text=self.text)
            fault = unknown_table(name, known=self.catalogue.tables)
            raise QueryRefused((at(fault, self.text, start=start, end=end),))
        return found

    def name(self, node: Node) -> str:
        """The name that an identifier writes. Unquoted names do not heed case."""
        written = str(node.this) if isinstance(node, exp.Identifier) else ""
        if not written.isascii() or not written:
            raise self.refuse(node, "not_ascii_name", name=written)
        return written if node.args.get("quoted") else written.lower()

    def alias(self, node: Node) -> str | None:
        alias = node.args.get("alias")
        if isinstance(alias, exp.TableAlias):
            alias = alias.this
        return self.name(alias) if alias else None


@dataclass(slots=True)
class Names:
    """Which tables and features may be named here, each by its alias. The first is the source."""

    reading: Reading
    tables: dict[str, Table] = field(default_factory=dict)
    features: dict[str, tuple[Feature, ...]] = field(default_factory=dict)
    unlinked: dict[str, tuple[Feature, ...]] = field(default_factory=dict)

    @property
    def source(self) -> Table:
        return next(iter(self.tables.values()))

    def ref(self, node: Node) -> Ref:
        """The column or feature that a name means. Raises QueryRefused."""
        if isinstance(node, exp.Paren):
            return self.ref(node.this)
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            raise self.reading.refuse(node, "expression")
        name = self.reading.name(node.this)
        if node.args.get("table") is None:
            return self._unqualified(name, node)
        return self._qualified(self.reading.name(node.args["table"]), name, node)

    def _qualified(self, prefix: str, name: str, node: Node) -> Ref:
        if prefix in self.features:
            return self._feature(prefix, name, node)
        if prefix in self.tables:
            return self._column(self.tables[prefix], name, node)
        if prefix in self.unlinked:
            raise self.not_linked(prefix, node)
        if self.reading.catalogue.table(prefix):
            raise self.reading.refuse(node, "table_not_linked", table=prefix)
        hint = nearest(prefix, [*self.tables, *self.features])
        raise self.reading.refuse(node, "unknown_name", name=f"{prefix}.{name}", hint=hint)

    def _feature(self, prefix: str, name: str, node: Node) -> Ref:
        made = {feature.name for feature in self.features[prefix]}
        if name not in made:
            hint = nearest(name, made)
            raise self.reading.refuse(node, "unknown_column", name=name, table=prefix, hint=hint)
        return FeatureRef(name)

    def _column(self, table: Table, name: str, node: Node) -> Ref:
        if table.column(name) is None:
            hint = nearest(name, (column.name for column in table.columns))
            raise self.reading.refuse(
                node, "unknown_column", name=name, table=table.name, hint=hint
            )
        return ColumnRef(table.name, name)

    def _unqualified(self, name: str, node: Node) -> Ref:
        found = list(self._candidates(name))
        useful = [ref for ref, plain in found if plain] or [ref for ref, _ in found]
        if len(useful) == 1:
            return useful[0]
        if not useful:
            raise self._unknown(name, node)
        tables = " and of ".join(_place(ref) for ref in useful)
        raise self.reading.refuse(node, "ambiguous_name", name=name, tables=tables)

    def _candidates(self, name: str) -> Iterator[tuple[Ref, bool]]:
        """Everything of that name, and whether it is more than the far end of a link."""
        for table in self.tables.values():
            column = table.column(name)
            if column:
                own = table is self.source
                yield ColumnRef(table.name, name), own or column.role is Role.ATTRIBUTE
        for features in self.features.values():
            yield from ((FeatureRef(name), True) for made in features if made.name == name)

    def _unknown(self, name: str, node: Node) -> QueryRefused:
        for cte, features in self.unlinked.items():
            if any(feature.name == name for feature in features):
                return self.not_linked(cte, node)
        known = [column.name for table in self.tables.values() for column in table.columns]
        known += [made.name for features in self.features.values() for made in features]
        hint = nearest(name, known)
        return self.reading.refuse(node, "unknown_name", name=name, hint=hint)

    def not_linked(self, cte: str, node: Node, *, code: str = "feature_not_joined") -> QueryRefused:
        """The refusal of a feature that is not linked in the one way there is."""
        features = {**self.unlinked, **self.features}[cte]
        made = self.reading.catalogue.table(features[0].table) if features else None
        source = next(alias for alias, table in self.tables.items() if table is self.source)
        return self.reading.refuse(
            node,
            code,
            name=cte,
            theirs=(made and made.unit_column) or "unit",
            source=source,
            ours=self.source.unit_column or "unit",
        )


def declared_names(catalogue: Catalogue) -> frozenset[str]:
    """Every name that may stand in a text although SQL gives the word another meaning."""
    return frozenset(
        name
        for table in catalogue.tables
        for name in (table.name, *(column.name for column in table.columns))
    )


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(names) or "none"


def _place(ref: Ref) -> str:
    return "the features" if isinstance(ref, FeatureRef) else ref.table
