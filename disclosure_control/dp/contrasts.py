"""How is an axis with totals split into parts that can be measured apart? By orthogonal contrasts.

The leaves of an axis (labels that nothing adds up to) are n numbers. Their sum is one thing to
know; how they differ is n - 1 others: a label with parts is halved again and again until single
parts are left, and each halving gives one *contrast*, so much of the one half less so much of the
other that equal leaves cancel out (an unbalanced Haar wavelet: Girardi and Sweldens 1997). With
whole coefficients, so that a contrast of integers is an integer. Contrasts stand at right angles to
each other and to the sum, and those of one depth of the tree make up one *level*:

* level 0: the sum of all leaves;
* level 1: differences between the labels directly below the total;
* level d + 1: differences between parts of subtotals that are d deep.

An axis to which nothing adds up has one level: its leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import accumulate
from math import gcd, lcm, prod

from disclosure_control.tables import Axis

Range = tuple[int, int]
"""Of leaves: the first, and the one after the last."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """``first`` times the sum of the left half less ``second`` times that of the right."""

    level: int
    start: int
    middle: int
    stop: int

    @property
    def halves(self) -> tuple[int, int]:
        return self.middle - self.start, self.stop - self.middle

    @property
    def shared(self) -> int:
        return gcd(*self.halves)

    @property
    def first(self) -> int:
        return self.halves[1] // self.shared

    @property
    def second(self) -> int:
        return self.halves[0] // self.shared

    @property
    def norm(self) -> int:
        """Squared length."""
        left, right = self.halves
        return left * self.first**2 + right * self.second**2

    def within(self, leaves: Range) -> int:
        """Of the indicator of these leaves."""
        start, stop = leaves
        left = max(0, min(stop, self.middle) - max(start, self.start))
        right = max(0, min(stop, self.stop) - max(start, self.middle))
        return self.first * left - self.second * right


@dataclass(frozen=True)
class Basis:
    """``leaves``: the label of each leaf, in the order of the tree; ``ranges``: of each label.

    Rows are the sum and then every contrast, one for each leaf.
    """

    leaves: tuple[int, ...]
    ranges: tuple[Range, ...]
    depths: tuple[int, ...]  # of each label: how many labels it is a part of
    contrasts: tuple[Contrast, ...]  # a whole before its parts; none on an axis without sums
    total: bool  # is the last label that of all the others?
    families: tuple[tuple[int, tuple[int, ...]], ...]  # level of parts of one label, their leaves

    @cached_property
    def rows(self) -> tuple[tuple[int, int], ...]:
        """Level and squared length of each."""
        if not self.contrasts:
            return ((0, 1),) * len(self.leaves)
        return ((0, len(self.leaves)), *((one.level, one.norm) for one in self.contrasts))

    @cached_property
    def levels(self) -> int:
        return 1 + max((level for level, _ in self.rows), default=0)

    @cached_property
    def largest(self) -> tuple[int, ...]:
        """Of each level, the largest coefficient."""
        found = [1] * self.levels
        for one in self.contrasts:
            found[one.level] = max(found[one.level], one.first, one.second)
        return tuple(found)

    @cached_property
    def leaf_parts(self) -> tuple[Fraction, ...]:
        """Of each level, the squared length of what a leaf has in it, at most."""
        leaves = ((at, at + 1) for at in range(len(self.leaves)))
        return _most([self._parts(one) for one in leaves])

    @cached_property
    def label_parts(self) -> tuple[tuple[bool, tuple[Fraction, ...]], ...]:
        """As ``leaf_parts``, of labels: one entry for each depth, with whether it is the total."""
        by_depth: dict[tuple[int, bool], list[tuple[Fraction, ...]]] = {}
        for leaves, depth in zip(self.ranges, self.depths, strict=True):
            single = leaves[1] - leaves[0] == 1
            by_depth.setdefault((depth, single), []).append(self._parts(leaves))
        found = ((self.total and not depth, _most(own)) for (depth, _), own in by_depth.items())
        return tuple(dict.fromkeys(found))

    @cached_property
    def least_parts(self) -> tuple[Fraction, ...]:
        """Of each level, the least squared length in it of whole leaves with nothing below it.

        They are equal within each part of that level, and not all parts of one label are: it is
        least where one part is 1 and the others are 0.
        """
        found = [Fraction(len(self.leaves) if self.contrasts else 1)]
        for level in range(1, self.levels):
            every = [sizes for depth, sizes in self.families if depth == level and len(sizes) > 1]
            found.append(min((_apart(one) for one in every), default=Fraction(1)))
        return tuple(found)

    def _parts(self, leaves: Range) -> tuple[Fraction, ...]:
        if not self.contrasts:
            return (Fraction(leaves[1] - leaves[0]),)
        found = [Fraction(0)] * self.levels
        found[0] = Fraction((leaves[1] - leaves[0]) ** 2, len(self.leaves))
        for one in self.contrasts:
            found[one.level] += Fraction(one.within(leaves) ** 2, one.norm)
        return tuple(found)

    @cached_property
    def denominator(self) -> int:
        """What sums of leaves are whole multiples of the inverse of, given whole rows."""
        divided: dict[Range, int] = {(0, len(self.leaves)): 1}
        for one in self.contrasts:
            below = divided[one.start, one.stop] * (one.stop - one.start)
            divided[one.start, one.middle] = divided[one.middle, one.stop] = below
        return lcm(*divided.values())

    def measured(self, line: Sequence[int]) -> list[int]:
        """Rows, given a number for each label; what stands for others is not read."""
        own = [line[at] for at in self.leaves]
        if not self.contrasts:
            return own
        upto = [0, *accumulate(own)]
        return [
            upto[-1],
            *(
                one.first * (upto[one.middle] - upto[one.start])
                - one.second * (upto[one.stop] - upto[one.middle])
                for one in self.contrasts
            ),
        ]

    def estimated(self, rows: Sequence[int]) -> list[int]:
        """A number for each label, times ``denominator``, given rows."""
        if not self.contrasts:
            return [rows[start] for start, _ in self.ranges]
        whole = self.denominator
        sums = {(0, len(self.leaves)): rows[0] * whole}
        for one, row in zip(self.contrasts, rows[1:], strict=True):
            both = sums[one.start, one.stop]
            weighed = one.halves[0] * both + one.shared * row * whole
            left = weighed // (one.stop - one.start)  # nothing is left over
            sums[one.start, one.middle] = left
            sums[one.middle, one.stop] = both - left
        return [sums[leaves] for leaves in self.ranges]


@lru_cache(maxsize=256)
def basis_of(axis: Axis) -> Basis:
    """Of a tree of labels, as ``shapes`` requires."""
    if not axis.sums:
        every = range(len(axis.labels))
        singles = tuple((at, at + 1) for at in every)
        return Basis(tuple(every), singles, (0,) * len(axis.labels), (), axis.total, ())
    tree = _Tree(dict(axis.subtotals))
    contrasts = tree.grown(axis.tops, depth=0)
    if axis.total:
        tree.ranges[len(axis.labels) - 1] = (0, len(tree.leaves))
    return Basis(
        tuple(tree.leaves),
        tuple(tree.ranges[label] for label in range(len(axis.labels))),
        tuple(map(len, axis.above)),
        tuple(contrasts),
        axis.total,
        tuple(tree.families),
    )


def largest_coefficient(axes: Iterable[Axis]) -> int:
    """Of what is measured of a table with these axes."""
    return prod(max(basis_of(axis).largest) for axis in axes)


@dataclass(slots=True)
class _Tree:
    """Leaves in their order, and the leaves of each label, as far as labels were placed."""

    parts: dict[int, tuple[int, ...]]
    leaves: list[int] = field(default_factory=list)
    ranges: dict[int, Range] = field(default_factory=dict)
    families: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def grown(self, labels: Sequence[int], *, depth: int) -> list[Contrast]:
        """Places labels and all that is within them. Contrasts of a whole before its parts'."""
        within = [one for label in labels for one in self._placed(label, depth=depth + 1)]
        parts = [self.ranges[label] for label in labels]
        self.families.append((depth + 1, tuple(stop - start for start, stop in parts)))
        return [*_halved(parts, level=depth + 1), *within]

    def _placed(self, label: int, *, depth: int) -> list[Contrast]:
        start = len(self.leaves)
        if label not in self.parts:
            self.leaves.append(label)
            within: list[Contrast] = []
        else:
            within = self.grown(self.parts[label], depth=depth)
        self.ranges[label] = (start, len(self.leaves))
        return within


def _halved(parts: Sequence[Range], *, level: int) -> Iterator[Contrast]:
    if len(parts) > 1:
        half = len(parts) // 2
        yield Contrast(level, parts[0][0], parts[half][0], parts[-1][1])
        yield from _halved(parts[:half], level=level)
        yield from _halved(parts[half:], level=level)


def _apart(sizes: tuple[int, ...]) -> Fraction:
    every = sum(sizes)
    return min(Fraction(size * (every - size), every) for size in sizes)


def _most(parts: Sequence[tuple[Fraction, ...]]) -> tuple[Fraction, ...]:
    return tuple(max(level) for level in zip(*parts, strict=True))
