"""What is the right answer? A slow engine in plain Python that interprets the question itself.

It is the oracle of the tests: it reads the query, the catalogue and the policy, never a plan,
and was written from the definitions in ``docs/explanation/sensitivity.md``. Tables are lists of
rows, each a dict of stored integers (None: missing).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from disclosure_control.policy import Policy, Track
from queries.catalogue import Catalogue, Table
from queries.engines.memory_models import Models
from queries.engines.memory_rows import Context, Kept, Key, Row, Tables, stored
from queries.language import (
    REGRESSIONS,
    SPREADS,
    SUMS,
    ColumnRef,
    Dimension,
    Measure,
    Query,
    Ref,
    Statistic,
)

SCALE = 10**6
TOTAL = -1  # the key of all keys together
Vectors = dict[str, tuple[int, ...]]


def answer(
    query: Query,
    *,
    catalogue: Catalogue,
    policy: Policy,
    tables: Tables,
    key_of: Callable[[int], int] = lambda _: 0,
) -> Vectors:
    """Every vector of the question's table, by name, on the row-major public grid.

    ``key_of`` gives the record key of a unit.
    """
    return _Oracle(query, catalogue, policy, Context(query, catalogue, tables), key_of).vectors()


@dataclass(frozen=True, slots=True)
class _Oracle:
    query: Query
    catalogue: Catalogue
    policy: Policy
    context: Context
    key_of: Callable[[int], int]

    def vectors(self) -> Vectors:
        rows = list(self.kept())
        sums: dict[str, dict[Key, int]] = {}
        for measure in self.query.measures:
            sums.update(self.measured(measure, rows))
        if any(self.is_text(one) for one in self.query.dimensions):
            sums["units"] = self.units(rows)
        total = [TOTAL] if self.query.margins else []
        grid = list(product(*([*self.keys(one), *total] for one in self.query.dimensions)))
        found = {name: tuple(cells.get(key, 0) for key in grid) for name, cells in sums.items()}
        models = [one for one in self.query.measures if one.statistic is Statistic.LOG_ODDS]
        patterns = Models(self.context, self.name).patterns(models, rows, grid)
        return found | self.histograms(rows, grid) | patterns

    def histograms(self, rows: list[Kept], grid: list[Key]) -> Vectors:
        refs = [one.ref for one in self.query.measures if one.statistic is Statistic.QUANTILE]
        share = len(grid) * len(refs)
        found: Vectors = {}
        for ref in refs:
            if ref is not None:
                low, high = self.context.bounds(ref)
                bins = (high - low) // bin_width(high - low + 1, cells=share) + 1
                cells = self.histogram(ref, rows, cells=share)
                places = product(grid, range(bins))
                found[f"histogram_{self.name(ref)}"] = tuple(cells.get(at, 0) for at in places)
        return found

    # Rows and keys.

    def kept(self) -> Iterator[Kept]:
        unit_column = self.source.unit_column or ""
        for row in self.context.joined():
            if self.query.where is None or self.context.truth(self.query.where, row) is True:
                unit = row[self.source.name, unit_column]
                if unit is not None:
                    yield from (Kept(unit, one, row) for one in self.counted_in(row))

    def counted_in(self, row: Row) -> Iterator[Key]:
        """The cell of a row; of exact tables, every total and subtotal that it belongs to, too."""
        total = [TOTAL] if self.query.margins and self.policy.track is Track.SDC else []
        return product(*([*self.places(one, row), *total] for one in self.query.dimensions))

    @property
    def source(self) -> Table:
        return self.context.table(self.query.source)

    def keys(self, dimension: Dimension) -> list[int | None]:
        """Positions on an axis; None stands for missing, and comes last where it can occur."""
        size = len(self.context.codes(dimension.ref)) or len((False, True))
        missing = self.context.nullable(dimension.ref)
        if self.is_text(dimension):
            size = self.context.most_values(dimension.ref)
        elif dimension.bands:
            size = len(dimension.bands) + 1
        elif dimension.recode:
            groups = self.groups(dimension)
            size = len(groups)
            named = {code for group in groups for code in group}
            missing = missing or any(c not in named for c in self.context.codes(dimension.ref))
        return [*range(size), None] if missing else list(range(size))

    def is_text(self, dimension: Dimension) -> bool:
        return self.context.most_values(dimension.ref) > 0

    def groups(self, dimension: Dimension) -> list[tuple[str, ...]]:
        recode = self.catalogue.recode(dimension.recode or "")
        return [values for _, values in recode.groups] if recode else []

    def places(self, dimension: Dimension, row: Row) -> list[int | None]:
        """Where a row counts on an axis: in one place, or in every group that it is in.

        On the noisy track in the narrowest of them.
        """
        value = self.context.value(dimension.ref, row)
        if value is None:
            return [None]
        if dimension.bands:
            decimals = self.context.decimals(dimension.ref)
            return [sum(value >= stored(cut, decimals=decimals) for cut in dimension.bands)]
        if dimension.recode:
            code = self.context.codes(dimension.ref)[value]
            groups = self.groups(dimension)
            found = [at for at, group in enumerate(groups) if code in group]
            if self.policy.track is Track.DP:
                found = sorted(found, key=lambda at: (len(groups[at]), -at))[:1]
            return [*found] or [None]
        return [value]

    # Measures.

    def measured(self, measure: Measure, rows: list[Kept]) -> dict[str, dict[Key, int]]:
        if self.policy.track is Track.SDC:
            return self.exact(measure, rows)
        if measure.ref is None:
            return self.bare(measure.statistic, rows)
        if measure.statistic is Statistic.QUANTILE:
            return self.values(measure.ref, rows)
        if measure.statistic in REGRESSIONS:
            return Models(self.context, self.name).totals(measure, rows)
        if measure.per is not None:
            sums = (Measure(Statistic.SUM, ref) for ref in (measure.ref, measure.per))
            top, bottom = (self.noisy(one, one.ref or measure.ref, rows, part=True) for one in sums)
            totals = {name: cells for name, cells in top.items() if name.startswith("total_")}
            return totals | bottom
        return self.noisy(measure, measure.ref, rows)

    def bare(self, statistic: Statistic, rows: list[Kept]) -> dict[str, dict[Key, int]]:
        """Of rows and units alone."""
        name = self.count_name(statistic)
        if statistic is Statistic.UNITS:
            return {name: self.units(rows)}
        if statistic is Statistic.UNITS_LEFT_OUT:
            pairs = {(kept.unit, kept.key): kept for kept in rows}
            return {"units": self.units(rows), "every_cell": _counts(list(pairs.values()))}
        every = {"every_row": _counts(rows)} if statistic is Statistic.LEFT_OUT else {}
        return {name: self.counted(rows, lambda _: True), **every}

    def count_name(self, statistic: Statistic) -> str:
        single = self.source.one_row_per_unit
        return "units" if single or statistic is Statistic.UNITS else "rows"

    def noisy(
        self, measure: Measure, ref: Ref, rows: list[Kept], *, part: bool = False
    ) -> dict[str, dict[Key, int]]:
        """``part``: of a ratio, which is of plain sums."""
        name = self.name(ref)
        tenths = 10 if self.context.is_truth(ref) else 1
        low, high = (end * tenths for end in self.context.bounds(ref))
        mean = measure.statistic not in SUMS and not self.told_by_sum(measure, low, high)
        summed = replace(measure, statistic=Statistic.MEAN)
        above = low < 0 and not mean and not part and self.told_by_sum(summed, low, high)
        centre = (low + high) // 2 if mean else low if above else 0

        def distance(kept: Kept) -> int | None:
            value = self.context.value(ref, kept.row)
            return None if value is None else max(low, min(high, value * tenths)) - centre

        most = max(abs(low - centre), abs(high - centre))
        centred = bool(centre) or (mean and self.constant_cells() and not self.single())
        total = f"centred_{name}" if centred else f"total_{name}"
        total = f"above_{name}" if above else total
        sums = {total: self.totals(rows, distance, most=most, mean=mean)}
        if measure.statistic in SPREADS:
            sums |= self.squares(rows, distance, name=name, most=most)
        return {**self.values(ref, rows), **sums}

    def told_by_sum(self, measure: Measure, low: int, high: int) -> bool:
        """A mean whose sum is asked or divides, of what is never below zero, with no row cut."""
        sums = {one.ref for one in self.query.measures if one.statistic in SUMS}
        sums |= {one.per for one in self.query.measures if one.statistic is Statistic.RATIO}
        cut = self.constant_cells() and not self.single()
        texts = any(self.is_text(one) for one in self.query.dimensions)
        if measure.ref not in sums or measure.ref is None:
            return False
        decides = texts and self.single() and not self.context.nullable(measure.ref)
        mean = measure.statistic is Statistic.MEAN
        near = low >= 0 or 2 * low * low <= max(high, 0) ** 2
        return mean and near and high > 0 and not cut and not decides

    def values(self, ref: Ref, rows: list[Kept]) -> dict[str, dict[Key, int]]:
        if not self.context.nullable(ref):
            return {self.count_name(Statistic.COUNT): self.counted(rows, lambda _: True)}
        present = self.counted(rows, lambda kept: self.context.value(ref, kept.row) is not None)
        return {f"values_{self.name(ref)}": present}

    # Histograms.

    def histogram(self, ref: Ref, rows: list[Kept], *, cells: int) -> dict[tuple[Key, int], int]:
        """Weighted rows by cell and bin. Not in ``vectors``: it is on a longer grid."""
        low, high = self.context.bounds(ref)
        width = bin_width(high - low + 1, cells=cells)
        found: dict[tuple[Key, int], int] = defaultdict(int)
        limit = self.policy.dp.max_rows_per_unit if self.policy.dp else 0
        for own in _by_unit(rows).values():
            weight = 1 if self.single() else SCALE * limit // max(limit, len(own))
            for kept in own:
                value = self.context.value(ref, kept.row)
                if value is not None:
                    found[kept.key, (max(low, min(high, value)) - low) // width] += weight
        return found

    def squares(
        self, rows: list[Kept], distance: Callable[[Kept], int | None], *, name: str, most: int
    ) -> dict[str, dict[Key, int]]:
        """Squared distances in steps of a power of ten, at most a million, each less half of it."""
        step = 1
        while most**2 > 10**6 * step:
            step *= 10
        largest = (most**2 + step // 2) // step
        half = largest // 2

        def square(kept: Kept) -> int | None:
            value = distance(kept)
            return None if value is None else (value**2 + step // 2) // step - half

        centred = bool(half) or (self.constant_cells() and not self.single())
        total = f"centred_squares.{name}" if centred else f"total_squares.{name}"
        return {total: self.totals(rows, square, most=largest - half, mean=True)}

    def name(self, ref: Ref) -> str:
        """The column's or feature's own name; with its table where two share it."""
        refs = {ref for one in self.query.measures for ref in one.refs}
        plain = [one.column if isinstance(one, ColumnRef) else one.name for one in refs]
        if not isinstance(ref, ColumnRef):
            return ref.name
        return f"{ref.table}_{ref.column}" if plain.count(ref.column) > 1 else ref.column

    # Bounded contributions.

    def single(self) -> bool:
        return self.source.one_row_per_unit

    def constant_cells(self) -> bool:
        """Do all rows of a unit fall in one cell, whatever the data?"""
        refs = (one.ref for one in self.query.dimensions)
        return self.single() or all(self.context.constant(ref) for ref in refs)

    def counted(self, rows: list[Kept], counts: Callable[[Kept], bool]) -> dict[Key, int]:
        return self.totals(rows, lambda kept: 1 if counts(kept) else None, most=1, mean=False)

    def totals(
        self,
        rows: list[Kept],
        distance: Callable[[Kept], int | None],
        *,
        most: int,
        mean: bool,
    ) -> dict[Key, int]:
        """Bounded totals by cell of what each row adds; None adds nothing and is not a value."""
        cells: dict[Key, int] = defaultdict(int)
        limit = self.policy.dp.max_rows_per_unit if self.policy.dp else 0
        for own in _by_unit(rows).values():
            if not self.constant_cells():
                for kept in own:
                    cells[kept.key] += self.weight(kept, own) * (distance(kept) or 0)
                continue
            values = [value for kept in own if (value := distance(kept)) is not None]
            cells[own[0].key] += self.unit_total(values, limit=limit, most=most, mean=mean)
        return cells

    def bounds(self) -> tuple[int, int, int]:
        """Rows in a cell, cells, and rows of a unit; nothing on the exact track."""
        rules, most = self.policy.dp, self.source.max_rows_per_unit
        if rules is None:
            return 0, 0, 0
        cells = prod(len(self.keys(one)) + self.query.margins for one in self.query.dimensions)
        return (
            min(rules.max_rows_per_group_per_unit, most),
            min(rules.max_groups_per_unit, most, cells),
            min(rules.max_rows_per_unit, most),
        )

    def by_cell(self) -> bool:
        """Is a row weighed by the cell that it is in? Where that needs less noise."""
        each, groups, most = self.bounds()
        fewer = 0 < each * groups <= most < self.source.max_rows_per_unit and each < most
        return not self.constant_cells() and fewer

    def weight(self, kept: Kept, own: list[Kept]) -> int:
        """Of one row among those of its unit: by all of them, or by those of its cell."""
        each, groups, most = self.bounds()
        if not self.by_cell():
            return SCALE * most // max(most, len(own))
        here = sum(one.key == kept.key for one in own)
        reached = len({one.key for one in own})
        return SCALE * groups * each // (max(groups, reached) * max(each, here))

    def unit_total(self, values: list[int], *, limit: int, most: int, mean: bool) -> int:
        total = sum(values)
        if self.single():
            return total
        if mean and len(values) > limit:
            size = abs(total) * limit // len(values)  # cut towards zero
            return size if total >= 0 else -size
        return total if mean else max(-limit * most, min(limit * most, total))

    def units(self, rows: list[Kept]) -> dict[Key, int]:
        cells: dict[Key, int] = defaultdict(int)
        limit = self.policy.dp.max_groups_per_unit if self.policy.dp else 0
        for own in _by_unit(rows).values():
            keys = {kept.key for kept in own}
            weight = SCALE * limit // max(limit, len(keys))
            for key in keys:
                cells[key] += 1 if self.constant_cells() else weight
        return cells

    # Exact evidence.

    def exact(self, measure: Measure, rows: list[Kept]) -> dict[str, dict[Key, int]]:
        units = {key: len(own) for key, own in _cells_of(rows).items()}
        if measure.ref is None:
            name = self.count_name(measure.statistic)
            counted = units if name == "units" else _counts(rows)
            return {name: counted, "units": units, **self.keys_of(rows)}
        ref, name = measure.ref, self.name(measure.ref)
        valued = [kept for kept in rows if self.context.value(ref, kept.row) is not None]
        nullable = self.context.nullable(ref)
        contributors = {key: len(own) for key, own in _cells_of(valued).items()}
        found = {f"contributors_{name}" if nullable else "units": contributors}
        if measure.statistic is Statistic.MEAN and not self.single():
            found[f"values_{name}" if nullable else "rows"] = _counts(valued)
        return {**found, **self.dominance(ref, name=name, rows=valued)}

    def keys_of(self, rows: list[Kept]) -> dict[str, dict[Key, int]]:
        """Where a table of counts may be drawn by them."""
        rules = self.policy.sdc
        if rules is None or not rules.keyed or any(one.ref for one in self.query.measures):
            return {}
        cells = _cells_of(rows).items()
        return {"keys": {key: sum(map(self.key_of, units)) for key, units in cells}}

    def dominance(self, ref: Ref, *, name: str, rows: list[Kept]) -> dict[str, dict[Key, int]]:
        parts: dict[str, dict[Key, int]] = defaultdict(dict)
        low, high = self.context.bounds(ref)
        for key, units in _cells_of(rows).items():
            nets = [
                sum(max(low, min(high, self.context.value(ref, kept.row) or 0)) for kept in own)
                for own in units.values()
            ]
            sizes = sorted((abs(net) for net in nets), reverse=True)
            parts["total"][key] = sum(nets)
            parts["largest"][key] = sizes[0]
            parts["second"][key] = sizes[1] if len(sizes) > 1 else 0
            parts["gross"][key] = sum(sizes)
            parts["smallest"][key] = sizes[-1]
            parts["negative"][key] = sum(net < 0 for net in nets)
        names = ("total", "largest", "second", "gross", "smallest", "negative")
        return {f"{part}_{name}": parts[part] for part in names}


def bin_width(values: int, *, cells: int) -> int:
    """1, 2, 5, 10, 20, ...: the first with at most 2**15 bins a cell and 2**19 in all."""
    for power in range(30):
        for digit in (1, 2, 5):
            width: int = digit * 10**power
            bins = -(-values // width)
            if bins <= 2**15 and bins * cells <= 2**19:
                return width
    raise ValueError(values)


def _by_unit(rows: Sequence[Kept]) -> Mapping[int, list[Kept]]:
    found: dict[int, list[Kept]] = defaultdict(list)
    for kept in rows:
        found[kept.unit].append(kept)
    return found


def _cells_of(rows: Sequence[Kept]) -> Mapping[Key, Mapping[int, list[Kept]]]:
    """Rows by cell, and within it by unit."""
    found: dict[Key, list[Kept]] = defaultdict(list)
    for kept in rows:
        found[kept.key].append(kept)
    return {key: _by_unit(own) for key, own in found.items()}


def _counts(rows: Sequence[Kept]) -> dict[Key, int]:
    cells: dict[Key, int] = defaultdict(int)
    for kept in rows:
        cells[kept.key] += 1
    return cells
