"""What do regressions need of the rows of a question? Part of the oracle: sums in plain Python.

Tables that may be asked for regressions have one row a unit, so nothing is weighed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import prod

from queries.engines.memory_rows import Context, Kept, Key
from queries.language import Measure, Ref, Statistic


@dataclass(frozen=True, slots=True)
class Models:
    context: Context
    name: Callable[[Ref], str]

    def totals(self, measure: Measure, rows: Sequence[Kept]) -> dict[str, dict[Key, int]]:
        """How many rows have every number; for a slope also their moments."""
        refs = sorted(measure.refs, key=self.name)
        of = "-".join(map(self.name, refs))
        whole = self._whole(measure, rows)
        missing = any(self.context.nullable(ref) for ref in refs)
        count = f"values_moment.{self.name(refs[0])}:{of}" if missing else "units"
        found = {count: _added(whole, lambda _: 1)}
        if measure.statistic is Statistic.SLOPE:
            pairs = combinations_with_replacement(refs, 2)
            for several in (*((one,) for one in refs), *pairs):
                names = ".".join(map(self.name, several))
                found[f"total_moment.{names}:{of}"] = self._product(several, whole)
        return found

    def patterns(
        self, models: Sequence[Measure], rows: Sequence[Kept], grid: Sequence[Key]
    ) -> dict[str, tuple[int, ...]]:
        """Rows by the band of each number: 16 of them, fewer where many would be too many."""
        found: dict[str, tuple[int, ...]] = {}
        for model in models:
            refs = sorted(model.refs, key=self.name)
            bands = self._bands(refs, most=min(2**10, 2**17 // (len(grid) * len(models))))
            counts: dict[tuple[Key, tuple[int, ...]], int] = defaultdict(int)
            for kept in self._whole(model, rows):
                counts[kept.key, tuple(self._band(kept, *one) for one in bands)] += 1
            sizes = ((high - low) // width + 1 for _, low, high, width in bands)
            places = product(grid, product(*map(range, sizes)))
            name = f"patterns_{'-'.join(map(self.name, refs))}"
            found[name] = tuple(counts.get(place, 0) for place in places)
        return found

    def _bands(self, refs: Sequence[Ref], *, most: int) -> list[tuple[Ref, int, int, int]]:
        """Of each number its bounds and the width of its bands."""
        numbers = [ref for ref in refs if not self.context.is_truth(ref)]
        left = most // 2 ** (len(refs) - len(numbers))
        each = next(n for n in (16, 8, 4, 2, 1) if n ** len(numbers) <= left or n == 1)
        found = []
        for ref in refs:
            low, high = self.context.bounds(ref)
            width = -(-(high - low + 1) // each) if ref in numbers else 1
            found.append((ref, low, high, width))
        return found

    def _band(self, kept: Kept, ref: Ref, low: int, high: int, width: int) -> int:
        return (max(low, min(high, self.context.value(ref, kept.row) or 0)) - low) // width

    def _whole(self, measure: Measure, rows: Sequence[Kept]) -> list[Kept]:
        """Rows that have every number."""
        return [
            kept
            for kept in rows
            if all(self.context.value(ref, kept.row) is not None for ref in measure.refs)
        ]

    def _product(self, refs: Sequence[Ref], rows: Sequence[Kept]) -> dict[Key, int]:
        """In steps of a power of ten, of which the largest product has a million at most."""
        bounds = [self._bounds(ref) for ref in refs]
        middles = [(low + high) // 2 for low, high in bounds]
        ends = zip(bounds, middles, strict=True)
        largest = prod(max(high - middle, middle - low) for (low, high), middle in ends)
        step = 1
        while len(refs) > 1 and largest > 10**6 * step:
            step *= 10

        def rounded(kept: Kept) -> int:
            apart = (
                max(low, min(high, self._value(ref, kept))) - middle
                for ref, (low, high), middle in zip(refs, bounds, middles, strict=True)
            )
            return (prod(apart) + step // 2) // step

        return _added(rows, rounded)

    def _bounds(self, ref: Ref) -> tuple[int, int]:
        low, high = self.context.bounds(ref)
        return (0, 10) if self.context.is_truth(ref) else (low, high)

    def _value(self, ref: Ref, kept: Kept) -> int:
        """Yes or no in tenths."""
        value = self.context.value(ref, kept.row) or 0
        return 10 * value if self.context.is_truth(ref) else value


def _added(rows: Iterable[Kept], number: Callable[[Kept], int]) -> dict[Key, int]:
    cells: dict[Key, int] = defaultdict(int)
    for kept in rows:
        cells[kept.key] += number(kept)
    return cells
