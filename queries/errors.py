"""What can go wrong between a question and its answer?

    QueryError
    ├── QueryRefused      the question is not one that may be asked; says every reason and where
    ├── CatalogueInvalid  a dataset's catalogue entry is malformed; says every fault and where
    └── EngineError       nothing was learnt from the data
        ├── StoreFailed   a sealed file cannot be opened or written with this key
        └── EngineFailed  a query did not finish; ``kind`` says in which of a few fixed ways

Each class has ``public``, one fixed sentence. A ``Problem`` is made from the question and the
catalogue alone, both of which its author has seen, so it may be shown to its author. No text of
an engine is ever kept: it could depend on data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from queries.refusals import SENTENCES

LONGEST_ECHO = 60  # characters of the author's own text repeated in a sentence
_FROM_CATALOGUE = frozenset({"known", "hint", "tables", "left", "right"})


class QueryError(Exception):
    """Base class. ``detail`` is for the audit log only."""

    public = "This question cannot be answered."

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.public)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a question is refused.

    ``start`` and ``end`` are offsets in the SQL text (``end`` is one past the last character),
    None for JSON; ``where`` is "line 2, column 7" in SQL text and a path such as
    "dimensions[0].bands" in the JSON form.
    """

    code: str
    message: str
    start: int | None = None
    end: int | None = None
    where: str = ""


class QueryRefused(QueryError):
    """Carries every problem at once, in the order of the text. Never empty."""

    public = "This question is not one that may be asked of this dataset."

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.code for problem in problems))
        self.problems = problems


class CatalogueInvalid(QueryError):
    """A catalogue is public metadata, so its faults may be shown to whoever wrote it."""

    public = "This catalogue entry is not valid."

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def problem(code: str, /, *, where: str = "", **words: object) -> Problem:
    """The problem of a stable code, with the words that its sentence needs."""
    shown = {
        name: str(word) if name in _FROM_CATALOGUE else _shortened(str(word))
        for name, word in words.items()
    }
    return Problem(code=code, message=SENTENCES[code].format_map(shown), where=where)


def at(fault: Problem, text: str, *, start: int, end: int) -> Problem:
    """The same problem with its place in a SQL text."""
    line, column = line_and_column(text, offset=start)
    return replace(fault, start=start, end=end, where=f"line {line}, column {column}")


def line_and_column(text: str, *, offset: int) -> tuple[int, int]:
    """Both count from 1, as editors do."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _shortened(word: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in word)
    return printable if len(printable) <= LONGEST_ECHO else printable[: LONGEST_ECHO - 1] + "…"


class EngineError(QueryError):
    """``public`` is the same for all causes, since the cause may depend on data."""

    public = "The question could not be answered."


class StoreFailed(EngineError):
    public = "The sealed data store could not be opened."


class Fault(StrEnum):
    """In which way a query did not finish. For the operator; never shown with a query."""

    START = "start"  # the sandbox did not become ready
    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    CHILD = "child"  # the child ended without an answer: memory, CPU limit, engine fault
    ANSWER = "answer"  # the answer breaks its declared shape


class EngineFailed(EngineError):
    public = "The question was not answered. Its charge stands, because data may have been read."

    def __init__(self, kind: Fault) -> None:
        super().__init__(kind.value)
        self.kind = kind
