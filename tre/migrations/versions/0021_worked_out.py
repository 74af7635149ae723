"""Which question is answered from a released table alone"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worked_out",
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("release_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_worked_out_submission_id_submission"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_worked_out_release_id_release")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_worked_out")),
    )
    op.create_index(op.f("ix_worked_out_release_id"), "worked_out", ["release_id"])
