"""Who changed what in the set-up, drafts of rules, and what a reward is worth and costs.

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

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _text(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=optional)


def _table(name: str, *parts: Any) -> None:
    """A table of a program with its id."""
    op.create_table(
        name,
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        *parts,
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f(f"fk_{name}_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def upgrade() -> None:
    _table(
        "program_change",
        sa.Column("at", db.UtcDateTime(), nullable=False),
        _text("by"),
        _text("verb"),
        _text("subject"),
        _text("name"),
        sa.Column("before", db.Json, nullable=False),
        sa.Column("after", db.Json, nullable=False),
        _text("asked", optional=True),
        sa.UniqueConstraint("program_id", "asked", name=op.f("uq_program_change_program_id_asked")),
    )
    op.create_index(op.f("ix_program_change_program_id_id"), "program_change", ["program_id", "id"])
    for statement in db.append_only_statements("program_change", op.get_bind().dialect.name):
        op.execute(statement)
    _table(
        "rule_draft",
        sa.Column("document", db.Json, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("after_version", sa.BigInteger(), nullable=False),
        _text("asked"),
        sa.Column("updated_at", db.UtcDateTime(), nullable=False),
        _text("updated_by"),
        sa.UniqueConstraint("program_id", name=op.f("uq_rule_draft_program_id")),
    )
    for name in ("worth_minor", "own_cost_minor"):
        op.add_column("reward", sa.Column(name, sa.BigInteger(), nullable=True))
