"""Which equations tie the cells of a table with hierarchies, and what are its cells called?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
from scipy.sparse import csr_array, eye_array, kron, vstack


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Nodes of one dimension; the first is the total. A node with children is their sum."""

    nodes: tuple[str, ...]
    children: tuple[tuple[int, tuple[int, ...]], ...]  # (parent, its children), by position


def cell_names(hierarchies: tuple[Hierarchy, ...]) -> tuple[str, ...]:
    """Row-major over the hierarchies; nodes joined with ``|``."""
    return tuple("|".join(nodes) for nodes in product(*(one.nodes for one in hierarchies)))


def equations(hierarchies: tuple[Hierarchy, ...]) -> Any:
    """One row for each parent of each dimension and each combination of the other dimensions."""
    sizes = [len(one.nodes) for one in hierarchies]
    blocks = [
        kron(
            kron(eye_array(prod(sizes[:place])), _sums(one)),
            eye_array(prod(sizes[place + 1 :])),
        )
        for place, one in enumerate(hierarchies)
        if one.children
    ]
    if not blocks:
        return csr_array((0, prod(sizes)))
    return csr_array(vstack(blocks))


def _sums(hierarchy: Hierarchy) -> Any:
    """Parent minus children, one row for each parent: (parents, nodes)."""
    dense = np.zeros((len(hierarchy.children), len(hierarchy.nodes)))
    for row, (parent, children) in enumerate(hierarchy.children):
        dense[row, parent] = 1.0
        dense[row, list(children)] = -1.0
    return csr_array(dense)
