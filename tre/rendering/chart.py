"""How does a protected table look as a picture? Points with their noise intervals, as SVG.

Drawn once by the worker with altair and vl-convert, without a browser and without a style
attribute, so that it passes a strict content policy. A hidden cell is a marked gap, never a zero.
"""

from __future__ import annotations

import json
from decimal import Decimal
from html import escape
from itertools import chain, product
from typing import Any

import altair as alt
import vl_convert
from altair.utils import schemapi

from disclosure_control.tables import Axis, Cell, Protected, Published, Status

MOST_CELLS = 120  # beyond that a picture says less than the table
MOST_SERIES = 7
COLOURS = ("#12436d", "#28a197", "#801650", "#f46a25", "#3d3d3d", "#a285d1", "#746cb1")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke")
INK = "#0b0c0c"
QUIET = "#505a5f"
FONT = "arial, sans-serif"
ROW_HEIGHT = 15
WIDTH = 460
LONGEST_LABEL = 48  # characters; a limit in pixels makes the drawing twice as slow
SHORTENED = (
    f"length(datum.label) > {LONGEST_LABEL}"
    f" ? slice(datum.label, 0, {LONGEST_LABEL - 1}) + '…' : datum.label"
)
VEGA_LITE = "6.1"  # the one that altair writes for

Row = dict[str, Any]


def svg(protected: Protected, *, title: str) -> bytes | None:
    """The first published column, without any totals; None for a table too large to be drawn.

    Of several tables, the first of those by most axes.
    """
    published = protected.published[0]
    axes, cells = _without_totals(protected.axes, protected.columns[0])
    if len(cells) > MOST_CELLS:
        return None
    rows, series = _rows(axes, cells), _series(axes)
    with schemapi.debug_mode(arg=False):  # the test of this file checks the schema, not each answer
        text = _drawn(_chart(rows, series, axes, published))
    return _named(text, title, published).encode()


def _without_totals(
    axes: tuple[Axis, ...], cells: tuple[Cell, ...]
) -> tuple[tuple[Axis, ...], tuple[Cell, ...]]:
    """A total beside its parts would make them small."""
    by = _largest(axes, cells)
    parts = [
        _parts(axis) if at in by else {len(axis.labels) - 1: None} for at, axis in enumerate(axes)
    ]
    places = product(*(range(len(axis.labels)) for axis in axes))
    kept = tuple(
        cell
        for place, cell in zip(places, cells, strict=True)
        if all(at in own for at, own in zip(place, parts, strict=True))
    )
    return tuple(
        Axis(axis.name, tuple(axis.labels[at] for at in own))
        for at, (axis, own) in enumerate(zip(axes, parts, strict=True))
        if at in by
    ), kept


def _largest(axes: tuple[Axis, ...], cells: tuple[Cell, ...]) -> tuple[int, ...]:
    """By which axes the largest table is that was asked for: as a rule, by all of them."""
    labels = [
        [(at,)] * (len(axis.labels) - axis.total) + [()] * axis.total
        for at, axis in enumerate(axes)
    ]
    by = (tuple(chain.from_iterable(place)) for place in product(*labels))
    told = zip(by, cells, strict=True)
    asked = (own for own, cell in told if cell.status is not Status.NOT_ASKED)
    return max(asked, key=len, default=tuple(range(len(axes))))


def _parts(axis: Axis) -> dict[int, None]:
    """Places of labels that nothing adds up to, in their order."""
    wholes = {whole for whole, _ in axis.sums}
    return dict.fromkeys(at for at in range(len(axis.labels)) if at not in wholes)


def _drawn(chart: alt.TopLevelMixin) -> str:
    specification = json.dumps(chart.to_dict(validate=False))
    return vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE)


def prepare() -> None:
    """Draws nothing in particular once, so that the first answer comes as fast as the next."""
    empty = alt.Chart(alt.Data(values=[])).mark_point().encode(x="value:Q")
    _drawn(empty)


def _series(axes: tuple[Axis, ...]) -> Axis | None:
    """The axis shown by colour and shape: the last of several, if it has few keys."""
    last = axes[-1] if len(axes) > 1 else None
    return last if last is not None and len(last.labels) <= MOST_SERIES else None


def _rows(axes: tuple[Axis, ...], cells: tuple[Cell, ...]) -> list[Row]:
    series = _series(axes)
    rows = []
    for position, (keys, cell) in enumerate(zip(_keys(axes), cells, strict=True)):
        along = keys[:-1] if series else keys
        row: Row = {"place": position, "key": " · ".join(along) or "All", "shown": cell.status}
        row["series"] = keys[-1] if series else ""
        row |= {name: _number(value) for name, value in _values(cell).items()}
        rows.append(row)
    return rows


def _keys(axes: tuple[Axis, ...]) -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = [()]
    for axis in axes:
        keys = [(*before, label) for before in keys for label in axis.labels]
    return keys


def _values(cell: Cell) -> dict[str, Decimal | None]:
    return {"value": cell.value, "low": cell.low, "high": cell.high}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _chart(
    rows: list[Row], series: Axis | None, axes: tuple[Axis, ...], published: Published
) -> alt.LayerChart:
    order = list(dict.fromkeys(row["key"] for row in rows))
    names = list(series.labels) if series else [""]
    along = axes[:-1] if series else axes
    y = alt.Y(
        "key:N",
        sort=order,
        title=" · ".join(axis.name for axis in along) or None,
        axis=alt.Axis(
            labelLimit=0,
            labelExpr=SHORTENED,
            titleAngle=0,
            titleAlign="right",
            titleAnchor="end",
            titleBaseline="bottom",
            titleX=-8,
            titleY=-6,
        ),
    )
    offset = alt.YOffset("series:N", sort=names)
    colour = alt.Color(
        "series:N",
        sort=names,
        scale=alt.Scale(domain=names, range=list(COLOURS[: len(names)])),
        legend=_legend(series),
    )
    shape = alt.Shape(
        "series:N",
        sort=names,
        scale=alt.Scale(domain=names, range=list(SHAPES[: len(names)])),
        legend=_legend(series),
    )
    shown = alt.Data(values=[row for row in rows if row["shown"] == Status.SHOWN])
    hidden = alt.Data(values=[row for row in rows if row["shown"] != Status.SHOWN])
    intervals = (
        alt.Chart(shown)
        .transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2)
        .encode(y=y, yOffset=offset, x="low:Q", x2="high:Q", color=colour)
    )
    points = (
        alt.Chart(shown)
        .mark_point(filled=True, size=42, opacity=1)
        .encode(
            y=y,
            yOffset=offset,
            x=alt.X("value:Q", title=published.title, axis=alt.Axis(tickCount=6)),
            color=colour,
            shape=shape,
        )
    )
    gaps = (
        alt.Chart(hidden)
        .mark_text(text="[c]", align="left", fontSize=11)
        .encode(y=y, yOffset=offset, x=alt.value(3), color=colour)
    )
    return _styled(alt.layer(intervals, points, gaps), rows=len(rows))


def _legend(series: Axis | None) -> alt.Legend | None:
    if series is None:
        return None
    return alt.Legend(title=series.name, orient="top", direction="horizontal", labelLimit=200)


def _styled(chart: alt.LayerChart, *, rows: int) -> alt.LayerChart:
    return (
        chart.properties(width=WIDTH, height=max(60, ROW_HEIGHT * rows), background="white")
        .configure(font=FONT)
        .configure_axis(
            labelColor=INK, titleColor=INK, gridColor="#e5e6e7", domainColor=QUIET, labelFontSize=12
        )
        .configure_legend(labelColor=INK, titleColor=INK, labelFontSize=12)
        .configure_view(stroke=None)
    )


def _named(text: str, title: str, published: Published) -> str:
    """A title for those who do not see it; the table beside it holds every number."""
    name = escape(
        f"{published.title}: {title} Bars are 95 % intervals of the noise; [c] is hidden."
    )
    begin = text.index(">", text.index("<svg"))
    return f'{text[:begin]} role="img" aria-label="{name}"><title>{name}</title>{text[begin + 1 :]}'
