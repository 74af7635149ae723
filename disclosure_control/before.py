"""What did an exact table hold before it was protected? For its checkers, and never in the open.

The true numbers, and what each rule measured, leave this module only as bytes that were sealed on
the way. Nothing here returns a number: who keeps the bytes, and who passes them on, cannot read
them. A noisy table has no such evidence: of it nobody ever sees a true number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from disclosure_control import present
from disclosure_control.arranged import Order, arranged
from disclosure_control.plain import Plain, canonical_text, number_text
from disclosure_control.record import Finding
from disclosure_control.sdc import publish
from disclosure_control.sdc.evidence import Exact
from disclosure_control.tables import Cell, Protected, Shape

Seal = Callable[[bytes], bytes]

SMALLEST = 4096  # bytes of what is sealed: sizes double from here, so that they tell little
MOST_MEASURED = 10  # different measures of a rule that are told
_VIEW = "exact-values/1"


def sealed(shape: Shape, exact: Exact, table: Protected, *, seal: Seal) -> bytes:
    """Of an exact table that was made of these numbers."""
    true = replace(
        table,
        published=shape.published,
        columns=tuple(
            publish.publish(shape, column, exact, hidden=()) for column in shape.published
        ),
    )
    return seal(_padded(present.to_json(true, for_checkers=True)))


def shown(kept: bytes, *, unseal: Seal, shape: Shape, order: Order, most: int, seal: Seal) -> bytes:
    """What a checker may read of the evidence, sealed for them alone.

    JSON: ``columns`` has the texts of the first ``most`` cells of each column as ``shape`` shows
    them, null where there is nothing to show; ``rules`` what each rule measured. Raises Malformed.
    """
    true = arranged(present.from_json(unseal(kept).decode().rstrip(" ")), shape=shape, order=order)
    view: Plain = {
        "format": _VIEW,
        "columns": [[_text(cell) for cell in column[:most]] for column in true.columns],
        "rules": [_measured(one) for one in true.record.findings],
    }
    return seal(_padded(canonical_text(view)))


def _text(cell: Cell) -> str | None:
    return None if cell.value is None else number_text(cell.value)


def _measured(finding: Finding) -> Plain:
    different = list(dict.fromkeys(finding.values))
    return {
        "column": finding.column,
        "rule": finding.rule,
        "measured": [*different[:MOST_MEASURED]],
        "more": len(different) > MOST_MEASURED,
        "closest": finding.closest,
    }


def _padded(text: str) -> bytes:
    """JSON does not mind blanks at its end."""
    size = SMALLEST
    whole = text.encode()
    while size < len(whole):
        size *= 2
    return whole.ljust(size)
