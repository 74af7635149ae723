"""Which exact cells may not be shown? Rules on true counts and contributions, as data.

The usual rules of UK output checking (Handbook on Statistical Disclosure Control for Outputs;
types of analysis by the names of the SACRO statbarns). Each says when it fails for one cell; a cell
that fails any rule of its column is hidden. Dominance is judged on absolute contributions, so that
values of opposite sign cannot hide a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from disclosure_control.policy import SdcRules
from disclosure_control.record import Finding
from disclosure_control.sdc.evidence import CellEvidence
from disclosure_control.tables import Kind, Published

FREQUENCIES = "frequencies"
LINEAR_AGGREGATIONS = "linear aggregations"
STATBARN: dict[Kind, str] = {
    Kind.COUNT: FREQUENCIES,
    Kind.UNITS: FREQUENCIES,
    Kind.SUM: LINEAR_AGGREGATIONS,
    Kind.MEAN: LINEAR_AGGREGATIONS,
}


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    statbarns: tuple[str, ...]
    fails: Callable[[CellEvidence, SdcRules], bool]
    threshold: Callable[[SdcRules], str]


def _too_few(cell: CellEvidence, rules: SdcRules) -> bool:
    structural = rules.structural_zeros and cell.units == 0
    return cell.units < rules.threshold and not structural


def _dominated(cell: CellEvidence, rules: SdcRules) -> bool:
    """The n largest contributors make up more than the share k of the gross total."""
    top = cell.largest + (cell.second if rules.dominance_n > 1 else 0)
    return top > rules.dominance_k * cell.gross


def _estimable(cell: CellEvidence, rules: SdcRules) -> bool:
    """The second largest contributor can estimate the largest to within the share p."""
    return cell.gross - cell.largest - cell.second < rules.p_ratio * cell.largest


def _all_zero(cell: CellEvidence, _rules: SdcRules) -> bool:
    """A total of zeros tells every contributor's value."""
    return cell.units > 0 and cell.gross == 0


RULES: tuple[Rule, ...] = (
    Rule(
        "minimum-threshold",
        (FREQUENCIES, LINEAR_AGGREGATIONS),
        _too_few,
        lambda rules: f"at least {rules.threshold} distinct units",
    ),
    Rule(
        "nk-dominance",
        (LINEAR_AGGREGATIONS,),
        _dominated,
        lambda rules: f"the {rules.dominance_n} largest at most {rules.dominance_k:f} of the total",
    ),
    Rule(
        "p-ratio",
        (LINEAR_AGGREGATIONS,),
        _estimable,
        lambda rules: f"all but the 2 largest at least {rules.p_ratio:f} of the largest",
    ),
    Rule(
        "all-values-are-zero",
        (LINEAR_AGGREGATIONS,),
        _all_zero,
        lambda _rules: "some contribution differs from zero",
    ),
)


def findings(
    column: Published, cells: tuple[CellEvidence, ...], rules: SdcRules
) -> Iterator[Finding]:
    """One finding for each rule that applies to the column, with the cells that fail it."""
    for rule in RULES:
        if STATBARN[column.kind] in rule.statbarns:
            failing = tuple(n for n, cell in enumerate(cells) if rule.fails(cell, rules))
            yield Finding(
                rule=rule.name,
                severity="fail" if failing else "info",
                threshold=rule.threshold(rules),
                mitigation="suppressed" if failing else "none",
                cells=failing,
                for_checkers=True,
                column=column.name,
                statbarn=STATBARN[column.kind],
            )
