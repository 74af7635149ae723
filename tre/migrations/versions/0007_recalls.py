"""Releases that were taken back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recall",
        sa.Column("release_id", sa.String(), nullable=False),
        sa.Column("by_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("successor_id", sa.String(), nullable=True),
        sa.Column("at", tre.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_recall_by_id_person")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_recall_release_id_release")
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["release.id"], name=op.f("fk_recall_successor_id_release")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_recall")),
    )
