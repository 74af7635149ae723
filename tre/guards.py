"""How does a database come to refuse what ``tre.guard_rules`` says? By triggers.

Generated for SQLite and PostgreSQL, and laid again after each migration, so that they always match
the code.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from tre.guard_rules import GUARDS, Guard

PREFIX = "guard_"
EMPTIED = "_emptied"


def _sqlite(guard: Guard) -> tuple[str, ...]:
    return (
        (
            f'CREATE TRIGGER "{PREFIX}{guard.name}" BEFORE {guard.event} ON "{guard.table}"'
            f" FOR EACH ROW WHEN {guard.condition}"
            f" BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
        ),
    )


def _postgresql(guard: Guard) -> tuple[str, ...]:
    name = PREFIX + guard.name
    passed = "OLD" if guard.event == "DELETE" else "NEW"
    return (
        (
            f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $guard$'
            f" BEGIN IF ({guard.condition}) THEN"
            f" RAISE EXCEPTION '{guard.message}' USING ERRCODE = 'check_violation'; END IF;"
            f" RETURN {passed}; END $guard$"
        ),
        (
            f'CREATE TRIGGER "{name}" BEFORE {guard.event} ON "{guard.table}"'
            f' FOR EACH ROW EXECUTE FUNCTION "{name}"()'
        ),
        *_not_emptied(guard, name),
    )


def _not_emptied(guard: Guard, name: str) -> tuple[str, ...]:
    """TRUNCATE passes by the triggers of rows: what is never removed needs one of its own."""
    if guard.event != "DELETE":
        return ()
    return (
        (
            f'CREATE TRIGGER "{name}{EMPTIED}" BEFORE TRUNCATE ON "{guard.table}"'
            f' FOR EACH STATEMENT EXECUTE FUNCTION "{name}"()'
        ),
    )


LAID = {"sqlite": _sqlite, "postgresql": _postgresql}

FOUND = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal""",
}


def lay(connection: Connection) -> None:
    """Creates every guard. The tables exist and carry none."""
    for guard in GUARDS:
        for statement in LAID[connection.dialect.name](guard):
            connection.exec_driver_sql(statement)


def lift(connection: Connection) -> None:
    """Removes every guard, for the time of a migration."""
    for name, table in found(connection):
        where = "" if connection.dialect.name == "sqlite" else f' ON "{table}"'
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"{where}')


def found(connection: Connection) -> list[tuple[str, str]]:
    """Names and tables of the guards that the database holds."""
    rows = connection.execute(text(FOUND[connection.dialect.name])).all()
    return sorted((name, table) for name, table in rows if name.startswith(PREFIX))
