"""Which problem does a JSON instance describe? The reader on the suppressor's side.

    {"hierarchies": [{"nodes": ["Total", "a", "b"], "children": {"Total": ["a", "b"]}}, ...],
     "cells": {"a|x": 12.0, ...}, "primary": ["a|x"], "lpl": [5.0], "upl": [5.0],
     "cost": "value" | {"a|x": 3.0}, "singletons": [...],
     "equations": [[["a|x", 1], ["b|x", -1]], ...], "lb": {...}, "ub": {...}}

Cells are named by one node of each hierarchy, joined with ``|``; all totals are among them. An
attacker knows that no cell is below 0 (unless ``lb`` says otherwise) and which cells are 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np
from scipy.sparse import vstack

from disclosure_control.sdc.suppression.hierarchies import Hierarchy, cell_names, equations
from disclosure_control.sdc.suppression.instance import (
    Floats,
    Instance,
    InstanceInvalid,
    Ints,
    checked,
    matrix,
)

FIELDS = frozenset(
    {
        *("hierarchies", "cells", "primary", "lpl", "upl", "cost", "singletons", "equations"),
        *("lb", "ub", "width"),
    }
)
REQUIRED = ("cells", "primary", "lpl", "upl")
WIDTH = 1.0  # of intervals for a sole contributor: one unit, which excludes exact disclosure


def from_json(entry: Any) -> Instance:
    """Raises InstanceInvalid with every fault that was found."""
    if not isinstance(entry, Mapping):
        _refuse("the instance is not an object")
    faults = [f"unknown field {name}" for name in sorted(entry.keys() - FIELDS)]
    faults += [f"{name} is missing" for name in REQUIRED if name not in entry]
    if faults:
        raise InstanceInvalid(tuple(faults))
    try:
        return checked(_instance(entry))
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as wrong:
        raise InstanceInvalid((f"malformed: {type(wrong).__name__}: {wrong}",)) from None


def _instance(entry: Mapping[str, Any]) -> Instance:
    trees = tuple(_hierarchy(one) for one in entry.get("hierarchies", ()))
    names = cell_names(trees) if trees else ()
    given = {str(name): float(value) for name, value in entry["cells"].items()}
    if missing := [name for name in names if name not in given]:
        raise InstanceInvalid(tuple(f"{name}: no value" for name in missing))
    names = (*names, *(name for name in given if name not in set(names)))
    place = {name: number for number, name in enumerate(names)}
    values = np.array([given[name] for name in names])
    primary = _places(entry["primary"], place)
    lpl, upl = _amounts(entry, "lpl", len(primary)), _amounts(entry, "upl", len(primary))
    singletons = _places(entry.get("singletons", ()), place)
    width = float(entry.get("width", WIDTH)) if len(singletons) else 0.0
    lower, upper = _bounds(entry, values, primary, place)
    rows = [_row(row, place) for row in entry.get("equations", ())]
    parts = [equations(trees)] if trees else []
    if trees and parts[0].shape[1] < len(names):
        parts[0].resize((parts[0].shape[0], len(names)))
    parts += [matrix(rows, cells=len(names))] if rows or not trees else []
    return Instance(
        cells=names,
        values=values,
        equations=vstack(parts).tocsr(),
        lower=lower,
        upper=upper,
        cost=_cost(entry.get("cost", "value"), values, place),
        primary=primary,
        lpl=lpl,
        upl=upl,
        singletons=singletons,
        width=np.minimum(width, lpl + upl),
    )


def _hierarchy(entry: Mapping[str, Any]) -> Hierarchy:
    nodes = tuple(str(node) for node in entry["nodes"])
    place = {node: number for number, node in enumerate(nodes)}
    faults = list(_tree_faults(nodes, entry.get("children", {})))
    if faults:
        raise InstanceInvalid(tuple(faults))
    children = tuple(
        (place[parent], tuple(place[part] for part in parts))
        for parent, parts in entry.get("children", {}).items()
    )
    return Hierarchy(nodes, children)


def _tree_faults(nodes: tuple[str, ...], children: Mapping[str, list[str]]) -> Iterator[str]:
    """Every node but the first is the child of one parent, and the first is above all."""
    if not nodes or len(set(nodes)) < len(nodes):
        yield "a hierarchy has no nodes, or one twice"
        return
    named = list(children) + [part for parts in children.values() for part in parts]
    if unknown := sorted(set(named) - set(nodes)):
        yield f"unknown nodes: {', '.join(unknown)}"
        return
    parent_of = {part: parent for parent, parts in children.items() for part in parts}
    if sum(len(parts) for parts in children.values()) != len(parent_of):
        yield "a node has two parents"
    if set(parent_of) != set(nodes[1:]):
        yield f"the first node, {nodes[0]}, is not the total of all others"
        return
    for node in nodes[1:]:
        seen = {node}
        while node in parent_of and (node := parent_of[node]) not in seen:
            seen.add(node)
        if node != nodes[0]:
            yield f"{node} is its own total"
            return


def _places(names: Any, place: Mapping[str, int]) -> Ints:
    if unknown := [str(name) for name in names if name not in place]:
        raise InstanceInvalid(tuple(f"{name}: no such cell" for name in unknown))
    return np.array([place[name] for name in names], dtype=np.int64)


def _amounts(entry: Mapping[str, Any], name: str, count: int) -> Floats:
    amounts = np.array([float(value) for value in entry[name]])
    if len(amounts) != count:
        _refuse(f"{name} has {len(amounts)} entries for {count} primaries")
    return amounts


def _bounds(
    entry: Mapping[str, Any], values: Floats, primary: Ints, place: Mapping[str, int]
) -> tuple[Floats, Floats]:
    """A zero that is not unsafe is known to be zero."""
    zeros = values == 0
    zeros[primary] = False
    bounds = np.zeros(len(values)), np.where(zeros, 0.0, np.inf)
    for name, bound in zip(("lb", "ub"), bounds, strict=True):
        given = entry.get(name, {})
        bound[_places(given, place)] = [float(value) for value in given.values()]
    return bounds


def _row(row: Any, place: Mapping[str, int]) -> dict[int, float]:
    places = _places([name for name, _ in row], place)
    if len(set(places.tolist())) < len(places):
        _refuse("an equation names a cell twice")
    return {int(cell): float(factor) for cell, (_, factor) in zip(places, row, strict=True)}


def _cost(cost: Any, values: Floats, place: Mapping[str, int]) -> Floats:
    """By value: the value itself; cells of zero and below cost a little, so that none is free."""
    by_value = np.maximum(np.abs(values), 1e-3)
    if cost == "value":
        return by_value
    by_value[_places(cost, place)] = [float(weight) for weight in cost.values()]
    return by_value


def _refuse(fault: str) -> NoReturn:
    raise InstanceInvalid((fault,))
