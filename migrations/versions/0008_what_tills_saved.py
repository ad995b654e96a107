"""What tills saved while they had no connection, line by line.

Rules: the previous release must go on working beside this schema (expand, then contract in a later
release); no CASCADE near the ledger; name every constraint; on SQLite a batch operation drops
triggers without a word, so call `wallet.db.append_only_statements` again for the tables it touched;
PostgreSQL builds indexes on large tables CONCURRENTLY in a migration of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wallet import db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "till_line",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("op_id", sa.String(), nullable=False),
        sa.Column("till", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", db.BigId, nullable=True),
        sa.Column("store_id", db.BigId, nullable=True),
        sa.Column("said", db.Json, nullable=False),
        sa.Column("facts_hash", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", db.UtcDateTime(), nullable=False),
        sa.Column("received_at", db.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("member_id", db.BigId, nullable=True),
        sa.Column("purchase_id", db.BigId, nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", db.UtcDateTime(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('accepted', 'review', 'dismissed')", name=op.f("ck_till_line_state")
        ),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"], [f"{table}.id"], name=op.f(f"fk_till_line_{table}_id")
            )
            for table in ("program", "staff", "store", "member", "purchase")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till_line")),
        sa.UniqueConstraint("program_id", "op_id", name=op.f("uq_till_line_program_id_op_id")),
    )
    for columns in (["program_id", "state", "id"], ["member_id", "occurred_at"]):
        op.create_index(
            op.f(f"ix_till_line_{'_'.join(columns)}"), "till_line", columns, unique=False
        )
