"""Google Wallet: what it holds of ours, how fast and how loudly we speak, what its callbacks told.

Rules: the previous release must go on working beside this schema (expand, then contract in a later
release); no CASCADE near the ledger; name every constraint; on SQLite a batch operation drops
triggers without a word, so call `wallet.db.append_only_statements` again for the tables it touched;
PostgreSQL builds indexes on large tables CONCURRENTLY in a migration of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wallet import db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "google_class",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("class_id", sa.String(), nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("tried_at", db.UtcDateTime(), nullable=False),
        sa.Column("next_attempt_at", db.UtcDateTime(), nullable=False),
        sa.Column("round_started_at", db.UtcDateTime(), nullable=True),
        sa.Column("round_ended_at", db.UtcDateTime(), nullable=True),
        sa.Column("round_token", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_google_class_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_google_class")),
        sa.UniqueConstraint("class_id", name=op.f("uq_google_class_class_id")),
    )

    op.create_table(
        "google_object",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("wallet_pass_id", db.BigId, nullable=False),
        sa.Column("class_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("points", sa.String(), nullable=False),
        sa.Column("message", db.Json, nullable=True),
        sa.Column("checked_at", db.UtcDateTime(), nullable=True),
        sa.Column("has_users", sa.Boolean(), nullable=True),
        sa.Column("event_at", db.UtcDateTime(), nullable=True),
        sa.Column("removed_at", db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["wallet_pass_id"], ["wallet_pass.id"], name=op.f("fk_google_object_wallet_pass_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_google_object")),
        sa.UniqueConstraint("wallet_pass_id", name=op.f("uq_google_object_wallet_pass_id")),
    )
    op.create_index(
        op.f("ix_google_object_class_id_checked_at"),
        "google_object",
        ["class_id", "checked_at"],
        unique=False,
    )

    op.create_table(
        "notice_budget",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("wallet_pass_id", db.BigId, nullable=False),
        sa.Column("newest_at", db.UtcDateTime(), nullable=True),
        sa.Column("second_at", db.UtcDateTime(), nullable=True),
        sa.Column("third_at", db.UtcDateTime(), nullable=True),
        sa.Column("speaks", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["wallet_pass_id"], ["wallet_pass.id"], name=op.f("fk_notice_budget_wallet_pass_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_budget")),
        sa.UniqueConstraint("wallet_pass_id", name=op.f("uq_notice_budget_wallet_pass_id")),
    )

    op.create_table(
        "provider_gate",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("log", db.Json, nullable=False),
        sa.Column("paused_until", db.UtcDateTime(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("since", db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_gate")),
        sa.UniqueConstraint("name", name=op.f("uq_provider_gate_name")),
    )

    op.create_table(
        "callback_nonce",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_nonce")),
        sa.UniqueConstraint("digest", name=op.f("uq_callback_nonce_digest")),
    )
    op.create_index(
        op.f("ix_callback_nonce_expires_at"), "callback_nonce", ["expires_at"], unique=False
    )

    op.create_table(
        "install_count",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_install_count_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_install_count")),
        sa.UniqueConstraint(
            "program_id",
            "provider",
            "event",
            "day",
            name=op.f("uq_install_count_program_id_provider_event_day"),
        ),
    )
