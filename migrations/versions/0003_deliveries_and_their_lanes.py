"""Deliveries and their lanes: how far each change of a pass has come, and what holds a provider up.

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

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("wallet_pass_id", db.BigId, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("phones", sa.BigInteger(), nullable=False),
        sa.Column("pushes", sa.BigInteger(), nullable=False),
        sa.Column("push_id", sa.String(), nullable=False),
        sa.Column("wanted_at", db.UtcDateTime(), nullable=False),
        sa.Column("announced_at", db.UtcDateTime(), nullable=False),
        sa.Column("pushed_at", db.UtcDateTime(), nullable=True),
        sa.Column("notified_at", db.UtcDateTime(), nullable=True),
        sa.Column("listed_at", db.UtcDateTime(), nullable=True),
        sa.Column("fetched_at", db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_delivery_program_id")
        ),
        sa.ForeignKeyConstraint(
            ["wallet_pass_id"], ["wallet_pass.id"], name=op.f("fk_delivery_wallet_pass_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "wallet_pass_id", "version", name=op.f("uq_delivery_wallet_pass_id_version")
        ),
    )
    op.create_index(
        op.f("ix_delivery_program_id_announced_at"),
        "delivery",
        ["program_id", "announced_at"],
        unique=False,
    )
    op.create_index(op.f("ix_delivery_announced_at"), "delivery", ["announced_at"], unique=False)

    op.create_table(
        "provider_alarm",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", db.UtcDateTime(), nullable=False),
        sa.Column("seen_at", db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_alarm")),
        sa.UniqueConstraint("provider", name=op.f("uq_provider_alarm_provider")),
    )

    for column in ("announced_version", "taken_version"):
        op.add_column(
            "wallet_pass", sa.Column(column, sa.BigInteger(), nullable=False, server_default="0")
        )
    op.add_column("wallet_pass", sa.Column("waiting_since", db.UtcDateTime(), nullable=True))
    op.add_column("device", sa.Column("silent_since", db.UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_device_silent_since"), "device", ["silent_since"], unique=False)
    op.add_column(
        "registration",
        sa.Column("pushed_version", sa.BigInteger(), nullable=False, server_default="0"),
    )
    # What was announced before these columns was numbered when it was delivered.
    op.execute("UPDATE wallet_pass SET announced_version = delivered_version")
    op.execute("UPDATE wallet_pass SET taken_version = delivered_version")

    op.drop_index("ix_wallet_pass_due", table_name="wallet_pass")
    op.create_index(
        "ix_wallet_pass_lane",
        "wallet_pass",
        ["provider", "is_urgent", "next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("wanted_version > delivered_version"),
        postgresql_where=sa.text("wanted_version > delivered_version"),
    )
