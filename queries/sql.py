"""Which question does a restricted SQL text ask?

    [WITH f AS (SELECT unit, aggregate AS name, … FROM table [WHERE …] GROUP BY unit), …]
    SELECT dimension, …, count(*) | count(distinct unit) | sum(x) | avg(x) |
           stddev(x) | variance(x), …
    FROM table [[LEFT] JOIN declared link ON a.x = b.y | USING (x)] [LEFT JOIN f USING (unit)]
    [WHERE condition] [GROUP BY dimension, …]

A dimension is a column, ``band(x, 10, 20)``, ``recode(column, 'name')`` or a feature. Aggregates of
a feature are count(*), count(*) > 0, sum, avg, min, max, arg_min(x, date) (first) and
arg_max(x, date) (last). Everything else is refused with a stable code, a sentence that helps and
its place. Three walls, each an allow-list: ``sql_tokens``, ``sql_tree``, and the readers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from disclosure_control.policy import Policy
from queries.catalogue import Catalogue
from queries.errors import Problem, QueryRefused, at
from queries.language import Query
from queries.sql_features import features_of
from queries.sql_joins import linked
from queries.sql_names import Reading, declared_names
from queries.sql_render import render
from queries.sql_select import filter_of, has_margins, selected
from queries.sql_tokens import tokens_of
from queries.sql_tree import tree_of
from queries.validate import validate

__all__ = ["admit", "parse", "render"]


@dataclass(frozen=True, slots=True)
class _Read:
    query: Query
    places: dict[str, tuple[int, int]]


def parse(text: str, catalogue: Catalogue) -> Query:
    """The question as a typed query, every name in it declared. Raises QueryRefused only."""
    return _read(text, catalogue).query


def admit(text: str, catalogue: Catalogue, policy: Policy) -> Query:
    """The question if it is answerable. Raises QueryRefused with every problem at its place."""
    read = _read(text, catalogue)
    problems = validate(read.query, catalogue, policy)
    if problems:
        raise QueryRefused(tuple(_placed(found, read, text) for found in problems))
    return read.query


def _read(text: str, catalogue: Catalogue) -> _Read:
    tokens = tokens_of(text, names=declared_names(catalogue))
    tree = tree_of(tokens, text=text)
    reading = Reading(text, catalogue)
    try:
        groups = features_of(tree, reading=reading)
        names, joins = linked(tree, groups=groups, reading=reading)
        dimensions, measures, sets = selected(tree, names=names)
        where = filter_of(tree, names=names)
    except QueryRefused as refusal:
        reading.note(refusal)
        raise QueryRefused(tuple(reading.problems)) from None
    if reading.problems:
        raise QueryRefused(tuple(reading.problems))
    query = Query(
        dataset=catalogue.dataset,
        source=names.source.name,
        measures=measures,
        dimensions=dimensions,
        where=where,
        joins=joins,
        features=tuple(made for group in groups.values() for made in group),
        margins=has_margins(tree),
        grouping_sets=sets,
    )
    return _Read(query, reading.places)


def _placed(found: Problem, read: _Read, text: str) -> Problem:
    """At the smallest part of the text that the problem's path was read from."""
    path = found.where
    while path and path not in read.places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    start, end = read.places.get(path, (0, len(text)))
    return at(replace(found), text, start=start, end=end)
