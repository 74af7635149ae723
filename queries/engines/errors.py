"""What can go wrong between a plan and its integers? Every class means: nothing was learnt.

    EngineError
    ├── StoreFailed     a sealed file cannot be opened or written with this key
    └── EngineFailed    a query did not finish; ``kind`` says in which of a few fixed ways

``public`` is one fixed sentence for all causes, since the cause may depend on data. ``kind`` is
a word of a closed list for the operator's log; no text of the engine is ever kept.
"""

from __future__ import annotations

from enum import StrEnum


class EngineError(Exception):
    """Base class; shows its fixed sentence and nothing else."""

    public = "The query could not be answered."

    def __init__(self) -> None:
        super().__init__(self.public)


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
    public = "The query did not finish. Its charge stands, because data may have been read."

    def __init__(self, kind: Fault) -> None:
        super().__init__()
        self.kind = kind
