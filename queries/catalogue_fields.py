"""What does one entry of a catalogue file say? Typed reading of YAML values, with named faults.

A ``Fields`` reads each key of one mapping once; ``close`` reports the keys that nobody knows.
Every fault is appended to one list as "place: what is wrong", so that all are reported together.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

import yaml

from queries.catalogue import Code, ColumnType, LinkKind, Role
from queries.errors import CatalogueInvalid
from queries.values import date_from, days_of, number_text

_KEYS = str | int | float | bool | datetime.date
LONGEST_FILE = 2_000_000  # characters
_Choice = TypeVar("_Choice", bound=StrEnum)


class _StrictLoader(yaml.SafeLoader):
    """YAML without silent loss: a key that stands twice is a fault; aliases are not expanded."""

    def construct_mapping(  # as PyYAML calls it
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002
    ) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for number, key in enumerate(keys):
            if not isinstance(key, _KEYS) or key in keys[:number]:
                line = node.start_mark.line + 1
                raise CatalogueInvalid((f"line {line}: {key!r} stands twice or is no name",))
        return dict(super().construct_mapping(node, deep=deep))

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise CatalogueInvalid(("YAML aliases are not read: share lists by code_lists",))
        return super().compose_node(parent, index)


def plain_yaml(text: str) -> object:
    """The values of a YAML text. Raises CatalogueInvalid for anything but plain, unique keys."""
    if len(text) > LONGEST_FILE:
        raise CatalogueInvalid((f"longer than {LONGEST_FILE} characters",))
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506  # nosec B506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        mark = getattr(fault, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise CatalogueInvalid((f"{place}this is not YAML",)) from None


def scalar_text(value: object) -> str | None:
    """Text of a YAML scalar that has one unmistakable spelling. YAML's no, on and 1.0 have none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return number_text(value)
    return None


@dataclass(slots=True)
class Fields:
    """One mapping of the file, at ``place``; ``name`` is its own name where it has one."""

    entries: Mapping[str, Any]
    place: str
    faults: list[str]
    name: str = ""
    read: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, value: object, *, place: str, faults: list[str], name: str = "") -> Fields:
        if isinstance(value, Mapping):
            return cls({str(key): entry for key, entry in value.items()}, place, faults, name)
        faults.append(f"{place or 'the entry'}: must be a mapping")
        return cls({}, place, faults, name)

    def fault(self, key: str, what: str) -> None:
        self.faults.append(f"{self._at(key)}: {what}")

    def close(self) -> None:
        for key in self.entries.keys() - self.read - {"name"}:
            self.fault(key, "not a key of the catalogue")

    def text(self, key: str, *, default: str | None = None) -> str:
        value = self._take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not (value.strip() or default == ""):
            self.fault(key, "must be text")
            return ""
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key)
        if value is None:
            return ()
        texts = [scalar_text(entry) for entry in value] if isinstance(value, list) else [None]
        if None in texts:
            self.fault(key, 'must be a list of texts; quote values such as "no" and "1.0"')
        return tuple(text for text in texts if text is not None)

    def whole(self, key: str, *, default: int | None = None) -> int:
        value = self._take(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.fault(key, "must be a whole number")
            return 0
        return value

    def truth(self, key: str) -> bool:
        value = self._take(key)
        if value is not None and not isinstance(value, bool):
            self.fault(key, "must be true or false")
        return value is True

    def mapping(self, key: str) -> dict[str, Any]:
        value = self._take(key)
        if value is not None and not isinstance(value, Mapping):
            self.fault(key, "must be a mapping")
        return dict(value) if isinstance(value, Mapping) else {}

    def inner(self, key: str) -> Fields:
        return Fields.of(self._take(key), place=self._at(key), faults=self.faults)

    def dotted(self, key: str) -> tuple[str, str]:
        table, dot, column = self.text(key).partition(".")
        if not (table and dot and column):
            self.fault(key, "must be table.column")
        return table, column

    def role(self) -> Role:
        return self._choice("role", Role, default=Role.ATTRIBUTE)

    def link_kind(self) -> LinkKind:
        return self._choice("kind", LinkKind)

    def column_type(self, role: Role) -> ColumnType:
        unit = ColumnType.NUMBER if role is Role.UNIT else None
        return self._choice("type", ColumnType, default=unit)

    def bound(self, key: str, *, kind: ColumnType) -> Decimal | None:
        value = self._take(key)
        if value is None:
            return None
        read = _days(value) if kind is ColumnType.DATE else _number(value)
        if read is None:
            wanted = "a date" if kind is ColumnType.DATE else "a plain number"
            self.fault(key, f"must be {wanted}")
        return read

    def codes(self, *, lists: Mapping[str, tuple[Code, ...]] | None = None) -> tuple[Code, ...]:
        value = self._take("codes")
        if value is None:
            return ()
        if isinstance(value, str) and lists is not None:
            if value not in lists:
                self.fault("codes", f"there is no code list {value}")
            return lists.get(value, ())
        pairs = list(_code_pairs(value))
        codes = tuple(Code(code, label) for code, label in pairs if code and label)
        if len(codes) < len(pairs):
            self.fault("codes", 'each code is text; quote values such as "no", "on" and "1.0"')
        return codes

    def named(self, key: str, *, values: str | None = None) -> tuple[Fields, ...]:
        """Entries by name: a mapping, or a list with ``name`` in each entry.

        With ``values``, what stands beside a name in a mapping is the value of that key.
        """
        value = self._take(key)
        if value is None:
            return ()
        pairs = list(_named_pairs(value, values=values))
        if any(not isinstance(name, str) for name, _ in pairs):
            self.fault(key, "must be a mapping by name, or a list with a name in each entry")
        return tuple(
            Fields.of(entry, place=f"{self._at(key)}.{name}", faults=self.faults, name=name)
            for name, entry in pairs
            if isinstance(name, str)
        )

    def _choice(
        self, key: str, choices: type[_Choice], *, default: _Choice | None = None
    ) -> _Choice:
        value = self._take(key)
        if value is None and default is not None:
            return default
        known = {choice.value: choice for choice in choices}
        if not isinstance(value, str) or value not in known:
            self.fault(key, f"must be one of {', '.join(known)}")
            return default or next(iter(known.values()))
        return known[value]

    def _take(self, key: str) -> Any:
        self.read.add(key)
        return self.entries.get(key)

    def _at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def _named_pairs(value: object, *, values: str | None) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        pairs = [(scalar_text(name), entry) for name, entry in value.items()]
        return [(name, {values: entry}) for name, entry in pairs] if values else pairs
    if isinstance(value, list):
        return [(_name_of(entry), entry) for entry in value]
    return [(None, None)]


def _name_of(entry: object) -> object:
    return entry.get("name") if isinstance(entry, Mapping) else None


def _code_pairs(value: object) -> list[tuple[str | None, str | None]]:
    if isinstance(value, Mapping):
        return [(scalar_text(code), scalar_text(label)) for code, label in value.items()]
    if isinstance(value, list):
        return [_code_pair(entry) for entry in value]
    return [(None, None)]


def _code_pair(entry: object) -> tuple[str | None, str | None]:
    if isinstance(entry, Mapping):
        pair = scalar_text(entry.get("value")), scalar_text(entry.get("label"))
        return pair if entry.keys() == {"value", "label"} else (None, None)
    return scalar_text(entry), scalar_text(entry)


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _days(value: object) -> Decimal | None:
    if isinstance(value, str):
        value = date_from(value)
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return Decimal(days_of(value))
    return None
