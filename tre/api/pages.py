"""How is a long list read? In pages by key, newest first, behind an opaque cursor.

A cursor names the last row of a page, not a count of rows: rows that arrive while a caller reads
neither repeat nor hide others, and no total is ever said.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from tre.api.problems import Problem

Key = tuple[datetime.datetime, str]
Row = TypeVar("Row")
PLACE = re.compile(r"p(0|[1-9][0-9]{0,8})")


def cursor_of(key: Key) -> str:
    moment, identifier = key
    text = f"{moment.isoformat()} {identifier}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def key_of(cursor: str | None) -> Key | None:
    """Raises Problem("cursor-unknown") for what was never handed out."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        moment, identifier = text.split(" ")
        key = datetime.datetime.fromisoformat(moment), identifier
    except (binascii.Error, ValueError) as error:
        raise Problem("cursor-unknown") from error
    if key[0].tzinfo is None or cursor_of(key) != cursor:
        raise Problem("cursor-unknown")
    return key


def place_of(cursor: str | None) -> int:
    """Of a list in the order of the log: behind which place to go on; -1 is before the first."""
    if cursor is None:
        return -1
    digits = cursor.removeprefix("p")
    if not PLACE.fullmatch(cursor):
        raise Problem("cursor-unknown")
    return int(digits) - 1


def cursor_at(place: int) -> str:
    return f"p{place + 1}"


def page(
    rows: Sequence[Row], *, limit: int, key: Callable[[Row], Key]
) -> tuple[Sequence[Row], str | None]:
    """The page and the cursor of the next, from one row more than the page holds."""
    shown = rows[:limit]
    return shown, cursor_of(key(shown[-1])) if len(rows) > limit else None
