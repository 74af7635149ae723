"""Which questions are the same? One canonical form, one hash: same question, same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from disclosure_control.arranged import Order
from queries.canonical_features import content_of, rewriting, text_of, text_of_feature
from queries.catalogue import Catalogue, Link
from queries.json_conditions import ref_json
from queries.json_form import to_json
from queries.language import (
    And,
    ColumnRef,
    Dimension,
    FeatureRef,
    Join,
    JoinKind,
    Measure,
    Not,
    Or,
    Predicate,
    Query,
    Ref,
    refs_in,
)
from queries.resolve import meaning
from queries.values import scaled, unscaled

FORM = 1
"""Number of the canonical form: a change of its rules must not match answers stored before."""


def canonical(query: Query, catalogue: Catalogue) -> Query:
    """The one spelling of a validated query; it has the same answer, cell for cell.

    Features are renamed f1, f2, … by content; what changes nothing (features and left links that
    nothing uses, repetitions, the order of parts) is dropped. Dimensions and measures are sorted:
    its table has the cells of the query's own table in another order.
    """
    query = _with_named_features(query, catalogue=catalogue)
    rewrite = rewriting(query, catalogue=catalogue)
    query = replace(
        query,
        where=None if query.where is None else rewrite.of(query.where),
        dimensions=_sorted_dimensions(query, catalogue=catalogue),
        measures=_sorted_measures(query),
        grouping_sets=_sorted_sets(query, catalogue=catalogue),
    )
    return replace(query, joins=_needed_joins(query, catalogue=catalogue))


def named_as(query: Query, other: Query) -> Query | None:
    """A canonical query with its features under the names that another has for them.

    None where the other lacks one.
    """
    names = {replace(one, name=""): one.name for one in other.features}
    own = {one.name: names.get(replace(one, name="")) for one in query.features}
    renaming = {old: new for old, new in own.items() if new is not None}
    if len(renaming) < len(own):
        return None
    features = tuple(replace(one, name=renaming[one.name]) for one in query.features)
    return _renamed(replace(query, features=features), renaming)


def order_in_canonical(query: Query, catalogue: Catalogue) -> Order:
    """How to show the table of the canonical query in the order of a validated query."""
    form, named = canonical(query, catalogue), _with_named_features(query, catalogue=catalogue)
    plain = [_plain(one, query=named, catalogue=catalogue) for one in named.dimensions]
    return Order(
        dimensions=tuple(form.dimensions.index(one) for one in plain),
        measures=tuple(form.measures.index(one) for one in named.measures),
    )


def fingerprint(
    query: Query,
    *,
    catalogue: Catalogue,
    version: str,
    policy_hash: str,
    rho_nano: int,
    mechanism: str | None,
    release: str | None = None,
) -> str:
    """SHA-256 in hex of everything that decides an answer: same fingerprint, same stored draw.

    ``release``: what it is worked out from, where no data are read.
    """
    source = {} if release is None else {"release": release}
    return _hash(
        {
            "form": FORM,
            "query": to_json(canonical(query, catalogue)),
            "version": version,
            "policy": policy_hash,
            "rho_nano": rho_nano,
            "mechanism": mechanism,
            **source,
        }
    )


def part(query: Query, *, catalogue: Catalogue, version: str) -> str:
    """SHA-256 in hex of who is in which cell: the same for every number asked of them.

    People who have a value of a number that can be missing are others than all people.
    """
    plain = canonical(replace(query, margins=False, grouping_sets=()), catalogue)
    form = to_json(plain)
    form["measures"] = sorted(
        {
            text_of(ref_json(ref))
            for one in plain.measures
            for ref in one.refs
            if _can_be_missing(ref, plain, catalogue)
        }
    )
    return _hash({"form": FORM, "query": form, "version": version})


def _can_be_missing(ref: Ref, query: Query, catalogue: Catalogue) -> bool:
    found = meaning(ref, query=query, catalogue=catalogue)
    return found is None or found.nullable


def _hash(value: object) -> str:
    return hashlib.sha256(text_of(value).encode()).hexdigest()


def _with_named_features(query: Query, *, catalogue: Catalogue) -> Query:
    """The features in use, each once, named by the order of their content."""
    used = {ref.name for ref in _refs(query) if isinstance(ref, FeatureRef)}
    rewrite = rewriting(query, catalogue=catalogue)
    contents = {
        feature.name: content_of(feature, rewrite)
        for feature in query.features
        if feature.name in used
    }
    ordered = sorted(set(contents.values()), key=text_of_feature)
    names = {content: f"f{number}" for number, content in enumerate(ordered, start=1)}
    renaming = {old: names[content] for old, content in contents.items()}
    return _renamed(
        replace(query, features=tuple(replace(one, name=names[one]) for one in ordered)), renaming
    )


def _renamed(query: Query, names: dict[str, str]) -> Query:
    def ref(old: Any) -> Any:
        return FeatureRef(names[old.name]) if isinstance(old, FeatureRef) else old

    return replace(
        query,
        where=None if query.where is None else _with_refs(query.where, ref),
        dimensions=tuple(replace(one, ref=ref(one.ref)) for one in query.dimensions),
        measures=tuple(
            replace(one, ref=ref(one.ref), per=ref(one.per), adjusted=tuple(map(ref, one.adjusted)))
            for one in query.measures
        ),
    )


def _with_refs(predicate: Predicate, ref: Any) -> Predicate:
    if isinstance(predicate, And | Or):
        return type(predicate)(tuple(_with_refs(part, ref) for part in predicate.parts))
    if isinstance(predicate, Not):
        return Not(_with_refs(predicate.part, ref))
    return replace(predicate, ref=ref(predicate.ref))


def _sorted_dimensions(query: Query, *, catalogue: Catalogue) -> tuple[Dimension, ...]:
    plain = {_plain(one, query=query, catalogue=catalogue) for one in query.dimensions}
    only = replace(query, joins=(), features=(), where=None, measures=())
    return tuple(sorted(plain, key=lambda one: text_of(to_json(replace(only, dimensions=(one,))))))


def _sorted_measures(query: Query) -> tuple[Measure, ...]:
    only = replace(query, joins=(), features=(), where=None, dimensions=())
    return tuple(
        sorted(
            set(query.measures), key=lambda one: text_of(to_json(replace(only, measures=(one,))))
        )
    )


def _plain(dimension: Dimension, *, query: Query, catalogue: Catalogue) -> Dimension:
    """Its cut points in the declared decimals."""
    found = meaning(dimension.ref, query=query, catalogue=catalogue)
    decimals = found.decimals if found else 0
    bands = tuple(
        unscaled(scaled(edge, decimals=decimals), decimals=decimals)
        if isinstance(edge, Decimal)
        else edge
        for edge in dimension.bands
    )
    return replace(dimension, bands=bands)


def _sorted_sets(query: Query, *, catalogue: Catalogue) -> tuple[tuple[int, ...], ...]:
    """By the positions of sorted dimensions; none where they are all that there are."""
    form = _sorted_dimensions(query, catalogue=catalogue)
    plain = (_plain(one, query=query, catalogue=catalogue) for one in query.dimensions)
    to = [form.index(one) for one in plain]
    sets = {tuple(sorted(to[at] for at in one)) for one in query.grouping_sets}
    return () if len(sets) == 2 ** len(to) else tuple(sorted(sets))


def _needed_joins(query: Query, *, catalogue: Catalogue) -> tuple[Join, ...]:
    """Inner links always count; a left link only for what stands behind it."""
    links = {join: catalogue.link(join.link) for join in query.joins}
    named = {ref.table for ref in _refs(query) if isinstance(ref, ColumnRef)}
    kept: dict[Join, Link] = {}
    for join, link in reversed(links.items()):
        if link and (join.kind is JoinKind.INNER or link.right in named):
            kept[join] = link
            named.add(link.left)
    return _in_order(kept, source=query.source)


def _in_order(links: dict[Join, Link], *, source: str) -> tuple[Join, ...]:
    """By name, but each after the link that it starts from."""
    present, ordered = {source}, []
    waiting = sorted(links, key=lambda join: join.link)
    while waiting:
        ready = next((join for join in waiting if links[join].left in present), waiting[0])
        waiting.remove(ready)
        present.add(links[ready].right)
        ordered.append(ready)
    return tuple(ordered)


def _refs(query: Query) -> Iterator[Ref]:
    """Every name that the answer uses, outside features."""
    yield from (dimension.ref for dimension in query.dimensions)
    yield from (ref for measure in query.measures for ref in measure.refs)
    if query.where is not None:
        yield from refs_in(query.where)
