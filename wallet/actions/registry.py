"""Fills `passes.registry.PassRegistry` from the tables: who holds which Apple pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from passes.apple.probe import PROBE_LOG_LINE, PROBE_TOKEN_PREFIX
from passes.registry import StoredPass
from wallet.actions.deliver_apple import APPLE_TAG
from wallet.actions.phone_notes import PhoneNotes
from wallet.db import Database
from wallet.ids import new_id
from wallet.tables.design import design_version
from wallet.tables.google import count_install, paid_sentence, take_sentence
from wallet.tables.program import program_with_id
from wallet.tables.wallet_pass import (
    Device,
    Registration,
    WalletPass,
    auth_token,
    changed_serials,
    device_with_library_id,
    forget_registration,
    last_in_sequence,
    pass_with_serial,
    registration_of,
)


class Registry:
    """The passes of every program of this installation, as Apple's web service asks for them."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self.notes = PhoneNotes(database)

    def token_of(self, serial: str) -> str | None:
        """The token of the Apple pass with this serial number."""
        with self._database.reading() as session:
            return auth_token(session, "apple", serial)

    def find(self, serial: str) -> StoredPass | None:
        """The Apple pass with this serial number."""
        with self._database.reading() as session:
            found = pass_with_serial(session, "apple", serial)
            return stored_pass(session, found) if found else None

    def fetched(self, serial: str, version: int) -> None:
        """A phone has this version of the pass."""
        self.notes.fetched(serial, version, self._now())

    def may_announce(self, serial: str, version: int) -> bool:
        """Reads mostly: only the first phone that takes the sentence writes that it was taken."""
        with self._database.reading() as session:
            found = paid_sentence(session, serial)
        if found is None or found.version != version:
            return False
        if not found.is_untaken:
            return True
        now = self._now()
        return self._database.run(lambda session: take_sentence(session, serial, version, now))

    def register(self, device: str, push_token: str, serial: str) -> bool:
        """True when the registration is new; a known one takes the new push token."""
        return self._database.run(
            lambda session: self._register(session, device, push_token, serial)
        )

    def unregister(self, device: str, serial: str) -> None:
        """Forget a registration, and count it: the card was taken off, or its updates switched off."""
        with self._database.transaction() as session:
            phone = device_with_library_id(session, device)
            found = pass_with_serial(session, "apple", serial)
            if not phone or not found or not forget_registration(session, phone.id, found.id):
                return
            if not phone.push_token.startswith(PROBE_TOKEN_PREFIX):
                day = f"{self._now():%Y-%m-%d}"
                count_install(session, found.program_id, "apple", "del", day)

    def updated_since(self, device: str, tag: int | None) -> tuple[int, Sequence[str]]:
        """Both answers come from one query, so from one snapshot.

        A tag that was never given (the database was put back from a backup) is worth none: else the
        phone would take everything that is numbered from here on for old.
        """
        with self._database.reading() as session:
            is_ours = tag is not None and tag <= last_in_sequence(session, APPLE_TAG)
            known = tag if tag is not None and is_ours else -1
            newest, serials = changed_serials(session, device, known)
        self.notes.came(device, serials, self._now())
        return newest, serials

    def log(self, messages: Sequence[str]) -> None:
        """Keep what phones complain of; not what the set-up test writes."""
        kept = [one for one in messages if one != PROBE_LOG_LINE]
        self.notes.complained(kept, self._now())

    def _register(self, session: Session, library_id: str, push_token: str, serial: str) -> bool:
        now = self._now()
        found = pass_with_serial(session, "apple", serial)
        if found is None:
            return False
        phone = device_with_library_id(session, library_id)
        if phone is None:
            phone = Device(
                id=new_id(),
                library_id=library_id,
                push_token=push_token,
                created_at=now,
                seen_at=now,
            )
            session.add(phone)
            session.flush()
        moved = phone.push_token != push_token and phone.silent_since is not None
        phone.push_token, phone.seen_at, phone.silent_since = push_token, now, None
        known = registration_of(session, phone.id, found.id)
        if known:
            known.renewed_at = now
            if moved:
                # What went to the old token never came: it is sent once more, to this phone alone.
                known.pushed_version = 0
                _make_due(found, now)
            return False
        if found.taken_version < found.wanted_version:
            # The card changed between download and registration, when nobody could be told. Only a
            # tag of its own leads the phone to it: it may have seen later ones of other cards.
            found.wanted_version += 1
            _make_due(found, now)
        session.add(
            Registration(
                device_id=phone.id, wallet_pass_id=found.id, created_at=now, renewed_at=now
            )
        )
        return True


def handed_out(wallet_pass: WalletPass) -> WalletPass:
    """The pass leaves as a file: a phone that registers for it has this version."""
    wallet_pass.taken_version = wallet_pass.wanted_version
    return wallet_pass


def _make_due(found: WalletPass, now: datetime) -> None:
    found.delivered_version = min(found.delivered_version, found.wanted_version - 1)
    found.next_attempt_at, found.attempts, found.is_urgent = now, 0, True
    found.waiting_since = found.waiting_since or now


def stored_pass(session: Session, found: WalletPass) -> StoredPass:
    """A row as `passes` wants it."""
    design = design_version(session, found.design_id)
    program = program_with_id(session, found.program_id)
    assert design is not None
    assert program is not None
    return StoredPass(
        serial=found.serial,
        auth_token=found.auth_token,
        card=found.card,
        design=design.document,
        tier_key=found.tier_key,
        modified_at=found.modified_at,
        program=program.slug,
        version=found.wanted_version,
        is_taken=found.taken_version >= found.wanted_version,
    )
