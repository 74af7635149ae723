"""Two-person exceptions that open a dataset's second track"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_track",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("policy_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("raised_by_id", sa.String(), nullable=False),
        sa.Column("raised_at", tre.database.Instant(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.String(), nullable=True),
        sa.Column("decided_at", tre.database.Instant(timezone=True), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("ended_at", tre.database.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_second_track_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["policy_version.id"],
            name=op.f("fk_second_track_policy_id_policy_version"),
        ),
        sa.ForeignKeyConstraint(
            ["raised_by_id"], ["person.id"], name=op.f("fk_second_track_raised_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_second_track_decided_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_track")),
    )
    with op.batch_alter_table("second_track", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_second_track_dataset_id"), ["dataset_id"], unique=False
        )
        batch_op.create_index(
            "ix_second_track_undecided",
            ["dataset_id"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )
    op.add_column(
        "dataset",
        sa.Column("both_tracks_since", tre.database.Instant(timezone=True), nullable=True),
    )
