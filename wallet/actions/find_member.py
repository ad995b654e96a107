"""Find a member by whatever the caller has: id, code, number, e-mail, phone or a shop's own id."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wallet.actions.identify import clean_email, clean_phone, is_clean
from wallet.actions.program_view import ProgramView, program_seen, program_view
from wallet.actions.rotating_codes import holder_of
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.prepared import Question, together
from wallet.rules.member_code import normalise, original_code, parse_code
from wallet.rules.rotating_code import parse_rotating
from wallet.rules.search_words import words_typed
from wallet.tables.member import (
    TRIAL,
    Member,
    identified_asked,
    member_asked,
    member_identified_by,
    member_with_id,
    surviving,
)
from wallet.tables.member_word import members_with_words
from wallet.tables.program import revision_asked
from wallet.values import value_class

CHOICES_MAX = 8  # more names than a cashier can read: type more
SEARCH_LENGTH_MIN = 3  # letters and digits in all: fewer mean half the town


@value_class
class MemberRef:
    """A reference to a member: exactly one of the fields is set."""

    id: str | None = None
    code: str | None = None
    number: str | None = None
    email: str | None = None
    phone: str | None = None
    external_source: str | None = None
    external_id: str | None = None


def program_and_member(
    session: Session, program_id: int, ref: MemberRef
) -> tuple[ProgramView, Member]:
    """Both, asked for together where the reference says by itself what to ask."""
    together(session, lambda: program_and_member_asked(session, program_id, ref))
    program = program_view(session, program_id)
    return program, find_member(session, program, ref)


def program_and_member_asked(session: Session, program_id: int, ref: MemberRef) -> list[Question]:
    """What `program_and_member` asks. Phones and addresses have to be made uniform first; a forged code is
    never asked for."""
    asked = [revision_asked(program_id)]
    number = private_id("mbr", ref.id) if ref.id is not None else None
    if number is not None:
        return [*asked, member_asked(number)]
    code = parse_code(ref.code) if ref.code is not None else None
    seen = program_seen(session, program_id)
    known = original_code(code, program_id, seen.keys) if code and seen else None
    return [*asked, identified_asked(program_id, "code", known)] if known is not None else asked


def find_member(session: Session, program: ProgramView, ref: MemberRef) -> Member:
    """The one member meant, or `member_not_found`, `code_not_ours`, `code_unknown`."""
    member = _find(session, program, ref)
    if member is None:
        raise Refusal("member_not_found")
    return _real(member)


def _find(session: Session, program: ProgramView, ref: MemberRef) -> Member | None:
    if ref.code is not None:
        return member_with_code(session, program, ref.code)
    if ref.id is not None:
        number = private_id("mbr", ref.id)
        member = member_with_id(session, program.id, number) if number is not None else None
        return surviving(session, member) if member else None
    kind, value, source = _identifier(program, ref)
    return member_identified_by(session, program.id, kind, value, source)


def _identifier(program: ProgramView, ref: MemberRef) -> tuple[str, str, str]:
    if ref.number is not None:
        return "number", clean_number(ref.number), ""
    if ref.email is not None:
        return "email", clean_email(ref.email), ""
    if ref.phone is not None:
        return "phone", clean_phone(ref.phone, program.country), ""
    if ref.external_source is not None and ref.external_id is not None:
        if not is_clean(ref.external_source + ref.external_id):
            raise Refusal("member_not_found")
        return "external", ref.external_id, ref.external_source
    raise Refusal("member_reference_invalid")


def member_with_code(session: Session, program: ProgramView, text: str) -> Member:
    """The holder of a scanned code, static, turned or rotating, however old. Junk and forgeries are refused
    without a database read."""
    if rotating := parse_rotating(text):
        return _real(holder_of(session, program, rotating))
    code = parse_code(text)
    known = original_code(code, program.id, program.keys) if code else None
    if known is None:
        raise Refusal("code_not_ours")
    member = member_identified_by(session, program.id, "code", known)
    if member is None:
        raise Refusal("code_unknown")
    return _real(member)


def _real(member: Member) -> Member:
    """Test cards are scanned out of curiosity: they are told from real ones before anything is given."""
    if member.status == TRIAL:
        raise Refusal("card_is_test")
    return member


def clean_number(text: str) -> str:
    """A member number without the spaces in which it is printed; refuses what cannot be one."""
    digits = "".join(text.split()).replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
        raise Refusal("member_not_found")
    return digits


def look_up(session: Session, program: ProgramView, query: str) -> list[Member]:
    """What a cashier scanned or typed: one member when it names one, else those it may mean.

    Code, then number, e-mail, phone, then the beginnings of names, of an address or of a number, or the
    last four digits of one. Accents and capitals need not be right. Empty when nobody matches.
    """
    query = query.strip()
    if not query or len(query) > 200 or not is_clean(query):
        raise Refusal("member_not_found")
    if parse_code(query) or parse_rotating(query):
        return [member_with_code(session, program, query)]
    exact = _exact(session, program, query)
    if exact:
        return [_real(exact)]
    if _looks_scanned(query):
        raise Refusal("code_not_ours")
    if is_too_short(query):
        return []
    return members_with_words(session, program.id, words_typed(query), CHOICES_MAX)


def is_too_short(query: str) -> bool:
    """Whether too little was typed to search by."""
    return sum(map(len, words_typed(query))) < SEARCH_LENGTH_MIN


def _exact(session: Session, program: ProgramView, query: str) -> Member | None:
    for ref in (
        MemberRef(number=query),
        MemberRef(email=query) if "@" in query else None,
        MemberRef(phone=query) if any(char.isdigit() for char in query) else None,
    ):
        if ref is None:
            continue
        try:
            found = _find(session, program, ref)
        except Refusal:
            continue  # it does not have that form; it may have another
        if found:
            return found
    return None


def _looks_scanned(query: str) -> bool:
    """A link or a long run of letters and digits comes from a foreign code, not from a person."""
    text = normalise(query)
    return "://" in query or (
        len(text) >= 20 and " " not in query and any(c.isdigit() for c in text)
    )
