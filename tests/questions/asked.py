"""How is a question written down here? Its SQL beside a function that answers it by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

from tests.questions.by_hand import Columns

ByHand = Callable[[SimpleNamespace], Columns]


@dataclass(frozen=True)
class Question:
    name: str
    dataset: str
    sql: str
    tables: int  # how many tables it links
    by_hand: ByHand


class Questions:
    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        self.asked: list[Question] = []

    def __call__(self, sql: str, *, tables: int = 1) -> Callable[[ByHand], ByHand]:
        def register(by_hand: ByHand) -> ByHand:
            self.asked.append(Question(by_hand.__name__, self.dataset, sql, tables, by_hand))
            return by_hand

        return register
