"""How are recodes of a catalogue read? Groups of codes, or levels made of other recodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from queries import nested
from queries.catalogue import Recode, Table
from queries.catalogue_fields import Fields
from queries.nested import Groups


def read_recodes(fields: Fields, *, tables: Sequence[Table]) -> tuple[Recode, ...]:
    """Faults are noted in ``fields``. A level names a recode of groups, or the column itself."""
    entries = [(entry, _read(entry), entry.texts("levels")) for entry in fields.named("recodes")]
    plain = {recode.name: recode for _, recode, levels in entries if not levels}
    return tuple(
        _of_levels(entry, recode, _levels(entry, recode, levels, plain=plain, tables=tables))
        if levels
        else recode
        for entry, recode, levels in entries
    )


def _read(fields: Fields) -> Recode:
    table, column = fields.dotted("column")
    groups = tuple(
        (group.name, group.texts("codes")) for group in fields.named("groups", values="codes")
    )
    recode = Recode(fields.name, fields.text("title"), column, table, groups)
    fields.texts("levels")
    fields.close()
    return recode


def _of_levels(fields: Fields, recode: Recode, levels: Sequence[Groups]) -> Recode:
    groups, faults = nested.by_levels(levels)
    for fault in faults:
        fields.fault("levels", fault)
    if recode.groups:
        fields.fault("levels", "groups and levels exclude each other")
    return Recode(recode.name, recode.title, recode.column, recode.table, groups)


def _levels(
    fields: Fields,
    recode: Recode,
    names: Sequence[str],
    *,
    plain: dict[str, Recode],
    tables: Sequence[Table],
) -> list[Groups]:
    found: list[Groups] = []
    codes = tuple(_codes(recode, tables))
    for name in names:
        other = plain.get(name)
        if name == recode.column:
            found.append(codes)
        elif other and (other.table, other.column) == (recode.table, recode.column):
            found.append(other.groups)
        else:
            fields.fault("levels", f"{name} is neither the column nor a recode of it by groups")
    return found


def _codes(recode: Recode, tables: Sequence[Table]) -> Iterator[tuple[str, tuple[str, ...]]]:
    table = next((one for one in tables if one.name == recode.table), None)
    column = table.column(recode.column) if table else None
    for code in column.codes if column else ():
        yield code.label, (code.value,)
