"""What can be published for each cell? Options of the form, and how its rows name them.

A row names a statistic: "mean", or "quantile 0.25" with its level.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from disclosure_control.policy import DpRules
from queries.catalogue import Catalogue
from queries.language import Statistic
from queries.looks import LOOKS, PROPORTION, quantile_words
from queries.values import number_from
from tre.web.choices import Field, Group, Option, count_words, fields, grouped, is_public

OF_NUMBERS = {
    "Means": ("mean",),
    "Sums": ("sum",),
    "Sums, not shown below zero": ("nonnegative_sum",),
    "Medians": ("quantile 0.5",),
    "Quartiles and deciles": ("quantile 0.25", "quantile 0.75", "quantile 0.1", "quantile 0.9"),
    "Standard deviations": ("stddev",),
    "Variances": ("variance",),
    "Ratios": ("ratio",),
    "Linear regression": ("slope",),
}
"""What is made of a number, under the heading of its options; a quantile with its level."""
EXPLAINING = frozenset({"number", "truth"})
OF_TRUTHS = {"Proportions": "mean", "Logistic regression": "log_odds"}
"""What is made of a yes or no."""

OF_INDEPENDENT_ROWS = frozenset({"Linear regression", "Logistic regression"})
OF_TWO = {
    Statistic.RATIO: "{} per ...",
    Statistic.SLOPE: "Slope of {} on ...",
    Statistic.LOG_ODDS: "Log odds ratio of {} by ...",
}
LEFT_OUT = "Share of rows that bounds leave out"
NOISY = frozenset(OF_NUMBERS) - {"Means", "Sums"}


def units_left_out(catalogue: Catalogue) -> str:
    return f"Share of {catalogue.units} in cells that bounds leave out"


def measures(
    catalogue: Catalogue, nest: Mapping[str, Any], *, rules: DpRules | None
) -> tuple[Group, ...]:
    """What may be published: numbers of rows and units, and what is made of numbers.

    ``rules``: of the noisy track; None on the exact one.
    """
    noisy = rules is not None
    table = catalogue.table(nest["source"])
    single = table is not None and table.one_row_per_unit
    counts = [Option("count", count_words(catalogue, nest["source"]))]
    if not single:
        counts.append(Option("units", f"Number of different {catalogue.units}"))
    if rules and table is not None and table.max_rows_per_unit > rules.max_rows_per_unit:
        counts.append(Option(Statistic.LEFT_OUT.value, LEFT_OUT))
    if rules and table is not None and table.max_rows_per_unit > rules.max_groups_per_unit:
        counts.append(Option(Statistic.UNITS_LEFT_OUT.value, units_left_out(catalogue)))
    numbers = [
        field
        for field in fields(catalogue, nest).values()
        if field.kind == "number" and not is_public(catalogue, field.ref)
    ]
    return (
        Group("Counts", tuple(counts)),
        *(_of_truths(catalogue, nest, single=single) if noisy else []),
        *(
            Group(
                heading,
                tuple(
                    Option(f"{name}:{one.ref}", measure_words(name, one))
                    for name in names
                    for one in numbers
                ),
            )
            for heading, names in OF_NUMBERS.items()
            if (noisy or heading not in NOISY) and (single or heading not in OF_INDEPENDENT_ROWS)
        ),
    )


def _of_truths(catalogue: Catalogue, nest: Mapping[str, Any], *, single: bool) -> list[Group]:
    truths = [one for one in fields(catalogue, nest).values() if one.kind == "truth"]
    return [
        Group(
            heading,
            tuple(Option(f"{name}:{one.ref}", measure_words(name, one)) for one in truths),
        )
        for heading, name in OF_TRUTHS.items()
        if single or heading not in OF_INDEPENDENT_ROWS
    ]


def measure_words(name: str, of: Field) -> str:
    """A statistic that nobody knows stands for itself."""
    statistic, level = statistic_of(name)
    title = of.title
    if of.kind == "truth" and statistic is Statistic.MEAN:
        return f"{PROPORTION.title} {title}"
    if level is not None:
        return f"{quantile_words(level).capitalize()} of {title}"
    if statistic in OF_TWO:
        return OF_TWO[statistic].format(title)
    return f"{LOOKS[statistic].title} {title}" if statistic in LOOKS else name


def divisors(catalogue: Catalogue, nest: Mapping[str, Any], ref: str) -> tuple[Group, ...]:
    """Numbers that the sum of another may be divided by."""
    found = fields(catalogue, nest).values()
    numbers = (one for one in found if one.kind == "number" and not is_public(catalogue, one.ref))
    return grouped(catalogue, (one for one in numbers if one.ref != ref))


def explaining(catalogue: Catalogue, nest: Mapping[str, Any], ref: str) -> tuple[Group, ...]:
    """Numbers, and yes or no, on which another number may depend."""
    found = fields(catalogue, nest).values()
    usable = (one for one in found if one.kind in EXPLAINING and not is_public(catalogue, one.ref))
    return grouped(catalogue, (one for one in usable if one.ref != ref))


def statistic_of(name: str) -> tuple[Statistic, Decimal | None]:
    """Of a row of the form: "mean", or "quantile 0.25". A count where it is neither."""
    word, _, text = name.partition(" ")
    if word not in list(Statistic):
        return Statistic.COUNT, None
    return Statistic(word), number_from(text)
