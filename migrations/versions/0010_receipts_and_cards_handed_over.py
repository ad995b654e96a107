"""What tills write beside a sale, and links to cards that a till shows.

Rules: the previous release must go on working beside this schema (expand, then contract in a later
release); no CASCADE near the ledger; name every constraint; on SQLite a batch operation drops
triggers without a word, so call `wallet.db.append_only_statements` again for the tables it touched;
PostgreSQL builds indexes on large tables CONCURRENTLY in a migration of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, name, before in (
        ("purchase", "receipt", ""),
        ("purchase", "found_by", ""),
        ("magic_link", "way", "mail"),
    ):
        op.add_column(table, sa.Column(name, sa.String(), server_default=before, nullable=False))
