"""Made-up suppression problems: seeded, of many shapes, in the JSON format of the command line."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

THRESHOLD = 10
KINDS = ("plane", "cube", "tree", "linked", "sparse", "magnitudes")


def textbook() -> dict[str, Any]:
    """The published 3 x 3 table: hide II|C so that its interval reaches 5 below and above."""
    counts = [[20, 50, 10], [8, 19, 22], [17, 32, 12]]
    trees = [flat(("I", "II", "III")), flat(("A", "B", "C"))]
    entry = table(trees, np.array(counts))
    return {**entry, "primary": ["II|C"], "lpl": [5.0], "upl": [5.0], "singletons": []}


def flat(names: tuple[str, ...]) -> dict[str, Any]:
    return {"nodes": ["Total", *names], "children": {"Total": list(names)}}


def many(count: int, prefix: str) -> dict[str, Any]:
    return flat(tuple(f"{prefix}{number}" for number in range(count)))


def tree(levels: int, branch: int) -> dict[str, Any]:
    """A balanced hierarchy; the names of nodes are their paths."""
    nodes, children, last = ["Total"], {}, ["Total"]
    for _ in range(levels):
        fresh = []
        for parent in last:
            children[parent] = [f"{parent}.{number}" for number in range(branch)]
            fresh += children[parent]
        nodes, last = nodes + fresh, fresh
    return {"nodes": nodes, "children": children}


def leaves(entry: dict[str, Any]) -> list[str]:
    return [node for node in entry["nodes"] if node not in entry["children"]]


def table(trees: list[dict[str, Any]], inner: Any) -> dict[str, Any]:
    """An instance with all totals; counts below the threshold are unsafe, ones are singletons."""
    sums = {
        key: int(value)
        for key, value in zip(product(*map(leaves, trees)), inner.ravel().tolist(), strict=True)
    }
    for place, one in enumerate(trees):
        for parent in reversed([node for node in one["nodes"] if node in one["children"]]):
            parts = set(one["children"][parent])
            above: dict[tuple[str, ...], int] = {}
            for key, value in sums.items():
                if key[place] in parts:
                    total = (*key[:place], parent, *key[place + 1 :])
                    above[total] = above.get(total, 0) + value
            sums |= above
    cells = {"|".join(key): float(value) for key, value in sums.items()}
    primary = [name for name, value in cells.items() if 0 < value < THRESHOLD]
    return {
        "hierarchies": trees,
        "cells": cells,
        "primary": primary,
        "lpl": [1.0] * len(primary),
        "upl": [float(THRESHOLD)] * len(primary),
        "cost": {name: value + 1.0 for name, value in cells.items()},
        "singletons": [name for name in primary if cells[name] == 1],
    }


def counts(shape: tuple[int, ...], *, mean: float, spread: float, seed: int) -> Any:
    """Negative binomial counts: the smaller ``spread``, the more small and empty cells."""
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(spread, mean / spread, size=shape))


def random_instance(kind: str, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    size = [int(number) for number in rng.integers(2, 6, 3)]
    draw = {
        "mean": float(rng.choice([15, 40, 120])),
        "spread": 1.0,
        "seed": int(rng.integers(2**31)),
    }
    if kind == "cube":
        return table(
            [many(n, p) for n, p in zip(size, "abc", strict=True)], counts((*size,), **draw)
        )
    if kind == "tree":
        one = tree(int(rng.integers(2, 4)), 2)
        return table([one, many(size[0], "b")], counts((len(leaves(one)), size[0]), **draw))
    if kind == "sparse":
        draw["spread"] = 0.3
    plane = table([many(size[0], "a"), many(size[1], "b")], counts((size[0], size[1]), **draw))
    if kind == "linked":
        return _linked(plane, rng)
    if kind == "magnitudes":
        return _magnitudes(plane, rng)
    return plane


def _linked(entry: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """A second table over the same rows, tied to the first by their totals."""
    rows = entry["hierarchies"][0]["children"]["Total"]
    equations = []
    cells, cost = dict(entry["cells"]), dict(entry["cost"])
    for row in [*rows, "Total"]:
        cells[f"{row}|second"] = 0.0
    for row in rows:
        total = int(entry["cells"][f"{row}|Total"])
        part = int(rng.integers(0, total + 1))
        cells[f"{row}|low"], cells[f"{row}|high"] = float(part), float(total - part)
        equations.append([[f"{row}|Total", 1], [f"{row}|low", -1], [f"{row}|high", -1]])
    for name in ("low", "high"):
        cells[f"Total|{name}"] = sum(cells[f"{row}|{name}"] for row in rows)
        parts = [[f"{row}|{name}", -1] for row in rows]
        equations.append([[f"Total|{name}", 1], *parts])
    cells = {name: value for name, value in cells.items() if not name.endswith("second")}
    cost |= {name: value + 1.0 for name, value in cells.items()}
    primary = [name for name, value in cells.items() if 0 < value < THRESHOLD]
    return {
        **entry,
        "cells": cells,
        "cost": cost,
        "equations": equations,
        "primary": primary,
        "lpl": [1.0] * len(primary),
        "upl": [float(THRESHOLD)] * len(primary),
        "singletons": [name for name in primary if cells[name] == 1],
    }


def _magnitudes(entry: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Sums of money: some cells dominated, to be protected by a tenth of their value."""
    inner = {name: value * 1000.0 for name, value in entry["cells"].items()}
    names = [name for name, value in inner.items() if value > 0 and "Total" not in name]
    if not names:
        return {**entry, "primary": [], "lpl": [], "upl": [], "singletons": []}
    chosen = sorted(rng.choice(names, size=max(1, len(names) // 5), replace=False).tolist())
    levels = [0.1 * inner[name] for name in chosen]
    return {
        **entry,
        "cells": inner,
        "cost": "value",
        "primary": chosen,
        "lpl": levels,
        "upl": levels,
        "singletons": [],
    }
