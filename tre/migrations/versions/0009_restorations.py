"""Databases that were put back, and what their owners said was lost"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restoration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("outside_size", sa.Integer(), nullable=False),
        sa.Column("outside_root", sa.String(), nullable=False),
        sa.Column("own_size", sa.Integer(), nullable=False),
        sa.Column("found_at", tre.database.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restoration")),
        sa.UniqueConstraint(
            "outside_size", "outside_root", name=op.f("uq_restoration_outside_size_outside_root")
        ),
    )
    op.create_table(
        "settlement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("restoration_id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("by_id", sa.String(), nullable=False),
        sa.Column("rho_nano", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", tre.database.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("rho_nano >= 0", name=op.f("ck_settlement_amount")),
        sa.ForeignKeyConstraint(
            ["restoration_id"],
            ["restoration.id"],
            name=op.f("fk_settlement_restoration_id_restoration"),
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_settlement_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_settlement_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint(
            "restoration_id", "dataset_id", name=op.f("uq_settlement_restoration_id_dataset_id")
        ),
    )
