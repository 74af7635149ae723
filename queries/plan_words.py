"""Which clamping rules bound a contribution, in words for the disclosure record?"""

from __future__ import annotations

from collections.abc import Iterator

from disclosure_control.shapes import BINNED
from disclosure_control.tables import Counting
from queries.catalogue import Catalogue
from queries.plan_measured import SQUARES, Measured
from queries.plan_vectors import Contribution, Limits, Recipe
from queries.values import number_text, unscaled


def bounds_in_words(
    catalogue: Catalogue,
    *,
    how: Contribution,
    limits: Limits,
    measured: dict[str, Measured],
    of: tuple[Recipe, ...],
) -> tuple[str, ...]:
    """``of`` are the recipes of the table's vectors. The exact track clamps nothing else."""
    contribution = _CONTRIBUTIONS[how](catalogue, limits, of) if limits.rows else ()
    return (
        *contribution,
        *(_kept_within(one) for one in measured.values() if not (one.squared or one.parts)),
        *(_rounded_to(one) for one in measured.values() if one.step > 1),
    )


def _kept_within(one: Measured) -> str:
    low, high = (
        number_text(unscaled(end, decimals=one.decimals)) for end in (one.lower, one.upper)
    )
    return f"Values of {one.title} are kept within {low} to {high}."


def _rounded_to(one: Measured) -> str:
    step = number_text(unscaled(one.step, decimals=one.decimals))
    what = "Products" if one.parts else "Squares"
    return f"{what} of {one.title} are rounded to whole multiples of {step}."


def _unit_rows(catalogue: Catalogue, _: Limits, __: tuple[Recipe, ...]) -> tuple[str, ...]:
    return (f"Each {catalogue.unit} is in at most one cell, once.",)


def _unit_totals(catalogue: Catalogue, limits: Limits, of: tuple[Recipe, ...]) -> tuple[str, ...]:
    def sentences() -> Iterator[str]:
        yield f"Each {catalogue.unit} is in at most one cell."
        if any(one.counts in {Counting.ROWS, Counting.CONTRIBUTORS} for one in of):
            yield f"At most {limits.rows} records of each {catalogue.unit} are counted."
        totals = [one for one in of if one.counts is Counting.TOTAL]
        if any(not one.to_rows for one in totals):
            yield (
                f"The total of one {catalogue.unit} is kept within {limits.rows} times the "
                "largest value."
            )
        if any(one.to_rows for one in totals):
            squared = any((one.of or "").startswith(SQUARES) for one in totals)
            divided = "means and variances" if squared else "a mean"
            yield (
                f"In {divided}, a {catalogue.unit} with more than {limits.rows} records weighs as "
                f"{limits.rows} records."
            )

    return tuple(sentences())


def _row_weights(catalogue: Catalogue, limits: Limits, of: tuple[Recipe, ...]) -> tuple[str, ...]:
    def sentences() -> Iterator[str]:
        if any(one.counts is not Counting.UNITS for one in of):
            yield (
                f"Records of a {catalogue.unit} with more than {limits.rows} of them weigh less, "
                f"so that they count as {limits.rows} in all."
            )
        if any(one.counts is Counting.UNITS for one in of):
            yield (
                f"A {catalogue.unit} in more than {limits.groups} cells weighs less in each, so "
                f"that its weights add up to {limits.groups}."
            )

    return tuple(sentences())


def _cell_weights(catalogue: Catalogue, limits: Limits, of: tuple[Recipe, ...]) -> tuple[str, ...]:
    def sentences() -> Iterator[str]:
        yield (
            f"Records of a {catalogue.unit} with more than {limits.each} of them in a cell weigh "
            f"less, so that they count as {limits.each} there; where they are in more than "
            f"{limits.groups} cells, they weigh less in each."
        )
        if any(one.counts in BINNED for one in of):
            yield (
                "What is chosen among bins counts records of a "
                f"{catalogue.unit} as {limits.rows} in all."
            )
        if any(one.counts is Counting.UNITS for one in of):
            yield (
                f"A {catalogue.unit} in more than {limits.groups} cells counts less in each, so "
                f"that it counts as {limits.groups} in all."
            )

    return tuple(sentences())


_CONTRIBUTIONS = {
    Contribution.UNIT_ROWS: _unit_rows,
    Contribution.UNIT_TOTALS: _unit_totals,
    Contribution.ROW_WEIGHTS: _row_weights,
    Contribution.CELL_WEIGHTS: _cell_weights,
}
