"""Which columns does the table publish, and from which vectors?

A vector that two measures need is counted once. The noisy track publishes a mean from the
number of values and the total of (value - midpoint), and a spread from the total of its squares as
well; the exact track adds the evidence that its rules need: distinct units, and the contributions
of single units to a total.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import prod

from disclosure_control.policy import Track
from disclosure_control.tables import (
    Counting,
    Evidence,
    Kind,
    Patterns,
    Published,
    Quantile,
    Regression,
)
from queries.catalogue import Catalogue
from queries.errors import QueryRefused, problem
from queries.language import (
    LEAVING_OUT,
    NOISY_ONLY,
    REGRESSIONS,
    SPREADS,
    SUMS,
    Measure,
    Query,
    Ref,
    Statistic,
)
from queries.looks import (
    LOOKS,
    MOST_DIGITS,
    PROPORTION,
    RATIO_DIGITS,
    SHARE_DIGITS,
    SLOPE_DIGITS,
    odds_words,
    quantile_words,
    slope_words,
)
from queries.plan_bins import bands_of, bin_width
from queries.plan_measured import Measured, complete_of, moments_of
from queries.plan_vectors import Contribution, Recipe
from queries.values import number_text

UNITS = "units"
EVIDENCE = (
    Counting.TOTAL,
    Counting.LARGEST,
    Counting.SECOND,
    Counting.GROSS,
    Counting.SMALLEST,
    Counting.NEGATIVE,
)


@dataclass(slots=True)
class _Columns:
    """Collects recipes by name while the measures are read in order."""

    query: Query
    catalogue: Catalogue
    how: Contribution
    track: Track
    measured: dict[Ref, Measured]
    keyed: bool
    cells: int
    unknown: bool
    recipes: dict[str, Recipe] = field(default_factory=dict)

    def published(self, measure: Measure) -> Published:
        if measure.ref is None:
            return self._counted(measure.statistic)
        of = self.measured[measure.ref]
        return self._exact(measure, of) if self.track is Track.SDC else self._noisy(measure, of)

    def _counted(self, statistic: Statistic) -> Published:
        """COUNT, UNITS, and what is left out of either."""
        if statistic in LEAVING_OUT:
            return self._left_out(statistic)
        units = statistic is Statistic.UNITS
        count = self.units() if units else self._rows()
        evidence = self._who() if self.track is Track.SDC else None
        title = f"Number of {self.catalogue.units if count == UNITS else 'records'}"
        kind = Kind.UNITS if units else Kind.COUNT
        return Published(statistic.value, title, kind, count, None, 0, evidence)

    def _left_out(self, statistic: Statistic) -> Published:
        """DP: of bounded rows and of all; of units, of the cells that they are in.

        Raises QueryRefused for what has no exact rules.
        """
        if self.track is Track.SDC:
            raise QueryRefused((problem("noisy_only", where="measures"),))
        units = statistic is Statistic.UNITS_LEFT_OUT
        whose = f"{self.catalogue.units} in cells" if units else "rows"
        every = Recipe("every_cell", Counting.UNITS, whole=True)
        return Published(
            name=statistic.value,
            title=f"Share of {whose} that bounds leave out",
            kind=Kind.LEFT_OUT,
            count=self.units() if units else self._rows(),
            total=None,
            decimals=SHARE_DIGITS,
            per=self._add(every if units else Recipe("every_row", Counting.ROWS, whole=True)),
        )

    def _who(self) -> Evidence:
        keys = self._add(Recipe("keys", Counting.KEYS)) if self.keyed else None
        return Evidence(self.units(), keys=keys)

    def _noisy(self, measure: Measure, of: Measured) -> Published:
        if measure.statistic in REGRESSIONS:
            slope = measure.statistic is Statistic.SLOPE
            return self._slope(measure) if slope else self._odds(measure)
        if measure.per is not None:
            return self._ratio(of, self.measured[measure.per])
        count = self._values(of)
        if measure.level is not None:
            return self._quantile(of, measure.level, count=count)
        spread = measure.statistic in SPREADS
        summed = measure.statistic in SUMS or (not spread and self._shares(of))
        total = self._summed(of) if summed else self._total(of, divided=True)
        squares = self._total(of.squares, divided=True) if spread else None
        return replace(_summed(measure, of, count=count, total=total), squares=squares)

    def _ratio(self, of: Measured, by: Measured) -> Published:
        """DP: of two sums. A cell is hidden by its rows with a value of the divisor."""
        return Published(
            name=f"ratio_{of.name}-per-{by.name}",  # no declared name has a hyphen
            title=f"{of.title} per {by.title}",
            kind=Kind.RATIO,
            count=self._values(by),
            total=self._total(of, divided=False),
            decimals=min(of.decimals + RATIO_DIGITS, MOST_DIGITS),
            per=self._total(by, divided=False),
        )

    def _slope(self, measure: Measure) -> Published:
        """DP: from the moments of all its numbers, among rows that have them all."""
        moments = moments_of(measure, self.measured)
        of, on, *others = (self.measured[ref] for ref in measure.refs)
        sums = tuple(self._total(one, divided=False) for one in moments.sums)
        products = tuple(self._total(one, divided=False) for one in moments.products)
        scale = 10**on.decimals
        range_digits = len(str((on.upper - on.lower) // scale))
        titles = [one.title for one in (of, on, *others)]
        title = slope_words(*titles)
        return Published(
            name=f"slope_{'-'.join((of.name, 'on', on.name, *(one.name for one in others)))}",
            title=title[0].upper() + title[1:],
            kind=Kind.SLOPE,
            count=self._values(min(moments.sums, key=lambda one: one.name)),
            total=None,
            decimals=min(of.decimals + range_digits + SLOPE_DIGITS, MOST_DIGITS),
            regression=Regression(sums, products),
        )

    def _odds(self, measure: Measure) -> Published:
        """DP: from how many rows there are of each pattern, among rows that have all numbers."""
        numbers = sorted(
            {self.measured[ref].name: self.measured[ref] for ref in measure.refs}.items()
        )
        models = sum(one.statistic is Statistic.LOG_ODDS for one in self.query.measures)
        bands = bands_of([one for _, one in numbers], cells=self.cells * models)
        names = [name for name, _ in numbers]
        recipe = Recipe(
            f"patterns_{'-'.join(names)}",
            Counting.PATTERNS,
            bins=prod(one.count for one in bands),
            bands=tuple((name, one.width) for name, one in zip(names, bands, strict=True)),
        )
        of, on, *others = (self.measured[ref] for ref in measure.refs)
        title = odds_words(*(one.title for one in (of, on, *others)))
        range_digits = len(str((on.upper - on.lower) // 10**on.decimals))
        return Published(
            name=f"log_odds_{'-'.join((of.name, 'by', on.name, *(one.name for one in others)))}",
            title=title[0].upper() + title[1:],
            kind=Kind.LOG_ODDS,
            count=self._values(complete_of(measure, self.measured)),
            total=None,
            decimals=min(range_digits + SLOPE_DIGITS, MOST_DIGITS),
            patterns=Patterns(self._add(recipe), bands, names.index(of.name), names.index(on.name)),
        )

    def _quantile(self, of: Measured, level: Decimal, *, count: str) -> Published:
        """DP: of every bin of the declared range so many values."""
        chosen = sum(one.level is not None for one in self.query.measures)
        width = bin_width(of, cells=self.cells * chosen)
        bins = (of.upper - of.lower) // width + 1
        recipe = Recipe(
            f"histogram_{of.name}",
            Counting.HISTOGRAM,
            of.name,
            bins=bins,
            width=width,
        )
        part, parts = level.as_integer_ratio()
        quantile = Quantile(
            histogram=self._add(recipe), part=part, parts=parts,
            low=of.lower, width=width, last=of.upper, scale=10**of.decimals,
        )  # fmt: skip
        between = width % 2 == 0  # the middle of such a bin lies between two values
        return Published(
            name=f"quantile_{number_text(100 * level)}_{of.name}",
            title=f"{quantile_words(level).capitalize()} of {of.title}",
            kind=Kind.QUANTILE,
            count=count,
            total=None,
            decimals=min(of.decimals + between, MOST_DIGITS),
            quantile=quantile,
        )

    def _total(self, of: Measured, *, divided: bool) -> str:
        """DP: of what is divided by a count, distances from the middle are added up."""
        centre = of.midpoint if divided else 0
        to_rows = divided and self.how is Contribution.UNIT_TOTALS
        if centre or to_rows:
            return self._add(Recipe(f"centred_{of.name}", Counting.TOTAL, of.name, centre, to_rows))
        beside = self._values(of) if of.lower >= 0 and self._is_told_with_count(of) else None
        return self._add(Recipe(f"total_{of.name}", Counting.TOTAL, of.name, beside=beside))

    def _summed(self, of: Measured) -> str:
        """DP: of values from below zero on, distances from the least where that is less noise."""
        if of.lower >= 0 or not self._is_told_with_count(of):
            return self._total(of, divided=False)
        name, beside = f"above_{of.name}", self._values(of)
        return self._add(Recipe(name, Counting.TOTAL, of.name, of.lower, beside=beside))

    def _is_told_with_count(self, of: Measured) -> bool:
        """DP: does one noise tell a sum, or what divides one, and the count of its rows?

        Of values that are hardly below zero: from L to U the noise is as of U**2 + L**2, and apart
        as of 1.5 U**2. Rows beyond a unit's most would be cut by how far above the least they are,
        so that there values are never below zero. Not where the count decides which keys are told,
        for which it has noise of its own.
        """
        sums = [one.ref for one in self.query.measures if one.statistic in SUMS]
        sums += [one.per for one in self.query.measures if one.statistic is Statistic.RATIO]
        asked = any(self.measured[ref].name == of.name for ref in sums if ref is not None)
        by_units = self.how is Contribution.UNIT_ROWS and not of.nullable
        decides = self.unknown and by_units
        low = min(0, of.lower)
        near = 2 * low**2 <= max(of.upper, 0) ** 2
        cut = low < 0 and self.how is Contribution.UNIT_TOTALS
        return asked and of.upper > 0 and near and not cut and not decides

    def _shares(self, of: Measured) -> bool:
        """DP: may a mean be told by the sum that is asked too? Not where rows of units are cut."""
        return self.how is not Contribution.UNIT_TOTALS and self._is_told_with_count(of)

    def _exact(self, measure: Measure, of: Measured) -> Published:
        """Raises QueryRefused for what has no exact rules; ``validate`` says so before."""
        if measure.statistic in NOISY_ONLY:
            raise QueryRefused((problem("noisy_only", where="measures"),))
        mean = measure.statistic is Statistic.MEAN
        units = self._contributors(of)
        total, *parts = (
            self._add(Recipe(f"{counts.value}_{of.name}", counts, of.name)) for counts in EVIDENCE
        )
        evidence = Evidence(units, *parts)
        count = self._exact_values(of) if mean else units
        return _summed(measure, of, count=count, total=total, evidence=evidence)

    def _rows(self) -> str:
        if self.how is Contribution.UNIT_ROWS:
            return self.units()
        return self._add(Recipe("rows", Counting.ROWS))

    def units(self) -> str:
        return self._add(Recipe(UNITS, Counting.UNITS))

    def _values(self, of: Measured) -> str:
        """DP: rows with a value."""
        if not of.nullable:
            return self._rows()
        return self._add(Recipe(f"values_{of.name}", Counting.CONTRIBUTORS, of.name))

    def _exact_values(self, of: Measured) -> str:
        """SDC: rows with a value, the divisor of a mean."""
        if self.how is Contribution.UNIT_ROWS:
            return self._contributors(of)
        if not of.nullable:
            return self._rows()
        return self._add(Recipe(f"values_{of.name}", Counting.ROWS, of.name))

    def _contributors(self, of: Measured) -> str:
        """SDC: distinct units with a value."""
        if not of.nullable:
            return self.units()
        return self._add(Recipe(f"contributors_{of.name}", Counting.CONTRIBUTORS, of.name))

    def _add(self, recipe: Recipe) -> str:
        self.recipes[recipe.name] = recipe
        return recipe.name


def published_by(
    query: Query,
    *,
    catalogue: Catalogue,
    how: Contribution,
    track: Track,
    measured: dict[Ref, Measured],
    keyed: bool,
    cells: int,
    unknown: bool,
) -> tuple[tuple[Published, ...], tuple[Recipe, ...]]:
    """The published columns in the order of the measures, and every vector that they read.

    ``keyed``: counts may be drawn by the keys of their units. ``unknown``: which keys the table has
    is decided by their units.
    """
    columns = _Columns(
        query=query,
        catalogue=catalogue,
        how=how,
        track=track,
        measured=measured,
        keyed=keyed and not measured,
        cells=cells,
        unknown=unknown,
    )
    published = tuple(columns.published(measure) for measure in query.measures)
    if unknown:
        columns.units()
    return published, tuple(columns.recipes.values())


def _summed(
    measure: Measure, of: Measured, *, count: str, total: str, evidence: Evidence | None = None
) -> Published:
    looks = PROPORTION if of.factor > 1 else LOOKS[measure.statistic]
    return Published(
        name=f"{measure.statistic.value}_{of.name}",
        title=f"{looks.title} {of.title}",
        kind=looks.kind,
        count=count,
        total=total,
        decimals=min(looks.power * of.decimals + looks.digits, MOST_DIGITS),
        evidence=evidence,
    )
