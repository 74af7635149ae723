"""How does a frozen value become plain JSON, and come back with nothing unknown in it?

The types are the format: a dataclass is an object with exactly its fields, a tuple a list, an
enumeration its value, a Decimal its text (so that no digit is lost and bytes are the same
wherever they are made). Reading names every fault with its place, and guesses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]
Faults = list[str]
T = TypeVar("T")

LONGEST_NUMBER = 60  # characters; nothing that we write is longer


def to_plain(value: object) -> Plain:
    """Raises TypeError for a type that has no plain form: floats, bytes, anything unprotected."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):  # StrEnum is a str as well
        return str(value)
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, tuple):
        return [to_plain(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError("no plain form for this type")


def number_text(value: Decimal) -> str:
    """Digits without an exponent, keeping the decimals that were meant: 1.50 stays 1.50."""
    return f"{value:f}"


def canonical_json(value: object) -> str:
    """One text for one value, on every machine: approvals and hashes bind these bytes."""
    return canonical_text(to_plain(value))


def canonical_text(plain: Plain) -> str:
    """Of a plain form."""
    return json.dumps(
        plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def from_plain(kind: type[T], plain: object, *, faults: Faults, place: str = "") -> T:
    """The value of type ``kind`` that ``plain`` spells; each fault is added to ``faults``.

    Where a fault was added the returned value is not to be used.
    """
    return cast("T", _reader(cast("Hashable", kind))(plain, faults, place or "the document"))


Reader = Callable[[object, Faults, str], object]


@cache
def _reader(kind: Hashable) -> Reader:
    origin = get_origin(kind)
    if origin is UnionType:
        return _optional(_reader(next(part for part in get_args(kind) if part is not NoneType)))
    if origin is tuple:
        return _tuple(get_args(kind))
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _member(kind)
    return SCALARS[kind]


def _optional(read: Reader) -> Reader:
    return lambda plain, faults, place: None if plain is None else read(plain, faults, place)


def _tuple(kinds: tuple[Any, ...]) -> Reader:
    fixed = None if kinds[-1] is Ellipsis else len(kinds)

    def read(plain: object, faults: Faults, place: str) -> object:
        if not isinstance(plain, list | tuple) or fixed not in (None, len(plain)):
            return _fault(faults, place, f"a list{'' if fixed is None else f' of {fixed}'}")
        repeated: Sequence[Any] = kinds if fixed else [kinds[0]] * len(plain)
        return tuple(
            from_plain(kind, part, faults=faults, place=f"{place}[{position}]")
            for position, (kind, part) in enumerate(zip(repeated, plain, strict=True))
        )

    return read


def _record(kind: type[Any]) -> Reader:
    hints = get_type_hints(kind)
    needed = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}

    def read(plain: object, faults: Faults, place: str) -> object:
        if not isinstance(plain, Mapping):
            return _fault(faults, place, "a mapping of names to values")
        before = len(faults)
        faults += [f"{place}: unknown key {key!r}" for key in plain if key not in hints]
        faults += [f"{place}: {name} is missing" for name in sorted(needed - plain.keys())]
        values = {
            name: from_plain(hints[name], part, faults=faults, place=f"{place}.{name}")
            for name, part in plain.items()
            if name in hints
        }
        return kind(**values) if len(faults) == before else None

    return read


def _member(kind: type[StrEnum]) -> Reader:
    def read(plain: object, faults: Faults, place: str) -> object:
        if plain not in list(kind):
            return _fault(faults, place, "one of " + ", ".join(kind))
        return kind(str(plain))

    return read


def _integer(plain: object, faults: Faults, place: str) -> object:
    return plain if type(plain) is int else _fault(faults, place, "a whole number")


def _truth(plain: object, faults: Faults, place: str) -> object:
    return plain if type(plain) is bool else _fault(faults, place, "true or false")


def _text(plain: object, faults: Faults, place: str) -> object:
    return plain if isinstance(plain, str) else _fault(faults, place, "text")


def _number(plain: object, faults: Faults, place: str) -> object:
    """From text, whole numbers and, since YAML makes them of 0.9, floats by their shortest text."""
    if isinstance(plain, bool) or not isinstance(plain, str | int | float | Decimal):
        return _fault(faults, place, "a number")
    number = _decimal(str(plain))
    if not number.is_finite() or len(number_text(number)) > LONGEST_NUMBER:
        return _fault(faults, place, "a number")
    return number


def _decimal(text: str) -> Decimal:
    """Not a number, also where writing its zeros out would fill the memory."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")
    return number if abs(number.adjusted()) < LONGEST_NUMBER else Decimal("NaN")


SCALARS: dict[Hashable, Reader] = {int: _integer, bool: _truth, str: _text, Decimal: _number}


def _fault(faults: Faults, place: str, wanted: str) -> object:
    faults.append(f"{place}: must be {wanted}")
    return None
