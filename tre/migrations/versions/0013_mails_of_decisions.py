"""Notices of decisions, beside those of recalls"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(), server_default="recalled", nullable=False)
        )
        batch_op.add_column(sa.Column("submission_id", sa.String(), nullable=True))
        batch_op.alter_column("release_id", existing_type=sa.String(), nullable=True)
        batch_op.create_foreign_key(
            batch_op.f("fk_notice_submission_id_submission"),
            "submission",
            ["submission_id"],
            ["id"],
        )
