"""Drafts of a design, the share of cards that have a version, and why it was published.

Rules: the previous release must go on working beside this schema (expand, then contract in a later
release); no CASCADE near the ledger; name every constraint; on SQLite a batch operation drops
triggers without a word, so call `wallet.db.append_only_statements` again for the tables it touched;
PostgreSQL builds indexes on large tables CONCURRENTLY in a migration of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("share_percent", sa.BigInteger(), server_default="100", nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
    ):
        op.add_column("card_design", column)
