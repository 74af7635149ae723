"""What will an answer be worth, before anything is spent? From public facts alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from disclosure_control.dp.accounting import NoisePlan, noise_plan
from disclosure_control.dp.postprocess import half_width, mean_interval, total_name
from disclosure_control.exact import shown
from disclosure_control.policy import DpRules
from disclosure_control.tables import Kind, Published, Shape

CELL_SIZES = (20, 50, 100, 500, 1000, 5000)  # contributors for which a mean's interval is shown


@dataclass(frozen=True, slots=True)
class Expected:
    """What a published column will look like, whatever the data say.

    ``half_width`` holds for a cell at 95 %, in the column's own numbers; None for means, whose
    interval depends on the cell: ``means`` has a half-width for some numbers of contributors, for
    a mean near the middle of the bounds (None: not shown). A cell whose true count is at least
    ``shown_from`` is shown with a probability of 97.5 % or more.
    """

    name: str
    title: str
    kind: Kind
    mechanism: str
    half_width: Decimal | None
    means: tuple[tuple[int, Decimal | None], ...]
    threshold: int
    shown_from: int


def expect(
    shape: Shape, rules: DpRules, *, rho_nano: int, mechanism: str | None = None
) -> tuple[Expected, ...]:
    """One entry for each published column. Raises as ``accounting.noise_plan`` does."""
    plan = noise_plan(shape, rules, rho_nano=rho_nano, mechanism=mechanism)
    return tuple(_expected(shape, column, plan, rules) for column in shape.published)


def _expected(shape: Shape, column: Published, plan: NoisePlan, rules: DpRules) -> Expected:
    is_mean = column.kind == Kind.MEAN
    count = shape.vector(column.count)
    off = -(-plan.of(count.name).half_width // count.scale)
    return Expected(
        name=column.name,
        title=column.title,
        kind=column.kind,
        mechanism=plan.of(_measured(column)).mechanism,
        half_width=None if is_mean else _fixed(shape, column, plan),
        means=tuple(_means(shape, column, plan)) if is_mean else (),
        threshold=rules.threshold,
        shown_from=rules.threshold + off,
    )


def _measured(column: Published) -> str:
    return MEASURED[column.kind](column)


MEASURED: dict[Kind, Callable[[Published], str]] = {
    Kind.COUNT: lambda column: column.count,
    Kind.UNITS: lambda column: column.count,
    Kind.SUM: total_name,
    Kind.MEAN: total_name,
}


def _fixed(shape: Shape, column: Published, plan: NoisePlan) -> Decimal:
    vector = shape.vector(_measured(column))
    return half_width(column, vector, integers=plan.of(vector.name).half_width)


def _means(shape: Shape, column: Published, plan: NoisePlan) -> list[tuple[int, Decimal | None]]:
    scale = shape.vector(column.count).scale
    widths: list[tuple[int, Decimal | None]] = []
    for contributors in CELL_SIZES:
        interval = mean_interval(shape, column, total=0, count=contributors * scale, plan=plan)
        width = interval and shown((interval[1] - interval[0]) / 2, decimals=column.decimals)
        widths.append((contributors, width))
    return widths
