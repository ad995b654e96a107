"""Words by which members are found: names without accents, addresses, numbers.

Rules: the previous release must go on working beside this schema (expand, then contract in a later
release); no CASCADE near the ledger; name every constraint; on SQLite a batch operation drops
triggers without a word, so call `wallet.db.append_only_statements` again for the tables it touched;
PostgreSQL builds indexes on large tables CONCURRENTLY in a migration of their own.
"""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

from wallet import db
from wallet.ids import new_id
from wallet.rules.search_words import words_of_member

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MEMBERS_AT_ONCE = 1_000  # read and written together


def upgrade() -> None:
    words = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "member_word",
        sa.Column("id", db.BigId, autoincrement=False, nullable=False),
        sa.Column("program_id", db.BigId, nullable=False),
        sa.Column("member_id", db.BigId, nullable=False),
        sa.Column("word", words, nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_member_word_program_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_member_word_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_word")),
    )
    _index_everybody()
    # After the rows: one sort instead of a million insertions.
    op.create_index(
        op.f("ix_member_word_program_id_word_member_id"),
        "member_word",
        ["program_id", "word", "member_id"],
        unique=False,
    )
    op.create_index(op.f("ix_member_word_member_id"), "member_word", ["member_id"], unique=False)


def _index_everybody() -> None:
    """Those who joined before are found as well."""
    connection = op.get_bind()
    member = sa.table(
        "member", sa.column("id"), sa.column("program_id"), sa.column("name"), sa.column("status")
    )
    identifier = sa.table(
        "identifier", sa.column("member_id"), sa.column("kind"), sa.column("value")
    )
    target = sa.table(
        "member_word",
        *(sa.column(name) for name in ("id", "program_id", "member_id", "word")),
    )
    last = 0
    while True:
        people = connection.execute(
            sa.select(member.c.id, member.c.program_id, member.c.name)
            .where(member.c.id > last)
            .order_by(member.c.id)
            .limit(MEMBERS_AT_ONCE)
        ).all()
        if not people:
            return
        last = people[-1][0]
        known = defaultdict(list)
        for member_id, kind, value in connection.execute(
            sa.select(identifier.c.member_id, identifier.c.kind, identifier.c.value).where(
                identifier.c.member_id.in_([person[0] for person in people])
            )
        ):
            known[member_id].append((kind, value))
        rows = [
            {"id": new_id(), "program_id": program_id, "member_id": member_id, "word": word}
            for member_id, program_id, name in people
            for word in words_of_member(name, known[member_id])
        ]
        if rows:
            connection.execute(sa.insert(target), rows)


def downgrade() -> None:
    op.drop_table("member_word")
