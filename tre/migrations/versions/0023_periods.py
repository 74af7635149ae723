"""How much of a pool questions may take in each period, and what they took in this one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("period_days", sa.Integer(), nullable=True))
    op.add_column("account", sa.Column("period_rho", sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("period_from", sa.Date(), nullable=True))
    op.add_column("account", sa.Column("period_spent", sa.BigInteger(), nullable=True))
