"""What does a table show whose counts are rounded or perturbed? Every count by one rule.

Which cells are unsafe is decided on true counts, as in any exact table. They are hidden, or altered
like all others, as the rule says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from disclosure_control.alterations import Alteration, in_words
from disclosure_control.policy import SdcRules
from disclosure_control.record import Finding
from disclosure_control.sdc import rules as primary
from disclosure_control.sdc.drawn import Counts, Drawn, altered_counts
from disclosure_control.sdc.evidence import Exact, evidence
from disclosure_control.sdc.series import Series, published_counts
from disclosure_control.tables import Published, Shape

THRESHOLD = "minimum-threshold"


@dataclass(frozen=True, slots=True)
class Altered:
    """``shown``: the numbers of each vector, whether hidden or not. For checkers' eyes only."""

    shown: Mapping[str, Counts]
    hidden: Mapping[str, frozenset[int]]  # by column
    series: Mapping[str, Series]  # by vector
    found: Mapping[str, tuple[Finding, ...]]  # by column
    cells: Mapping[str, primary.Cells]  # by column


def altered(
    shape: Shape, exact: Exact, *, alteration: Alteration, rules: SdcRules, seconds: float
) -> Altered:
    """Raises NotProtected where totals that add up are not found within ``seconds``."""
    cells = {column.name: evidence(shape, column, exact) for column in shape.published}
    found = {
        column.name: tuple(primary.findings(column, cells[column.name], rules, shape=shape))
        for column in shape.published
    }
    unsafe = {name: primary.hidden_by(findings) for name, findings in found.items()}
    series = tuple(published_counts(shape, exact, unsafe=unsafe, rules=rules))
    keys = next((c.evidence.keys for c in shape.published if c.evidence), None)
    shown = {
        one.vector: altered_counts(
            Drawn(
                alteration,
                one,
                sizes=tuple(len(axis.labels) for axis in shape.axes),
                sums=tuple(axis.sums for axis in shape.axes),
                keys=exact[keys] if keys else (),
                seconds=seconds / len(series),
            )
        )
        for one in series
    }
    hidden = {
        name: primary.hidden_by(
            tuple(one for one in findings if alteration.hides_small or one.rule != THRESHOLD)
        )
        for name, findings in found.items()
    }
    return Altered(shown, hidden, {one.vector: one for one in series}, found, cells)


def findings(
    made: Altered, shape: Shape, *, alteration: Alteration, rules: SdcRules
) -> Iterator[Finding]:
    """What rules found, what is shown all the same, and how every count was altered."""
    for column in shape.published:
        for one in made.found[column.name]:
            yield _judged(one, made, rules)
        yield _alteration(column, alteration)


def _judged(one: Finding, made: Altered, rules: SdcRules) -> Finding:
    hidden, cells = made.hidden[one.column], made.cells[one.column]
    judged = primary.mitigated(one, hidden, cells=cells, rules=rules)
    shown = one.mitigation == "suppressed" and judged.after
    return replace(judged, mitigation="altered", closest="") if shown else judged


def _alteration(column: Published, alteration: Alteration) -> Finding:
    """For everybody: it follows from the policy alone."""
    return Finding(
        rule=alteration.method.value,
        severity="info",
        threshold=in_words(alteration),
        mitigation="altered",
        cells=(),
        for_checkers=False,
        column=column.name,
        statbarn=primary.STATBARN[column.kind],
    )
