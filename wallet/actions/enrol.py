"""Enrol a member: in seconds, with one identifier."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.give_welcome import give_welcome
from wallet.actions.identify import check_external_id, clean_email, clean_name, clean_phone
from wallet.actions.index_member import index_member
from wallet.actions.note_profile import note_profile
from wallet.actions.program_view import ProgramView
from wallet.actions.refer import give_referral_code, note_referral
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.member_code import ID_BITS, make_code
from wallet.rules.tiers import standing
from wallet.tables.member import Consent, Identifier, Member, member_identified_by

NUMBER_DIGITS = (
    9  # a random number of a billion: short to read aloud, useless to guess for spending
)
_AGE_YEARS_MAX = 130
CLAIMED = "claimed"  # kind of an identifier that somebody said and somebody else has


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a shopper, a cashier or a shop says about a new member.

    `external_ids` are (source, id); `consents` maps a purpose (email, sms) to the words agreed to.
    `claimed` are (kind, value) that somebody else has: noted, but no one is found by them.
    """

    locale: str = ""
    email: str = ""
    phone: str = ""
    name: str = ""
    birthday: date | None = None
    external_ids: tuple[tuple[str, str], ...] = ()
    consents: Mapping[str, str] = field(default_factory=dict)
    claimed: Sequence[tuple[str, str]] = ()
    referral_code: str = ""  # of the member who sent this one; unknown ones are passed over


def enrol(
    session: Session, program: ProgramView, enrolment: Enrolment, actor: Actor, now: datetime
) -> Member:
    """A new member with a code and a number; `member_exists` when an identifier is taken."""
    wanted = _identifiers(program, enrolment)
    if not wanted and not enrolment.claimed:
        raise Refusal("identifier_missing")
    for kind, source, value in wanted:
        if member_identified_by(session, program.id, kind, value, source):
            raise Refusal("member_exists")
    member = _new_member(session, program, enrolment, actor, now)
    session.add(member)
    session.flush()
    wanted += [("code", "", member.code), ("number", "", member.number)]
    # The unique key is on (kind, source, value): each claims for themselves.
    wanted += [(CLAIMED, f"{kind}:{member.id}", value) for kind, value in enrolment.claimed]
    for kind, source, value in wanted:
        session.add(
            Identifier(
                program_id=program.id,
                member_id=member.id,
                kind=kind,
                source=source,
                value=value,
                created_at=now,
                verified_at=None,
            )
        )
    for purpose, wording in enrolment.consents.items():
        session.add(
            Consent(
                program_id=program.id,
                member_id=member.id,
                purpose=purpose,
                granted=True,
                wording=wording,
                source=actor.label,
                at=now,
            )
        )
    session.flush()
    _first_steps(session, program, member, enrolment, actor, now)
    return member


def _first_steps(
    session: Session,
    program: ProgramView,
    member: Member,
    enrolment: Enrolment,
    actor: Actor,
    now: datetime,
) -> None:
    """What a new member gets and is told from the first moment on."""
    index_member(session, member)
    give_referral_code(session, program, member, now)
    note_referral(session, program, member, enrolment.referral_code, now)
    give_welcome(session, program, member, actor, now)
    note_profile(session, program, member, actor, now)


def contacts_said(program: ProgramView, enrolment: Enrolment) -> list[tuple[str, str]]:
    """(kind, value in its normal form) of the e-mail address and the phone number, as far as said."""
    said = []
    if enrolment.email:
        said.append(("email", clean_email(enrolment.email)))
    if enrolment.phone:
        said.append(("phone", clean_phone(enrolment.phone, program.country)))
    return said


def _identifiers(program: ProgramView, enrolment: Enrolment) -> list[tuple[str, str, str]]:
    wanted = [(kind, "", value) for kind, value in contacts_said(program, enrolment)]
    for source, value in enrolment.external_ids:
        check_external_id(source, value)
        wanted.append(("external", source, value))
    return list(dict.fromkeys(wanted))  # said twice is said once


def _new_member(
    session: Session, program: ProgramView, enrolment: Enrolment, actor: Actor, now: datetime
) -> Member:
    version, key = program.signing_key
    tier = standing(program.ruleset, 0).tier
    return Member(
        id=new_id(),
        program_id=program.id,
        number=_free_number(session, program.id),
        code=make_code(program.id, key, version, secrets.randbits(ID_BITS)),
        name=clean_name(enrolment.name),
        locale=enrolment.locale if enrolment.locale in program.locales else program.locale,
        birthday=check_birthday(enrolment.birthday, now),
        tier_key=tier.key if tier else None,
        tier_since=now if tier else None,
        earned_tier_key=tier.key if tier else None,
        joined_at=now,
        joined_channel=actor.channel,
        joined_store_id=actor.store_id,
        joined_by=actor.label,
    )


def check_birthday(day: date | None, now: datetime) -> date | None:
    """The day, unless nobody alive can be born on it."""
    if day and not (now.year - _AGE_YEARS_MAX < day.year and day <= now.date()):
        raise Refusal("birthday_invalid")
    return day


def _free_number(session: Session, program_id: int) -> str:
    """A number that nobody has. The unique key settles the race for it; the transaction is tried again."""
    while True:
        number = f"{secrets.randbelow(9 * 10 ** (NUMBER_DIGITS - 1)) + 10 ** (NUMBER_DIGITS - 1)}"
        if not member_identified_by(session, program_id, "number", number):
            return number
