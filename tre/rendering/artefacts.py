"""Which bytes is an output made of? Every format at once, before anybody looks at it.

The same table and title always give the same bytes: approvals bind them.
"""

from __future__ import annotations

from disclosure_control import present
from disclosure_control.plain import canonical_json
from disclosure_control.policy import Track
from disclosure_control.record import for_release
from disclosure_control.tables import Protected
from tre.outputs import NAMES, Format, Rendered
from tre.rendering import chart, csvw, jsonstat, parquet, sdmx, xlsx


def prepare() -> None:
    """Makes nothing in particular once, so that the first answer comes as fast as the next."""
    chart.prepare()
    parquet.prepare()


def render(protected: Protected, *, title: str) -> tuple[Rendered, ...]:
    """Every format of the table, the record and, where the table is small enough, a chart.

    On the SDC track also the findings, which only checkers read.
    """
    text = present.to_csv(protected, title_lines=(title,))
    about = csvw.render(protected, title=title, text=text, name=NAMES[Format.CSV])
    rendered = [
        Rendered(Format.CSV, text.encode()),
        Rendered(Format.CSVW, about),
        Rendered(Format.JSONSTAT, jsonstat.render(protected, title=title)),
        Rendered(Format.SDMX, sdmx.render(protected, title=title)),
        Rendered(Format.PARQUET, parquet.render(protected, title=title)),
        Rendered(Format.XLSX, xlsx.render(protected, title=title)),
        Rendered(Format.JSON, present.to_json(protected).encode()),
        Rendered(Format.RECORD, canonical_json(for_release(protected.record)).encode()),
    ]
    if protected.track == Track.SDC:
        findings = present.to_json(protected, for_checkers=True).encode()
        rendered.append(Rendered(Format.FINDINGS, findings))
    drawn = chart.svg(protected, title=title)
    if drawn is not None:
        rendered.append(Rendered(Format.CHART, drawn))
    return tuple(rendered)
