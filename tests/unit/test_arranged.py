"""A stored table shown in another order keeps every value under its own labels."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from disclosure_control.arranged import arranged
from disclosure_control.dp.selection import End, name_of
from disclosure_control.record import DisclosureRecord, Finding, NoiseStatement
from disclosure_control.tables import (
    Axis,
    Bands,
    Cell,
    Kind,
    Patterns,
    Protected,
    Published,
    Quantile,
    Regression,
    Shape,
    Status,
)
from queries.fingerprint import Order

RECORD = DisclosureRecord("dp", "hash", "person", "claim", (), ("old words",), (), (), 1, 0, ())


def column(name: str) -> Published:
    return Published(name, name.title(), Kind.COUNT, f"vector {name}", None, 0)


@st.composite
def cases(draw):
    sizes = draw(st.lists(st.integers(1, 4), min_size=0, max_size=3))
    measures = draw(st.integers(1, 3))
    dimensions = draw(st.permutations(range(len(sizes))))
    order = Order(tuple(dimensions), tuple(draw(st.permutations(range(measures)))))
    return sizes, measures, order


def drawn_table(sizes: list[int], measures: int) -> Protected:
    axes = tuple(
        Axis(f"f{axis}", tuple(f"{axis}.{key}" for key in range(size)))
        for axis, size in enumerate(sizes)
    )
    keys = list(itertools.product(*(axis.labels for axis in axes)))
    columns = tuple(
        tuple(Cell(Status.SHOWN, Decimal(1000 * number + place)) for place in range(len(keys)))
        for number in range(measures)
    )
    published = tuple(column(f"drawn{number}") for number in range(measures))
    record = RECORD.__class__(
        *(
            "dp",
            "hash",
            "person",
            "claim",
            (),
            ("old words",),
            tuple(NoiseStatement(one.count, "m", "1", 1, None, 1, 1) for one in published),
            (Finding("r", "info", "t", "n", (len(keys) - 1,), False, "drawn0"),),
            1,
            0,
            (),
        )
    )
    return Protected("dp", axes, published, columns, record)


def values(table: Protected, names: dict[str, str]) -> dict[tuple[frozenset[str], str], Decimal]:
    keys = list(itertools.product(*(axis.labels for axis in table.axes)))
    return {
        (frozenset(key), names.get(one.name, one.name)): cell.value
        for one, cells in zip(table.published, table.columns, strict=True)
        for key, cell in zip(keys, cells, strict=True)
    }


@given(cases())
def test_every_value_stays_under_its_labels_and_its_column(case):
    sizes, measures, order = case
    drawn = drawn_table(sizes, measures)
    shape = Shape(
        "person",
        tuple(Axis(f"own {axis}", drawn.axes[axis].labels) for axis in order.dimensions),
        (),
        tuple(column(f"own{place}") for place in order.measures),
        ("own words",),
    )
    own = arranged(drawn, shape=shape, order=order)
    assert own.axes == shape.axes
    assert own.published == shape.published
    assert own.record.bounds == ("own words",)
    assert values(own, {}) == values(drawn, {f"drawn{n}": f"own{n}" for n in range(measures)})
    finding = own.record.findings[0]
    assert finding.column == "own0"
    keys = list(itertools.product(*(axis.labels for axis in own.axes)))
    last = [axis.labels[-1] for axis in drawn.axes]
    assert frozenset(keys[finding.cells[0]]) == frozenset(last)
    assert {one.vector for one in own.record.noise} == {one.count for one in own.published}


def test_the_drawn_order_itself_changes_only_words():
    drawn = drawn_table([2, 3], 2)
    shape = Shape("person", drawn.axes, (), drawn.published, ("own words",))
    own = arranged(drawn, shape=shape, order=Order((0, 1), (0, 1)))
    assert own.columns == drawn.columns
    assert own.record.findings == drawn.record.findings


def test_noise_is_stated_under_the_names_of_the_table_that_is_shown():
    """Of every vector and every choice: features have other names in another's question."""

    def columns(name: str) -> tuple[Published, ...]:
        vectors = Quantile(f"histogram_{name}", 1, 2, 0, 1, 9, 1)
        return (
            Published(f"sd_{name}", name, Kind.STDDEV, "rows", f"t_{name}", 1, None, f"sq.{name}"),
            Published(f"median_{name}", name, Kind.QUANTILE, "rows", None, 0, quantile=vectors),
            Published(f"ratio_{name}", name, Kind.RATIO, "rows", f"t_{name}", 4, per=f"p_{name}"),
            Published(
                f"slope_{name}",
                name,
                Kind.SLOPE,
                "rows",
                None,
                4,
                regression=Regression((f"m_{name}", "m_y"), (f"mm_{name}", f"my_{name}", "yy")),
            ),
            Published(
                f"odds_{name}",
                name,
                Kind.LOG_ODDS,
                "rows",
                None,
                4,
                patterns=Patterns(f"patterns_{name}", (Bands(), Bands()), 0, 1),
            ),
        )

    def statements(name: str) -> tuple[NoiseStatement, ...]:
        chosen = (name_of(f"median_{name}", end) for end in End)
        moments = (f"m_{name}", "m_y", f"mm_{name}", f"my_{name}", "yy")
        vectors = (
            "rows",
            f"t_{name}",
            f"sq.{name}",
            f"p_{name}",
            *moments,
            f"patterns_{name}",
            *chosen,
        )
        return tuple(NoiseStatement(one, "m", "1", 1, None, 1, 1) for one in vectors)

    cell = Cell(Status.SHOWN, Decimal(1))
    record = replace(RECORD, noise=statements("f1"))
    drawn = Protected("dp", (), columns("f1"), ((cell,),) * 5, record)
    shape = Shape("person", (), (), columns("highest"))

    shown = arranged(drawn, shape=shape, order=Order((), (0, 1, 2, 3, 4)))

    assert shown.published == columns("highest")
    assert shown.record.noise == statements("highest")


def test_keys_that_nobody_declared_are_those_of_the_draw():
    """The question's own shape has places for them, and no texts."""
    drawn = drawn_table([2, 3], 1)
    told = replace(drawn.axes[1], name="Theirs", labels=("a", "b", "missing"), unknown=True)
    drawn = replace(drawn, axes=(drawn.axes[0], told))
    places = Axis("Mine", ("1", "2", "3", "4", "missing"), missing=True, unknown=True, empty=(1,))
    shape = Shape("person", (places, drawn.axes[0]), (), drawn.published)
    own = arranged(drawn, shape=shape, order=Order((1, 0), (0,)))
    assert own.axes[0] == replace(places, labels=("a", "b", "missing"), empty=())
    assert own.axes[1] == drawn.axes[0]
    cells = [drawn.columns[0][sex * 3 + key] for key in range(3) for sex in range(2)]
    assert list(own.columns[0]) == cells
