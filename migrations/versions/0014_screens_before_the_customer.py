"""Devices that show the customer what a till shows, and what they show.

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

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _time(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, db.UtcDateTime(), nullable=optional)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name)


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))


def upgrade() -> None:
    screen, face = "till_screen", "till_face"
    op.create_table(
        screen,
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("till_id", db.BigId, nullable=False),
        sa.Column("pairing_hash", sa.String(), nullable=True),
        _time("pairing_ends_at", optional=True),
        sa.Column("token_hash", sa.String(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        _time("created_at"),
        *(_time(name, optional=True) for name in ("paired_at", "seen_at", "revoked_at")),
        sa.Column("revoked_by", sa.String(), nullable=False),
        _key(screen, "program_id", "program"),
        _key(screen, "till_id", "till"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{screen}")),
        _unique(screen, "pairing_hash"),
        _unique(screen, "token_hash"),
    )
    op.create_index(op.f("ix_till_screen_till_id"), screen, ["till_id"], unique=False)
    op.create_table(
        face,
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("till_id", db.BigId, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("face", db.Json, nullable=False),
        _time("at"),
        _key(face, "till_id", "till"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{face}")),
        _unique(face, "till_id"),
    )
