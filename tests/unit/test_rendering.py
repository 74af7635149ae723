"""Artefacts: the same bytes every time, nothing hidden shown, a chart that a page may hold."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from disclosure_control.record import DisclosureRecord, Finding
from disclosure_control.tables import Axis, Cell, Kind, Protected, Published, Status
from tre.outputs import Format
from tre.rendering import artefacts, chart

HOSTILE = "</title><script>alert(1)</script>"
RECORD = DisclosureRecord("dp", "h", "person", "A claim.", (), (), (), (), 1, 0, ())


def shown(value: int) -> Cell:
    number = Decimal(value)
    return Cell(Status.SHOWN, number, Decimal(5), number - 5, number + 5)


HIDDEN = Cell(Status.SUPPRESSED)


def table(*cells: Cell, labels: tuple[str, ...] | None = None, track: str = "dp") -> Protected:
    names = labels or tuple(f"key {number}" for number in range(len(cells)))
    return Protected(
        track,
        (Axis("Sex", names),),
        (Published("count", "Persons", Kind.COUNT, "rows", None, 0),),
        (cells,),
        replace(RECORD, track=track),
    )


def drawn(protected: Protected, title: str = "Persons, by sex.") -> str:
    made = chart.svg(protected, title=title)
    assert made is not None
    return made.decode()


def test_the_same_table_gives_the_same_bytes():
    protected = table(shown(40), HIDDEN, shown(90))
    assert artefacts.render(protected, title="x") == artefacts.render(protected, title="x")


def test_a_chart_passes_a_strict_content_policy():
    svg = drawn(table(shown(40), HIDDEN), title=HOSTILE)
    assert "style=" not in svg
    assert "<style" not in svg
    assert "<script" not in svg
    assert not re.search(r"\son\w+=", svg)
    assert "href=" not in svg.replace("xmlns:xlink=", "")
    ElementTree.fromstring(svg)  # noqa: S314 - our own bytes


def test_labels_of_a_hostile_catalogue_stay_text():
    svg = drawn(table(shown(40), shown(50), labels=("<b>one</b>", "a & b")))
    assert "<b>" not in svg
    ElementTree.fromstring(svg)  # noqa: S314 - our own bytes


def test_a_hidden_cell_is_a_marked_gap_and_no_point():
    svg = drawn(table(shown(40), HIDDEN, HIDDEN))
    assert svg.count("[c]</text>") == 2
    points = re.findall(r'aria-roledescription="point"', svg)
    assert len(points) == 1


def test_totals_and_subtotals_are_not_drawn_beside_their_parts():
    names = ("North", "Aby", "Bur", "South", "Total")
    plain = table(*(shown(number) for number in (90, 40, 50, 60, 150)), labels=names, track="sdc")
    axis = replace(plain.axes[0], subtotals=((0, (1, 2)),), total=True)
    svg = drawn(replace(plain, axes=(axis,)))
    assert len(re.findall(r'aria-roledescription="point"', svg)) == 3
    assert "North" not in svg
    assert "Aby" in svg


def test_a_table_with_everything_hidden_still_has_a_chart():
    assert drawn(table(HIDDEN, HIDDEN)).count("[c]</text>") == 2


def test_a_single_number_has_a_chart():
    protected = replace(table(shown(3)), axes=())
    assert "All" in drawn(protected)


def test_a_chart_says_in_words_what_it_shows():
    svg = drawn(table(shown(40)))
    assert 'role="img"' in svg
    assert "<title>Persons: Persons, by sex." in svg


def test_a_table_too_large_for_a_picture_has_none():
    many = table(*[shown(40)] * (chart.MOST_CELLS + 1))
    assert chart.svg(many, title="x") is None
    assert Format.CHART not in {one.format for one in artefacts.render(many, title="x")}


def test_long_labels_are_shortened_and_stay_apart():
    long = tuple("x" * 60 + end for end in "ab")
    svg = drawn(table(shown(40), shown(50), labels=long))
    assert svg.count("…") == 2
    assert len(re.findall(r'aria-roledescription="point"', svg)) == 2


@pytest.mark.parametrize("track", ["dp", "sdc"])
def test_findings_for_checkers_are_in_one_artefact_and_only_on_the_exact_track(track):
    secret = Finding("dominance-rule", "fail", "t", "suppressed", (0,), True, "count")
    protected = table(shown(40), track=track)
    protected = replace(protected, record=replace(protected.record, findings=(secret,)))
    made = {one.format: one.content for one in artefacts.render(protected, title="x")}
    holds = {name for name, content in made.items() if b"dominance-rule" in content}
    assert holds == ({Format.FINDINGS} if track == "sdc" else set())


def test_every_artefact_format_has_a_media_type():
    from tre.outputs import MEDIA

    assert MEDIA.keys() == set(Format)
