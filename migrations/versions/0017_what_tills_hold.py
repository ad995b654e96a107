"""What tills hold so that they can give a reward without a connection, and what came of it.

Rules: the previous release must go on working beside this schema (expand, then contract in a later
release); no CASCADE near the ledger; name every constraint; on SQLite a batch operation drops
triggers without a word, so call `wallet.db.append_only_statements` again for the tables it touched;
PostgreSQL builds indexes on large tables CONCURRENTLY in a migration of their own.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wallet import db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "till_hold",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        _number("program_id"),
        _number("member_id"),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        _number("till_id", optional=True),
        _number("staff_id"),
        _number("store_id", optional=True),
        sa.Column("step", sa.BigInteger(), nullable=True),
        _moment("created_at"),
        _moment("ends_at"),
        sa.Column("state", sa.String(), nullable=False),
        _moment("ended_at", optional=True),
        sa.Column("op_id", sa.String(), nullable=False),
        _number("redemption_id", optional=True),
        sa.CheckConstraint(
            "state IN ('open', 'used', 'released')", name=op.f("ck_till_hold_state")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_till_hold_quantity")),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"], [f"{table}.id"], name=op.f(f"fk_till_hold_{table}_id")
            )
            for table in ("program", "member", "till", "staff", "store", "redemption")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till_hold")),
        sa.UniqueConstraint(
            "program_id", "request_id", name=op.f("uq_till_hold_program_id_request_id")
        ),
    )
    for name, columns in (
        ("ix_till_hold_open", ["member_id", "ends_at"]),
        ("ix_till_hold_open_at", ["program_id", "ends_at"]),
    ):
        op.create_index(
            op.f(name), "till_hold", columns, sqlite_where=_OPEN, postgresql_where=_OPEN
        )
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f"ALTER TABLE till_line ADD COLUMN redemption_id {kind}"
        " CONSTRAINT fk_till_line_redemption_id REFERENCES redemption (id)"
    )


def _number(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, db.BigId, nullable=optional)


def _moment(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, db.UtcDateTime(), nullable=optional)
