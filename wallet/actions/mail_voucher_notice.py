"""The outbox's `voucher_notice` job: tell a member by e-mail which voucher can soon no longer be used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.dates import format_date
from sqlalchemy.orm import Session

from wallet.actions.mail_expiry_notice import HELLO, ExpiryMail
from wallet.actions.member_view import card_url
from wallet.actions.program_view import program_view
from wallet.actions.run_jobs import Handler
from wallet.db import Database
from wallet.mailer import Mailer
from wallet.rules.lots import last_day
from wallet.rules.voucher_code import spoken_voucher
from wallet.tables.member import Member, identifiers_of
from wallet.tables.reward import Voucher, reward_with_id

_SUBJECT = {
    "fr": "Votre bon «\u00a0{reward}\u00a0» à utiliser avant son échéance",
    "en": "Your voucher “{reward}” to use before it expires",
}
_TEXT = {
    "fr": (
        "{hello},\n\nVotre bon «\u00a0{reward}\u00a0» ({code}) chez {program} arrive à échéance le "
        "{day}\u00a0: utilisez-le d’ici là.\n\nVotre carte\u00a0: {address}\n"
    ),
    "en": (
        "{hello},\n\nYour voucher “{reward}” ({code}) at {program} expires on {day}: "
        "please use it by then.\n\nYour card: {address}\n"
    ),
}


def voucher_notice_handler(mailer: Mailer) -> Handler:
    """The handler that sends through `mailer`."""

    def _handle(database: Database, payload: Mapping[str, Any], now: datetime) -> None:
        with database.reading() as session:
            mail = voucher_mail(session, payload["voucher_id"], now)
        if mail:
            mailer.send(mail.email, mail.subject, mail.text, now)

    return _handle


def voucher_mail(session: Session, voucher_id: int, now: datetime) -> ExpiryMail | None:
    """The mail about a voucher; None where there is no address or it cannot be used any more."""
    voucher = session.get_one(Voucher, voucher_id)
    member = session.get_one(Member, voucher.member_id)
    reward = reward_with_id(session, voucher.program_id, voucher.reward_id)
    assert reward is not None
    contacts = {row.kind: row.value for row in reversed(identifiers_of(session, member.id))}
    ends_at = voucher.expires_at
    if voucher.status != "issued" or ends_at is None or ends_at <= now:
        return None
    if member.status != "active" or "email" not in contacts:
        return None
    program = program_view(session, voucher.program_id)
    language = member.locale if member.locale in _TEXT else "en"
    facts = {
        "hello": f"{HELLO[language]} {member.name}" if member.name else HELLO[language],
        "reward": program.text(reward.name, language),
        "code": spoken_voucher(voucher.code),
        "program": program.name,
        "day": format_date(last_day(ends_at, program.time_zone), "long", locale=language),
        "address": card_url(session, program, member),
    }
    return ExpiryMail(
        contacts["email"], _SUBJECT[language].format(**facts), _TEXT[language].format(**facts)
    )
