"""Vouchers that end by the calendar: when their holders were told.

Columns are added in place and never by a batch rebuild: a rebuilt ledger would lose its triggers.

Rules: the previous release must go on working beside this schema (expand, then contract in a later
release); no CASCADE near the ledger; name every constraint; on SQLite a batch operation drops
triggers without a word, so call `wallet.db.append_only_statements` again for the tables it touched;
PostgreSQL builds indexes on large tables CONCURRENTLY in a migration of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wallet import db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("voucher", sa.Column("told_at", db.UtcDateTime(), nullable=True))
    # What ran out before has run out: nobody is told of it now, and nothing comes to life again.
    op.execute("UPDATE voucher SET told_at = expires_at WHERE expires_at <= CURRENT_TIMESTAMP")
    op.create_index(
        "ix_voucher_ending",
        "voucher",
        ["program_id", "expires_at"],
        unique=False,
        sqlite_where=sa.text("status = 'issued'"),
        postgresql_where=sa.text("status = 'issued'"),
    )
