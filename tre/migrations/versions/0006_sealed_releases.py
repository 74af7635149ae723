"""What a release takes along: its statement, its place in the log, and descriptions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "release_seal",
        sa.Column("release_id", sa.String(), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.Column("log_proof", sa.String(), nullable=False),
        sa.Column("readme", sa.String(), nullable=False),
        sa.Column("crate", sa.String(), nullable=False),
        sa.Column("sealed_at", tre.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_release_seal_release_id_release")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release_seal")),
    )
