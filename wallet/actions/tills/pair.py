"""Pair a till: the console shows a code for minutes, the device that types it is that till from then on."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import clean_name
from wallet.actions.program_view import ProgramView
from wallet.actions.throttle import PAIRING_PER_ADDRESS, count_attempt
from wallet.actions.tills.journal import Act, note_act
from wallet.context import context_of
from wallet.db import Database
from wallet.errors import Refusal
from wallet.ids import CROCKFORD, new_id, public_id
from wallet.tables.till import Till, till_with_id, till_with_pairing, till_with_token, tills_of
from wallet.tables.till_hold import end_holds

CODE_LENGTH = 8  # 40 bits, for ten minutes and ten guesses: one in a hundred thousand million
CODE_LIFE = timedelta(minutes=10)  # from the console in the office to the counter
UNUSED_MAX = timedelta(days=30)  # a till that nobody used for so long has to be paired again
SEEN_EVERY = timedelta(minutes=5)  # how often a till's last use is written down
LOCK_MINUTES = (1, 2, 5, 10, 15)  # without a touch until the till asks who is there
LOCK_MINUTES_DEFAULT = 5

State = Literal["waiting", "over", "paired", "unused", "revoked"]


@dataclass(frozen=True, slots=True)
class PairedTill:
    """The till behind a request. `is_open`: neither revoked nor forgotten."""

    id: int
    program_id: int
    store_id: int
    name: str
    lock_minutes: int
    is_open: bool
    is_stale: bool  # its last use is to be written down


@dataclass(frozen=True, slots=True)
class TillView:
    """A till as managers see it. `at` is when it was revoked, else seen last, else paired."""

    id: str
    name: str
    store_id: int
    lock_minutes: int
    state: State
    has_code: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class NewTill:
    """What the console says of a till."""

    name: str
    store_id: int
    lock_minutes: int = LOCK_MINUTES_DEFAULT


def add_till(
    session: Session, program: ProgramView, new: NewTill, actor: Actor, now: datetime
) -> tuple[TillView, str]:
    """A till that waits for its device, and the code to type there. `till_name_missing`,
    `store_not_found`, `body_invalid` for a time until it locks that is not offered."""
    name = clean_name(new.name)
    if not name:
        raise Refusal("till_name_missing")
    if new.store_id not in {store.id for store in program.stores}:
        raise Refusal("store_not_found")
    if new.lock_minutes not in LOCK_MINUTES:
        raise Refusal("body_invalid", field="lock_minutes")
    till = Till(
        id=new_id(),
        program_id=program.id,
        store_id=new.store_id,
        name=name,
        lock_minutes=new.lock_minutes,
        created_by=actor.label,
        created_at=now,
        revoked_by="",
    )
    session.add(till)
    code = _new_code(session, till, now)
    return _view(till, now), code


def renew_code(
    session: Session, program: ProgramView, till_id: int, now: datetime
) -> tuple[TillView, str]:
    """Another code for a till: the device that uses it takes the place of the one before."""
    till = _till(session, program, till_id)
    code = _new_code(session, till, now)
    return _view(till, now), code


def pair(database: Database, code: str, address: str, now: datetime) -> tuple[str, Till]:
    """The device's token and its till. `pairing_failed` for a code that is wrong, old or used; who
    tries too often waits (`too_many_attempts`)."""
    database.run(lambda session: count_attempt(session, PAIRING_PER_ADDRESS, address, now))
    return database.run(lambda session: _pair(session, code, now))


def till_behind(session: Session, token: str, now: datetime) -> PairedTill | None:
    """The till whose cookie this is, also when it was revoked; None when it was never one."""
    till = till_with_token(session, token_hash(token))
    if till is None:
        return None
    seen = till.seen_at or till.paired_at or till.created_at
    return PairedTill(
        till.id,
        till.program_id,
        till.store_id,
        till.name,
        till.lock_minutes,
        is_open=till.revoked_at is None and now - seen < UNUSED_MAX,
        is_stale=now - seen >= SEEN_EVERY,
    )


def note_till_use(session: Session, till_id: int, now: datetime) -> None:
    """Write down that a till is in use."""
    session.get_one(Till, till_id).seen_at = now


def revoke_till(
    session: Session, program: ProgramView, till_id: int, actor: Actor, now: datetime
) -> TillView:
    """From the next request on it is refused; what it saved goes to a manager."""
    till = _till(session, program, till_id)
    till.pairing_hash = till.pairing_ends_at = None
    if till.revoked_at is None:
        till.revoked_at, till.revoked_by = now, actor.label
        end_holds(session, program.id, now, till_id=till.id)
        act = Act("revoke", till_id=till.id, store_id=till.store_id, staff_id=actor.staff_id)
        note_act(session, program.id, act, now)
    session.flush()
    return _view(till, now)


def state_of(till: Till, now: datetime) -> State:
    """In one word what a till is."""
    if till.revoked_at is not None:
        return "revoked"
    if till.token_hash is None:
        is_open = till.pairing_ends_at is not None and till.pairing_ends_at > now
        return "waiting" if is_open else "over"
    seen = till.seen_at or till.paired_at or till.created_at
    return "paired" if now - seen < UNUSED_MAX else "unused"


def tills(session: Session, program: ProgramView, now: datetime) -> list[TillView]:
    """Every till of the program, the newest first."""
    return [_view(till, now) for till in tills_of(session, program.id)]


def till_seen(session: Session, program: ProgramView, till_id: int, now: datetime) -> TillView:
    """One till, or `till_not_found`."""
    return _view(_till(session, program, till_id), now)


def draw_code() -> str:
    """A code to type, as people read it."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(CODE_LENGTH))


def spoken_code(code: str) -> str:
    """As it is shown: `K7PM-2XQ4`."""
    return f"{code[:4]}-{code[4:]}"


def _view(till: Till, now: datetime) -> TillView:
    return TillView(
        public_id("til", till.id),
        till.name,
        till.store_id,
        till.lock_minutes,
        state_of(till, now),
        till.pairing_ends_at is not None and till.pairing_ends_at > now,
        till.revoked_at or till.seen_at or till.paired_at,
    )


def _till(session: Session, program: ProgramView, till_id: int) -> Till:
    till = till_with_id(session, program.id, till_id)
    if till is None:
        raise Refusal("till_not_found")
    return till


def _new_code(session: Session, till: Till, now: datetime) -> str:
    if till.revoked_at is not None:
        raise Refusal("till_revoked")
    code = draw_code()
    till.pairing_hash = _code_hash(session, code)
    till.pairing_ends_at = now + CODE_LIFE
    session.flush()
    return code


def _pair(session: Session, code: str, now: datetime) -> tuple[str, Till]:
    plain = plain_code(code)
    till = till_with_pairing(session, _code_hash(session, plain)) if plain else None
    if till is None or till.pairing_ends_at is None or till.pairing_ends_at <= now:
        raise Refusal("pairing_failed")
    token = secrets.token_urlsafe(32)
    till.token_hash = token_hash(token)
    till.pairing_hash = till.pairing_ends_at = None
    till.paired_at = till.seen_at = now
    act = Act("pair", till_id=till.id, store_id=till.store_id)
    note_act(session, till.program_id, act, now)
    session.flush()
    return token, till


def plain_code(code: str) -> str:
    """What was meant: upper case, O is 0, I and L are 1, no dashes; empty when it cannot be one."""
    plain = code.upper().translate(str.maketrans("OIL", "011", "- \u2010\u2011\u2013"))
    is_code = len(plain) == CODE_LENGTH and all(char in CROCKFORD for char in plain)
    return plain if is_code else ""


def _code_hash(session: Session, code: str) -> str:
    """Keyed: forty bits behind a plain hash would be found by trying."""
    return context_of(session).vault.fingerprint(f"till pairing:{code}")


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
