"""The few entries of the log that tell of releases, found without reading the others"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OF_RELEASES = sa.text("event IN ('made_public', 'recalled', 'released')")


def upgrade() -> None:
    op.create_index(
        "ix_audit_entry_of_releases",
        "audit_entry",
        ["id"],
        sqlite_where=OF_RELEASES,
        postgresql_where=OF_RELEASES,
    )
