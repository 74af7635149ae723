"""How does a released table become a DataFrame? One row per cell of the key grid."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd

NUMBERS = ("value", "half_width", "low", "high")


def frame(document: dict[str, Any]) -> pd.DataFrame:
    """Of a released JSON document; numbers in it are texts, so that none was rounded on the way."""
    table = document["table"]
    axes = table["axes"]
    keys = list(product(*(axis["labels"] for axis in axes)))
    columns: dict[str, Any] = {
        axis["name"]: pd.Categorical(
            [key[place] for key in keys], categories=axis["labels"], ordered=True
        )
        for place, axis in enumerate(axes)
    }
    for published, cells in zip(table["published"], table["columns"], strict=True):
        columns.update(_column(published["name"], cells))
    return pd.DataFrame(columns)


def _column(name: str, cells: list[dict[str, Any]]) -> dict[str, Any]:
    """The value under its own name, its companions under suffixes."""
    made: dict[str, Any] = {
        name if member == "value" else f"{name}_{member}": pd.array(
            [_number(cell.get(member)) for cell in cells], dtype="Float64"
        )
        for member in NUMBERS
    }
    made[f"{name}_status"] = [cell["status"] for cell in cells]
    return made


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
