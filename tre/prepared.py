"""How is one statement asked as fast as its driver can? Compiled once for its database.

For the one place where a tenth of a millisecond counts; everything else asks through SQLAlchemy's
connections, which do the same and more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine, Select

Processor = Callable[[Any], Any]


class Prepared:
    """One statement of one column, which reads. Values are bound and read as their types say."""

    def __init__(self, engine: Engine, statement: Select[Any]) -> None:
        dialect = engine.dialect
        compiled = statement.compile(dialect=dialect)
        (column,) = statement.selected_columns
        self._engine = engine
        self._text = str(compiled)
        self._defaults = dict(compiled.params)
        self._order: list[str] | None = compiled.positiontup  # None: bound by their names
        bound = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
        self._binders: dict[str, Processor] = {
            name: processor
            for name, kind in bound.items()
            if (processor := kind.bind_processor(dialect)) is not None
        }
        self._reader = column.type.dialect_impl(dialect).result_processor(dialect, None)

    @property
    def faults(self) -> type[Exception]:
        """What the driver raises."""
        return self._engine.dialect.loaded_dbapi.Error

    def first(self, given: Mapping[str, Any]) -> Any:
        """The first row's value; None where there is none. Raises ``faults``, SQLAlchemyError."""
        values = {**self._defaults, **given}
        for name, binder in self._binders.items():
            values[name] = binder(values[name])
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(self._text, self._arguments(values))
            row = cursor.fetchone()
            cursor.close()
        finally:
            connection.close()  # back to the pool, which ends what it began
        if row is None:
            return None
        return row[0] if self._reader is None else self._reader(row[0])

    def _arguments(self, values: dict[str, Any]) -> Any:
        return values if self._order is None else [values[name] for name in self._order]
