"""How often cards had been taken off phones when a design was published, by provider.

Rules: the previous release must go on working beside this schema (expand, then contract in a later
release); no CASCADE near the ledger; name every constraint; on SQLite a batch operation drops
triggers without a word, so call `wallet.db.append_only_statements` again for the tables it touched;
PostgreSQL builds indexes on large tables CONCURRENTLY in a migration of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wallet.db import Json

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("card_design", sa.Column("removed_before", Json, nullable=True))
