"""Requests for several outputs, named before they are asked"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "release_request",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("context", sa.String(), nullable=False),
        sa.Column("created_at", tre.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_release_request_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_release_request_author_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_request")),
    )
    with op.batch_alter_table("release_request", schema=None) as batch_op:
        batch_op.create_index(
            "ix_release_request_project", ["project_id", "created_at", "id"], unique=False
        )
    op.create_table(
        "intended_output",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["release_request.id"],
            name=op.f("fk_intended_output_request_id_release_request"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intended_output")),
        sa.UniqueConstraint(
            "request_id", "number", name=op.f("uq_intended_output_request_id_number")
        ),
    )
    # Not in a batch: SQLite would copy a table that others refer to.
    op.execute(
        'ALTER TABLE "submission" ADD COLUMN intended_id VARCHAR'
        ' CONSTRAINT "fk_submission_intended_id_intended_output" REFERENCES "intended_output" (id)'
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_intended_id"), ["intended_id"])
