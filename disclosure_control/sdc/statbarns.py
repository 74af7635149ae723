"""Which kinds of statistics are there, and which rules does each have? Names of the SACRO project.

A *statbarn* holds statistics with the same mathematics, the same risks and the same rules
(Derrick, Green, Ritchie and White 2023, "Towards a comprehensive theory and practice of output
SDC", UNECE expert meeting on statistical data confidentiality). Tables are judged cell by cell by
``rules``; the others by a few numbers of evidence, which whoever computed the statistic states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from disclosure_control.errors import Malformed
from disclosure_control.policy import SdcRules
from disclosure_control.record import Finding


class Statbarn(StrEnum):
    FREQUENCIES = "frequencies"
    HYPOTHESIS_TESTS = "statistical hypothesis tests"
    ASSOCIATION = "coefficients of association"
    POSITION = "position"  # median, quartiles, percentiles
    EXTREMES = "extreme values"  # minimum, maximum
    SHAPE = "shape"  # standard deviation, skewness, kurtosis
    LINEAR_AGGREGATIONS = "linear aggregations"  # sums, means
    MODE = "mode"
    CONCENTRATION = "non-linear concentration ratios"  # Herfindahl-Hirschman and the like
    RATIOS = "odds and risk ratios"
    SURVIVAL = "survival tables"
    GINI = "gini coefficients"


Evidence = Mapping[str, int]
MOST = 2**62


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic that is no table: its kind, and what its rules need to know of it."""

    name: str
    statbarn: Statbarn
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Rule:
    """``holds`` for the evidence; ``value`` is what is compared with the threshold."""

    name: str
    statbarns: tuple[Statbarn, ...]
    needs: tuple[str, ...]
    value: Callable[[Evidence], int]
    least: Callable[[SdcRules], int]
    threshold: str  # {} stands for the least value


def _of(*names: str) -> Callable[[Evidence], int]:
    """The smallest of these numbers."""
    return lambda evidence: min(evidence[name] for name in names)


def _threshold(rules: SdcRules) -> int:
    return rules.threshold


def _degrees(rules: SdcRules) -> int:
    return rules.degrees_of_freedom


COUNTED = (
    Statbarn.POSITION,
    Statbarn.SHAPE,
    Statbarn.MODE,
    Statbarn.CONCENTRATION,
    Statbarn.GINI,
    Statbarn.ASSOCIATION,
    Statbarn.HYPOTHESIS_TESTS,
)
MODELS = (Statbarn.ASSOCIATION, Statbarn.HYPOTHESIS_TESTS, Statbarn.SHAPE)

RULES: tuple[Rule, ...] = (
    Rule(
        "minimum-threshold",
        COUNTED,
        ("units",),
        _of("units"),
        _threshold,
        "at least {} distinct units with a value",
    ),
    Rule(
        "quantile-sides",
        (Statbarn.POSITION,),
        ("below", "above"),
        _of("below", "above"),
        _threshold,
        "at least {} units on each side",
    ),
    Rule(
        "no-extremes",
        (Statbarn.EXTREMES,),
        (),
        lambda _: 0,
        lambda _: 1,
        "the value of one unit is not shown",
    ),
    Rule(
        "mode-occurrences",
        (Statbarn.MODE,),
        ("occurrences",),
        _of("occurrences"),
        _threshold,
        "the mode occurs in at least {} units",
    ),
    Rule(
        "mode-is-not-all",
        (Statbarn.MODE,),
        ("units", "occurrences"),
        lambda evidence: evidence["units"] - evidence["occurrences"],
        lambda _: 1,
        "not every unit has the mode",
    ),
    Rule(
        "implicit-counts",
        (Statbarn.RATIOS,),
        ("exposed_cases", "exposed_others", "unexposed_cases", "unexposed_others"),
        _of("exposed_cases", "exposed_others", "unexposed_cases", "unexposed_others"),
        _threshold,
        "at least {} units in each of the four implied counts",
    ),
    Rule(
        "survival-steps",
        (Statbarn.SURVIVAL,),
        ("fewest_events", "fewest_at_risk"),
        _of("fewest_events", "fewest_at_risk"),
        _threshold,
        "at least {} events, and units at risk, at each step",
    ),
    Rule(
        "residual-degrees-of-freedom",
        MODELS,
        ("observations", "parameters"),
        lambda evidence: evidence["observations"] - evidence["parameters"],
        _degrees,
        "at least {} residual degrees of freedom",
    ),
    Rule(
        "saturated-model",
        MODELS,
        ("patterns", "parameters"),
        lambda evidence: evidence["patterns"] - evidence["parameters"],
        lambda _: 1,
        "fewer parameters than distinct patterns of the explaining variables",
    ),
    Rule(
        "dominance",
        (Statbarn.CONCENTRATION, Statbarn.GINI),
        ("units", "other_than_largest_percent"),
        _of("other_than_largest_percent"),
        lambda rules: int(100 - 100 * rules.dominance_k),
        "at least {} per cent from others than the largest",
    ),
)


def judge(statistic: Statistic, rules: SdcRules) -> tuple[Finding, ...]:
    """One finding for each rule of its kind. Raises Malformed where evidence is missing or absurd.

    Frequencies and linear aggregations are tables: see ``rules.findings``.
    """
    faults = list(_faults(statistic))
    if faults:
        raise Malformed("; ".join(faults))
    return tuple(_findings(statistic, rules))


def needed(statbarn: Statbarn) -> tuple[str, ...]:
    """Which numbers the rules of this kind look at."""
    names = (name for rule in RULES if statbarn in rule.statbarns for name in rule.needs)
    return tuple(dict.fromkeys(names))


def _faults(statistic: Statistic) -> Iterator[str]:
    wanted = needed(statistic.statbarn)
    if not any(statistic.statbarn in rule.statbarns for rule in RULES):
        yield f"{statistic.name}: {statistic.statbarn} are judged as tables"
    for name in wanted:
        value = statistic.evidence.get(name)
        if type(value) is not int or not 0 <= value < MOST:
            yield f"{statistic.name}: {name} must be a whole number of 0 or more"
    for name in sorted(statistic.evidence.keys() - set(wanted)):
        yield f"{statistic.name}: {name} is no evidence for {statistic.statbarn}"


def _findings(statistic: Statistic, rules: SdcRules) -> Iterator[Finding]:
    for rule in RULES:
        if statistic.statbarn not in rule.statbarns:
            continue
        least = rule.least(rules)
        value = rule.value(statistic.evidence)
        fails = value < least
        yield Finding(
            rule=rule.name,
            severity="fail" if fails else "info",
            threshold=rule.threshold.format(least),
            mitigation="suppressed" if fails else "none",
            cells=(0,) if fails else (),
            for_checkers=True,
            column=statistic.name,
            statbarn=statistic.statbarn,
            values=(str(value),) if fails else (),
        )
