"""Checkers who decide together, publishers who release, and what people say"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.add_column(sa.Column("turn", sa.Integer(), server_default="1", nullable=False))
        batch_op.drop_constraint(op.f("uq_review_output_id_checker_id_round"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_review_output_id_checker_id_round_turn"),
            ["output_id", "checker_id", "round", "turn"],
        )
    # Not in a batch: SQLite would copy a table that others refer to.
    op.execute(
        'ALTER TABLE "release" ADD COLUMN publisher_id VARCHAR'
        ' CONSTRAINT "fk_release_publisher_id_person" REFERENCES "person" (id)'
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_submission_state"))
        batch_op.create_index(
            "ix_submission_state_created", ["state", "created_at", "id"], unique=False
        )
    op.create_table(
        "sent_back",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("output_id", sa.String(), nullable=False),
        sa.Column("publisher_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", tre.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["output_id"], ["output.id"], name=op.f("fk_sent_back_output_id_output")
        ),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["person.id"], name=op.f("fk_sent_back_publisher_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_back")),
        sa.UniqueConstraint("output_id", "round", name=op.f("uq_sent_back_output_id_round")),
    )
    with op.batch_alter_table("sent_back", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sent_back_output_id"), ["output_id"], unique=False)
    op.create_table(
        "comment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("at", tre.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_comment_submission_id_submission")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_comment_author_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index("ix_comment_submission", ["submission_id", "at", "id"], unique=False)
