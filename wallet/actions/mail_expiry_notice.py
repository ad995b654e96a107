"""The outbox's `expiry_notice` job: tell a member by e-mail what will be lost, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_date
from sqlalchemy.orm import Session

from wallet.actions.member_view import card_url
from wallet.actions.program_view import program_view
from wallet.actions.run_jobs import Handler
from wallet.db import Database
from wallet.mailer import Mailer
from wallet.rules.lots import last_day
from wallet.rules.spell import spell_quantity
from wallet.tables.expiry import notice_with_unit, remaining_at
from wallet.tables.member import identifiers_of, member_with_id, surviving

_SUBJECT = {
    "fr": "{amount} à utiliser avant leur échéance",
    "en": "{amount} to use before they expire",
}
_TEXT = {
    "fr": (
        "{hello},\n\n{amount} de votre carte {program} arrivent à échéance le {day}\u00a0: "
        "utilisez-les d’ici là.\n\nVotre carte\u00a0: {address}\n"
    ),
    "en": (
        "{hello},\n\n{amount} of your {program} card expire on {day}: "
        "please use them by then.\n\nYour card: {address}\n"
    ),
}
HELLO = {"fr": "Bonjour", "en": "Hello"}


@dataclass(frozen=True, slots=True)
class ExpiryMail:
    """What is to be sent, and to whom."""

    email: str
    subject: str
    text: str


def expiry_notice_handler(mailer: Mailer) -> Handler:
    """The handler that sends through `mailer`."""

    def _handle(database: Database, payload: Mapping[str, Any], now: datetime) -> None:
        with database.reading() as session:
            mail = expiry_mail(session, payload["notice_id"], now)
        if mail:
            mailer.send(mail.email, mail.subject, mail.text, now)

    return _handle


def expiry_mail(session: Session, notice_id: int, now: datetime) -> ExpiryMail | None:
    """The mail of a notice; None where there is no address or nothing is left to lose."""
    found = notice_with_unit(session, notice_id)
    if found is None:
        return None
    notice, unit_key = found
    quantity = remaining_at(session, notice.account_id, notice.expires_at)
    named = member_with_id(session, notice.program_id, notice.member_id)
    assert named is not None
    member = surviving(session, named)
    program = program_view(session, notice.program_id)
    contacts = {row.kind: row.value for row in reversed(identifiers_of(session, member.id))}
    unit = next((unit for unit in program.ruleset.units if unit.key == unit_key), None)
    is_due = quantity > 0 and notice.expires_at > now and member.status == "active"
    if not is_due or unit is None or "email" not in contacts:
        return None
    language = member.locale if member.locale in _TEXT else "en"
    facts = {
        "hello": f"{HELLO[language]} {member.name}" if member.name else HELLO[language],
        "amount": spell_quantity(unit, quantity, program.currency, language),
        "program": program.name,
        "day": format_date(last_day(notice.expires_at, program.time_zone), "long", locale=language),
        "address": card_url(session, program, member),
    }
    return ExpiryMail(
        contacts["email"], _SUBJECT[language].format(**facts), _TEXT[language].format(**facts)
    )
