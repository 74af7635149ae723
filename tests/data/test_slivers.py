"""Crimes by small area, then by a grid of the map: slivers that only the two together tell.

Street crimes of Merseyside, each with its LSOA of 2011 and its place. The grid cuts through areas.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from disclosure_control.sdc.register import pairs
from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.laid import Column, Table
from disclosure_control.sdc.register.mended import mended
from disclosure_control.sdc.register.partitions import partition
from disclosure_control.sdc.register.verdict import Layer, Limits, judge
from disclosure_control.tables import Axis
from tests.data.entries import real_data

FOLDER = real_data()
pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="no real data: set TRE_TEST_DATA, or put shared/data beside this"
)

T = 10
LIMITS = Limits(threshold=T, amber=0.2, closed=0.3, seconds=60.0)


def without_small(labels):
    return partition(np.where(np.bincount(labels)[labels] < T, 0, labels))


@pytest.fixture(scope="module")
def crimes() -> pd.DataFrame:
    found = pd.read_parquet(FOLDER / "merseyside_street_crime.parquet")
    return found.sample(frac=1.0, random_state=1).reset_index(drop=True)


def by_area(crimes: pd.DataFrame):
    return without_small(pd.factorize(crimes["LSOA code"])[0] + 1)


def by_grid(crimes: pd.DataFrame, *, shift: float, step: float = 0.01):
    east = np.floor((crimes["Longitude"] - shift) / step).astype(int)
    north = np.floor((crimes["Latitude"] - shift) / step).astype(int)
    return without_small(pd.factorize(pd.MultiIndex.from_arrays([east, north]))[0] + 1)


def test_slivers_between_areas_and_a_shifted_grid_are_found_and_the_mended_table_leaves(crimes):
    area, grid = by_area(crimes), by_grid(crimes, shift=0.0037)
    counts = pairs.contingency(grid, area)
    overlaps = counts[1:, 1:]
    assert ((overlaps > 0) & (overlaps < T)).sum() > 100, "the grid cuts through areas"

    nothing = Known.nothing(len(crimes), seed=1)
    first = judge([area], nothing, LIMITS)
    assert first.safe
    second = judge([grid], first.known, LIMITS)
    assert {Layer.PAIRS, Layer.WINDOW, Layer.TWINS} & {one.layer for one in second.clashes}

    cells = Axis("cell", tuple(map(str, range(grid.blocks + 1))))
    table = Table((cells,), (Column(grid.labels.astype(int), ((0,),)),))
    found = mended(table, first.known, LIMITS, second.clashes, most=0.5)
    assert found is not None
    assert found.verdict.safe
    assert found.hidden
    assert not found.beside, "which cells are hidden says where the slivers are"
    (left,) = table.hiding(found.hidden).partitions
    assert pairs.smallest(pairs.contingency(left, area), threshold=T) is None


def test_sixty_crimes_then_fifty_nine_of_the_same_question(crimes):
    everybody = np.ones(len(crimes), dtype=bool)
    sixty = np.zeros(len(crimes), dtype=int)
    sixty[np.flatnonzero(everybody)[:60]] = 1
    fifty_nine = sixty.copy()
    fifty_nine[17] = 0
    first = judge([partition(sixty)], Known.nothing(len(crimes), seed=1), LIMITS)
    assert first.safe
    second = judge([partition(fifty_nine)], first.known, LIMITS)
    clash = next(one for one in second.clashes if one.layer is Layer.PAIRS)
    assert clash.people == 1
