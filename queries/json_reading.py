"""What is wrong with a piece of JSON, and where? Typed reading that goes on after a fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from queries.errors import Problem, problem
from queries.values import number_from

_Choice = TypeVar("_Choice", bound=StrEnum)
_BLANK: Mapping[str, Any] = {}


@dataclass(slots=True)
class Reader:
    """Collects the problems of one form.

    What is not there reads as blank, since a query with any problem is refused whole.
    """

    problems: list[Problem] = field(default_factory=list)

    def note(self, code: str, *, path: str, **words: object) -> None:
        self.problems.append(problem(code, where=path, **words))

    def mapping(
        self, value: object, *, path: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Mapping[str, Any]:
        """The mapping, if it has all needed keys and no unknown one."""
        if not isinstance(value, Mapping):
            self.note("json_type", path=path, expected="an object")
            return _BLANK
        known = (*needed, *optional)
        for key in value:
            if key not in known:
                self.note(
                    "json_unknown_key", path=_under(path, key), name=key, known=", ".join(known)
                )
        for key in needed:
            if value.get(key) is None:
                self.note("json_missing_key", path=_under(path, key), name=key)
        return value

    def entries(self, value: object, *, path: str) -> list[tuple[str, Any]]:
        """Each entry of a list with its path; an absent list is empty."""
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            self.note("json_type", path=path, expected="a list")
            return []
        placed = [(f"{path}[{number}]", entry) for number, entry in enumerate(value)]
        for place, entry in placed:
            if entry is None:
                self.note("json_type", path=place, expected="a value, not null")
        return placed

    def text(self, value: object, *, path: str) -> str:
        """The text; an absent one was already noted where it was needed."""
        if value is not None and not isinstance(value, str):
            self.note("json_type", path=path, expected="text")
        return value if isinstance(value, str) else ""

    def optional_text(self, value: object, *, path: str) -> str | None:
        return None if value is None else self.text(value, path=path)

    def truth(self, value: object, *, path: str) -> bool:
        """False where nothing is said."""
        if value is not None and not isinstance(value, bool):
            self.note("json_type", path=path, expected="true or false")
        return value is True

    def choice(self, value: object, choices: type[_Choice], *, path: str) -> _Choice:
        known = {choice.value: choice for choice in choices}
        if isinstance(value, str) and value in known:
            return known[value]
        if value is not None:
            self.note("json_choice", path=path, given=value, known=", ".join(known))
        return next(iter(choices))

    def constant(self, value: object, *, path: str) -> str | Decimal | bool:
        """Text, a truth value, or a number exactly as it was written."""
        if isinstance(value, str | bool):
            return value
        if isinstance(value, int | float | Decimal):
            return self._number(value, path=path)
        if value is not None:
            self.note("json_type", path=path, expected="text, a number, true or false")
        return ""

    def number(self, value: object, *, path: str) -> Decimal:
        """A number, or the text of one; 0 where it is none."""
        if isinstance(value, str):
            number = number_from(value)
            if number is None:
                self.note("json_number", path=path, given=value)
            return number or Decimal(0)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return self._number(value, path=path)
        self.note("json_type", path=path, expected="a number")
        return Decimal(0)

    def count(self, value: object, *, path: str) -> int:
        """A whole number from 0; 0 where it is none."""
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.note("json_type", path=path, expected="a whole number from 0")
        return 0

    def _number(self, value: float | Decimal, *, path: str) -> Decimal:
        text = _exact(value)
        number = number_from(text)
        if number is None:
            self.note("json_number", path=path, given=text)
        return number or Decimal(0)


MOST_DIGITS = 60


def _exact(value: float | Decimal) -> str:
    """The shortest text of the number; not spelled out where it is absurdly long."""
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    absurd = not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS
    return str(number) if absurd else format(number, "f")


def _under(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
