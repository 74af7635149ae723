"""Which cells of an exact table are hidden, and by which findings?

Unsafe cells by the rules; and, in a table with totals, as many others as keep the totals from
giving them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from disclosure_control.policy import SdcRules
from disclosure_control.record import Finding
from disclosure_control.sdc import rules as primary
from disclosure_control.sdc.evidence import Exact, evidence
from disclosure_control.sdc.series import Series
from disclosure_control.tables import Shape

COMPLEMENTARY = "complementary-suppression"


@dataclass(frozen=True, slots=True)
class Pattern:
    """``hidden`` cells of each column, by its name; ``series`` is what the others must not tell."""

    hidden: Mapping[str, frozenset[int]]
    findings: tuple[Finding, ...]
    series: tuple[Series, ...] = ()


def pattern(shape: Shape, exact: Exact, *, rules: SdcRules, seconds: float) -> Pattern:
    """Raises NotProtected if a table with totals is not protected within ``seconds``."""
    cells = {column.name: evidence(shape, column, exact) for column in shape.published}
    found = {
        column.name: tuple(primary.findings(column, cells[column.name], rules, shape=shape))
        for column in shape.published
    }
    unsafe = {name: primary.hidden_by(findings) for name, findings in found.items()}
    if not shape.has_totals:
        every = tuple(one for each in found.values() for one in each)
        return _mitigated(Pattern(unsafe, every), cells, rules)
    from disclosure_control.sdc import complementary  # with a solver, which is large

    hidden, series = complementary.complete(
        shape, exact, unsafe=unsafe, rules=rules, seconds=seconds
    )
    added = {name: cells - unsafe[name] for name, cells in hidden.items()}
    findings = tuple(
        one
        for column in shape.published
        for one in (
            *found[column.name],
            Finding(
                rule=COMPLEMENTARY,
                severity="info",
                threshold="totals do not give an unsafe cell back",
                mitigation="suppressed" if added[column.name] else "none",
                cells=tuple(sorted(added[column.name])),
                for_checkers=True,
                column=column.name,
                statbarn=primary.STATBARN[column.kind],
            ),
        )
    )
    return _mitigated(Pattern(hidden, findings, series), cells, rules)


def _mitigated(made: Pattern, cells: Mapping[str, primary.Cells], rules: SdcRules) -> Pattern:
    """Every finding says what is shown all the same, and how near that comes to failing."""
    findings = tuple(
        primary.mitigated(one, made.hidden[one.column], cells=cells[one.column], rules=rules)
        for one in made.findings
    )
    return replace(made, findings=findings)
