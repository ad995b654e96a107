"""A card for nobody: made for the set-up test, changed once, and gone without a trace."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.member_view import member_view
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_card import refresh_card
from wallet.ids import new_id
from wallet.rules.member_code import ID_BITS, make_code
from wallet.tables.member import TRIAL, Member
from wallet.tables.trial import delete_trial, trial_members

LEFT_BEHIND = timedelta(minutes=15)  # longer than any test; what is older was killed
_NAMES = ("Test", "Test ✓")  # before and after the change


@dataclass(frozen=True, slots=True)
class TrialCard:
    """The member of a test, and where the card is."""

    member_id: int
    card_url: str


def make_trial_card(session: Session, program: ProgramView, now: datetime) -> TrialCard:
    """A member without identifiers, welcome or ledger, whom no list and no figure knows. Also clears
    away what a killed test left."""
    drop_trial_cards(session, trial_members(session, now - LEFT_BEHIND))
    version, key = program.signing_key
    member = Member(
        id=new_id(),
        program_id=program.id,
        number=f"0{secrets.randbelow(10**8):08}",  # real numbers do not begin with 0
        code=make_code(program.id, key, version, secrets.randbits(ID_BITS)),
        name=_NAMES[0],
        locale=program.locale,
        status=TRIAL,
        birthday=None,
        tier_key=None,
        tier_since=None,
        earned_tier_key=None,
        joined_at=now,
        joined_channel="console",
        joined_store_id=None,
        joined_by="trial",
    )
    session.add(member)
    session.flush()
    return TrialCard(member.id, member_view(session, program, member, now).card_url)


def change_trial_card(
    session: Session, program: ProgramView, card: TrialCard, now: datetime
) -> bool:
    """Let the card say something else, as a sale would."""
    member = session.get(Member, card.member_id)
    if member is None or member.status != TRIAL:
        return False
    member.name = _NAMES[1]
    return refresh_card(session, program, member, now)


def drop_trial_cards(session: Session, member_ids: list[int], device: str = "") -> None:
    """Take the members, their passes and the phone of the test away again."""
    delete_trial(session, member_ids, device)
