"""What is added to a budget by two people's decisions, and how far a pool may ever grow"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("rho_lifetime", sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("delta_lifetime", sa.BigInteger(), nullable=True))
    op.create_table(
        "top_up",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("rho_more", sa.BigInteger(), nullable=False),
        sa.Column("delta_more", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("raised_by_id", sa.String(), nullable=False),
        sa.Column("raised_at", tre.database.Instant(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.String(), nullable=True),
        sa.Column("decided_at", tre.database.Instant(timezone=True), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("rho_after", sa.BigInteger(), nullable=True),
        sa.Column("delta_after", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("rho_more >= 0 AND delta_more >= 0", name=op.f("ck_top_up_amounts")),
        sa.CheckConstraint("rho_more > 0 OR delta_more > 0", name=op.f("ck_top_up_something")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_top_up_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_top_up_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["raised_by_id"], ["person.id"], name=op.f("fk_top_up_raised_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_top_up_decided_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_top_up")),
    )
    op.create_index(op.f("ix_top_up_dataset_id"), "top_up", ["dataset_id"])
    op.create_index(
        "ix_top_up_undecided",
        "top_up",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
