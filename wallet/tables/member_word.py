"""Words by which members are found, folded; one row a word, kept in the order of the alphabet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ForeignKey, Index, Select, String, delete, exists, insert, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from wallet.db import Base
from wallet.ids import new_id
from wallet.tables.member import Member

# Bytes in order on both databases: the beginning of a word is then one range of the index.
Word = String().with_variant(String(collation="C"), "postgresql")
_LAST = "\U0010ffff"  # behind every word that begins in the same way
CANDIDATES_PER_CHOICE = 8  # rows read for each member shown: one member may match by many words


class MemberWord(Base):
    """One word of one member."""

    __tablename__ = "member_word"
    __table_args__ = (Index(None, "program_id", "word", "member_id"), Index(None, "member_id"))

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    word: Mapped[str] = mapped_column(Word)


def put_words(session: Session, member: Member, words: Sequence[str]) -> None:
    """These and no others find the member from now on."""
    session.execute(delete(MemberWord).where(MemberWord.member_id == member.id))
    if words:
        rows = [
            {"id": new_id(), "program_id": member.program_id, "member_id": member.id, "word": word}
            for word in words
        ]
        session.execute(insert(MemberWord), rows)


def ids_with_words(program_id: int, words: Sequence[str]) -> Select[int]:
    """Ids of members who have, for each of `words`, one that begins with it."""
    longest, *others = sorted(words, key=len, reverse=True)
    query = select(MemberWord.member_id).where(
        MemberWord.program_id == program_id,
        MemberWord.word >= longest,
        MemberWord.word < longest + _LAST,
    )
    for word in others:
        other = aliased(MemberWord)
        query = query.where(
            exists().where(
                other.member_id == MemberWord.member_id,
                other.word >= word,
                other.word < word + _LAST,
            )
        )
    return query


def members_with_words(
    session: Session, program_id: int, words: Sequence[str], limit: int
) -> list[Member]:
    """Members found by `words`, whole words before beginnings. Reads no more rows than it shows
    several times over, however many members begin alike."""
    query = ids_with_words(program_id, words).order_by(MemberWord.word, MemberWord.member_id.desc())
    ids = list(dict.fromkeys(session.scalars(query.limit(limit * CANDIDATES_PER_CHOICE))))
    found = {
        row.id: row
        for row in session.scalars(
            select(Member).where(Member.id.in_(ids), Member.status != "merged")
        )
    }
    return [found[number] for number in ids if number in found][:limit]
