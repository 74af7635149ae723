"""By what a question risks, and whether it was drawn for a checker"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite would copy a table that others refer to.
    op.execute("ALTER TABLE \"submission\" ADD COLUMN risk VARCHAR NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE \"submission\" ADD COLUMN risk_factors JSON NOT NULL DEFAULT '[]'")
    op.execute('ALTER TABLE "submission" ADD COLUMN for_audit BOOLEAN NOT NULL DEFAULT false')
