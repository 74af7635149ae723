"""What does a caller get back? Small frozen values around the documents of the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Preview:
    """What a question would cost and how exact its answer would be, before anything is spent."""

    document: dict[str, Any]

    @property
    def rho_nano(self) -> int:
        return int(self.document["rho_nano"])

    @property
    def open(self) -> bool:
        """Whether every gate is open, so that the question can be submitted."""
        return bool(self.document["open"])

    @property
    def half_widths(self) -> dict[str, str]:
        """The 95 % half-width of each published column, in its own units; means have none."""
        return {
            column["title"]: column["half_width"]
            for column in self.document["columns"]
            if column["half_width"] is not None
        }

    def __str__(self) -> str:
        lines = [self.document["words"]]
        lines += [f"{one['title']}: {one['words']}" for one in self.document["columns"]]
        lines += [
            f"Not open: {gate['reason']}" for gate in self.document["gates"] if not gate["passed"]
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Submission:
    """A question on its way. ``state`` is coarse; ``document`` holds everything."""

    document: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def state(self) -> str:
        return str(self.document["state"])

    @property
    def release(self) -> str | None:
        """The identifier of the release, once there is one."""
        return self.document["release"]

    @property
    def ended(self) -> bool:
        return bool(self.document["ended"])


@dataclass(frozen=True, slots=True)
class Release:
    """A table that left. ``document`` says what it is; its files are read when asked for."""

    document: dict[str, Any]
    read: Callable[[str], bytes] = field(repr=False)  # a format, such as "csv", to its bytes

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def words(self) -> str:
        """The question in plain English."""
        return str(self.document["words"])

    @property
    def record(self) -> dict[str, Any]:
        """What was applied to the table, and under which policy."""
        return dict(json.loads(self.read("record")))

    def csv(self) -> str:
        """Byte for byte as it was approved; [c] stands for a hidden cell."""
        return self.read("csv").decode()

    def table(self) -> pd.DataFrame:
        """One row per cell; per column its value, half-width, interval and status.

        A hidden value is missing (``<NA>``) and its status is "suppressed": it is never zero.
        """
        from tre.client.tables import frame  # noqa: PLC0415 - pandas loads when it is needed

        return frame(json.loads(self.read("json")))
