"""Alembic's entry: migrates over the connection that ``tre.migrations`` hands in."""

from __future__ import annotations

from alembic import context

from tre import guards, records

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=records.Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    guards.lift(connection)
    context.run_migrations()
    if connection.dialect.has_table(connection, "submission"):
        guards.lay(connection)
