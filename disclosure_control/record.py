"""What was applied to an output, where, why and under which policy: the disclosure record.

Machine-readable (SATRE 3.3.09); it travels with every output and is public after release, so what
leaves (``for_release``) holds nothing that depends on data except what the output itself shows.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule on one column, with SACRO statbarn vocabulary. ``cells`` are grid positions.

    ``cells`` broke the rule before mitigation, ``values`` says by how much, one for each; ``after``
    are those of them that are shown nevertheless.

    On the SDC track findings depend on true values: checkers see them, project members do not
    (``for_checkers``). On the DP track they are computed from noisy values or public facts.
    """

    rule: str
    severity: str  # "fail" | "warn" | "info"
    threshold: str
    mitigation: str  # "suppressed", "none", ...
    cells: tuple[int, ...]
    for_checkers: bool
    column: str = ""  # name of the published column
    statbarn: str = ""  # type of analysis: "frequencies", "linear aggregations"
    values: tuple[str, ...] = ()  # SDC: what was measured in each cell
    after: tuple[int, ...] = ()
    closest: str = ""  # SDC: of the cells that are shown, how near the nearest comes to failing


@dataclass(frozen=True, slots=True)
class Feasible:
    """What a hidden cell of an exact table may be, by all that the table shows; None: no bound.

    In the units of its column. For checkers: which intervals are narrow says where to look.
    """

    column: str
    cell: int  # grid position
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class NoiseStatement:
    """The mechanism of one vector, as anybody may verify it. Half-widths are in vector integers.

    Of a table with totals there is one for each group of differences that was measured: ``levels``
    has for each axis 0 for its sum (without totals or subtotals: for its labels), 1 for differences
    between labels that are part of no subtotal, 2 for those one subtotal deep, and so on;
    ``scale`` is that of a difference whose coefficients have length one, and half-widths are of
    every cell and total.

    With a count ``beside``, it is of both parts of a total: what its rows add up to, and what is
    left of as many of the largest value. The count is both by that value (the mean of what several
    totals say), and has no noise or cost of its own.

    Of a choice among bins (noisy_max) ``vector`` says what is chosen, and a half-width is the
    distance in ranks, times the parts of the quantile, that is as likely not reached.
    """

    vector: str
    mechanism: str  # "discrete_gaussian" | "discrete_laplace" | "noisy_max"
    scale: str  # exact decimal text of the float handed to the mechanism
    rho_nano: int  # zCDP charge in 1e-9
    epsilon: str | None  # pure epsilon where the mechanism has one
    half_width: int  # 95 % per cell
    joint_half_width: int  # 95 % for all cells of this vector together
    levels: tuple[int, ...] = ()
    beside: str | None = None  # the count that it is told with


@dataclass(frozen=True, slots=True)
class DisclosureRecord:
    track: str  # "dp" | "sdc"
    policy_hash: str
    unit: str
    claim: str  # one plain sentence
    leaves_out: tuple[str, ...]  # what intervals and claims do not cover
    bounds: tuple[str, ...]  # clamping rules in words
    noise: tuple[NoiseStatement, ...]
    findings: tuple[Finding, ...]
    rho_nano: int
    delta_femto: int  # delta in 1e-15
    versions: tuple[tuple[str, str], ...]  # software, version
    intervals: tuple[Feasible, ...] = ()  # SDC, tables with totals; for checkers


def for_release(record: DisclosureRecord) -> DisclosureRecord:
    """The record without what only checkers may see: which rule hides which cell says too much."""
    findings = tuple(one for one in record.findings if not one.for_checkers)
    return replace(record, findings=findings, intervals=())


def without_measures(record: DisclosureRecord) -> DisclosureRecord:
    """The record without true numbers of cells that broke a rule: which did, not by how much.

    How near the nearest *shown* cell came stays: an owner judges other policies by it.
    """
    findings = tuple(
        replace(one, values=()) if one.for_checkers else one for one in record.findings
    )
    return replace(record, findings=findings)


def versions(**libraries: str) -> tuple[tuple[str, str], ...]:
    """Of the software that made an output."""
    return tuple(sorted({"python": platform.python_version(), **libraries}.items()))


DP_LEAVES_OUT = (
    (
        "Bounding bias: where a {unit} has more rows or groups than the bounds allow, the expected "
        "answer differs from the plain one; intervals do not cover this. What share of the rows "
        "that is can be asked."
    ),
    (
        "Linkage error: a {unit} that appears under two identifiers has twice the privacy loss, "
        "and wrong links change the answer; neither claim nor intervals cover this."
    ),
    "Intervals cover the noise that was added, not sampling or errors in the source.",
    (
        "Cells are hidden by their noisy counts: among the cells that are shown, the noise of "
        "counts near the threshold leans upwards."
    ),
)


NOISY_TOTALS = (
    (
        "Cells and totals were measured together and made to add up: a value is estimated from all "
        "that was measured, and rounded so that sums hold, which may move it beside its estimate "
        "by a few of its last digit; intervals cover this."
    ),
    (
        "A cell that is hidden may follow from totals: it is a noisy count like all others, and "
        "the claim covers it."
    ),
)


OF_KINDS = {
    "nonnegative_sum": (
        "Sums that are said to be not below zero were cut there after the noise, value and "
        "interval: each is no further from the truth for it, and the interval holds it as often. "
        "Added up they lean upwards; plain sums do not."
    ),
    "slope": (
        "The interval of a slope, unlike the others, covers sampling as well as noise: if rows are "
        "independent, what is explained is linear in what explains it, and residuals vary equally. "
        "A quarter of its width is about its standard error."
    ),
    "log_odds": (
        "The interval of a log odds ratio, unlike the others, covers sampling as well as noise: if "
        "rows are independent and the logistic model holds. Numbers that explain count as the "
        "middle of their band, which draws their ratio towards 0 where bands are wide. A quarter "
        "of the interval's width is about its standard error."
    ),
}


def altered_leaves_out(*, totals: bool) -> tuple[str, ...]:
    """What a table of altered counts is not protected against."""
    first, second, *_, last = sdc_leaves_out(totals=totals)
    return (
        first,
        second,
        (
            "Rounding and perturbation are rules, not guarantees: who asks in several forms, "
            "combines tables or columns, or knows of others what is in them, narrows what a number "
            "stands for."
        ),
        *(ALTERED_TOTALS if totals else ()),
        last,
    )


ALTERED_TOTALS = (
    "Totals narrow what their parts stand for; only cells below the threshold are kept from that.",
)


def sdc_leaves_out(*, totals: bool) -> tuple[str, ...]:
    """What an exact table with or without totals is not protected against."""
    return (
        "No differential privacy is claimed: nothing here counts towards an epsilon.",
        (
            "This record is of one table. What it tells together with other tables of the same "
            "data (differencing) is compared before it leaves, within the limits of that."
        ),
        *(WITH_TOTALS if totals else WITHOUT_TOTALS),
        "Linkage error and errors in the source are not covered.",
    )


WITH_TOTALS = (
    (
        "Hidden cells are protected column by column, against anybody who knows the totals, the "
        "declared bounds, the method and one own contribution to one cell and its totals; not "
        "against several who pool what they know or one who is alone in several cells, nor "
        "against what follows from which cells were chosen to be hidden."
    ),
)
WITHOUT_TOTALS = ("Totals that are known from elsewhere may give a hidden cell back.",)


BOTH_TRACKS = {
    "dp": (
        "Both tracks are or were open on this dataset, by a two-person exception: exact tables "
        "that left it are outside this claim, so no epsilon holds for all that left together."
    ),
    "sdc": (
        "Both tracks are or were open on this dataset, by a two-person exception: noisy answers "
        "narrow what a hidden cell can be."
    ),
}


def left_out(usual: tuple[str, ...], *, track: str, both_tracks: bool) -> tuple[str, ...]:
    """What a record of this track does not cover."""
    return (*usual, BOTH_TRACKS[track]) if both_tracks else usual


UNKNOWN_KEYS = (
    (
        "Keys that nobody declared are told where their noisy number of units is high enough. How "
        "many others there are is not told, and the table has no total that they are part of."
    ),
    (
        "A key that stands with one {unit} alone is told by chance no more often than the delta of "
        "this answer says; numbers of keys near the threshold lean upwards."
    ),
)


IMPLIED = (
    "Numbers of a released table were added up. The noise stated is that of each of its numbers; "
    "the interval of a sum is that of as many such noises together."
)


def implied_claim(claim: str, source: str) -> str:
    """Of what was worked out from the release ``source``, whose claim stands for both."""
    return (
        f"Worked out from the released table {source} alone, which tells no more than it: nothing "
        f"was read of the data and no budget was spent. Of that table: {claim}"
    )


def dp_claim(unit: str, *, rho: str, epsilon: str, delta: str) -> str:
    return (
        f"Differentially private: whether one {unit}, with all its rows in all tables, is in the "
        f"data or not changes what is published by at most rho = {rho} "
        f"(zero-concentrated; this implies epsilon = {epsilon} at delta = {delta})."
    )


def altered_claim(unit: str, *, how: str, fewest: int, threshold: int, hides_small: bool) -> str:
    small = (
        f"Cells with fewer than {threshold} contributing units ({unit}) are hidden."
        if hides_small
        else "Small counts are altered like all others."
    )
    return (
        f"No count is shown as it is: each is {how}. By that rule a number above zero stands for "
        f"at least {fewest} possible true counts. {small} No epsilon is claimed."
    )


def sdc_claim(unit: str, *, threshold: int, totals: bool) -> str:
    hidden = " No total gives a hidden cell back." if totals else ""
    return (
        f"Exact values; every cell shown has at least {threshold} contributing units ({unit}), and "
        f"no sum or mean shown is dominated by one or two of them.{hidden} No epsilon is claimed."
    )
