"""How precise will each published column be? In numbers and in words, before spending."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from disclosure_control import strength
from disclosure_control.dp import accounting, preview
from disclosure_control.dp.preview import MOST_PERCENT, Expected
from disclosure_control.policy import Policy
from disclosure_control.tables import Kind, Protected, Published
from queries.language import LEAVING_OUT, Statistic
from queries.plan_vectors import BY_ROW, Contribution
from tre.journey import shelved
from tre.journey.priced import Quote


@dataclass(frozen=True, slots=True)
class ColumnPrecision:
    """What is known of one published column before anything is spent.

    ``half_width`` is 95 % for one cell, in the column's own numbers; None where it varies by cell
    and where exact. Then the larger the cell, the more precise: ``at_sizes`` has (rows with a
    value, half-width or None where it would not be shown), of a quantile in percentage points, by
    rank. ``shown_from``: a cell with at least this
    true count is almost surely shown (dp), exactly shown (sdc).
    """

    title: str
    kind: str
    mechanism: str | None
    half_width: Decimal | None
    at_sizes: tuple[tuple[int, Decimal | None], ...]
    shown_from: int
    words: str


@dataclass(frozen=True, slots=True)
class Bounded:
    """How many ``rows`` of a unit count, of the ``most`` that it may have in ``table``.

    ``least``: the least cost of a question, in 1e-9 rho, for which their share may be asked.
    ``cells``: where so many rows count in each of so many cells; 0: in all of them together.
    Without ``rows``, where units are counted, in how many cells, of the most that one may be in.
    """

    table: str
    rows: int
    most: int
    least: int
    cells: int = 0


def bounded(quote: Quote) -> Bounded | None:
    """None where no unit has more rows than count, or where that is what is asked."""
    rules, table = quote.policy.dp, quote.catalogue.table(quote.query.source)
    if quote.held is not None or rules is None or table is None:
        return None
    limits, how = quote.plan.limits, quote.plan.how
    asked = {one.statistic for one in quote.query.measures}
    if asked & LEAVING_OUT:
        return None
    if asked == {Statistic.UNITS}:
        several = how in BY_ROW and limits.groups < limits.cells
        least, cells = rules.rho_nano_min, limits.groups
        return Bounded(table.title, 0, limits.cells, least, cells) if several else None
    by_cell = how is Contribution.CELL_WEIGHTS
    if limits.unit_rows <= limits.rows and not by_cell:
        return None
    rows, cells = (limits.each, limits.groups) if by_cell else (limits.rows, 0)
    return Bounded(table.title, rows, limits.unit_rows, rules.rho_nano_min, cells)


def threshold(policy: Policy) -> int:
    """Noisy counts (dp) or distinct units (sdc) below it are hidden."""
    rules = policy.dp or policy.sdc
    return 0 if rules is None else rules.threshold


def epsilon(rho_nano: int) -> Decimal | None:
    """What this cost implies at delta = 1e-6: the number that the record of the answer claims."""
    if rho_nano == 0:
        return None
    return Decimal(accounting.implied_epsilon(rho_nano, delta=accounting.CLAIM_DELTA))


def columns(quote: Quote) -> tuple[ColumnPrecision, ...]:
    shape, policy = quote.shape, quote.policy
    if policy.dp is None:
        return tuple(_exact(column, policy) for column in shape.published)
    if quote.held is not None:
        return tuple(_held(quote, quote.held.table(quote.plan.shape)))
    return tuple(
        _noisy(expected) for expected in preview.expect(shape, policy.dp, rho_nano=quote.rho_nano)
    )


def keys_from(quote: Quote) -> Decimal | None:
    """Noisy units from which a key that nobody declared is told; None where all are declared."""
    if quote.policy.dp is None or quote.held is not None:
        return None
    return preview.keys_from(quote.shape, quote.policy.dp, rho_nano=quote.rho_nano)


def one_by_one(quote: Quote) -> int | None:
    """What the tables of a table with totals would cost alone, in 1e-9 rho, for the same."""
    if quote.policy.dp is None or quote.held is not None:
        return None
    return preview.one_by_one(quote.shape, quote.policy.dp, rho_nano=quote.rho_nano)


def _held(quote: Quote, table: Protected) -> Iterator[ColumnPrecision]:
    """As the table is that is worked out from a release, in the order of the question."""
    told = list(shelved.told(table))
    for place in quote.order.measures:
        title, shown, widest = told[place]
        yield ColumnPrecision(
            title=title,
            kind=table.published[place].kind.value,
            mechanism=None,
            half_width=widest,
            at_sizes=(),
            shown_from=threshold(quote.policy),
            words=_held_words(shown, cells=len(table.columns[place]), widest=widest),
        )


def _held_words(shown: int, *, cells: int, widest: Decimal | None) -> str:
    if not shown:
        return "No cell could be told."
    exact = "each with its interval" if widest is None else f"within ± {widest} or less"
    return f"{shown} of {cells} cells are told, {exact}."


def _exact(column: Published, policy: Policy) -> ColumnPrecision:
    altered = policy.sdc is not None and policy.sdc.counts is not None
    return ColumnPrecision(
        title=column.title,
        kind=column.kind.value,
        mechanism=None,
        half_width=None,
        at_sizes=(),
        shown_from=threshold(policy),
        words=strength.exactness(policy)
        if altered
        else "Exact wherever the rules let the cell be shown.",
    )


def _noisy(expected: Expected) -> ColumnPrecision:
    return ColumnPrecision(
        title=expected.title,
        kind=expected.kind.value,
        mechanism=expected.mechanism,
        half_width=expected.half_width,
        at_sizes=expected.at_sizes,
        shown_from=expected.shown_from,
        words=WORDS[expected.kind](expected),
    )


def _words(expected: Expected) -> str:
    return (
        f"In 95 of 100 {expected.of} within ± {expected.half_width}."
        f" Cells with {expected.shown_from} or more are almost surely shown."
    )


def _ranked_words(expected: Expected) -> str:
    told = [
        f"{half} from {size}" for size, half in expected.at_sizes if half and half < MOST_PERCENT
    ]
    if not told:
        return "Too noisy to tell more than the declared range at this cost."
    return (
        "The larger the cell, the closer. Percentage points, by rank, within which the interval "
        f"lies: {', '.join(told)} values in the cell."
    )


def _sized_words(expected: Expected) -> str:
    told = [f"± {half} from {size}" for size, half in expected.at_sizes if half is not None]
    if not told:
        return "Too noisy to be shown at this cost."
    return f"The larger the cell, the closer: within {', '.join(told)} values in the cell."


def _share_words(expected: Expected) -> str:
    told = [f"± {half} from {size}" for size, half in expected.at_sizes if half is not None]
    if not told:
        return "Exact enough in cells of many thousands only, at this cost."
    return f"The larger the cell, the closer: within {', '.join(told)} in it."


WORDS: dict[Kind, Callable[[Expected], str]] = {
    Kind.COUNT: _words,
    Kind.UNITS: _words,
    Kind.SUM: _words,
    Kind.NONNEGATIVE_SUM: _words,
    Kind.MEAN: _sized_words,
    Kind.RATIO: _sized_words,
    Kind.SLOPE: _sized_words,
    Kind.LOG_ODDS: _sized_words,
    Kind.VARIANCE: _sized_words,
    Kind.STDDEV: _sized_words,
    Kind.LEFT_OUT: _share_words,
    Kind.QUANTILE: _ranked_words,
}
