"""Which exact cells may not be shown? Rules on true counts and contributions, as data.

The usual rules of UK output checking (Handbook on Statistical Disclosure Control for Outputs;
types of analysis by the names of the SACRO statbarns). A rule looks at the cells of one column and
says which of them fail it, and by how much. A cell that fails a rule is hidden, unless the rule
only tells checkers where to look. Dominance is judged on absolute contributions, so that values of
opposite sign cannot hide a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import floor

from disclosure_control.exact import shown
from disclosure_control.policy import SdcRules
from disclosure_control.record import Finding
from disclosure_control.sdc.evidence import CellEvidence
from disclosure_control.sdc.statbarns import Statbarn
from disclosure_control.tables import Axis, Kind, Published, Shape

STATBARN: dict[Kind, Statbarn] = {
    Kind.COUNT: Statbarn.FREQUENCIES,
    Kind.UNITS: Statbarn.FREQUENCIES,
    Kind.SUM: Statbarn.LINEAR_AGGREGATIONS,
    Kind.NONNEGATIVE_SUM: Statbarn.LINEAR_AGGREGATIONS,
    Kind.MEAN: Statbarn.LINEAR_AGGREGATIONS,
    Kind.VARIANCE: Statbarn.SHAPE,
    Kind.STDDEV: Statbarn.SHAPE,
    Kind.QUANTILE: Statbarn.POSITION,
    Kind.RATIO: Statbarn.LINEAR_AGGREGATIONS,
    Kind.SLOPE: Statbarn.ASSOCIATION,
    Kind.LOG_ODDS: Statbarn.RATIOS,
    Kind.LEFT_OUT: Statbarn.FREQUENCIES,
}
EVERY = (Statbarn.FREQUENCIES, Statbarn.LINEAR_AGGREGATIONS)
ADDING = (Statbarn.LINEAR_AGGREGATIONS,)

Cells = tuple[CellEvidence, ...]


@dataclass(frozen=True, slots=True)
class Margin:
    """A cell fails where ``measure`` is below ``limit``: how near a cell comes can be compared."""

    measure: Callable[[CellEvidence, SdcRules], Fraction]
    limit: Callable[[SdcRules], Fraction]


@dataclass(frozen=True, slots=True)
class Rule:
    """``failing`` cells, each with what was measured. ``hides`` of False: for checkers to judge."""

    name: str
    statbarns: tuple[Statbarn, ...]
    failing: Callable[[Cells, SdcRules, Shape], dict[int, str]]
    threshold: Callable[[SdcRules], str]
    hides: bool = True
    margin: Margin | None = None


def _each(
    fails: Callable[[CellEvidence, SdcRules], bool],
    measured: Callable[[CellEvidence, SdcRules], str],
) -> Callable[[Cells, SdcRules, Shape], dict[int, str]]:
    """A rule that looks at each cell by itself."""
    return lambda cells, rules, _: {
        place: measured(cell, rules) for place, cell in enumerate(cells) if fails(cell, rules)
    }


def _too_few(cell: CellEvidence, rules: SdcRules) -> bool:
    return cell.units < rules.threshold and not (rules.structural_zeros and cell.empty)


def _units(cell: CellEvidence, _: SdcRules) -> str:
    return str(cell.units)


def _top(cell: CellEvidence, rules: SdcRules) -> int:
    return cell.largest + (cell.second if rules.dominance_n > 1 else 0)


def _dominated(cell: CellEvidence, rules: SdcRules) -> bool:
    """The n largest contributors make up more than the share k of the gross total."""
    return _top(cell, rules) > rules.dominance_k * cell.gross


def _share(cell: CellEvidence, rules: SdcRules) -> str:
    return _ratio(_top(cell, rules), cell.gross)


def _estimable(cell: CellEvidence, rules: SdcRules) -> bool:
    """The second largest contributor can estimate the largest to within the share p."""
    return cell.gross - cell.largest - cell.second < rules.p_ratio * cell.largest


def _remainder(cell: CellEvidence, _: SdcRules) -> str:
    return _ratio(cell.gross - cell.largest - cell.second, cell.largest)


def _ratio(part: int, whole: int) -> str:
    return f"{shown(Fraction(part, whole), decimals=3):f}" if whole else "0.000"


def _part(part: int, whole: int) -> Fraction:
    """Where there is nothing to share, nothing is dominated."""
    return Fraction(part, whole) if whole else Fraction(1)


def _alone_in_its_line(cells: Cells, rules: SdcRules, shape: Shape) -> dict[int, str]:
    """Everybody in a row or column is in one category, and the zeros beside it are shown."""
    if not rules.structural_zeros:
        return {}
    found: dict[int, str] = {}
    empty = shape.empty
    for line in _lines(shape.axes):
        open_to = [place for place in line if place not in empty]
        filled = [place for place in open_to if cells[place].units]
        if len(filled) == 1 and len(open_to) > 1:
            found[filled[0]] = f"1 of {len(open_to)} categories"
    return found


def _in_missing(cells: Cells, _: SdcRules, shape: Shape) -> dict[int, str]:
    """Somebody has no value here: is that telling by itself?"""
    missing = [len(axis.labels) - 1 - axis.total if axis.missing else None for axis in shape.axes]
    places = product(*(range(len(axis.labels)) for axis in shape.axes))
    return {
        cell: str(cells[cell].units)
        for cell, place in enumerate(places)
        if cells[cell].units and any(at == last for at, last in zip(place, missing, strict=True))
    }


def _lines(axes: tuple[Axis, ...]) -> Iterator[list[int]]:
    """Places that differ in one dimension only, and stand beside each other in it."""
    sizes = [len(axis.labels) for axis in axes]
    strides = [1] * len(sizes)
    for at in range(len(sizes) - 2, -1, -1):
        strides[at] = strides[at + 1] * sizes[at + 1]
    for at, axis in enumerate(axes):
        others = [
            [place * stride for place in range(size)] if other != at else [0]
            for other, (size, stride) in enumerate(zip(sizes, strides, strict=True))
        ]
        starts = [sum(start) for start in product(*others)]
        for family in axis.families:
            along = [place * strides[at] for place in family]
            yield from ([start + step for step in along] for start in starts)


RULES: tuple[Rule, ...] = (
    Rule(
        "minimum-threshold",
        EVERY,
        _each(_too_few, _units),
        lambda rules: f"at least {rules.threshold} distinct units",
        margin=Margin(
            lambda cell, _: Fraction(cell.units), lambda rules: Fraction(rules.threshold)
        ),
    ),
    Rule(
        "class-disclosure",
        (Statbarn.FREQUENCIES,),
        _alone_in_its_line,
        lambda _: "at least 2 categories of a row or column with anybody in them",
    ),
    Rule(
        "missing-category",
        (Statbarn.FREQUENCIES,),
        _in_missing,
        lambda _: "nobody has a missing value",
        hides=False,
    ),
    Rule(
        "nk-dominance",
        ADDING,
        _each(_dominated, _share),
        lambda rules: f"the {rules.dominance_n} largest at most {rules.dominance_k:f} of the total",
        margin=Margin(
            lambda cell, rules: _part(cell.gross - _top(cell, rules), cell.gross),
            lambda rules: 1 - Fraction(rules.dominance_k),
        ),
    ),
    Rule(
        "p-ratio",
        ADDING,
        _each(_estimable, _remainder),
        lambda rules: f"all but the 2 largest at least {rules.p_ratio:f} of the largest",
        margin=Margin(
            lambda cell, _: _part(cell.gross - cell.largest - cell.second, cell.largest),
            lambda rules: Fraction(rules.p_ratio),
        ),
    ),
    Rule(
        "all-values-are-same",
        ADDING,
        _each(lambda cell, _: cell.all_same, _units),
        lambda _: "contributions differ",
    ),
    Rule(
        "negative-values",
        ADDING,
        _each(lambda cell, _: cell.negative > 0, lambda cell, _: str(cell.negative)),
        lambda _: "no unit contributes less than zero",
        hides=False,
    ),
)


def findings(
    column: Published, cells: Cells, rules: SdcRules, *, shape: Shape
) -> Iterator[Finding]:
    """One finding for each rule that applies to the column, with the cells that fail it.

    Cells that everybody knows to be empty fail none.
    """
    empty = shape.empty
    for rule in RULES:
        if STATBARN[column.kind] in rule.statbarns:
            failing = rule.failing(cells, rules, shape)
            failing = {cell: measured for cell, measured in failing.items() if cell not in empty}
            yield Finding(
                rule=rule.name,
                severity=("fail" if rule.hides else "warn") if failing else "info",
                threshold=rule.threshold(rules),
                mitigation="suppressed" if failing and rule.hides else "none",
                cells=tuple(sorted(failing)),
                for_checkers=True,
                column=column.name,
                statbarn=STATBARN[column.kind],
                values=tuple(failing[place] for place in sorted(failing)),
            )


def mitigated(
    finding: Finding, hidden: frozenset[int], *, cells: Cells, rules: SdcRules
) -> Finding:
    """With the cells that are shown nevertheless, and how near a shown cell comes to failing."""
    margin = next((rule.margin for rule in RULES if rule.name == finding.rule), None)
    closest = "" if margin is None else _closest(margin, cells, hidden, rules)
    after = tuple(one for one in finding.cells if one not in hidden)
    return replace(finding, after=after, closest=closest)


def _closest(margin: Margin, cells: Cells, hidden: frozenset[int], rules: SdcRules) -> str:
    """Empty cells, whose zero is shown, come near nothing. Rounded down: nearer than it is."""
    near = (
        margin.measure(cell, rules)
        for place, cell in enumerate(cells)
        if place not in hidden and cell.units
    )
    least = min(near, default=None)
    return "" if least is None else f"{shown(least, decimals=6, towards=floor):f}"


def limit_of(name: str, rules: SdcRules) -> Fraction | None:
    """What ``closest`` of a finding of this rule must not be below."""
    margin = next((rule.margin for rule in RULES if rule.name == name), None)
    return None if margin is None else margin.limit(rules)


def hidden_by(findings_of_column: tuple[Finding, ...]) -> frozenset[int]:
    """Cells that a rule hides."""
    return frozenset(
        cell
        for finding in findings_of_column
        if finding.mitigation == "suppressed"
        for cell in finding.cells
    )
