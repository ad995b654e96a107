"""Keys of web shops: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.db import Database
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.prepared import Question
from wallet.tables.staff import (
    ApiKey,
    key_asked,
    key_called,
    key_with_hash,
    keys_of,
    valid_key,
    valid_key_id,
)

KEY_ROLES = ("shop",)
KEY_PREFIX = "ck_live_"  # lets secret scanners recognise a leaked key
KNOWN_FOR = timedelta(minutes=1)  # how long a key passes for valid where a transaction asks again
USED_EVERY = timedelta(minutes=5)  # how often a key's last use is written down


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """The shop behind a valid key."""

    key_id: int
    program_id: int
    role: str
    name: str
    is_stale: bool  # its last use was written down long ago
    secret_hash: str

    @property
    def actor(self) -> Actor:
        """Who an entry says did it."""
        return Actor(f"key:{self.key_id}", self.role, "online", name=self.name)


def create_key(session: Session, program_id: int, role: str, name: str, now: datetime) -> str:
    """A new key. This is the only time that it can be read."""
    if role not in KEY_ROLES:
        raise Refusal("role_unknown")
    key_id = new_id()
    key = f"{KEY_PREFIX}{secrets.token_urlsafe(32)}"
    session.add(
        ApiKey(
            id=key_id,
            program_id=program_id,
            name=name or f"{role}-{key_id}",
            role=role,
            secret_hash=_hash(key),
            created_at=now,
            used_at=None,
            revoked_at=None,
        )
    )
    session.flush()
    return key


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as its owner sees it; the secret itself cannot be seen again."""

    name: str
    role: str
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def api_keys(session: Session, program_id: int) -> list[KeyView]:
    """The keys of a program, the oldest first."""
    return [
        KeyView(key.name, key.role, key.created_at, key.used_at, key.revoked_at)
        for key in keys_of(session, program_id)
    ]


def revoke_key(session: Session, program_id: int, name: str, now: datetime) -> None:
    """Refused from the next call on; again is the same. `key_not_found`."""
    key = key_called(session, program_id, name)
    if key is None:
        raise Refusal("key_not_found")
    key.revoked_at = key.revoked_at or now


def key_holder(database: Database, key: str, now: datetime) -> KeyHolder | None:
    """Who holds this key; None when it is unknown or revoked, from the next call on."""
    secret_hash = _hash(key)
    row = valid_key(database, secret_hash)
    if row is None:
        return None
    key_id, program_id, role, name, used_at = row
    is_stale = used_at is None or used_at + USED_EVERY <= now
    return KeyHolder(key_id, program_id, role, name, is_stale, secret_hash)


class KnownKeys:
    """Whose keys were valid a moment ago, in this process's memory.

    That is enough to begin with, for whoever makes sure within the transaction that writes (`make_sure`):
    one round trip less for each sale, and a key that was revoked writes nothing from then on.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[KeyHolder, datetime]] = {}

    def holder(self, key: str, now: datetime) -> KeyHolder | None:
        """Who held this key when it was last looked up, unless that is too long ago."""
        found = self._known.get(_hash(key))
        if found is None:
            return None
        holder, at = found
        return holder if timedelta() <= now - at < KNOWN_FOR else None

    def remember(self, holder: KeyHolder, now: datetime) -> None:
        """The key was valid at this moment."""
        self._known[holder.secret_hash] = replace(holder, is_stale=False), now


def sure_asked(holder: KeyHolder) -> Question:
    """What `make_sure` asks."""
    return key_asked(holder.secret_hash)


def make_sure(session: Session, holder: KeyHolder) -> None:
    """`unauthorized` when the key was revoked since it was looked up."""
    if valid_key_id(session, holder.secret_hash) != holder.key_id:
        raise Refusal("unauthorized")


def note_key_use(session: Session, key: str, now: datetime) -> None:
    """Write down that the key is in use."""
    row = key_with_hash(session, _hash(key))
    if row:
        row.used_at = now


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()
