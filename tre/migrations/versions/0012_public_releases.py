"""Releases that everybody may read, and the series that releases belong to"""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

import tre.database

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite would copy a table that others refer to.
    op.execute("ALTER TABLE \"release\" ADD COLUMN series VARCHAR NOT NULL DEFAULT ''")
    _name_series()
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index("ix_release_series", ["series", "released_at"], unique=False)
    op.create_table(
        "publication_asked",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("release_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("at", tre.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_publication_asked_release_id_release")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_publication_asked_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_asked")),
        sa.UniqueConstraint(
            "release_id", "number", name=op.f("uq_publication_asked_release_id_number")
        ),
    )
    op.create_table(
        "publication_decided",
        sa.Column("asked_id", sa.String(), nullable=False),
        sa.Column("publisher_id", sa.String(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", tre.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_id"],
            ["publication_asked.id"],
            name=op.f("fk_publication_decided_asked_id_publication_asked"),
        ),
        sa.ForeignKeyConstraint(
            ["publisher_id"],
            ["person.id"],
            name=op.f("fk_publication_decided_publisher_id_person"),
        ),
        sa.PrimaryKeyConstraint("asked_id", name=op.f("pk_publication_decided")),
    )
    with op.batch_alter_table("publication_decided", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publication_decided_at"), ["at"], unique=False)


def _name_series() -> None:
    """As ``tre.releases.series_of`` names them."""
    connection = op.get_bind()
    found = sa.text(
        'SELECT r.id, s.project_id, s.dataset_id, s.track, s.query_json FROM "release" r'
        ' JOIN "output" o ON o.id = r.output_id JOIN "submission" s ON s.id = o.submission_id'
    )
    for id_, project, dataset, track, query in connection.execute(found).all():
        asked = json.loads(query) if isinstance(query, str) else query
        text = json.dumps([project, dataset, track, asked], sort_keys=True, separators=(",", ":"))
        named = hashlib.sha256(text.encode()).hexdigest()[:24]
        connection.execute(
            sa.text('UPDATE "release" SET series = :series WHERE id = :id'),
            {"series": named, "id": id_},
        )
