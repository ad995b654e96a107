"""What needs a manager at the till: taking back something of earlier, giving or taking by hand.

The manager types their PIN at the same till; the movement is theirs, the journal knows who stood there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from scanner.bodies import Adjust, ByManager, Movements, Reversal, read_body
from scanner.confirming import spot_here
from scanner.guard import somebody_at_till
from scanner.hub import changes
from scanner.till import CREATED, OK, hub_of
from wallet import clock
from wallet.actions.actor import Actor
from wallet.actions.adjust import Adjustment, adjust
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.member_file import member_file
from wallet.actions.once import Ask, once
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.reverse_entry import member_of_entry, reverse_entry
from wallet.actions.tills.journal import Act, note_act
from wallet.actions.tills.own_card import refuse_own_card
from wallet.actions.tills.pin import APPROVERS, prove_pin
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.rules.spell import spell_quantity
from wallet.web.locale import current_language
from wallet.web.present import channel_name, spell_time
from wallet.web.security import staff, staff_actor
from wallet.web.wiring import read, wiring, write

SHOWN_MAX = 5  # the last ones: what is older is looked at in the console


_NOBODY = ("demo", "key", "staff", "system", "self", "till", "cli")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: whose account, and what moved."""

    member_id: str
    entry_id: int
    unit: str
    quantity: int


@somebody_at_till
def movements() -> Response:
    """POST /till/api/movements: the member's last movements that could be taken back."""
    body = read_body(Movements)

    def _look(session: Session) -> list[dict[str, Any]]:
        program, language = program_view(session, staff().program_id), current_language()
        member = find_member(session, program, MemberRef(id=body.member_id))
        file = member_file(session, program, public_id("mbr", member.id), clock.now())
        undone = {line.reverses for line in file.lines}
        open_lines = [one for one in file.lines if one.is_reversible and one.id not in undone]
        return [
            {
                "id": line.id,
                "is_given": line.movement.quantity > 0,
                "quantity": spell_quantity(
                    program.ruleset.unit(line.movement.unit),
                    abs(line.movement.quantity),
                    program.currency,
                    language,
                ),
                "when": spell_time(line.movement.occurred_at, program.time_zone, language),
                "by": _who(line.by) or channel_name(line.movement.channel),
            }
            for line in open_lines[:SHOWN_MAX]
        ]

    return jsonify(movements=read(_look))


@somebody_at_till
def take_back() -> tuple[Response, int]:
    """POST /till/api/reversals: a movement is undone by the opposite one, with a reason."""
    body = read_body(Reversal)
    number = private_id("ent", body.entry_id) or 0

    def _work(session: Session, program: ProgramView, manager: Actor) -> Done:
        member = member_of_entry(session, program, number)
        refuse_own_card(session, member, manager)
        entry, *_ = reverse_entry(session, program, number, body.reason, manager, clock.now())
        return Done(public_id("mbr", member.id), entry.id, entry.unit, entry.quantity)

    return _by_manager(body, "reversal", {"entry_id": body.entry_id}, _work)


@somebody_at_till
def give_or_take() -> tuple[Response, int]:
    """POST /till/api/adjustments: up to what the manager's role may, with a reason the member reads."""
    body = read_body(Adjust)

    def _work(session: Session, program: ProgramView, manager: Actor) -> Done:
        member = find_member(session, program, MemberRef(id=body.member_id))
        refuse_own_card(session, member, manager)
        wanted = Adjustment(body.unit, body.quantity, body.reason)
        entry = adjust(session, program, member, wanted, manager, clock.now())
        return Done(body.member_id, entry.id, entry.unit, entry.quantity)

    facts = {"member_id": body.member_id, "unit": body.unit, "quantity": body.quantity}
    return _by_manager(body, "adjustment", facts, _work)


def _who(label: str) -> str:
    """The person's name; empty where it was none."""
    return "" if label.partition(":")[0] in _NOBODY else label


def _by_manager(
    body: ByManager,
    verb: str,
    facts: dict[str, Any],
    work: Callable[[Session, ProgramView, Actor], Done],
) -> tuple[Response, int]:
    if not body.reason.strip():
        raise Refusal("reason_missing")
    now = clock.now()
    number = private_id("stf", body.staff) or 0
    person = prove_pin(wiring().database, spot_here(), number, body.pin, now)
    if person.role not in APPROVERS:
        raise Refusal("approval_not_theirs")
    here = staff_actor()
    label = f"staff:{person.id}"
    manager = Actor(
        label, person.role, here.channel, here.store_id, person.id, person.name, here.till_id
    )

    def _do(session: Session) -> dict[str, Any]:
        program = program_view(session, staff().program_id)

        def _once() -> dict[str, Any]:
            done = work(session, program, manager)
            refuse_own_card(
                session, find_member(session, program, MemberRef(id=done.member_id)), here
            )
            moved = changes([(done.unit, done.quantity)])
            act = Act(
                verb,
                till_id=here.till_id,
                store_id=here.store_id,
                staff_id=here.staff_id,
                member_id=private_id("mbr", done.member_id),
                entry_id=done.entry_id,
                changes=moved,
                approved_by=person.id,
                reason=body.reason.strip(),
            )
            note_act(session, program.id, act, now)
            return {"changes": moved, "member_id": done.member_id, "undo": None}

        ask = Ask(program.id, f"till:{verb}", body.request_id, facts)
        answer = once(session, ask, now, _once)
        return {
            "repeated": False,
            **answer,
            "member": hub_of(session, program, answer["member_id"]),
        }

    answer = write(_do)
    return jsonify(answer), OK if answer["repeated"] else CREATED
