"""Screens before the shopper: paired to a till by a code, they show what it shows and take a yes or no."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.throttle import PAIRING_PER_ADDRESS, count_attempt
from wallet.actions.tills.confirm import answer_on_screen, open_at_till
from wallet.actions.tills.journal import Act, note_act
from wallet.actions.tills.pair import (
    CODE_LIFE,
    SEEN_EVERY,
    UNUSED_MAX,
    State,
    draw_code,
    plain_code,
    state_of,
    token_hash,
)
from wallet.context import context_of
from wallet.db import Database
from wallet.errors import Refusal
from wallet.ids import new_id, private_id, public_id
from wallet.tables.till import Till, till_with_id
from wallet.tables.till_screen import (
    TillFace,
    TillScreen,
    count_paired_screens,
    face_of_till,
    screen_with_id,
    screen_with_pairing,
    screen_with_token,
    screens_of_program,
    waiting_screen,
)

SCREENS_PER_TILL = 4  # both sides of a counter, twice; more are forgotten ones
FACE_LIFE = timedelta(seconds=45)  # three of the till's heartbeats: a till that is off shows nobody


@dataclass(frozen=True, slots=True)
class PairedScreen:
    """The screen behind a request. `is_open`: neither it nor its till was revoked or forgotten."""

    id: int
    program_id: int
    till_id: int
    is_open: bool
    is_stale: bool  # its last use is to be written down


@dataclass(frozen=True, slots=True)
class ScreenView:
    """A screen as managers see it."""

    id: str
    till_id: str
    state: State
    at: datetime | None
    has_code: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What a screen shows: `version` 0 and no face is the welcome."""

    version: int
    face: dict[str, Any] | None


def add_screen(
    session: Session, program: ProgramView, till_id: int, actor: Actor, now: datetime
) -> tuple[ScreenView, str]:
    """A screen of this till that waits for its device, and the code to type there; asked again while
    none has come, another code. `till_not_found`, `till_revoked`, `screens_too_many`."""
    till = till_with_id(session, program.id, till_id)
    if till is None:
        raise Refusal("till_not_found")
    if till.revoked_at is not None:
        raise Refusal("till_revoked")
    screen = waiting_screen(session, till.id)
    if screen is None:
        if count_paired_screens(session, till.id) >= SCREENS_PER_TILL:
            raise Refusal("screens_too_many", limit=SCREENS_PER_TILL)
        screen = TillScreen(
            id=new_id(),
            program_id=program.id,
            till_id=till.id,
            created_by=actor.label,
            created_at=now,
            revoked_by="",
        )
        session.add(screen)
    code = draw_code()
    screen.pairing_hash, screen.pairing_ends_at = _code_hash(session, code), now + CODE_LIFE
    session.flush()
    return _view(screen, now), code


def pair_screen(database: Database, code: str, address: str, now: datetime) -> str:
    """The device's token. `pairing_failed`, `too_many_attempts` as for tills, counted apart from them."""
    who = f"screen {address}"
    database.run(lambda session: count_attempt(session, PAIRING_PER_ADDRESS, who, now))
    return database.run(lambda session: _pair(session, code, now))


def screen_behind(session: Session, token: str, now: datetime) -> PairedScreen | None:
    """The screen whose cookie this is, also a revoked one; None when it was never one."""
    found = screen_with_token(session, token_hash(token))
    if found is None:
        return None
    screen, till = found
    seen = screen.seen_at or screen.created_at
    is_open = _state(screen, now) == "paired" and state_of(till, now) == "paired"
    return PairedScreen(
        screen.id, screen.program_id, screen.till_id, is_open, is_stale=now - seen >= SEEN_EVERY
    )


def note_screen_use(session: Session, screen_id: int, now: datetime) -> None:
    """Write down that a screen is in use."""
    session.get_one(TillScreen, screen_id).seen_at = now


def revoke_screen(
    session: Session, program: ProgramView, screen_id: int, actor: Actor, now: datetime
) -> None:
    """From the next request on it is refused. `screen_not_found`."""
    screen = _screen(session, program, screen_id)
    if screen.revoked_at is not None:
        return
    screen.revoked_at, screen.revoked_by = now, actor.label
    screen.pairing_hash = screen.pairing_ends_at = None
    note_act(
        session,
        program.id,
        Act("screen_revoke", till_id=screen.till_id, staff_id=actor.staff_id),
        now,
    )


def screens(session: Session, program: ProgramView, now: datetime) -> list[ScreenView]:
    """The screens of a program that were not revoked."""
    return [_view(screen, now) for screen in screens_of_program(session, program.id)]


def screen_seen(
    session: Session, program: ProgramView, screen_id: int, now: datetime
) -> ScreenView:
    """One screen, or `screen_not_found`."""
    return _view(_screen(session, program, screen_id), now)


def count_screens(session: Session, till_id: int) -> int:
    """How many devices show what this till shows."""
    return count_paired_screens(session, till_id)


def show_face(session: Session, till_id: int, face: dict[str, Any], now: datetime) -> int:
    """What the till shows from now on; how many screens there are. Without one nothing is kept."""
    count = count_paired_screens(session, till_id)
    if count == 0:
        return 0
    row = face_of_till(session, till_id, lock=True)
    if row is None:
        session.add(TillFace(id=new_id(), till_id=till_id, version=1, face=face, at=now))
    else:
        row.version += row.face != face
        row.face, row.at = face, now
    session.flush()
    return count


def face_shown(session: Session, screen: PairedScreen, now: datetime) -> Shown:
    """What the screen shows now: the welcome once its till has said nothing for `FACE_LIFE`."""
    row = face_of_till(session, screen.till_id)
    if row is None or now - row.at >= FACE_LIFE:
        return Shown(0, None)
    return Shown(row.version, row.face)


def answer_from_screen(
    session: Session, screen: PairedScreen, question: str, *, is_yes: bool, now: datetime
) -> None:
    """The shopper's tap: only on what the till of this screen asks now (`confirmation_over`), and as
    `answer_on_screen`."""
    program = program_view(session, screen.program_id)
    asked = open_at_till(session, program, screen.till_id, now)
    if asked is None or asked.id != question:
        raise Refusal("confirmation_over")
    number = private_id("cnf", question) or 0
    answer_on_screen(session, program, number, is_yes=is_yes, now=now)


def _screen(session: Session, program: ProgramView, screen_id: int) -> TillScreen:
    screen = screen_with_id(session, program.id, screen_id)
    if screen is None:
        raise Refusal("screen_not_found")
    return screen


def _pair(session: Session, code: str, now: datetime) -> str:
    plain = plain_code(code)
    screen = screen_with_pairing(session, _code_hash(session, plain)) if plain else None
    till = session.get(Till, screen.till_id) if screen else None
    if screen is None or till is None or till.revoked_at is not None:
        raise Refusal("pairing_failed")
    if screen.pairing_ends_at is None or screen.pairing_ends_at <= now:
        raise Refusal("pairing_failed")
    token = secrets.token_urlsafe(32)
    screen.token_hash = token_hash(token)
    screen.pairing_hash = screen.pairing_ends_at = None
    screen.paired_at = screen.seen_at = now
    act = Act("screen_pair", till_id=till.id, store_id=till.store_id)
    note_act(session, screen.program_id, act, now)
    session.flush()
    return token


def _state(screen: TillScreen, now: datetime) -> State:
    if screen.revoked_at is not None:
        return "revoked"
    if screen.token_hash is None:
        is_open = screen.pairing_ends_at is not None and screen.pairing_ends_at > now
        return "waiting" if is_open else "over"
    return "paired" if now - (screen.seen_at or screen.created_at) < UNUSED_MAX else "unused"


def _view(screen: TillScreen, now: datetime) -> ScreenView:
    state = _state(screen, now)
    return ScreenView(
        public_id("scr", screen.id),
        public_id("til", screen.till_id),
        state,
        screen.seen_at or screen.paired_at,
        state == "waiting",
    )


def _code_hash(session: Session, code: str) -> str:
    return context_of(session).vault.fingerprint(f"screen pairing:{code}")
