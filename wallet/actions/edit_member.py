"""Edit a member: name, language, birthday, contacts, a shop's ids, consents, tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.enrol import check_birthday
from wallet.actions.identify import check_external_id, clean_email, clean_name, clean_phone
from wallet.actions.index_member import index_member
from wallet.actions.member_tags import put_tags
from wallet.actions.note_newsletter import note_newsletter
from wallet.actions.note_profile import note_profile
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.tables.member import (
    Consent,
    Identifier,
    Member,
    consents_of,
    identifiers_of,
    lock_member,
    member_identified_by,
)

CONSENT_PURPOSES = ("email", "sms")


@dataclass(frozen=True, slots=True)
class MemberEdit:
    """What changes. None leaves a field as it is; an empty text takes it away.

    `birthday` is (day,) or (None,) to take it away. `external_ids` are (source, id) to add.
    `consents` maps a purpose to (granted, words that were shown). `tags` are all that the merchant
    calls the member.
    """

    name: str | None = None
    locale: str | None = None
    birthday: tuple[date | None] | None = None
    email: str | None = None
    phone: str | None = None
    external_ids: Sequence[tuple[str, str]] = ()
    consents: Mapping[str, tuple[bool, str]] = field(default_factory=dict)
    tags: Sequence[str] | None = None


def edit_member(
    session: Session,
    program: ProgramView,
    member: Member,
    edit: MemberEdit,
    actor: Actor,
    now: datetime,
) -> None:
    """All of it or nothing. `member_exists` when somebody else has an identifier already."""
    lock_member(session, member)
    if member.status != "active":
        raise Refusal("member_closed")
    _edit_person(program, member, edit, now)
    if edit.email is not None:
        _put_contact(session, member, "email", edit.email and clean_email(edit.email), now)
    if edit.phone is not None:
        phone = edit.phone and clean_phone(edit.phone, program.country)
        _put_contact(session, member, "phone", phone, now)
    for source, value in edit.external_ids:
        check_external_id(source, value)
        if not _is_taken(session, member, "external", value, source):
            _add(session, member, "external", value, source, now)
    index_member(session, member)
    put_consents(session, member, edit.consents, actor, now)
    note_newsletter(session, program, member, actor, now)
    note_profile(session, program, member, actor, now)
    refresh_card(session, program, member, now)


def put_consents(
    session: Session,
    member: Member,
    consents: Mapping[str, tuple[bool, str]],
    actor: Actor,
    now: datetime,
) -> None:
    """Write down what is new; the same answer again is not."""
    latest = {row.purpose: row.granted for row in reversed(consents_of(session, member.id))}
    for purpose, (granted, wording) in consents.items():
        if granted == latest.get(purpose, False):
            continue
        session.add(
            Consent(
                program_id=member.program_id,
                member_id=member.id,
                purpose=purpose,
                granted=granted,
                wording=wording,
                source=actor.label,
                at=now,
            )
        )
    session.flush()


def _edit_person(program: ProgramView, member: Member, edit: MemberEdit, now: datetime) -> None:
    if edit.name is not None:
        member.name = clean_name(edit.name)
    if edit.locale is not None:
        if edit.locale not in program.locales:
            raise Refusal("locale_unknown", locales=list(program.locales))
        member.locale = edit.locale
    if edit.birthday is not None:
        member.birthday = check_birthday(edit.birthday[0], now)
    if edit.tags is not None:
        put_tags(member, edit.tags)


def _put_contact(session: Session, member: Member, kind: str, value: str, now: datetime) -> None:
    """Make `value` the member's first contact of this kind, not proven yet; none when empty."""
    rows = [row for row in identifiers_of(session, member.id) if row.kind == kind]
    known = [row.value for row in rows]
    if not value:
        gone = rows
    elif _is_taken(session, member, kind, value):
        gone = rows[: known.index(value)]  # it stood further down: it moves to the front
    elif rows:
        gone = []
        rows[0].value, rows[0].created_at, rows[0].verified_at = value, now, None
    else:
        gone = []
        _add(session, member, kind, value, "", now)
    for row in gone:
        session.delete(row)
    session.flush()


def _is_taken(session: Session, member: Member, kind: str, value: str, source: str = "") -> bool:
    """Whether the member has it already; `member_exists` when somebody else does."""
    holder = member_identified_by(session, member.program_id, kind, value, source)
    if holder is not None and holder.id != member.id:
        raise Refusal("member_exists")
    return holder is not None


def _add(
    session: Session, member: Member, kind: str, value: str, source: str, now: datetime
) -> None:
    session.add(
        Identifier(
            program_id=member.program_id,
            member_id=member.id,
            kind=kind,
            source=source,
            value=value,
            created_at=now,
            verified_at=None,
        )
    )
    session.flush()
