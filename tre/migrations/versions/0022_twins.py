"""Which dataset has a synthetic twin"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "twin",
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("of_id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_twin_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(["of_id"], ["dataset.id"], name=op.f("fk_twin_of_id_dataset")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_twin_project_id_project")
        ),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("pk_twin")),
        sa.UniqueConstraint("of_id", name=op.f("uq_twin_of_id")),
    )
