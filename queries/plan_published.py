"""Which columns does the table publish, and from which vectors?

A vector that two measures need is counted once. The noisy track publishes a mean from the
number of values and the total of (value - midpoint), and a spread from the total of its squares as
well; the exact track adds the evidence that its rules need: distinct units, and the contributions
of single units to a total.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from disclosure_control.policy import Track
from disclosure_control.tables import Counting, Evidence, Kind, Published
from queries.catalogue import Catalogue
from queries.language import SPREADS, Measure, Query, Statistic
from queries.plan_vectors import Contribution, Measured, Recipe

MOST_DIGITS = 9


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
    Statistic.SUM: Looks("Sum", Kind.SUM, 0),
    Statistic.MEAN: Looks("Mean", Kind.MEAN, 1),
    Statistic.VARIANCE: Looks("Variance", Kind.VARIANCE, 1, power=2),
    Statistic.STDDEV: Looks("Standard deviation", Kind.STDDEV, 1),
}
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
        total = self._total(of, divided=measure.statistic is not Statistic.SUM)
        spread = measure.statistic in SPREADS
        squares = self._total(of.squares, divided=True) if spread else None
        return replace(_summed(measure, of, count=count, total=total), squares=squares)

    def _total(self, of: Measured, *, divided: bool) -> str:
        """DP: of what is divided by a count, distances from the middle are added up."""
        centre = of.midpoint if divided else 0
        to_rows = divided and self.how is Contribution.UNIT_TOTALS
        name = f"centred_{of.name}" if centre or to_rows else f"total_{of.name}"
        return self._add(Recipe(name, Counting.TOTAL, of.name, centre, to_rows))

    def _exact(self, measure: Measure, of: Measured) -> Published:
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
) -> tuple[tuple[Published, ...], tuple[Recipe, ...]]:
    """The published columns in the order of the measures, and every vector that they read.

    ``keyed``: counts may be drawn by the keys of their units.
    """
    columns = _Columns(query, catalogue, how, track, measured, keyed and not measured)
    published = tuple(columns.published(measure) for measure in query.measures)
    return published, tuple(columns.recipes.values())


def _summed(
    measure: Measure, of: Measured, *, count: str, total: str, evidence: Evidence | None = None
) -> Published:
    looks = LOOKS[measure.statistic]
    return Published(
        name=f"{measure.statistic.value}_{of.name}",
        title=f"{looks.title} of {of.title}",
        kind=looks.kind,
        count=count,
        total=total,
        decimals=min(looks.power * of.decimals + looks.digits, MOST_DIGITS),
        evidence=evidence,
    )
