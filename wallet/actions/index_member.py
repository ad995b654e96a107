"""Keep the words by which a member is found in step with name and contacts."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wallet.rules.search_words import words_of_member
from wallet.tables.member import Member, identifiers_of
from wallet.tables.member_word import put_words


def index_member(session: Session, member: Member) -> None:
    """After every change of name or identifiers, in the same transaction."""
    session.flush()
    known = [(row.kind, row.value) for row in identifiers_of(session, member.id)]
    put_words(session, member, words_of_member(member.name, known))
