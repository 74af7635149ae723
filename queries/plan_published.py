"""Which columns does the table publish, and from which vectors?

A vector that two measures need is counted once. The noisy track publishes a mean from the
number of values and the total of (value - midpoint), and a spread from the total of its squares as
well; the exact track adds the evidence that its rules need: distinct units, and the contributions
of single units to a total.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count

from disclosure_control.policy import Track
from disclosure_control.shapes import MOST_BINS
from disclosure_control.tables import Counting, Evidence, Kind, Published, Quantile
from queries.catalogue import Catalogue
from queries.errors import QueryRefused, problem
from queries.language import NOISY_ONLY, SPREADS, Measure, Query, Statistic
from queries.plan_vectors import Contribution, Measured, Recipe
from queries.values import number_text

MOST_DIGITS = 9


BINS_OF_A_CELL = 2**14  # finer ones would make choosing among them dearer than they are worth
FEWEST_BINS = 32
QUARTILES = {
    Decimal("0.25"): "lower quartile",
    Decimal("0.5"): "median",
    Decimal("0.75"): "upper quartile",
}


@dataclass(frozen=True, slots=True)
class Looks:
    """How a number that is added up is published: with ``digits`` more than its values have.

    ``power``: of the values' unit, in which the number is measured.
    """

    title: str
    kind: Kind
    digits: int
    power: int = 1


LOOKS = {
    Statistic.SUM: Looks("Sum of", Kind.SUM, 0),
    Statistic.MEAN: Looks("Mean of", Kind.MEAN, 1),
    Statistic.VARIANCE: Looks("Variance of", Kind.VARIANCE, 1, power=2),
    Statistic.STDDEV: Looks("Standard deviation of", Kind.STDDEV, 1),
}
PROPORTION = Looks("Proportion with", Kind.MEAN, 2)
"""The mean of a yes-or-no feature, whose values are in tenths."""
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
    measured: dict[Measure, Measured]
    keyed: bool
    cells: int
    recipes: dict[str, Recipe] = field(default_factory=dict)

    def published(self, measure: Measure) -> Published:
        of = self.measured.get(measure)
        if of is None:
            return self._counted(measure.statistic)
        return self._exact(measure, of) if self.track is Track.SDC else self._noisy(measure, of)

    def _counted(self, statistic: Statistic) -> Published:
        """COUNT and UNITS."""
        units = statistic is Statistic.UNITS
        count = self._units() if units else self._rows()
        evidence = self._who() if self.track is Track.SDC else None
        title = f"Number of {self.catalogue.units if count == 'units' else 'records'}"
        kind = Kind.UNITS if units else Kind.COUNT
        return Published(statistic.value, title, kind, count, None, 0, evidence)

    def _who(self) -> Evidence:
        keys = self._add(Recipe("keys", Counting.KEYS)) if self.keyed else None
        return Evidence(self._units(), keys=keys)

    def _noisy(self, measure: Measure, of: Measured) -> Published:
        count = self._values(of)
        if measure.level is not None:
            return self._quantile(of, measure.level, count=count)
        total = self._total(of, divided=measure.statistic is not Statistic.SUM)
        spread = measure.statistic in SPREADS
        squares = self._total(of.squares, divided=True) if spread else None
        return replace(_summed(measure, of, count=count, total=total), squares=squares)

    def _quantile(self, of: Measured, level: Decimal, *, count: str) -> Published:
        """DP: of every bin of the declared range so many values."""
        width = self._width(of)
        bins = (of.upper - of.lower) // width + 1
        recipe = Recipe(
            f"histogram_{of.name}",
            Counting.HISTOGRAM,
            of.name,
            bins=bins,
            low=of.lower,
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

    def _width(self, of: Measured) -> int:
        """The least of 1, 2, 5, 10, 20... of which there are few enough in the declared range."""
        most = min(MOST_BINS // self.cells, BINS_OF_A_CELL)
        values = of.upper - of.lower + 1
        if most < min(values, FEWEST_BINS):
            words = {"count": self.cells, "most": MOST_BINS // FEWEST_BINS}
            raise QueryRefused((problem("too_fine_bins", where="dimensions", **words),))
        return next(width for width in _round_widths() if -(-values // width) <= most)

    def _total(self, of: Measured, *, divided: bool) -> str:
        """DP: of what is divided by a count, distances from the middle are added up."""
        centre = of.midpoint if divided else 0
        to_rows = divided and self.how is Contribution.UNIT_TOTALS
        name = f"centred_{of.name}" if centre or to_rows else f"total_{of.name}"
        return self._add(Recipe(name, Counting.TOTAL, of.name, centre, to_rows))

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
            return self._units()
        return self._add(Recipe("rows", Counting.ROWS))

    def _units(self) -> str:
        return self._add(Recipe("units", Counting.UNITS))

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
            return self._units()
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
    measured: dict[Measure, Measured],
    keyed: bool,
    cells: int,
) -> tuple[tuple[Published, ...], tuple[Recipe, ...]]:
    """The published columns in the order of the measures, and every vector that they read.

    ``keyed``: counts may be drawn by the keys of their units.
    """
    columns = _Columns(query, catalogue, how, track, measured, keyed and not measured, cells)
    published = tuple(columns.published(measure) for measure in query.measures)
    return published, tuple(columns.recipes.values())


def quantile_words(level: Decimal) -> str:
    """Such as "median" or "10 % quantile"."""
    return QUARTILES.get(level) or f"{number_text(100 * level)} % quantile"


def _round_widths() -> Iterator[int]:
    for power in count():
        yield from (10**power, 2 * 10**power, 5 * 10**power)


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
