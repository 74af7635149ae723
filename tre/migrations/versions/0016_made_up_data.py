"""Data of people who were made up"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite would copy a table that others refer to.
    op.execute('ALTER TABLE "dataset" ADD COLUMN made_up BOOLEAN NOT NULL DEFAULT false')
