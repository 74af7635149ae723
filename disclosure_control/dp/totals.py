"""What noise makes a table and all its totals known best, and adding up? A matrix mechanism.

To add noise to cells makes totals noisy by all their cells; to add noise to every total apart buys
each with its own share, and nothing adds up. Instead, what is measured is the table's *parts* that
stand at right angles: every product of one level for each axis (``contrasts``) is a *group* of
numbers with noise of its own scale. Cells and totals are sums of parts, so they add up, and each
takes only the noise of the parts that it has. For totals over any set of dimensions and Gaussian
noise no other unbiased way is better (Xiao et al. 2023, ResidualPlanner; Li et al. 2015).

**What it costs.** A unit moves leaves by at most L1 together, so what it moves is a mixture of
moves of single leaves by L1, of which none is dearer than the dearest one. A leaf has in a
group the squared length h, the product of its parts in the levels; a number of the group whose
coefficients have the squared length q has noise of scale s * sqrt(q). So the group costs at most
(L1)**2 h / 2 s**2  zCDP, and groups add up.

**What it is worth.** A cell or total has in each group a squared length g, and its noise the
variance V = sum of g s**2. The share of each group is such that the largest V of all is the least:
then cells and totals are known equally well, and a table has one half-width.

**Some tables alone.** Where not every total is told, nor all cells, groups of which nothing that is
told has any part are not measured. In their place stands 0: only what is not told would need them.

The law of a number's noise: whole tables are a lattice, and so are the whole numbers that are
measured, of which it takes up one part. Given the part, the noise of a number lies on the whole
numbers from some offset on, as a discrete Gaussian of variance V to within one part in a million
if no combination of cells with whole coefficients has a variance below
LEAST_VARIANCE (then the lattice is smooth: Micciancio and Regev 2007, lemma 3.3). Such a
combination has, in the last group in which it has anything, at least the squared length that
``Basis.least_parts`` multiply up to; hence the least scale of each group. Beyond its bend the
normal law is convex, so that the tail of the discrete one lies below it half a step nearer: hence
half a step more in ``accuracy.half_width_of_sums``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain, product

from disclosure_control.dp.contrasts import Basis, basis_of
from disclosure_control.dp.scales import SCALE_BITS, scale_for, scale_from
from disclosure_control.errors import AccountingError
from disclosure_control.tables import Axis, GroupingSets

Levels = tuple[int, ...]
"""One for each axis."""

LEAST_VARIANCE = Fraction(2)
STEPS = 200  # of seeking shares; what is left to gain is below a thousandth
SHARES = 2**40
ROUNDED_UP: float = 1 + 4 / 2**SCALE_BITS  # of a variance: each scale has few binary digits


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that are measured at one scale; that of a single one is times its length."""

    levels: Levels
    scale: float
    rho_nano: int
    moved: Fraction  # squared: most that one unit moves all numbers, each by its length


@dataclass(frozen=True, slots=True)
class Parting:
    """How the table is measured. ``shares`` has one weight, in SHARES, for each of ``groups``.

    ``lengths`` has for each kind of cell or total that is told the squared length that it has in
    each group.
    """

    bases: tuple[Basis, ...]
    groups: tuple[Levels, ...]
    shares: tuple[int, ...]
    lengths: tuple[tuple[float, ...], ...]

    def leaf(self, levels: Levels) -> Fraction:
        """Squared length that a leaf has in a group, at most."""
        pairs = zip(self.bases, levels, strict=True)
        return math.prod((basis.leaf_parts[level] for basis, level in pairs), start=Fraction(1))

    def largest(self, levels: Levels) -> int:
        """Coefficient in a group."""
        pairs = zip(self.bases, levels, strict=True)
        return math.prod(basis.largest[level] for basis, level in pairs)

    def noise(self, *, l1: int, rho_nano: int) -> tuple[Group, ...]:
        """Raises AccountingError for a share too small to divide."""
        return tuple(self._noise(l1, rho_nano))

    def _noise(self, l1: int, rho_nano: int) -> Iterator[Group]:
        for levels, share in zip(self.groups, self.shares, strict=True):
            own = rho_nano * share // SHARES
            if own < 1:
                raise AccountingError("a part of a total would get no budget")
            moved = max(1, l1) ** 2 * self.leaf(levels)
            scale = max(self._least_scale(levels), scale_for(moved, rho_nano=own))
            yield Group(levels, scale, own, moved)

    def _least_scale(self, levels: Levels) -> float:
        parts = [basis.least_parts for basis in self.bases]
        return scale_from(LEAST_VARIANCE / _product(parts, levels))

    def variance(self, groups: tuple[Group, ...]) -> float:
        """Of the noise of any cell or total, at most."""
        squares = [one.scale**2 for one in groups]
        most: float = max(sum(map(_times, squares, kind)) for kind in self.lengths)
        return ROUNDED_UP * most

    def measured(self, values: Sequence[int]) -> list[int]:
        """All numbers that could be measured, of a table whose totals are not read."""
        sizes = [len(basis.ranges) for basis in self.bases]
        return _along(values, sizes, [basis.measured for basis in self.bases])

    def estimated(self, rows: Sequence[int]) -> tuple[Fraction, ...]:
        """The table with its totals, of noisy numbers."""
        sizes = [len(basis.leaves) for basis in self.bases]
        found = _along(rows, sizes, [basis.estimated for basis in self.bases])
        whole = math.prod(basis.denominator for basis in self.bases)
        return tuple(Fraction(one, whole) for one in found)

    def places(self, groups: tuple[Group, ...]) -> dict[Group, dict[int, list[int]]]:
        """Of each group, by squared length: where such numbers stand among those measured."""
        of = {one.levels: one for one in groups}
        found: dict[Group, dict[int, list[int]]] = {one: {} for one in groups}
        for place, rows in enumerate(product(*(basis.rows for basis in self.bases))):
            group = of.get(tuple(level for level, _ in rows))
            if group is not None:
                norm = math.prod(norm for _, norm in rows)
                found[group].setdefault(norm, []).append(place)
        return found


def row_scale(group: Group, norm: int) -> float:
    """Of a number whose coefficients have the squared length ``norm``."""
    return scale_from(Fraction(group.scale) ** 2 * norm)


@lru_cache(maxsize=256)
def parting_of(axes: tuple[Axis, ...], grouping_sets: GroupingSets = ()) -> Parting:
    """``grouping_sets``: as of a ``Shape``."""
    bases = tuple(basis_of(axis) for axis in axes)
    parts = [_floats(basis.leaf_parts) for basis in bases]
    kinds = list(_kinds(bases, grouping_sets))
    every = product(*(range(basis.levels) for basis in bases))
    told = (one for one in every if any(_multiplied(kind, one) for kind in kinds))
    groups = tuple(levels for levels in told if _multiplied(parts, levels))  # has any number
    dear = [_multiplied(parts, levels) for levels in groups]
    lengths = tuple(tuple(_multiplied(kind, levels) for levels in groups) for kind in kinds)
    return Parting(bases, groups, _shares(dear, lengths), lengths)


def _kinds(bases: Sequence[Basis], told: GroupingSets) -> Iterator[tuple[tuple[float, ...], ...]]:
    """Of cells and totals that are told: the squared length in each level, axis by axis."""
    for kind in product(*(basis.label_parts for basis in bases)):
        by = tuple(at for at, (is_total, _) in enumerate(kind) if not is_total)
        if not told or by in told:
            yield tuple(_floats(parts) for _, parts in kind)


def _shares(dear: Sequence[float], wanted: Sequence[Sequence[float]]) -> tuple[int, ...]:
    """Of a charge, such that the largest variance is the least.

    ``dear``: what each group costs at scale 1; ``wanted``: how much of its variance each kind of
    number has. The weighted sum of variances is least where shares are as sqrt(dear * wanted); who
    has a variance above others gets a larger weight, step by step.
    """
    weights = [1.0] * len(wanted)
    shares: list[float] = []
    for _ in range(STEPS):
        columns = zip(*wanted, strict=True)
        sums = [sum(map(_times, weights, column)) for column in columns]
        roots = [math.sqrt(cost * much) for cost, much in zip(dear, sums, strict=True)]
        shares = [root / sum(roots) for root in roots]
        scales = [cost / share if share else 0.0 for cost, share in zip(dear, shares, strict=True)]
        variances = [sum(map(_times, kind, scales)) for kind in wanted]
        largest = max(variances)
        weights = [
            weight * math.sqrt(variance / largest)
            for weight, variance in zip(weights, variances, strict=True)
        ]
    whole = math.floor(SHARES * (1 - 1e-9))
    return tuple(max(1, math.floor(share * whole) - 1) for share in shares)


def _times(one: float, other: float) -> float:
    return one * other


def _floats(parts: Sequence[Fraction]) -> tuple[float, ...]:
    return tuple(map(float, parts))


def _multiplied(parts: Sequence[Sequence[float]], levels: Levels) -> float:
    return math.prod(own[level] for own, level in zip(parts, levels, strict=True))


def _product(parts: Sequence[Sequence[Fraction]], levels: Levels) -> Fraction:
    return math.prod(
        (own[level] for own, level in zip(parts, levels, strict=True)), start=Fraction(1)
    )


def _along(
    values: Sequence[int],
    sizes: Sequence[int],
    each: Sequence[Callable[[Sequence[int]], list[int]]],
) -> list[int]:
    """Row-major numbers with every line along every axis replaced; lines may change in length."""
    found, sizes = list(values), list(sizes)
    for axis, replaced in enumerate(each):
        size, inner = sizes[axis], math.prod(sizes[axis + 1 :])
        blocks = (found[at : at + size * inner] for at in range(0, len(found), size * inner))
        lines = ([replaced(block[at::inner]) for at in range(inner)] for block in blocks)
        found = list(
            chain.from_iterable(chain.from_iterable(zip(*one, strict=True)) for one in lines)
        )
        sizes[axis] = len(found) * size // max(1, math.prod(sizes))
    return found
