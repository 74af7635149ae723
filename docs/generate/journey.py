"""Draws the journey of a question, and writes its states as a table, from ``tre.lifecycle``."""

from __future__ import annotations

from html import escape
from pathlib import Path

from tre.lifecycle import EDGES, INITIAL, MEANING, TERMINAL, Edge, State

DOCS = Path(__file__).parent.parent
WIDTH, HEIGHT, BOX, GAP, TALL = 1160, 300, 140, 62, 44
MAIN = [
    State.SUBMITTED,
    State.VALIDATED,
    State.EXECUTED,
    State.PROTECTED,
    State.REVIEWED,
    State.RELEASED,
]
ABOVE = {State.REFUSED: 0, State.FAILED: 1, State.REJECTED: 3}
BELOW = {State.CANCELLED: 1, State.RETURNED: 3}
INK, PALE, STOP, DONE = "#0b0c0c", "#f3f2f1", "#d4351c", "#00703c"
STYLE = (
    "text{font:600 15px system-ui,sans-serif}.who{font:13px system-ui,sans-serif;fill:#505a5f}"
    "path{fill:none;stroke:#505a5f;stroke-width:1.5}"
)
HEAD = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#505a5f;stroke:none"/></marker>'
)


def places() -> dict[State, tuple[float, float]]:
    """The left upper corner of every state's box. A new state without a place is an error."""
    across = {state: 10 + index * (BOX + GAP) for index, state in enumerate(MAIN)}
    column = list(across.values())
    found = {state: (x, HEIGHT / 2 - TALL / 2) for state, x in across.items()}
    found |= {state: (column[index], 18.0) for state, index in ABOVE.items()}
    found |= {state: (column[index], HEIGHT - TALL - 18.0) for state, index in BELOW.items()}
    if missing := set(State) - set(found):
        raise SystemExit(f"The picture has no place for {sorted(missing)}")
    return found


def box(state: State, x: float, y: float) -> str:
    colour = DONE if state is State.RELEASED else STOP if state in TERMINAL else INK
    radius = TALL / 2 if state in TERMINAL or state is INITIAL else 4
    return (
        f"<g><title>{escape(MEANING[state])}</title>"
        f'<rect x="{x}" y="{y}" width="{BOX}" height="{TALL}" rx="{radius}" '
        f'fill="{PALE}" stroke="{colour}" stroke-width="2"/>'
        f'<text x="{x + BOX / 2}" y="{y + TALL / 2 + 5}" text-anchor="middle" '
        f'fill="{colour}">{state}</text></g>'
    )


def arrow(edge: Edge, at: dict[State, tuple[float, float]]) -> str:
    (x1, y1), (x2, y2) = at[edge.source], at[edge.target]
    who = escape(", ".join(sorted(edge.movers)))
    if y1 == y2 and x1 > x2:
        return f'<path marker-end="url(#tip)" d="M{x1} {y1 + TALL / 2}H{x2 + BOX + 2}"/>'
    if y1 == y2:
        words = f'<text class="who" x="{x1 + BOX + GAP / 2}" y="{y1 - 8}" '
        words += f'text-anchor="middle">{who}</text>'
        return f'<path marker-end="url(#tip)" d="M{x1 + BOX} {y1 + TALL / 2}H{x2 - 2}"/>' + words
    down = y2 > y1
    start = (x1 + BOX / 2 + (18 if down else -18), y1 + (TALL if down else 0))
    end = (x2 + BOX / 2 + (18 if down else -18), y2 + (-2 if down else TALL + 2))
    return (
        f"<g><title>{edge.source} to {edge.target}: {who}</title>"
        f'<path marker-end="url(#tip)" d="M{start[0]} {start[1]}L{end[0]} {end[1]}"/></g>'
    )


def picture() -> str:
    at = places()
    drawn = "".join(arrow(edge, at) for edge in EDGES)
    boxes = "".join(box(state, *corner) for state, corner in at.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 20} {HEIGHT}" role="img" '
        f'aria-label="The states of a question"><style>{STYLE}</style><defs>{HEAD}</defs>'
        f'<rect width="100%" height="100%" fill="#fff"/>{drawn}{boxes}</svg>\n'
    )


def table() -> str:
    states = "\n".join(
        f"| {state} | {MEANING[state]} | {'yes' if state in TERMINAL else ''} |" for state in State
    )
    moves = "\n".join(
        f"| {edge.source} | {edge.target} | {', '.join(sorted(edge.movers))} |" for edge in EDGES
    )
    return f"""# States of a question

Written by `make docs` from the table of transitions; the database has the same edges as triggers
and rejects every other.

![The journey of a question](../journey.svg)

| state | meaning | terminal |
|---|---|---|
{states}

| from | to | moved by |
|---|---|---|
{moves}
"""


if __name__ == "__main__":
    (DOCS / "journey.svg").write_text(picture())
    (DOCS / "reference" / "lifecycle.md").write_text(table())
    print("docs/journey.svg and docs/reference/lifecycle.md")
