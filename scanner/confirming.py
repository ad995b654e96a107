"""What a spending waits for: the shopper's yes, and where the program wants it a manager's PIN.

The page asks under the request id of the spending itself (`POST confirmations`), shows the question to
the shopper, follows it (`GET confirmations/ID`), and then simply sends the spending.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from scanner.bodies import Answer, Approval, Confirm, read_body
from scanner.guard import somebody_at_till
from scanner.people import role_words
from wallet import clock
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.pay_with_credit import credit_unit
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.redeem import find_reward
from wallet.actions.shown_card import Shown, read_note
from wallet.actions.tills.confirm import (
    Asked,
    Wanted,
    answer_by_pin,
    answer_on_screen,
    approve,
    ask_shopper,
    confirmation_asked,
    open_at_till,
    spell_wanted,
    voucher_wanted,
    with_word,
)
from wallet.actions.tills.pin import Spot, approvers_of, spot_of
from wallet.ids import private_id, public_id
from wallet.web.locale import current_language
from wallet.web.security import staff, staff_actor
from wallet.web.tills import current_till
from wallet.web.wiring import read, wiring, write

CREATED = 201


@somebody_at_till
def ask() -> tuple[Response, int]:
    """POST /till/api/confirmations: the question to the shopper; the same id asks it once."""
    body = read_body(Confirm)

    def _ask(session: Session) -> dict[str, Any]:
        program = program_view(session, staff().program_id)
        member = find_member(session, program, MemberRef(id=body.member_id))
        wanted = _wanted(session, program, body)
        shown = note_shown(session, program, body.member_id, body.shown)
        actor, now = staff_actor(), clock.now()
        return question(program, ask_shopper(session, program, member, wanted, shown, actor, now))

    return jsonify(confirmation=write(_ask)), CREATED


@somebody_at_till
def follow(confirmation_id: str) -> Response:
    """GET /till/api/confirmations/ID: how the question stands."""
    number = private_id("cnf", confirmation_id) or 0

    def _look(session: Session) -> dict[str, Any]:
        program = program_view(session, staff().program_id)
        return question(program, confirmation_asked(session, program, number, clock.now()))

    return jsonify(confirmation=read(_look))


@somebody_at_till
def open_question() -> Response:
    """GET /till/api/confirmations/open: what the shopper before this till is asked now, or null."""
    till = current_till()

    def _look(session: Session) -> dict[str, Any] | None:
        program = program_view(session, staff().program_id)
        found = open_at_till(session, program, till.id, clock.now()) if till else None
        return question(program, found) if found else None

    return jsonify(confirmation=read(_look))


@somebody_at_till
def answer(confirmation_id: str) -> Response:
    """POST /till/api/confirmations/ID/answer: what the shopper said on the shop's screen, or by PIN."""
    body = read_body(Answer)
    number, now = private_id("cnf", confirmation_id) or 0, clock.now()
    program = read(lambda session: program_view(session, staff().program_id))
    is_yes = body.answer == "yes"
    if is_yes and body.pin is not None:
        said = answer_by_pin(wiring().database, program, number, body.pin, now)
    else:
        said = write(
            lambda session: answer_on_screen(session, program, number, is_yes=is_yes, now=now)
        )
    return jsonify(confirmation=question(program, said))


@somebody_at_till
def allow(confirmation_id: str) -> Response:
    """POST /till/api/confirmations/ID/approval: a manager's word by their PIN, with a reason."""
    body = read_body(Approval)
    program = read(lambda session: program_view(session, staff().program_id))
    manager = (spot_here(), private_id("stf", body.staff) or 0, body.pin)
    number = private_id("cnf", confirmation_id) or 0
    said = approve(wiring().database, program, number, manager, body.reason, clock.now())
    return jsonify(confirmation=question(program, said))


@somebody_at_till
def approvers() -> Response:
    """GET /till/api/approvers: who can allow what a cashier may not do alone."""
    found = read(lambda session: approvers_of(session, staff().program_id))
    names = role_words()
    return jsonify(
        people=[
            {"id": public_id("stf", one.id), "name": one.name, "role": names[one.role]}
            for one in found
        ]
    )


def spot_here() -> Spot:
    """Where a PIN is typed now."""
    till = current_till()
    return spot_of(till) if till else Spot(staff().program_id, f"staff:{staff().staff_id}")


def note_shown(
    session: Session, program: ProgramView, member_id: str, note: str | None
) -> Shown | None:
    """What the scan proved, by the note that the page hands back."""
    if note is None:
        return None
    member = find_member(session, program, MemberRef(id=member_id))
    return read_note(session, member, note, staff_actor().label, clock.now())


def proof(
    session: Session,
    program: ProgramView,
    member_id: str,
    note: str | None,
    wanted: Wanted,
) -> Shown | None:
    """What the scan proved, with the shopper's yes and the manager's word for this spending."""
    member = find_member(session, program, MemberRef(id=member_id))
    shown = note_shown(session, program, member_id, note)
    return with_word(session, program, member, wanted, shown, clock.now())


def reward_wanted(program: ProgramView, request_id: str, reward_id: str) -> Wanted:
    """A reward that the member takes."""
    reward = find_reward(program, reward_id)
    return Wanted(request_id, reward.unit, reward.cost, reward_id, reward.name)


def credit_wanted(program: ProgramView, request_id: str, credit_minor: int) -> Wanted:
    """Store credit that pays."""
    return Wanted(request_id, credit_unit(program), credit_minor, "", {})


def question(program: ProgramView, asked: Asked) -> dict[str, Any]:
    """The question as tills and screens show it."""
    language = current_language()
    store = next((store.name for store in program.stores if store.id == asked.store_id), "")
    return {
        "id": asked.id,
        "state": asked.state,
        "how": asked.how,
        "needs": asked.needs,
        "member": asked.member_name,
        "reward": program.text(asked.name, language) if asked.name else "",
        "quantity": spell_wanted(program, asked, language),
        "place": " · ".join(part for part in (program.name, store) if part),
        "seconds_left": asked.seconds_left,
        "has_pin": asked.has_pin,
        "screen_may": asked.screen_may,
        "approved_by": asked.approved_by,
    }


def _wanted(session: Session, program: ProgramView, body: Confirm) -> Wanted:
    if body.reward_id is not None:
        return reward_wanted(program, body.request_id, body.reward_id)
    if body.credit_minor is not None:
        return credit_wanted(program, body.request_id, body.credit_minor)
    return voucher_wanted(session, program, body.request_id, body.voucher or "", clock.now())
