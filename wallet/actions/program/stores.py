"""The stores of a program: opened, changed, closed, opened again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.identify import check_text, clean_name
from wallet.actions.program.changes import Change, Wish, begin_change, check_seen, note_change
from wallet.actions.program_view import touch_program
from wallet.errors import Refusal
from wallet.ids import new_id, public_id
from wallet.tables.program import Store, all_stores_of, store_with_id
from wallet.tables.staff import leave_store
from wallet.tables.till import tills_of

ADDRESS_LENGTH_MAX = 200  # characters: a long one in three lines
STORES_MAX = 2_000  # of one program


@dataclass(frozen=True, slots=True)
class StoreSaid:
    """What is said of a store. The position is in degrees WGS 84; both numbers or none."""

    name: str
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store as its merchant sees it. `tills` are those in use."""

    id: str
    said: StoreSaid
    is_open: bool
    tills: int


def stores_shown(session: Session, program_id: int) -> list[StoreRow]:
    """Every store, closed ones last."""
    tills = [till.store_id for till in tills_of(session, program_id) if till.revoked_at is None]
    rows = [
        StoreRow(public_id("sto", row.id), _said(row), row.is_open, tills.count(row.id))
        for row in all_stores_of(session, program_id)
    ]
    return sorted(rows, key=lambda row: not row.is_open)


def facts_of_store(said: StoreSaid, *, is_open: bool) -> dict[str, Any]:
    """Plain data, to be compared and written down."""
    return {
        "name": said.name,
        "address": said.address,
        "latitude": said.latitude,
        "longitude": said.longitude,
        "is_open": is_open,
    }


def add_store(session: Session, program_id: int, said: StoreSaid, wish: Wish) -> None:
    """`store_name_missing`, `body_invalid` (with the field), `position_invalid`, `stores_too_many`."""
    facts = facts_of_store(said, is_open=True)
    program = begin_change(session, program_id, wish, facts)
    if program is None:
        return
    if len(all_stores_of(session, program_id)) >= STORES_MAX:
        raise Refusal("stores_too_many")
    store = Store(id=new_id(), program_id=program_id, is_open=True, name="", address="")
    _keep(store, said)
    session.add(store)
    touch_program(program)
    change = Change("store.add", public_id("sto", store.id), store.name, {}, _facts(store))
    note_change(session, program_id, change, wish, facts)


def edit_store(
    session: Session, program_id: int, store_id: int, said: StoreSaid, wish: Wish
) -> None:
    """As `add_store`; `store_not_found`, `changed_meanwhile`."""
    facts = {**facts_of_store(said, is_open=True), "id": store_id}
    program = begin_change(session, program_id, wish, facts)
    if program is None:
        return
    store = _store(session, program_id, store_id)
    before = _facts(store)
    check_seen(wish, before)
    _keep(store, said)
    touch_program(program)
    change = Change("store.edit", public_id("sto", store.id), store.name, before, _facts(store))
    note_change(session, program_id, change, wish, facts)


def close_store(session: Session, program_id: int, store_id: int, wish: Wish) -> None:
    """Its cards and posters no longer name it; what was sold there stays. `store_has_tills` while
    tills stand in it, `store_is_last`, `store_not_found`."""
    _turn(session, program_id, store_id, wish, is_open=False)


def reopen_store(session: Session, program_id: int, store_id: int, wish: Wish) -> None:
    """As it was when it closed."""
    _turn(session, program_id, store_id, wish, is_open=True)


def _turn(session: Session, program_id: int, store_id: int, wish: Wish, *, is_open: bool) -> None:
    facts = {"id": store_id, "is_open": is_open}
    program = begin_change(session, program_id, wish, facts)
    if program is None:
        return
    store = _store(session, program_id, store_id)
    if store.is_open == is_open:
        return
    if not is_open:
        _check_can_close(session, store)
        leave_store(session, program_id, store_id)
    store.is_open = is_open
    touch_program(program)
    verb = "store.reopen" if is_open else "store.close"
    subject = public_id("sto", store.id)
    change = Change(verb, subject, store.name, {"is_open": not is_open}, {"is_open": is_open})
    note_change(session, program_id, change, wish, facts)


def _check_can_close(session: Session, store: Store) -> None:
    others = [
        other
        for other in all_stores_of(session, store.program_id)
        if other.is_open and other != store
    ]
    if not others:
        raise Refusal("store_is_last")
    for till in tills_of(session, store.program_id):
        if till.store_id == store.id and till.revoked_at is None:
            raise Refusal("store_has_tills")


def _keep(store: Store, said: StoreSaid) -> None:
    name = clean_name(said.name)
    if not name:
        raise Refusal("store_name_missing")
    check_text(said.address, "address", ADDRESS_LENGTH_MAX)
    _check_position(said.latitude, said.longitude)
    store.name, store.address = name, " ".join(said.address.split())
    store.latitude, store.longitude = said.latitude, said.longitude


def _check_position(latitude: float | None, longitude: float | None) -> None:
    if latitude is None and longitude is None:
        return
    if latitude is None or longitude is None:
        raise Refusal("position_invalid")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Refusal("position_invalid")


def _store(session: Session, program_id: int, store_id: int) -> Store:
    store = store_with_id(session, program_id, store_id)
    if store is None:
        raise Refusal("store_not_found")
    return store


def _said(store: Store) -> StoreSaid:
    return StoreSaid(store.name, store.address, store.latitude, store.longitude)


def _facts(store: Store) -> dict[str, Any]:
    return facts_of_store(_said(store), is_open=store.is_open)
