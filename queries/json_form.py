"""How is a query written as JSON? The form that pages build, clients send and records keep.

    {"dataset": "clinic", "source": "persons",
     "joins": [{"link": "home", "kind": "left"}],
     "features": [{"name": "top", "table": "labs", "aggregate": "max", "column": "value",
                   "where": {"op": "=", "ref": {"table": "labs", "column": "test"},
                             "value": "hdl"}}],
     "where": {"op": "not", "part": {"op": "is_null", "ref": {"feature": "top"}}},
     "dimensions": [{"ref": {"feature": "top"}, "bands": ["40", "60"]}],
     "measures": [{"statistic": "count"},
                  {"statistic": "mean", "ref": {"table": "persons", "column": "bmi"}}],
     "margins": true}

Conditions are {"op": "and" | "or", "parts"}, {"op": "not", "part"}, {"op": "is_null", "ref"},
{"op": "=" | "<>" | "<" | "<=" | ">" | ">=", "ref", "value"}, {"op": "in", "ref", "values"} and
{"op": "between", "ref", "low", "high"}. Numbers are JSON numbers or text ("12.5"), dates are text
("2020-01-31"), codes are text, yes or no is true or false. Unknown keys are refused. A link is a
left join unless its kind is "inner". ``margins`` asks for every total too; with ``grouping_sets``
only for these tables, each a list of positions of dimensions, from 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from disclosure_control.policy import Policy
from queries.catalogue import Catalogue
from queries.errors import QueryRefused
from queries.json_conditions import (
    band_from,
    predicate_from,
    predicate_json,
    ref_from,
    ref_json,
    value_json,
)
from queries.json_reading import Reader
from queries.json_schema import JSON_SCHEMA, json_schema
from queries.language import (
    Aggregate,
    Dimension,
    Feature,
    Join,
    JoinKind,
    Measure,
    Query,
    Ref,
    Statistic,
)
from queries.resolve import Meaning, meaning
from queries.validate import admit as admit_query

__all__ = ["JSON_SCHEMA", "admit", "from_json", "json_schema", "to_json"]


def to_json(query: Query) -> dict[str, Any]:
    """The form of a query; ``from_json`` reads it back to an equal one."""
    form: dict[str, Any] = {"dataset": query.dataset, "source": query.source}
    if query.joins:
        form["joins"] = [{"link": join.link, "kind": join.kind.value} for join in query.joins]
    if query.features:
        form["features"] = [_feature_json(feature) for feature in query.features]
    if query.where is not None:
        form["where"] = predicate_json(query.where)
    if query.dimensions:
        form["dimensions"] = [_dimension_json(dimension) for dimension in query.dimensions]
    form["measures"] = [_measure_json(measure) for measure in query.measures]
    if query.margins:
        form["margins"] = True
    if query.grouping_sets:
        form["grouping_sets"] = [list(one) for one in query.grouping_sets]
    return form


def from_json(form: object, catalogue: Catalogue) -> Query:
    """The query of a form. Raises QueryRefused with every fault and its path.

    Reads the form only: whether the names in it are declared is for ``validate`` to say.
    """
    reader = Reader()
    query = _query(form, catalogue=catalogue, reader=reader)
    if reader.problems:
        raise QueryRefused(tuple(reader.problems))
    return query


def admit(form: object, catalogue: Catalogue, policy: Policy) -> Query:
    """The query of a form if it is answerable. Raises QueryRefused with every problem."""
    return admit_query(from_json(form, catalogue), catalogue, policy)


def _feature_json(feature: Feature) -> dict[str, Any]:
    optional = {"column": feature.column, "order_by": feature.order_by}
    form: dict[str, Any] = {
        "name": feature.name,
        "table": feature.table,
        "aggregate": feature.aggregate.value,
        **{key: value for key, value in optional.items() if value is not None},
    }
    if feature.where is not None:
        form["where"] = predicate_json(feature.where)
    return form


def _dimension_json(dimension: Dimension) -> dict[str, Any]:
    form: dict[str, Any] = {"ref": ref_json(dimension.ref)}
    if dimension.bands:
        form["bands"] = [value_json(edge) for edge in dimension.bands]
    if dimension.recode is not None:
        form["recode"] = dimension.recode
    return form


def _measure_json(measure: Measure) -> dict[str, Any]:
    ref = {} if measure.ref is None else {"ref": ref_json(measure.ref)}
    level = {} if measure.level is None else {"level": value_json(measure.level)}
    per = {} if measure.per is None else {"per": ref_json(measure.per)}
    adjusted = {"adjusted": [ref_json(one) for one in measure.adjusted]} if measure.adjusted else {}
    return {"statistic": measure.statistic.value, **ref, **level, **per, **adjusted}


def _query(form: object, *, catalogue: Catalogue, reader: Reader) -> Query:
    needed = ("dataset", "source", "measures")
    optional = ("dimensions", "where", "joins", "features", "margins", "grouping_sets")
    entry = reader.mapping(form, path="", needed=needed, optional=optional)
    features = tuple(
        _feature(one, catalogue=catalogue, reader=reader, path=path)
        for path, one in reader.entries(entry.get("features"), path="features")
    )
    sets = tuple(
        tuple(reader.count(at, path=where) for where, at in reader.entries(one, path=path))
        for path, one in reader.entries(entry.get("grouping_sets"), path="grouping_sets")
    )
    bare = Query(
        dataset=reader.text(entry.get("dataset"), path="dataset"),
        source=reader.text(entry.get("source"), path="source"),
        measures=tuple(
            _measure(one, reader=reader, path=path)
            for path, one in reader.entries(entry.get("measures"), path="measures")
        ),
        joins=tuple(
            _join(one, reader=reader, path=path)
            for path, one in reader.entries(entry.get("joins"), path="joins")
        ),
        features=features,
        margins=reader.truth(entry.get("margins"), path="margins"),
        grouping_sets=sets,
    )
    return _with_types(bare, entry, catalogue=catalogue, reader=reader)


def _with_types(bare: Query, entry: Any, *, catalogue: Catalogue, reader: Reader) -> Query:
    """Dimensions and conditions hold constants, which are read by the type of what they name."""

    def named(ref: Ref) -> Meaning | None:
        return meaning(ref, query=bare, catalogue=catalogue)

    where = entry.get("where")
    dimensions = reader.entries(entry.get("dimensions"), path="dimensions")
    return replace(
        bare,
        dimensions=tuple(
            _dimension(one, named=named, reader=reader, path=path) for path, one in dimensions
        ),
        where=None
        if where is None
        else predicate_from(where, meaning=named, reader=reader, path="where"),
    )


def _feature(value: object, *, catalogue: Catalogue, reader: Reader, path: str) -> Feature:
    needed, optional = ("name", "table", "aggregate"), ("column", "order_by", "where")
    entry = reader.mapping(value, path=path, needed=needed, optional=optional)
    where = entry.get("where")

    def named(ref: Ref) -> Meaning | None:
        return meaning(ref, query=_NO_QUERY, catalogue=catalogue)

    return Feature(
        name=reader.text(entry.get("name"), path=f"{path}.name"),
        table=reader.text(entry.get("table"), path=f"{path}.table"),
        aggregate=reader.choice(entry.get("aggregate"), Aggregate, path=f"{path}.aggregate"),
        column=reader.optional_text(entry.get("column"), path=f"{path}.column"),
        order_by=reader.optional_text(entry.get("order_by"), path=f"{path}.order_by"),
        where=None
        if where is None
        else predicate_from(where, meaning=named, reader=reader, path=f"{path}.where"),
    )


_NO_QUERY = Query("", "", ())


def _measure(value: object, *, reader: Reader, path: str) -> Measure:
    entry = reader.mapping(
        value, path=path, needed=("statistic",), optional=("ref", "level", "per", "adjusted")
    )
    statistic = reader.choice(entry.get("statistic"), Statistic, path=f"{path}.statistic")
    ref, level, per = entry.get("ref"), entry.get("level"), entry.get("per")
    return Measure(
        statistic,
        None if ref is None else ref_from(ref, reader=reader, path=f"{path}.ref"),
        None if level is None else reader.number(level, path=f"{path}.level"),
        None if per is None else ref_from(per, reader=reader, path=f"{path}.per"),
        tuple(
            ref_from(one, reader=reader, path=place)
            for place, one in reader.entries(entry.get("adjusted"), path=f"{path}.adjusted")
        ),
    )


def _join(value: object, *, reader: Reader, path: str) -> Join:
    entry = reader.mapping(value, path=path, needed=("link",), optional=("kind",))
    kind = JoinKind.LEFT
    if entry.get("kind") is not None:
        kind = reader.choice(entry["kind"], JoinKind, path=f"{path}.kind")
    return Join(reader.text(entry.get("link"), path=f"{path}.link"), kind)


def _dimension(value: object, *, named: Any, reader: Reader, path: str) -> Dimension:
    entry = reader.mapping(value, path=path, needed=("ref",), optional=("bands", "recode"))
    ref = ref_from(entry.get("ref"), reader=reader, path=f"{path}.ref")
    bands = reader.entries(entry.get("bands"), path=f"{path}.bands")
    return Dimension(
        ref,
        bands=tuple(band_from(one, named(ref), reader=reader, path=place) for place, one in bands),
        recode=reader.optional_text(entry.get("recode"), path=f"{path}.recode"),
    )
