"""Paired tills, PINs of staff and members, what waits for a yes, the journal of tills, flags.

Columns are added in place and never by a batch rebuild: a rebuilt ledger would lose its triggers.

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

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _id(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, db.BigId, nullable=optional)


def _text(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=optional)


def _time(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, db.UtcDateTime(), nullable=optional)


def _number(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=optional)


def _table(name: str, *parts: Any, **references: str) -> None:
    """A table with its id and its foreign keys, column → table."""
    op.create_table(
        name,
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        *parts,
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, target in references.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=False)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _add_reference(table: str, column: str, target: str) -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    name = f"fk_{table}_{column}"
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind} CONSTRAINT {name} REFERENCES {target} (id)"
    )


def upgrade() -> None:
    _tills()
    _confirmations()
    op.add_column("staff", sa.Column("pin_hash", sa.String(), nullable=False, server_default=""))
    op.add_column(
        "staff",
        sa.Column("pin_misses", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column("staff", sa.Column("phone", sa.String(), nullable=False, server_default=""))
    _add_reference("staff", "member_id", "member")
    _add_reference("staff_session", "till_id", "till")
    _add_reference("till_line", "till_id", "till")


def _tills() -> None:
    _table(
        "till",
        _id("program_id"),
        _id("store_id"),
        _text("name"),
        _number("lock_minutes"),
        _text("pairing_hash", optional=True),
        _time("pairing_ends_at", optional=True),
        _text("token_hash", optional=True),
        _text("created_by"),
        _time("created_at"),
        _time("paired_at", optional=True),
        _time("seen_at", optional=True),
        _time("revoked_at", optional=True),
        _text("revoked_by"),
        _unique("till", "pairing_hash"),
        _unique("till", "token_hash"),
        program_id="program",
        store_id="store",
    )
    _index("till", "program_id")
    _table(
        "till_act",
        _id("program_id"),
        _time("at"),
        _text("verb"),
        _id("till_id", optional=True),
        _id("store_id", optional=True),
        _id("staff_id", optional=True),
        _id("member_id", optional=True),
        _id("purchase_id", optional=True),
        _id("entry_id", optional=True),
        _number("amount_minor", optional=True),
        sa.Column("changes", db.Json, nullable=False),
        _id("approved_by", optional=True),
        _text("confirmed"),
        _text("reason"),
        program_id="program",
        till_id="till",
        store_id="store",
        staff_id="staff",
        member_id="member",
        purchase_id="purchase",
        entry_id="entry",
        approved_by="staff",
    )
    for columns in (["program_id", "id"], ["member_id", "id"], ["entry_id"], ["purchase_id"]):
        _index("till_act", *columns)
    for statement in db.append_only_statements("till_act", op.get_bind().dialect.name):
        op.execute(statement)
    _table(
        "flag",
        _id("program_id"),
        _text("kind"),
        _text("subject"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("facts", db.Json, nullable=False),
        _time("at"),
        _time("seen_at", optional=True),
        _text("seen_by"),
        _unique("flag", "program_id", "kind", "subject", "day"),
        program_id="program",
    )
    _index("flag", "program_id", "seen_at", "id")


def _confirmations() -> None:
    _table(
        "confirmation",
        _id("program_id"),
        _text("request_id"),
        _id("member_id"),
        _id("till_id", optional=True),
        _id("store_id", optional=True),
        _id("staff_id"),
        _text("facts_hash"),
        _text("unit"),
        _number("quantity"),
        sa.Column("what", db.Json, nullable=False),
        _time("created_at"),
        _time("ends_at"),
        _text("answer"),
        _text("how"),
        _time("answered_at", optional=True),
        _id("approved_by", optional=True),
        _time("approved_at", optional=True),
        _text("reason"),
        _time("used_at", optional=True),
        _unique("confirmation", "program_id", "request_id"),
        program_id="program",
        member_id="member",
        till_id="till",
        store_id="store",
        staff_id="staff",
        approved_by="staff",
    )
    _index("confirmation", "member_id", "ends_at")
    _index("confirmation", "till_id", "ends_at")
    _table(
        "member_pin",
        _id("member_id"),
        _text("pin_hash"),
        _number("misses"),
        _time("set_at"),
        _unique("member_pin", "member_id"),
        member_id="member",
    )
