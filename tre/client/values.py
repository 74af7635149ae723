"""What does a caller get back? Small frozen values around the documents of the API."""

from __future__ import annotations

from dataclasses import dataclass
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
    """A table that left, with everything that was said about it."""

    document: dict[str, Any]
    id: str = ""

    @property
    def record(self) -> dict[str, Any]:
        return dict(self.document["table"]["record"])

    def table(self) -> pd.DataFrame:
        """One row per cell; per column its value, half-width, interval and status.

        A hidden value is missing (``<NA>``) and its status is "suppressed": it is never zero.
        """
        from tre.client.tables import frame

        return frame(self.document)
