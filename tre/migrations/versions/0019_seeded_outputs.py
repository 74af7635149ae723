"""Which questions were put before checkers although they are known to be unsafe"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seeded",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("by_id", sa.String(), nullable=False),
        sa.Column("at", tre.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_seeded_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_seeded_by_id_person")),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_seeded")),
    )
