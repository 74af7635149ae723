"""Which outputs that left would have failed under a changed policy? From their records alone.

An exact record keeps, for each rule and column, how near the nearest shown cell came to failing. So
a changed threshold is judged without the data, and without knowing more than checkers knew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from disclosure_control.alterations import Alteration, in_words
from disclosure_control.policy import DpRules, Policy, SdcRules
from disclosure_control.record import Finding
from disclosure_control.sdc.rules import RULES, limit_of
from disclosure_control.tables import Kind, Protected, Status

THRESHOLD = "minimum-threshold"
COUNTED = (Kind.COUNT, Kind.UNITS)


@dataclass(frozen=True, slots=True)
class Reason:
    """Which rule the output would have broken, and in which column; empty: the table as a whole."""

    rule: str
    column: str = ""


def would_fail(table: Protected, policy: Policy, *, checkers: int) -> tuple[Reason, ...]:
    """``table`` with what only checkers see in its record; ``checkers``: how many approved it.

    A cell that the changed policy would hide as well, where it is shown, makes the output fail.
    Where a record does not tell, that counts as failing too.
    """
    if policy.track != table.record.track:
        return (Reason("track"),)
    found = list(_of_any_track(table, policy, checkers=checkers))
    if policy.sdc is not None:
        found += _exact(table, policy.sdc)
    if policy.dp is not None:
        found += _noisy(table, policy.dp)
    return tuple(dict.fromkeys(found))


def _of_any_track(table: Protected, policy: Policy, *, checkers: int) -> Iterator[Reason]:
    if len(table.columns[0]) > policy.max_cells:
        yield Reason("max-cells")
    if checkers < policy.checkers:
        yield Reason("checkers")


def _exact(table: Protected, rules: SdcRules) -> Iterator[Reason]:
    altered = rules.counts
    if altered is not None and not _is_altered(table, altered):
        yield Reason(altered.method.value)
    telling = {
        column.name: any(cell.value for cell in cells)
        for column, cells in zip(table.published, table.columns, strict=True)
    }
    for finding in table.record.findings:
        limit = limit_of(finding.rule, rules)
        if limit is None or not telling[finding.column]:
            continue
        if altered is not None and not altered.hides_small and finding.rule == THRESHOLD:
            continue
        tells = finding.closest and not _another_share(finding, rules)
        if not tells or Fraction(finding.closest) < limit:
            yield Reason(finding.rule, finding.column)


def _is_altered(table: Protected, alteration: Alteration) -> bool:
    """Does every column say that its counts were altered like this?"""
    so = {
        one.column
        for one in table.record.findings
        if (one.rule, one.threshold) == (alteration.method.value, in_words(alteration))
    }
    return so == {column.name for column in table.published}


def _another_share(finding: Finding, rules: SdcRules) -> bool:
    """Was the share of another number of units measured than the changed policy asks?"""
    own = next(rule.threshold(rules) for rule in RULES if rule.name == finding.rule)
    return finding.rule == "nk-dominance" and finding.threshold[:5] != own[:5]


def _noisy(table: Protected, rules: DpRules) -> Iterator[Reason]:
    """A column without its own count beside it does not tell how near its cells came."""
    if table.record.rho_nano > rules.rho_nano_max:
        yield Reason("rho-nano-max")
    if table.record.delta_femto > rules.key_delta_femto:
        yield Reason("key-delta-femto")
    counts = {
        column.count: cells
        for column, cells in zip(table.published, table.columns, strict=True)
        if column.kind in COUNTED
    }
    for column, cells in zip(table.published, table.columns, strict=True):
        shown = [place for place, cell in enumerate(cells) if cell.status is Status.SHOWN]
        beside = counts.get(column.count)
        values = [None if beside is None else beside[place].value for place in shown]
        if any(value is None or value < rules.threshold for value in values):
            yield Reason("noisy-count-threshold", column.name)
