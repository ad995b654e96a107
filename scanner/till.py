"""The till's verbs: look up, record a sale, redeem, undo. Each parses, calls actions, answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from scanner.bodies import Did, Lookup, Redeem, Sale, Undo, UseVoucher, read_body
from scanner.confirming import credit_wanted, proof, reward_wanted
from scanner.guard import somebody_at_till
from scanner.hub import activity_at_till, changes, grouped, hub, reward_line
from scanner.noting import noted
from wallet import clock
from wallet.actions.find_member import (
    CHOICES_MAX,
    MemberRef,
    find_member,
    is_too_short,
    look_up,
)
from wallet.actions.member_view import member_view
from wallet.actions.once import Ask, once
from wallet.actions.pay_with_credit import Payment, pay_with_credit
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.record_activity import ActivityFacts, record_activity
from wallet.actions.record_purchase import PurchaseFacts, record_purchase, suspect_repeat
from wallet.actions.redeem import Taking, redeem
from wallet.actions.redeem_often import OFTEN
from wallet.actions.reverse_entry import member_of_entry, undo_own
from wallet.actions.rotating_codes import count_miss
from wallet.actions.shown_card import Shown, note_of, shown_by
from wallet.actions.throttle import (
    UNKNOWN_CODES_PER_STAFF,
    count_attempt,
    refuse_when_spent,
)
from wallet.actions.tills.book_reward import refuse_booked
from wallet.actions.tills.confirm import voucher_wanted
from wallet.actions.tills.flags import flag_refused
from wallet.actions.tills.hold import holds_on
from wallet.actions.tills.own_card import is_own_card
from wallet.actions.undo import undo_purchase
from wallet.actions.unuse_voucher import unuse_voucher
from wallet.actions.use_hold import Cover
from wallet.actions.use_voucher import Use, use_voucher
from wallet.actions.voucher_state import voucher_state
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.rules.voucher_code import parse_voucher_code
from wallet.web.locale import current_language
from wallet.web.security import staff, staff_actor
from wallet.web.wiring import read, write

CREATED = 201
OK = 200
SOURCE = "till"  # of purchases recorded here; their external id is the request id
_GUESSES = ("code_not_ours", "code_unknown", "voucher_unknown")

Work = Callable[[Session, ProgramView], dict[str, Any]]


@somebody_at_till
def find() -> Response:
    """POST /till/api/lookup: `{"member": hub}`, with `"voucher"` when the code was a voucher's, or
    `{"choices": […], "more": …}` when several fit, and perhaps more than are shown. With a code also
    `"shown": {"code": …, "note": …}`: what the scan proves, for taking rewards."""
    body = read_body(Lookup)
    who = str(staff().staff_id)
    now = clock.now()
    read(lambda session: refuse_when_spent(session, UNKNOWN_CODES_PER_STAFF, who, now))
    try:
        return jsonify(read(lambda session: _found(session, body)))
    except Refusal as refusal:
        if refusal.code in _GUESSES:
            write(lambda session: _count_guess(session, body.query or "", now))
        raise


@somebody_at_till
def record_sale() -> tuple[Response, int]:
    """POST /till/api/purchases: the points that a sale gives; asks when it looks like a repeat."""
    body = read_body(Sale)

    def _work(session: Session, program: ProgramView) -> dict[str, Any]:
        member = find_member(session, program, MemberRef(id=body.member_id))
        if not body.confirm_repeat:
            suspect_repeat(session, member, body.amount_minor, clock.now())
        if body.credit_minor is not None:
            # Before the sale, which then knows what of it was paid with credit.
            wanted = credit_wanted(program, body.request_id, body.credit_minor)
            shown = proof(session, program, body.member_id, body.shown, wanted)
            sale = (SOURCE, body.request_id)
            payment = Payment(body.credit_minor, body.amount_minor, sale, shown)
            pay_with_credit(session, program, member, payment, staff_actor(), clock.now())
        facts = PurchaseFacts(
            source=SOURCE,
            external_id=body.request_id,
            channel="store",
            amount_minor=body.amount_minor,
            currency=program.currency,
            items=[line.model_dump(exclude_defaults=True) for line in body.items],
            receipt=body.receipt,
            found_by=body.found_by,
            is_visit=True,
        )
        recorded = record_purchase(session, program, member, facts, staff_actor(), clock.now())
        return {
            "changes": changes((entry.unit, entry.quantity) for entry in recorded.entries),
            # A visit that gave nothing leaves nothing to take back.
            "undo": {"purchase_id": public_id("pur", recorded.purchase.id)}
            if body.amount_minor or recorded.entries
            else None,
            "member_id": body.member_id,
        }

    facts = body.model_dump(
        include={"member_id", "amount_minor", "credit_minor", "items", "receipt"},
        exclude_defaults=True,
    )
    return _once("purchases", body.request_id, facts, _work)


@somebody_at_till
def redeem_reward() -> tuple[Response, int]:
    """POST /till/api/redemptions: a reward for points."""
    body = read_body(Redeem)

    def _work(session: Session, program: ProgramView) -> dict[str, Any]:
        member = find_member(session, program, MemberRef(id=body.member_id))
        refuse_booked(session, program, member, body.request_id)
        wanted = reward_wanted(program, body.request_id, body.reward_id)
        shown = proof(session, program, body.member_id, body.shown, wanted)
        cover = Cover(body.hold, body.request_id) if body.hold else None
        taking = Taking(shown=shown, cover=cover)
        redeemed = redeem(
            session, program, member, body.reward_id, staff_actor(), clock.now(), taking
        )
        return {
            "changes": changes([(redeemed.entry.unit, redeemed.entry.quantity)]),
            "undo": {"entry_id": public_id("ent", redeemed.entry.id)},
            "reward": reward_line(program, redeemed.reward, current_language()),
            "member_id": body.member_id,
        }

    facts = {"member_id": body.member_id, "reward_id": body.reward_id}
    return _once("redemptions", body.request_id, facts, _work)


@somebody_at_till
def spend_voucher() -> tuple[Response, int]:
    """POST /till/api/vouchers: a voucher is used, once in whichever channel it is shown first."""
    body = read_body(UseVoucher)

    def _work(session: Session, program: ProgramView) -> dict[str, Any]:
        _, member = voucher_state(session, program, body.code, clock.now())
        member_id = public_id("mbr", member.id)
        wanted = voucher_wanted(session, program, body.request_id, body.code, clock.now())
        shown = proof(session, program, member_id, body.shown, wanted)
        use = Use(body.request_id, bill_minor=body.bill_minor, is_listed=True, shown=shown)
        used = use_voucher(session, program, body.code, use, staff_actor(), clock.now())
        return {
            "changes": [],
            "undo": {"voucher": used.voucher.code},
            "reward": reward_line(program, used.reward, current_language()),
            "worth_minor": used.worth_minor,
            "member_id": public_id("mbr", used.member.id),
        }

    facts = {"code": body.code, "bill": body.bill_minor}
    return _once("vouchers", body.request_id, facts, _work)


@somebody_at_till
def note_activity() -> tuple[Response, int]:
    """POST /till/api/activities: an own cup, a bag brought back: what the rules let tills note."""
    body = read_body(Did)

    def _work(session: Session, program: ProgramView) -> dict[str, Any]:
        rule = activity_at_till(program, body.kind)
        member = find_member(session, program, MemberRef(id=body.member_id))
        facts = ActivityFacts(rule.activity, SOURCE, body.request_id)
        done = record_activity(session, program, member, facts, staff_actor(), clock.now())
        first = done.entries[0] if done.entries else None
        return {
            "changes": changes((entry.unit, entry.quantity) for entry in done.entries),
            "undo": {"entry_id": public_id("ent", first.id)} if first else None,
            "activity": program.text(rule.name, current_language()),
            "member_id": body.member_id,
        }

    facts = {"member_id": body.member_id, "kind": body.kind}
    return _once("activities", body.request_id, facts, _work)


@somebody_at_till
def undo() -> tuple[Response, int]:
    """POST /till/api/undo: an own act of the last ten minutes, taken back whole."""
    body = read_body(Undo)

    def _work(session: Session, program: ProgramView) -> dict[str, Any]:
        if body.purchase_id is not None:
            number = private_id("pur", body.purchase_id)
            member, entries = undo_purchase(
                session, program, number or 0, staff_actor(), clock.now()
            )
        elif body.voucher is not None:
            member = unuse_voucher(session, program, body.voucher, staff_actor(), clock.now())
            entries = []
        else:
            number = private_id("ent", body.entry_id or "") or 0
            entries = undo_own(session, program, number, staff_actor(), clock.now())
            member = member_of_entry(session, program, number)
        return {
            "changes": changes((entry.unit, entry.quantity) for entry in entries),
            "member_id": public_id("mbr", member.id),
        }

    facts = body.model_dump(exclude={"request_id"}, exclude_none=True)
    return _once("undo", body.request_id, facts, _work)


def _found(session: Session, body: Lookup) -> dict[str, Any]:
    program = program_view(session, staff().program_id)
    if body.member_id is not None:
        return {"member": hub_of(session, program, body.member_id)}
    query = body.query or ""
    code = parse_voucher_code(query)
    if code and (waiting := _voucher(session, program, code)):
        return waiting
    found = look_up(session, program, query)
    if not found and code and any(char.isdigit() for char in query):
        raise Refusal("voucher_unknown")  # a name may look like one, but has no digits
    if not found and is_too_short(query):
        raise Refusal("query_too_short")
    if len(found) == 1:
        member = hub_of(session, program, public_id("mbr", found[0].id))
        if shown := shown_by(session, program, query, clock.now()):
            note = note_of(session, found[0], shown, staff_actor().label, clock.now())
            return {"member": member, "shown": {"code": shown.kind, "note": note}}
        return {"member": member}
    return {
        "choices": [
            {
                "id": public_id("mbr", member.id),
                "name": member.name,
                "number": grouped(member.number),
            }
            for member in found
        ],
        "more": len(found) == CHOICES_MAX,
    }


def _count_guess(session: Session, query: str, now: datetime) -> None:
    """A code that is not ours: whoever tries many is stopped, and the card they are aimed at guarded."""
    count_miss(session, program_view(session, staff().program_id), query, now)
    count_attempt(session, UNKNOWN_CODES_PER_STAFF, str(staff().staff_id), now)


def _voucher(session: Session, program: ProgramView, code: str) -> dict[str, Any] | None:
    """Whose voucher it is, None for nobody's; the refusal that using it would meet, when it cannot
    be used."""
    try:
        state, member = voucher_state(session, program, code, clock.now())
    except Refusal:
        return None
    if state.obstacle is not None:
        when = {"used_at": state.used_at} if state.used_at else {}
        raise Refusal(state.obstacle, **when)
    shown = Shown("voucher", state.redemption_id)
    return {
        "member": hub_of(session, program, public_id("mbr", member.id)),
        "voucher": code,
        "shown": {
            "code": shown.kind,
            "note": note_of(session, member, shown, staff_actor().label, clock.now()),
        },
    }


def hub_of(session: Session, program: ProgramView, member_id: str) -> dict[str, Any]:
    """The member as the till shows them now."""
    member = find_member(session, program, MemberRef(id=member_id))
    view = member_view(session, program, member, clock.now())
    own = is_own_card(session, member, staff().staff_id)
    holds = holds_on(session, program, view, staff_actor(), clock.now())
    return {**hub(program, view, current_language(), holds), "own_card": own}


def _once(verb: str, request_id: str, facts: dict[str, Any], work: Work) -> tuple[Response, int]:
    """Do it once for this request id; the member in the answer is always as it is now."""

    def _do(session: Session) -> dict[str, Any]:
        program = program_view(session, staff().program_id)
        ask = Ask(program.id, f"till:{verb}", request_id, facts)
        answer = once(
            session,
            ask,
            clock.now(),
            lambda: noted(session, program, ask, facts, work(session, program)),
        )
        member = hub_of(session, program, answer["member_id"])
        return {"repeated": False, **answer, "member": member}

    try:
        answer = write(_do)
    except Refusal as refusal:
        if refusal.code in OFTEN:
            code, member_id = refusal.code, refusal.facts["member_id"]
            write(lambda session: _flag(session, code, member_id))
        raise
    return jsonify(answer), OK if answer["repeated"] else CREATED


def _flag(session: Session, code: str, member_id: str) -> None:
    """A limit was met: nothing of the act is written, but a manager sees it."""
    program = program_view(session, staff().program_id)
    flag_refused(session, program, code, member_id, staff_actor(), clock.now())
