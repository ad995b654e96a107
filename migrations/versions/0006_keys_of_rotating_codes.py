"""Keys of rotating codes.

Rules: the previous release must go on working beside this schema (expand, then contract in a later
release); no CASCADE near the ledger; name every constraint; on SQLite a batch operation drops
triggers without a word, so call `wallet.db.append_only_statements` again for the tables it touched;
PostgreSQL builds indexes on large tables CONCURRENTLY in a migration of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wallet import db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code_key",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("member_id", db.BigId, nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_code_key_program_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_code_key_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_key")),
        sa.UniqueConstraint("member_id", "holder", name=op.f("uq_code_key_member_id_holder")),
        sa.UniqueConstraint("prefix", name=op.f("uq_code_key_prefix")),
    )


def downgrade() -> None:
    op.drop_table("code_key")
