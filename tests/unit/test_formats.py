"""Each format says the same: numbers, hidden cells, labels; read by the readers of others."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from csvw import CSVW
from pyjstat import pyjstat
from pysdmx.io import read_sdmx
from pysdmx.model.dataset import ActionType

from disclosure_control import present
from disclosure_control.errors import Malformed
from disclosure_control.record import DisclosureRecord
from disclosure_control.tables import Axis, Cell, Kind, Protected, Published, Status
from tre.outputs import NAMES, Format
from tre.rendering import artefacts, chart, grid, sdmx

CLAIM = "A claim that covers all of it."
TITLE = "Persons, by sex and place."
HOSTILE = ("=1+1", "+2", "-3", "@x", "\tx", " =cmd|' /C calc'!A0", 'a "b", c', "Zürich")


def noisy(value: str, half: str | None) -> Cell:
    number = Decimal(value)
    around = Decimal(half or "0.5")
    return Cell(
        Status.SHOWN, number, None if half is None else around, number - around, number + around
    )


def exact(value: str) -> Cell:
    return Cell(Status.SHOWN, Decimal(value))


HIDDEN = Cell(Status.SUPPRESSED)
UNBOUNDED = Cell(Status.SHOWN, Decimal("7.25"))


def table(track: str) -> Protected:
    """Two axes, a count and a mean; hidden cells in each, and labels that want to be formulas."""
    places = HOSTILE
    cells = 2 * len(places)
    if track == "dp":
        counts = [noisy(str(100 + one), "10") for one in range(cells)]
        means = [noisy(f"{one}.50", None) for one in range(cells)]
        means[3] = UNBOUNDED
    else:
        counts = [exact(str(100 + one)) for one in range(cells)]
        means = [exact(f"{one}.50") for one in range(cells)]
    counts[1] = means[1] = means[2] = HIDDEN
    return Protected(
        track,
        (Axis("Sex", ("Female", "Male")), Axis("Place", places)),
        (
            Published("count", "Persons", Kind.COUNT, "rows", None, 0),
            Published("mean_bmi", "Mean BMI", Kind.MEAN, "rows", "bmi", 2),
        ),
        (tuple(counts), tuple(means)),
        DisclosureRecord(track, "h", "person", CLAIM, (), (), (), (), 1, 0, ()),
    )


@pytest.fixture(params=["dp", "sdc"])
def protected(request) -> Protected:
    return table(request.param)


@pytest.fixture
def files(protected) -> dict[Format, bytes]:
    return {one.format: one.content for one in artefacts.render(protected, title=TITLE)}


def expected(protected: Protected) -> list[tuple[tuple[str, ...], list[float | None]]]:
    """Labels and numbers of every row, straight from the cells."""
    parts = [
        lambda cell: cell.value,
        lambda cell: cell.half_width,
        lambda cell: cell.low,
        lambda cell: cell.high,
    ]
    rows = []
    for place, key in enumerate(product(*(axis.labels for axis in protected.axes))):
        row: list[float | None] = []
        for published, cells in zip(protected.published, protected.columns, strict=True):
            said = parts if protected.track == "dp" else parts[:1]
            if protected.track == "dp" and published.kind is Kind.MEAN:
                said = [parts[0], *parts[2:]]
            numbers = [part(cells[place]) for part in said]
            row += [None if one is None else float(one) for one in numbers]
        rows.append((key, row))
    return rows


def test_the_same_table_gives_the_same_bytes_also_later(protected, files):
    time.sleep(2.1)  # a ZIP tells times in steps of two seconds
    again = {one.format: one.content for one in artefacts.render(protected, title=TITLE)}
    assert again == files


def test_every_format_of_a_release_is_made_and_has_a_name(files, protected):
    made = set(files) - {Format.FINDINGS}
    assert made == set(NAMES)
    assert (Format.FINDINGS in files) == (protected.track == "sdc")


def test_a_spreadsheet_has_numbers_as_numbers_and_texts_as_texts(files, protected):
    book = openpyxl.load_workbook(io.BytesIO(files[Format.XLSX]))
    rows = list(book["Table"].iter_rows())
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n"}, "no formula"
    for row, (key, numbers) in zip(rows[1:], expected(protected), strict=True):
        values = [cell.value for cell in row]
        assert tuple(values[:2]) == key
        assert [one if not isinstance(one, str) else None for one in values[2:]] == numbers
    assert [cell.value for cell in rows[2][2:]] == ["[c]"] * (len(rows[0]) - 2)
    if protected.track == "dp":
        assert [cell.value for cell in rows[4][-2:]] == ["[x]", "[x]"]
    about = [cell.value for (cell,) in book["About"].iter_rows()]
    assert about[:2] == [TITLE, CLAIM]


def test_a_data_frame_has_nulls_where_nothing_is_shown_and_says_why(files, protected):
    frame = pd.read_parquet(io.BytesIO(files[Format.PARQUET]))
    numbers = [name for name in frame.columns[2:] if not name.endswith("_status")]
    found = frame[numbers].astype(object).where(frame[numbers].notna(), None)
    rows = [
        (tuple(key), [None if one is None else float(one) for one in row])
        for key, row in zip(
            frame.iloc[:, :2].to_numpy().tolist(), found.to_numpy().tolist(), strict=True
        )
    ]
    assert rows == expected(protected)
    assert frame["count_status"].tolist()[:3] == ["shown", "c", "shown"]
    assert (frame["count_status"] == "c").sum() == 1
    assert frame["count"].dtype.kind in "if"


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")  # its own
def test_statistical_software_reads_json_stat(files, protected):
    text = files[Format.JSONSTAT].decode()
    frame = pyjstat.Dataset.read(text).write("dataframe")
    per_row = len(list(grid.columns(protected)))
    value = frame["value"].astype(object).where(frame["value"].notna(), None).tolist()
    rows = expected(protected)
    assert [value[i : i + per_row] for i in range(0, len(value), per_row)] == [
        numbers for _, numbers in rows
    ]
    keys = list(zip(frame["Sex"], frame["Place"], strict=True))[::per_row]
    assert keys == [key for key, _ in rows]
    document = json.loads(text)
    hidden = [int(place) for place, why in document["status"].items() if why == "c"]
    assert all(document["value"][place] is None for place in hidden)
    parts = {"dp": 4 + 3 + 3, "sdc": 1 + 1 + 1}[protected.track]
    assert len(hidden) == parts


def test_csv_on_the_web_types_the_columns_of_the_csv(files, protected, tmp_path: Path):
    for form in (Format.CSV, Format.CSVW):
        (tmp_path / NAMES[form]).write_bytes(files[form])
    held = CSVW(str(tmp_path / NAMES[Format.CSVW]), validate=True)
    assert held.is_valid
    rows = list(held.tables[0].iterdicts(with_metadata=False))
    assert len(rows) == len(expected(protected))
    for row, (_, numbers) in zip(rows, expected(protected), strict=True):
        values = list(row.values())
        assert [None if one is None else float(one) for one in values[2:]] == numbers


def test_a_statistical_office_reads_sdmx_csv(files, protected, tmp_path: Path):
    path = tmp_path / NAMES[Format.SDMX]
    path.write_bytes(files[Format.SDMX])
    (found,) = read_sdmx(path).data
    assert found.structure == "Dataflow=TRE:TABLE(1.0)"
    assert found.action is ActionType.Information
    frame = found.data
    assert list(frame.columns) == [
        *("SEX", "PLACE", "MEASURE", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS")
    ]
    per_row = len(list(grid.columns(protected)))
    value = [None if one == "NaN" else float(one) for one in frame["OBS_VALUE"]]
    rows = expected(protected)
    assert [value[i : i + per_row] for i in range(0, len(value), per_row)] == [
        numbers for _, numbers in rows
    ]
    keys = list(zip(frame["SEX"].map(int), frame["PLACE"].map(int), strict=True))[::per_row]
    axes = [axis.labels for axis in protected.axes]
    assert [(axes[0][sex], axes[1][place]) for sex, place in keys] == [key for key, _ in rows]
    parts = {"dp": 4 + 3 + 3, "sdc": 1 + 1 + 1}[protected.track]
    hidden = frame[frame["CONF_STATUS"] == "C"]
    assert len(hidden) == parts
    assert set(hidden["OBS_STATUS"]) == {"Q"}
    shown = frame[frame["CONF_STATUS"] == "F"]
    assert (shown["OBS_STATUS"] == "M").sum() == (2 if protected.track == "dp" else 0)


def test_no_text_of_sdmx_csv_begins_like_a_formula_and_each_label_is_there(files):
    rows = list(csv.reader(io.StringIO(files[Format.SDMX].decode())))
    assert all(cell[:1].isalnum() for row in rows for cell in row[:6])
    assert {row[4].partition(": ")[2] for row in rows[1:]} == set(HOSTILE)
    assert rows[1][1].endswith(TITLE)


def test_names_become_identifiers_of_their_own():
    told = sdmx.codes(["Alter (Jahre)", "alter jahre", "1st", "=1", "Obs value", "Größe", "Ж"])
    assert told == ["ALTER_JAHRE", "ALTER_JAHRE_2", "D_1ST", "D_1", "OBS_VALUE_5", "GR_SSE", "D"]


def test_axes_of_one_name_and_like_a_column_stay_apart():
    base = table("sdc")
    twice = Protected(
        base.track,
        (Axis("count", ("a", "b")), Axis("count", HOSTILE)),
        base.published,
        base.columns,
        base.record,
    )
    files = {one.format: one.content for one in artefacts.render(twice, title=TITLE)}
    frame = pd.read_parquet(io.BytesIO(files[Format.PARQUET]))
    assert len(set(frame.columns)) == len(frame.columns) == 2 + 2 * 2
    assert json.loads(files[Format.JSONSTAT])["id"] == ["count", "count (2)", "Measure"]


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")
def test_cells_that_nobody_asked_for_have_no_row_and_say_so_in_a_cube(tmp_path: Path):
    """A table by sex and one by place, without the cells of both and without the total."""
    axes = tuple(
        Axis(name, (*labels, "Total"), total=True)
        for name, labels in (("Sex", ("Female", "Male")), ("Place", ("North", "South")))
    )
    none, some = Cell(Status.NOT_ASKED), noisy("40", "10")
    cells = (none, none, some, none, none, HIDDEN, some, some, none)
    only = replace(table("dp"), axes=axes, columns=(cells, cells))
    files = {one.format: one.content for one in artefacts.render(only, title=TITLE)}

    keys = [("Female", "Total"), ("Male", "Total"), ("Total", "North"), ("Total", "South")]
    rows = list(csv.reader(io.StringIO(files[Format.CSV].decode())))[2:]
    assert [tuple(row[:2]) for row in rows] == keys
    assert [row[2] for row in rows] == ["40", "[c]", "40", "40"]
    frame = pd.read_parquet(io.BytesIO(files[Format.PARQUET]))
    assert [tuple(key) for key in frame.iloc[:, :2].to_numpy().tolist()] == keys
    assert frame["count_status"].tolist() == ["shown", "c", "shown", "shown"]
    book = openpyxl.load_workbook(io.BytesIO(files[Format.XLSX]))
    assert len(list(book["Table"].iter_rows())) == 1 + len(keys)
    path = tmp_path / NAMES[Format.SDMX]
    path.write_bytes(files[Format.SDMX])
    assert len(read_sdmx(path).data[0].data) == len(keys) * len(list(grid.columns(only)))
    cube = json.loads(files[Format.JSONSTAT])
    assert len(cube["value"]) == 9 * len(list(grid.columns(only)))
    assert cube["status"]["0"] == "n"
    assert pyjstat.Dataset.read(files[Format.JSONSTAT].decode()).write("dataframe").shape[0]
    assert present.from_json(files[Format.JSON].decode()) == only
    mixed = replace(only, columns=(cells, (some, *cells[1:])))
    with pytest.raises(Malformed):
        present.from_json(present.to_json(mixed))


def test_a_chart_of_several_tables_shows_the_first_of_the_largest():
    axes = tuple(Axis(name, ("a", "b", "Total"), total=True) for name in ("One", "Two", "Three"))
    places = list(product(range(3), repeat=3))
    told = {(0, 1), (1, 2), (2,)}

    def cell(place):
        by = tuple(at for at, label in enumerate(place) if label < 2)
        return noisy("40", "10") if by in told else Cell(Status.NOT_ASKED)

    cells = tuple(map(cell, places))
    drawn = chart.svg(replace(table("dp"), axes=axes, columns=(cells, cells)), title=TITLE)
    assert drawn is not None
    text = drawn.decode()
    assert text.count('aria-roledescription="point"') == 4
    assert ">One<" in text
    assert ">Two<" in text
    assert ">Three<" not in text


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")
@pytest.mark.parametrize("beside", [(), (Axis("Sex", ("Female", "Male")),)], ids=["one", "two"])
def test_a_table_of_which_no_key_is_told_is_made_in_every_format(beside, tmp_path: Path):
    """A reader of each finds its columns, and no row."""
    full = table("dp")
    axes = (*beside, Axis("Place", (), unknown=True))
    bare = replace(full, axes=axes, columns=((), ()))
    files = {one.format: one.content for one in artefacts.render(bare, title=TITLE)}
    assert set(files) == set(NAMES)
    for form, content in files.items():
        (tmp_path / NAMES[form]).write_bytes(content)
    lines = list(csv.reader(io.StringIO(files[Format.CSV].decode())))
    assert [len(line) for line in lines] == [1, len(axes) + 7]
    frame = pd.read_parquet(io.BytesIO(files[Format.PARQUET]))
    assert (len(frame), list(frame.columns)[: len(axes)]) == (0, [axis.name for axis in axes])
    held = CSVW(str(tmp_path / NAMES[Format.CSVW]), validate=True)
    assert held.is_valid
    assert list(held.tables[0].iterdicts(with_metadata=False)) == []
    book = openpyxl.load_workbook(io.BytesIO(files[Format.XLSX]))
    assert book["Table"].max_row == 1
    document = json.loads(files[Format.JSONSTAT])
    assert document["value"] == []
    assert document["size"][len(axes) - 1] == 0
    assert len(list(csv.reader(io.StringIO(files[Format.SDMX].decode())))) == 1
