"""Rules that a service or a project adds to a dataset's policy"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tightening",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=True),
        sa.Column("dataset_id", sa.String(), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_by_id", sa.String(), nullable=True),
        sa.Column("set_at", tre.database.Instant(timezone=True), nullable=False),
        sa.Column("superseded_at", tre.database.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_tightening_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_tightening_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(
            ["set_by_id"], ["person.id"], name=op.f("fk_tightening_set_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tightening")),
    )
    with op.batch_alter_table("tightening", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tightening_current",
            ["scope"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
    op.create_table(
        "tightened_policy",
        sa.Column("policy_id", sa.String(), nullable=False),
        sa.Column("base_id", sa.String(), nullable=False),
        sa.Column("tightening_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["policy_version.id"],
            name=op.f("fk_tightened_policy_policy_id_policy_version"),
        ),
        sa.ForeignKeyConstraint(
            ["base_id"],
            ["policy_version.id"],
            name=op.f("fk_tightened_policy_base_id_policy_version"),
        ),
        sa.ForeignKeyConstraint(
            ["tightening_id"],
            ["tightening.id"],
            name=op.f("fk_tightened_policy_tightening_id_tightening"),
        ),
        sa.PrimaryKeyConstraint(
            "policy_id", "base_id", "tightening_id", name=op.f("pk_tightened_policy")
        ),
    )
