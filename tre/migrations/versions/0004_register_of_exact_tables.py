"""Exact tables that left a dataset or may yet, and the head that admits one at a time"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("register_head", sa.Integer(), server_default="0", nullable=False)
        )
    op.create_table(
        "release_table",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("draw_id", sa.String(), nullable=False),
        sa.Column("policy_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("against", sa.JSON(), nullable=False),
        sa.Column("judged_at", tre.database.Instant(timezone=True), nullable=False),
        sa.Column("moved_at", tre.database.Instant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'refused') = (number IS NULL)", name=op.f("ck_release_table_numbered")
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_release_table_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_release_table_submission_id_submission"),
        ),
        sa.ForeignKeyConstraint(
            ["draw_id"], ["draw.id"], name=op.f("fk_release_table_draw_id_draw")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["policy_version.id"],
            name=op.f("fk_release_table_policy_id_policy_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_table")),
        sa.UniqueConstraint(
            "dataset_id", "number", name=op.f("uq_release_table_dataset_id_number")
        ),
        sa.UniqueConstraint("submission_id", name=op.f("uq_release_table_submission_id")),
    )
    op.create_table(
        "exact_charge",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("charged_at", tre.database.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("cells >= 0", name=op.f("ck_exact_charge_cells")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_exact_charge_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_exact_charge_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_exact_charge_submission_id_submission"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exact_charge")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_exact_charge_submission_id")),
    )
    with op.batch_alter_table("exact_charge", schema=None) as batch_op:
        batch_op.create_index("ix_exact_charge_part", ["dataset_id", "part"])
        batch_op.create_index("ix_exact_charge_project", ["dataset_id", "project_id"])
