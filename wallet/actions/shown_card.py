"""What was shown at a till when a member was found, and whether that is enough to take value.

Between the scan and the tap on a reward a minute of talk may pass, longer than a rotating code lives.
So the scan is told as a sealed note that the till hands back; the time step itself is spent when
something is taken, under the member's lock, and therefore once.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy.orm import Session

from wallet.actions.apple_code import current_step
from wallet.actions.find_member import member_with_code
from wallet.actions.program_view import ProgramView
from wallet.actions.rotating_codes import read_rotating
from wallet.context import context_of
from wallet.errors import Refusal
from wallet.rules.member_code import is_genuine, parse_code
from wallet.rules.rotating_code import parse_rotating
from wallet.rules.spending import How, Proof, Proven, lacking
from wallet.tables.code_key import last_step, spend_step
from wallet.tables.member import Member

NOTE_LIFETIME = timedelta(minutes=5)  # a talk over the counter; then the card is scanned again
NOTE_LENGTH_MAX = 400  # characters
COUNTER = "store"  # the channel in which somebody stands there with a card, or without one

# static: the code that never changes; the others as of a rotating code (`rotating_codes.State`). The
# code on an iPhone turns with each taking: the newest is fresh, the ones before are old.
# voucher: no card at all, but the code of the voucher that came of the redemption `step`.
# none: the member was found without a code.
Kind = Literal["none", "static", "fresh", "old", "used", "closed", "voucher"]
_REFUSED: dict[Kind, str] = {
    "static": "code_must_be_fresh",
    "old": "code_too_old",
    "used": "code_used",
    "closed": "code_closed",
}
_NEEDED: dict[Proof, str] = {
    "code": "code_needed",
    "confirmation": "confirmation_needed",
    "approval": "approval_needed",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A genuine code of the member's card, and how much it proves. `step` is what a fresh one spends.

    `confirmed` is how the shopper said yes to this very spending, `is_approved` that a manager did.
    """

    kind: Kind
    step: int = 0
    confirmed: How = ""
    is_approved: bool = False


def shown_by(session: Session, program: ProgramView, text: str, now: datetime) -> Shown | None:
    """What a scanned or typed text proves; None when it is no code of a card. Refusals as of
    `find_member`."""
    if code := parse_rotating(text):
        reading = read_rotating(session, program, code, now)
        return Shown(reading.state, reading.step)
    if plain := parse_code(text):
        member = member_with_code(session, program, text)
        step = current_step(session, program, member, plain)
        if step is not None:
            return Shown("fresh", step)
        is_static = is_genuine(plain, program.id, program.keys)
        return Shown("static" if is_static else "old")
    return None


def note_of(session: Session, member: Member, shown: Shown, who: str, now: datetime) -> str:
    """The sealed note for a till: only for this member, only for `who` scanned it."""
    said = json.dumps([shown.kind, shown.step, int(now.timestamp())]).encode()
    sealed = context_of(session).vault.seal(said, _purpose(member, who))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def read_note(session: Session, member: Member, note: str, who: str, now: datetime) -> Shown | None:
    """What the note says; nothing when it is not one of ours, for this member and `who`. A fresh
    code of long ago is an old one."""
    try:
        sealed = base64.b64decode(note + "=" * (-len(note) % 4), altchars=b"-_", validate=True)
        said = context_of(session).vault.open(sealed, _purpose(member, who))
    except (ValueError, binascii.Error):
        return None
    kind, step, seconds = json.loads(said)
    if kind == "fresh" and now.timestamp() - seconds > NOTE_LIFETIME.total_seconds():
        kind = "old"
    return Shown(cast(Kind, kind), int(step))


def require_shown(
    session: Session,
    program: ProgramView,
    member: Member,
    taken: tuple[str, int],
    shown: Shown | None,
    spent: int | None = None,
) -> bool:
    """Refuse what the program's bands do not allow for taking so much: (unit, quantity).

    `code_needed`, `code_must_be_fresh`, `code_too_old`, `code_used`, `code_closed`,
    `confirmation_needed`, `approval_needed`. A fresh code is
    used up from here on, whether the band asked for it or not; without one the code on the iPhone turns
    all the same. `spent` is the step that this till's own hold used up, which is as fresh as it was
    then. Returns whether the code was fresh. The caller holds the member's lock.
    """
    shown = shown or Shown("none")
    if shown.kind == "voucher":
        shown = replace(shown, kind="none")
    is_fresh = shown.kind == "fresh"
    if is_fresh:
        is_fresh = shown.step == spent or spend_step(session, member.id, shown.step)
        shown = shown if is_fresh else replace(shown, kind="used")
    proven = Proven(shown.kind != "none", is_fresh, shown.confirmed, shown.is_approved)
    missing = lacking(program.ruleset.proof_for(*taken), proven)
    if missing == "fresh_code":
        raise Refusal(_REFUSED[shown.kind])
    if missing is not None:
        raise Refusal(_NEEDED[missing])
    if not is_fresh and program.ruleset.spending.asks_for_fresh:
        spend_step(session, member.id, last_step(session, member.id) + 1)
    return is_fresh


def _purpose(member: Member, who: str) -> str:
    return f"shown-card:{member.id}:{who}"
