"""How is the story printed? Plain lines that read well on any terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import count, product
from pathlib import Path
from typing import Any

from tre.budgets import Level
from tre.datasets import Dataset
from tre.journey.previewed import Preview
from tre.outputs import Output
from tre.people import Person
from tre.publications import PublicationAsked
from tre.releases import Release
from tre.submissions import Submission

WIDTH = 88
ROWS = 24
NANO = 10**9
_steps = count(1)

LEVELS = {
    Level.POOL: "the dataset, over all projects",
    Level.PROJECT: "this project",
    Level.RESEARCHER: "this researcher in it",
}


def heading(text: str) -> None:
    print(f"\n{text}\n{'─' * len(text)}", flush=True)


def step(title: str, meaning: str = "") -> None:
    print(f"\n{next(_steps)}. {title}", flush=True)
    if meaning:
        say(meaning)


def say(text: str) -> None:
    print(textwrap.fill(text, WIDTH, initial_indent="   ", subsequent_indent="   "), flush=True)


def code(text: str) -> None:
    print(textwrap.indent(text, "     "), flush=True)


def preview(found: Preview) -> None:
    step("Previewed", "What it would cost and give, from public facts only. Nothing is spent.")
    say(f"In words: {found.words}")
    say(f"Cost: rho {rho(found.rho_nano)}. Cells: {found.cells}. Hidden below: {found.threshold}.")
    for column in found.columns:
        say(f"{column.title}: {column.words}")
    gates = "all open" if not found.failing else ", ".join(one.reason for one in found.failing)
    say(f"Gates: {gates}. The answer appears after {found.slot_seconds:g} s, whatever it is.")


def overran() -> None:
    step("Not answered", "A failure says no more than that, and its charge stays. Asked again.")


def submitted(submission: Submission) -> None:
    step("Submitted", "Every gate was checked; the question waits in the queue.")
    say(f"Submission {submission.id}")


def protected(submission: Submission, *, free: bool) -> None:
    if free:
        step(
            "Validated, protected",
            "This exact question was answered before: the stored answer is used again, at no "
            "cost, and no data was read. It is still a new output, with its own gates and checks.",
        )
        return
    step(
        "Validated, executed, protected",
        "The worker reserved the budget, counted inside the sealed environment, drew the noise, "
        "hid what was small, and wrote the files. What was counted never left the worker.",
    )
    say(f"Charged: rho {rho(submission.rho_nano)}; it is never refunded.")


def checked(checker: Person, output: Output) -> None:
    step(f"Checked by {checker.name}", "Somebody outside the project, who did not ask it.")
    say(f"Approved exactly the files with hash {output.manifest_hash[:16]}…")


def published(publisher: Person) -> None:
    step(
        f"Let out by {publisher.name}",
        "Somebody who neither asked nor checked it, and who gave their password again for this.",
    )


def made_public(publisher: Person, asked: PublicationAsked) -> None:
    step("Made public", f"{publisher.name} allowed that everybody reads it, with these words:")
    code(asked.title)
    say(f"It stands in the public register: /published/{asked.release_id}")


def released(release: Release, document: dict[str, Any]) -> None:
    step("Released", f"Release {release.id}: the same bytes that the checkers approved.")
    table = document["table"]
    say(table["record"]["claim"])
    print()
    _rows(table)


def taken_along(place: Path, *, key: str, lines: Iterable[str]) -> None:
    step(
        "Taken along, and checked offline",
        "The files with a signed statement and the proof that the log holds the release; a "
        "journal needs only the key to check them.",
    )
    print(f"     python -m tre.verify {place} --key {key}")
    for line in lines:
        print(f"     {line}")


def budgets(before: dict[Level, int], after: dict[Level, int], *, free: bool) -> None:
    step("The budget" + (", untouched" if free else ""), "Left before and after, in rho:")
    for level, title in LEVELS.items():
        if level in before:
            print(f"     {title:<32} {rho(before[level]):>12} → {rho(after[level]):>12}")


def measuring(owner: Person, tables: int, nano: int) -> None:
    step(
        f"{owner.name} asks for a synthetic twin",
        f"{tables} noisy tables are asked for, at rho {rho(nano)} together, and go the way of "
        "every question: checked twice, let out, held by the log.",
    )


def making() -> None:
    step(
        "Made from what was released",
        "A model of the released numbers draws people who do not exist; they are sealed like data.",
    )


def no_twin(sentence: str) -> None:
    step("No twin this time", sentence)


def tried(twin: Dataset, document: dict[str, Any]) -> None:
    step(
        f"Tried on: {twin.title}",
        "The same question, of nobody. No budget of the data is spent, and nobody has to look.",
    )
    print()
    _rows(document["table"])


def rho(nano: int) -> str:
    return f"{nano / NANO:.9f}".rstrip("0").rstrip(".") or "0"


def _rows(table: dict[str, Any]) -> None:
    """The first rows; a hidden cell is [c], never a zero."""
    titles = [axis["name"] for axis in table["axes"]]
    titles += [column["title"] for column in table["published"]]
    cells = [list(key) for key in product(*(axis["labels"] for axis in table["axes"]))]
    for place, row in enumerate(cells):
        row += [_cell(column[place]) for column in table["columns"]]
    shown = [titles, *cells[:ROWS]]
    widths = [min(24, max(len(row[i]) for row in shown)) for i in range(len(titles))]
    for row in shown:
        cut = [text[: widths[i]].ljust(widths[i]) for i, text in enumerate(row)]
        print("     " + "  ".join(cut).rstrip())
    if len(cells) > ROWS:
        print(f"     … and {len(cells) - ROWS} more rows")


def _cell(cell: dict[str, Any]) -> str:
    if cell["status"] != "shown":
        return "[c]"
    half = cell.get("half_width")
    return f"{cell['value']} ± {half}" if half is not None else str(cell["value"])
