"""When do two features compute the same? By content: their condition in its one spelling."""

from __future__ import annotations

import json
from dataclasses import replace

from queries.canonical_conditions import Canonical
from queries.catalogue import Catalogue
from queries.json_conditions import predicate_json
from queries.language import Feature, Query, Ref
from queries.resolve import Meaning, meaning


def text_of(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def rewriting(query: Query, *, catalogue: Catalogue) -> Canonical:
    def named(ref: Ref) -> Meaning | None:
        return meaning(ref, query=query, catalogue=catalogue)

    return Canonical(named, lambda predicate: text_of(predicate_json(predicate)))


def same_features(query: Query, catalogue: Catalogue) -> dict[int, int]:
    """Features that compute what an earlier one does: their positions, and that of the first."""
    rewrite = rewriting(query, catalogue=catalogue)
    contents = [content_of(feature, rewrite) for feature in query.features]
    firsts = {at: contents.index(content) for at, content in enumerate(contents)}
    return {at: first for at, first in firsts.items() if first < at}


def content_of(feature: Feature, rewrite: Canonical) -> Feature:
    """The feature without its name, its condition in the one spelling."""
    where = None if feature.where is None else rewrite.of(feature.where)
    return replace(feature, name="", where=where)


def text_of_feature(feature: Feature) -> str:
    where = None if feature.where is None else predicate_json(feature.where)
    return text_of(
        [feature.table, feature.aggregate.value, feature.column, feature.order_by, where]
    )
