"""Who is to check what, for whom people work and who pays for projects"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LIVE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    # Not in a batch: SQLite would copy tables that others refer to.
    op.execute("ALTER TABLE \"person\" ADD COLUMN organisation VARCHAR NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE \"project\" ADD COLUMN funder VARCHAR NOT NULL DEFAULT ''")
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("output_id", sa.String(), nullable=False),
        sa.Column("checker_id", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("by_id", sa.String(), nullable=True),
        sa.Column("at", tre.database.Instant(timezone=True), nullable=False),
        sa.Column("ended_at", tre.database.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["output_id"], ["output.id"], name=op.f("fk_assignment_output_id_output")
        ),
        sa.ForeignKeyConstraint(
            ["checker_id"], ["person.id"], name=op.f("fk_assignment_checker_id_person")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_assignment_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assignment_checker_id"), ["checker_id"])
        batch_op.create_index(
            "ix_assignment_live",
            ["output_id", "checker_id"],
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        )
