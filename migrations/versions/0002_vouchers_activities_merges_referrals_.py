"""Vouchers, activities, merges, referrals, memberships and notices.

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

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEW_APPEND_ONLY_TABLES = ("award", "donation")


def _add_reference(table: str, column: str, target: str) -> None:
    """A nullable column that points to another table. SQLite can add it with its constraint in one
    statement, which Alembic cannot say; on PostgreSQL both take the short lock of one statement."""
    kind = "INTEGER" if op.get_context().dialect.name == "sqlite" else "BIGINT"
    name = f"fk_{table}_{column}"
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind} CONSTRAINT {name} REFERENCES {target} (id)"
    )


def upgrade() -> None:
    op.create_table(
        "charity",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("name", db.Json, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_charity_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charity")),
    )
    op.create_index(op.f("ix_charity_program_id"), "charity", ["program_id"], unique=False)

    op.create_table(
        "activity",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("member_id", db.BigId, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("store_id", db.BigId, nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("facts_hash", sa.String(), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", db.UtcDateTime(), nullable=False),
        sa.Column("recorded_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_activity_member_id")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_activity_program_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_activity_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint(
            "program_id",
            "kind",
            "source",
            "external_id",
            name=op.f("uq_activity_program_id_kind_source_external_id"),
        ),
    )
    op.create_index(
        op.f("ix_activity_member_id_kind_occurred_at"),
        "activity",
        ["member_id", "kind", "occurred_at"],
        unique=False,
    )

    op.create_table(
        "member_merge",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("merged_id", db.BigId, nullable=False),
        sa.Column("survivor_id", db.BigId, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", db.UtcDateTime(), nullable=False),
        sa.Column("undone_at", db.UtcDateTime(), nullable=True),
        sa.Column("moved", db.Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["member.id"], name=op.f("fk_member_merge_merged_id")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_member_merge_program_id")
        ),
        sa.ForeignKeyConstraint(
            ["survivor_id"], ["member.id"], name=op.f("fk_member_merge_survivor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_merge")),
    )
    op.create_index(op.f("ix_member_merge_merged_id"), "member_merge", ["merged_id"], unique=False)
    op.create_index(
        op.f("ix_member_merge_survivor_id"), "member_merge", ["survivor_id"], unique=False
    )

    op.create_table(
        "membership",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("member_id", db.BigId, nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("starts_at", db.UtcDateTime(), nullable=False),
        sa.Column("ends_at", db.UtcDateTime(), nullable=False),
        sa.Column("cancelled_at", db.UtcDateTime(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("lapsed_at", db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_membership_member_id")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_membership_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "program_id",
            "source",
            "external_id",
            name=op.f("uq_membership_program_id_source_external_id"),
        ),
    )
    op.create_index(
        op.f("ix_membership_member_id_ends_at"),
        "membership",
        ["member_id", "ends_at"],
        unique=False,
    )
    op.create_index(
        "ix_membership_lapsing",
        "membership",
        ["ends_at"],
        unique=False,
        sqlite_where=sa.text("lapsed_at IS NULL"),
        postgresql_where=sa.text("lapsed_at IS NULL"),
    )

    op.create_table(
        "calendar_task",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_calendar_task_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_task")),
        sa.UniqueConstraint("program_id", "name", name=op.f("uq_calendar_task_program_id_name")),
    )

    op.create_table(
        "expiry_notice",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("member_id", db.BigId, nullable=False),
        sa.Column("account_id", db.BigId, nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("due_at", db.UtcDateTime(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_expiry_notice_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_expiry_notice_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_expiry_notice_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expiry_notice")),
        sa.UniqueConstraint(
            "account_id",
            "expires_at",
            "ordinal",
            name=op.f("uq_expiry_notice_account_id_expires_at_ordinal"),
        ),
    )
    op.create_index(
        "ix_expiry_notice_due",
        "expiry_notice",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )

    op.create_table(
        "referral",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("referrer_id", db.BigId, nullable=False),
        sa.Column("friend_id", db.BigId, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("purchase_id", db.BigId, nullable=True),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("due_at", db.UtcDateTime(), nullable=True),
        sa.Column("rewarded_at", db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["friend_id"], ["member.id"], name=op.f("fk_referral_friend_id")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_referral_program_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_referral_purchase_id")
        ),
        sa.ForeignKeyConstraint(
            ["referrer_id"], ["member.id"], name=op.f("fk_referral_referrer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("friend_id", name=op.f("uq_referral_friend_id")),
    )
    op.create_index(
        op.f("ix_referral_referrer_id_status"), "referral", ["referrer_id", "status"], unique=False
    )
    op.create_index(
        "ix_referral_due",
        "referral",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("status = 'holding'"),
        postgresql_where=sa.text("status = 'holding'"),
    )

    op.create_table(
        "donation",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("charity_id", db.BigId, nullable=False),
        sa.Column("member_id", db.BigId, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("redemption_id", db.BigId, nullable=True),
        sa.Column("purchase_id", db.BigId, nullable=True),
        sa.Column("reverses_id", db.BigId, nullable=True),
        sa.Column("occurred_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["charity_id"], ["charity.id"], name=op.f("fk_donation_charity_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_donation_member_id")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_donation_program_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_donation_purchase_id")
        ),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemption.id"], name=op.f("fk_donation_redemption_id")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["donation.id"], name=op.f("fk_donation_reverses_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_donation")),
    )
    op.create_index(
        op.f("ix_donation_program_id_charity_id"),
        "donation",
        ["program_id", "charity_id"],
        unique=False,
    )
    op.create_index("uq_donation_reverses", "donation", ["reverses_id"], unique=True)

    op.create_table(
        "voucher",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("member_id", db.BigId, nullable=False),
        sa.Column("redemption_id", db.BigId, nullable=False),
        sa.Column("reward_id", db.BigId, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("issued_at", db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(), nullable=True),
        sa.Column("used_at", db.UtcDateTime(), nullable=True),
        sa.Column("used_channel", sa.String(), nullable=True),
        sa.Column("used_store_id", db.BigId, nullable=True),
        sa.Column("used_by", sa.String(), nullable=True),
        sa.Column("used_request", sa.String(), nullable=True),
        sa.Column("purchase_id", db.BigId, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_voucher_member_id")),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_voucher_program_id")),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_voucher_purchase_id")
        ),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemption.id"], name=op.f("fk_voucher_redemption_id")
        ),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name=op.f("fk_voucher_reward_id")),
        sa.ForeignKeyConstraint(
            ["used_store_id"], ["store.id"], name=op.f("fk_voucher_used_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("program_id", "code", name=op.f("uq_voucher_program_id_code")),
        sa.UniqueConstraint("redemption_id", name=op.f("uq_voucher_redemption_id")),
    )
    op.create_index(
        op.f("ix_voucher_member_id_status"), "voucher", ["member_id", "status"], unique=False
    )

    op.create_table(
        "credit_payment",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("member_id", db.BigId, nullable=False),
        sa.Column("entry_id", db.BigId, nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("bill_minor", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("purchase_id", db.BigId, nullable=True),
        sa.Column("occurred_at", db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_credit_payment_amount")),
        sa.CheckConstraint(
            "refunded_minor >= 0 AND refunded_minor <= amount_minor",
            name=op.f("ck_credit_payment_refunded"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name=op.f("fk_credit_payment_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_credit_payment_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_credit_payment_program_id")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_credit_payment_purchase_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_payment")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_credit_payment_entry_id")),
        sa.UniqueConstraint(
            "program_id",
            "source",
            "external_id",
            name=op.f("uq_credit_payment_program_id_source_external_id"),
        ),
    )
    op.create_index(
        op.f("ix_credit_payment_purchase_id"), "credit_payment", ["purchase_id"], unique=False
    )

    op.create_table(
        "sale_notice",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("said", db.Json, nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.Column("settled_at", db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_sale_notice_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_notice")),
        sa.UniqueConstraint(
            "program_id",
            "source",
            "external_id",
            "kind",
            "reference",
            name=op.f("uq_sale_notice_program_id_source_external_id_kind_reference"),
        ),
    )

    op.create_table(
        "award",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("member_id", db.BigId, nullable=False),
        sa.Column("entry_id", db.BigId, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_award_entry_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_award_member_id")),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_award_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award")),
    )
    op.create_index(op.f("ix_award_entry_id"), "award", ["entry_id"], unique=False)
    op.create_index(
        op.f("ix_award_member_id_rule_occurred_at"),
        "award",
        ["member_id", "rule", "occurred_at"],
        unique=False,
    )

    _add_reference("entry", "activity_id", "activity")
    _add_reference("entry", "merge_id", "member_merge")

    op.add_column(
        "member", sa.Column("tags", db.Json, nullable=False, server_default=sa.text("'[]'"))
    )
    _add_reference("member", "merged_into_id", "member")
    _add_reference("member", "charity_id", "charity")
    op.create_index(
        "ix_member_merged",
        "member",
        ["merged_into_id"],
        unique=False,
        sqlite_where=sa.text("merged_into_id IS NOT NULL"),
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.add_column("member", sa.Column("tier_kept_until", db.UtcDateTime(), nullable=True))
    op.add_column("member", sa.Column("earned_tier_key", sa.String(), nullable=True))

    op.add_column(
        "purchase", sa.Column("tax_minor", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "purchase", sa.Column("shipping_minor", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "purchase",
        sa.Column("gift_card_minor", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.add_column(
        "purchase", sa.Column("credit_minor", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "purchase", sa.Column("view", db.Json, nullable=False, server_default=sa.text("'{}'"))
    )

    _add_reference("redemption", "purchase_id", "purchase")
    _add_reference("redemption", "charity_id", "charity")

    op.add_column(
        "reward", sa.Column("mode", sa.String(), nullable=False, server_default="instant")
    )
    op.add_column("reward", sa.Column("stock", sa.BigInteger(), nullable=True))
    op.add_column("reward", sa.Column("per_member", sa.BigInteger(), nullable=True))
    op.add_column("reward", sa.Column("per_member_days", sa.BigInteger(), nullable=True))
    op.add_column("reward", sa.Column("starts_at", db.UtcDateTime(), nullable=True))
    op.add_column("reward", sa.Column("ends_at", db.UtcDateTime(), nullable=True))
    op.add_column(
        "reward", sa.Column("tier_keys", db.Json, nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column(
        "reward", sa.Column("tags", db.Json, nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("reward", sa.Column("voucher_days", sa.BigInteger(), nullable=True))
    op.add_column("reward", sa.Column("key", sa.String(), nullable=True))
    op.create_index("uq_reward_program_id_key", "reward", ["program_id", "key"], unique=True)
    op.create_index(op.f("ix_redemption_purchase_id"), "redemption", ["purchase_id"], unique=False)
    op.create_index(op.f("ix_voucher_purchase_id"), "voucher", ["purchase_id"], unique=False)
    op.create_index(op.f("ix_donation_purchase_id"), "donation", ["purchase_id"], unique=False)
    op.create_index(op.f("ix_donation_redemption_id"), "donation", ["redemption_id"], unique=False)

    op.create_index(
        "ix_lot_expiring",
        "lot",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("remaining > 0"),
        postgresql_where=sa.text("remaining > 0"),
    )

    dialect = op.get_context().dialect.name
    for table in NEW_APPEND_ONLY_TABLES:
        for statement in db.append_only_statements(table, dialect):
            op.execute(statement)
