"""Staff: accounts, sign-in, and sessions that can be revoked."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.identify import clean_email, clean_name, is_clean
from wallet.actions.throttle import (
    SIGN_IN_PER_ADDRESS,
    SIGN_IN_PER_PERSON,
    count_attempt,
    forget_attempts,
)
from wallet.db import Database
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.tables.staff import Staff, StaffSession, session_with_hash, staff_with_email

ROLES = ("owner", "manager", "marketer", "cashier")
PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 200  # what argon2 may be made to read
SESSION_IDLE = timedelta(hours=12)  # a shift
SESSION_LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)  # how often a session's last use is written down
# Opened by a PIN at a till: the page locks earlier by itself; this is for one that was left or taken.
TILL_SESSION_IDLE = timedelta(minutes=15)
TILL_SEEN_EVERY = timedelta(minutes=1)

# OWASP's minimum: 23 ms and 19 MiB a check. The library's default (64 MiB, 170 ms) lets twelve
# sign-ins a second stop a two-core machine; no more than two run at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_hashing = threading.BoundedSemaphore(2)
_NOBODY = _hasher.hash(
    secrets.token_hex(16)
)  # checked for unknown people, so that both take as long


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a browser's session."""

    session_id: int
    staff_id: int
    program_id: int
    email: str
    name: str
    role: str
    locale: str
    store_id: int | None
    till_id: int | None = None  # the session was opened there by PIN and is good nowhere else

    @property
    def actor(self) -> Actor:
        """Who an entry says did it."""
        return Actor(
            f"staff:{self.staff_id}", self.role, "store", self.store_id, self.staff_id, self.name
        )


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A person to be given an account."""

    email: str
    name: str
    role: str
    password: str
    locale: str = "fr"
    store_id: int | None = None


def create_staff(session: Session, program_id: int, person: NewStaff, now: datetime) -> Staff:
    """An account with a role. E-mails are unique in the installation: they decide the program."""
    email = clean_email(person.email)
    if person.role not in ROLES:
        raise Refusal("role_unknown")
    if not PASSWORD_LENGTH_MIN <= len(person.password) <= PASSWORD_LENGTH_MAX:
        raise Refusal("password_too_short")
    if staff_with_email(session, email):
        raise Refusal("staff_exists")
    staff = Staff(
        id=new_id(),
        program_id=program_id,
        email=email,
        name=clean_name(person.name),
        role=person.role,
        locale=person.locale,
        password_hash=hash_secret(person.password),
        store_id=person.store_id,
        is_active=True,
        created_at=now,
    )
    session.add(staff)
    session.flush()
    return staff


def sign_in(database: Database, email: str, password: str, address: str, now: datetime) -> str:
    """The new session's token. `sign_in_failed` says no more than that; attempts are counted.

    The slow hash runs outside any transaction: on SQLite it would hold up every till.
    """
    who = email.strip().lower()[:254]
    database.run(lambda session: _count(session, who, address, now))
    with database.reading() as session:
        staff = staff_with_email(session, who) if is_clean(who) else None
    is_right = verify_secret(staff.password_hash if staff else "", password)
    if not (staff and is_right and staff.is_active):
        raise Refusal("sign_in_failed")
    return database.run(lambda session: _open(session, staff, who, now))


def signed_in(session: Session, token: str, now: datetime) -> SignedIn | None:
    """The person behind a session token; None when it is unknown, old or revoked."""
    row = session_with_hash(session, _token_hash(token))
    if row is None:
        return None
    opened, staff = row
    is_live = opened.revoked_at is None and opened.expires_at > now and staff.is_active
    idle = SESSION_IDLE if opened.till_id is None else TILL_SESSION_IDLE
    if not is_live or opened.seen_at + idle <= now:
        return None
    return _signed_in(opened, staff)


def _signed_in(opened: StaffSession, staff: Staff) -> SignedIn:
    return SignedIn(
        opened.id,
        staff.id,
        staff.program_id,
        staff.email,
        staff.name,
        staff.role,
        staff.locale,
        opened.store_id,
        opened.till_id,
    )


def is_to_be_renewed(session: Session, token: str, now: datetime) -> bool:
    """Whether the last use written down is long enough ago to write a newer one."""
    row = session_with_hash(session, _token_hash(token))
    if row is None:
        return False
    every = SEEN_EVERY if row[0].till_id is None else TILL_SEEN_EVERY
    return row[0].seen_at + every <= now


def renew_session(session: Session, token: str, now: datetime) -> None:
    """Write down that the session is in use."""
    row = session_with_hash(session, _token_hash(token))
    if row:
        row[0].seen_at = now


def choose_store(session: Session, token: str, store_id: int) -> None:
    """Work in this store from now on."""
    row = session_with_hash(session, _token_hash(token))
    if row:
        row[0].store_id = store_id


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End this session."""
    row = session_with_hash(session, _token_hash(token))
    if row and row[0].revoked_at is None:
        row[0].revoked_at = now


def _count(session: Session, who: str, address: str, now: datetime) -> None:
    count_attempt(session, SIGN_IN_PER_PERSON, who, now)
    count_attempt(session, SIGN_IN_PER_ADDRESS, address, now)


def open_session(
    session: Session,
    staff: Staff,
    now: datetime,
    ends_at: datetime,
    till: tuple[int, int] | None = None,
) -> tuple[str, SignedIn]:
    """A new session's token, and who it lets in. `till` is (till, store) where a PIN opened it."""
    till_id, store_id = till or (None, staff.store_id)
    token = secrets.token_urlsafe(32)
    opened = StaffSession(
        id=new_id(),
        staff_id=staff.id,
        token_hash=_token_hash(token),
        store_id=store_id,
        created_at=now,
        seen_at=now,
        expires_at=ends_at,
        revoked_at=None,
        till_id=till_id,
    )
    session.add(opened)
    session.flush()
    return token, _signed_in(opened, staff)


def _open(session: Session, staff: Staff, who: str, now: datetime) -> str:
    forget_attempts(session, SIGN_IN_PER_PERSON, who)
    return open_session(session, staff, now, now + SESSION_LONGEST)[0]


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def hash_secret(password: str) -> str:
    """Argon2id of a password or a PIN."""
    with _hashing:
        return _hasher.hash(password)


def verify_secret(secret_hash: str, secret: str) -> bool:
    """Whether the secret is the one behind the hash; as slow for nobody's (empty) hash."""
    if len(secret) > PASSWORD_LENGTH_MAX:
        return False
    try:
        with _hashing:
            return _hasher.verify(secret_hash or _NOBODY, secret.encode(errors="replace"))
    except (VerificationError, InvalidHashError):
        return False
