"""The true numbers of exact tables, sealed, and who asked to read them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WAITS = sa.text("answered_at IS NULL")
HELD = sa.text("answer IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("draw_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", tre.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_evidence_draw_id_draw")),
        sa.PrimaryKeyConstraint("draw_id", name=op.f("pk_evidence")),
    )
    op.create_table(
        "evidence_asked",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("output_id", sa.String(), nullable=False),
        sa.Column("checker_id", sa.String(), nullable=False),
        sa.Column("reader_key", sa.String(), nullable=False),
        sa.Column("at", tre.database.Instant(timezone=True), nullable=False),
        sa.Column("answered_at", tre.database.Instant(timezone=True), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["output_id"], ["output.id"], name=op.f("fk_evidence_asked_output_id_output")
        ),
        sa.ForeignKeyConstraint(
            ["checker_id"], ["person.id"], name=op.f("fk_evidence_asked_checker_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_asked")),
    )
    with op.batch_alter_table("evidence_asked", schema=None) as batch_op:
        batch_op.create_index(
            "ix_evidence_asked_waits", ["at"], sqlite_where=WAITS, postgresql_where=WAITS
        )
        batch_op.create_index(
            "ix_evidence_asked_held", ["answered_at"], sqlite_where=HELD, postgresql_where=HELD
        )
