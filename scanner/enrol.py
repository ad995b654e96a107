"""Create now: somebody without a card joins at the till in seconds, and takes the card away by one scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from passes.qr import qr_svg
from scanner.bodies import Enrol, read_body
from scanner.guard import somebody_at_till
from scanner.till import CREATED, OK, hub_of
from wallet import clock
from wallet.actions.card_link import card_link_to_show
from wallet.actions.enrol import Enrolment
from wallet.actions.enrol_at_till import enrol_at_till
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.once import Ask, once
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.throttle import ENROLMENTS_PER_STAFF, count_attempt
from wallet.web.consents import consents_of
from wallet.web.locale import current_language
from wallet.web.security import staff, staff_actor
from wallet.web.wiring import write


@dataclass(frozen=True, slots=True)
class _Joined:
    """Who it is, and the address of the card to take away; None for somebody known already."""

    member: dict[str, Any]
    address: str | None
    repeated: bool


@somebody_at_till
def enrol_now() -> tuple[Response, int]:
    """POST /till/api/members: a new member and the code that hands over the card. Whoever has the
    address already is simply the member on the screen, as if the address had been looked up; their
    card is handed to nobody who only knows their address."""
    body = read_body(Enrol)
    now = clock.now()
    who = str(staff().staff_id)
    write(lambda session: count_attempt(session, ENROLMENTS_PER_STAFF, who, now))
    joined = write(lambda session: _join(session, body))
    card = joined.address and {"address": joined.address, "svg": qr_svg(joined.address)}
    answer = {"member": joined.member, "card": card, "repeated": joined.repeated}
    return jsonify(answer), CREATED if card and not joined.repeated else OK


def _join(session: Session, body: Enrol) -> _Joined:
    program = program_view(session, staff().program_id)
    ask = Ask(program.id, "till:members", body.request_id, body.model_dump(exclude={"request_id"}))
    now = clock.now()
    # The link is a secret: it is made anew for each answer and kept in none.
    answer = once(session, ask, now, lambda: _member(session, program, body))
    member = find_member(session, program, MemberRef(id=answer["member_id"]))
    address = card_link_to_show(session, member, now) if answer["is_new"] else None
    return _Joined(
        hub_of(session, program, answer["member_id"]), address, answer.get("repeated", False)
    )


def _member(session: Session, program: ProgramView, body: Enrol) -> dict[str, Any]:
    is_email = "@" in body.contact
    contact = body.contact.strip()
    enrolment = Enrolment(
        locale=current_language(),
        email=contact if is_email else "",
        phone="" if is_email else contact,
        name=body.name.strip(),
        consents={
            consent.purpose: consent.sentence
            for consent in consents_of(program)
            if consent.purpose in body.consents
        },
    )
    met = enrol_at_till(session, program, enrolment, staff_actor(), clock.now())
    return {"member_id": met.member_id, "is_new": met.is_new}
