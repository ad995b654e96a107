"""Limits on how often rewards are handed out at tills: by card, by person, by till."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.program_view import ProgramView
from wallet.actions.throttle import Limit, count_attempt, refuse_when_spent
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.rules.redemption_limits import card_rests_until
from wallet.tables.taken import handed_out_since
from wallet.tables.till_hold import count_live, live_holds

# The limits that only a manager goes beyond, by the code of their refusal.
OFTEN = frozenset({"card_used_often", "staff_redeems_often", "till_redeems_often"})


def refuse_often(
    session: Session,
    program: ProgramView,
    member_id: int,
    actor: Actor,
    now: datetime,
    *,
    but: int | None = None,
) -> None:
    """`card_used_often` with `until`, `staff_redeems_often` and `till_redeems_often` with
    `retry_after_seconds`; otherwise counts this one for the person and the till.

    `but` is the redemption of a voucher that is being used. The caller holds the member's lock, so
    that two tills do not both hand out the last one, and asks nothing where a manager allowed it.
    """
    refuse_card(session, program, member_id, now, but=but)
    for limit, who in _limits(program, actor):
        try:
            count_attempt(session, limit, who, now)
        except Refusal as refusal:
            raise Refusal(
                limit.name, member_id=public_id("mbr", member_id), **refusal.facts
            ) from None


def refuse_card(
    session: Session,
    program: ProgramView,
    member_id: int,
    now: datetime,
    *,
    but: int | None = None,
    held: Sequence[datetime] = (),
) -> None:
    """The card's own limit; `held` is when what is held now was taken."""
    limits = program.ruleset.redemption_limits
    if not limits.card_window:
        return
    taken = handed_out_since(session, member_id, now - limits.card_window, but)
    until = card_rests_until(limits, [*taken, *held], now)
    if until is not None:
        raise Refusal("card_used_often", member_id=public_id("mbr", member_id), until=until)


def refuse_held(
    session: Session, program: ProgramView, member_id: int, actor: Actor, now: datetime
) -> None:
    """As `refuse_often` for a reward that is only held: what is held now counts as handed out, and
    nothing is counted for it until it is used."""
    holds = [hold.created_at for hold in live_holds(session, member_id, now)]
    refuse_card(session, program, member_id, now, held=holds)
    for limit, who in _limits(program, actor):
        is_till = limit.name == "till_redeems_often"
        whose = {"till_id": actor.till_id} if is_till else {"staff_id": actor.staff_id}
        left = limit.count - count_live(session, program.id, now, **whose)
        try:
            if left <= 0:
                wait = int(limit.window.total_seconds())
                raise Refusal("too_many_attempts", retry_after_seconds=wait)
            refuse_when_spent(session, replace(limit, count=left), who, now)
        except Refusal as refusal:
            raise Refusal(
                limit.name, member_id=public_id("mbr", member_id), **refusal.facts
            ) from None


def count_often(session: Session, program: ProgramView, actor: Actor, now: datetime) -> None:
    """One that was allowed before: counted, and refused no more."""
    for limit, who in _limits(program, actor):
        with suppress(Refusal):
            count_attempt(session, limit, who, now)


def is_often(
    session: Session,
    program: ProgramView,
    member_id: int,
    actor: Actor,
    now: datetime,
    *,
    but: int | None = None,
) -> bool:
    """Whether `refuse_often` would refuse; counts nothing."""
    try:
        refuse_card(session, program, member_id, now, but=but)
        for limit, who in _limits(program, actor):
            refuse_when_spent(session, limit, who, now)
    except Refusal:
        return True
    return False


def _limits(program: ProgramView, actor: Actor) -> Iterator[tuple[Limit, str]]:
    """The limits that are set for who stands there and where."""
    set_to = program.ruleset.redemption_limits
    if set_to.staff_times and actor.staff_id is not None:
        window = timedelta(minutes=set_to.staff_minutes)
        yield Limit("staff_redeems_often", set_to.staff_times, window), str(actor.staff_id)
    if set_to.till_times and actor.till_id is not None:
        window = timedelta(minutes=set_to.till_minutes)
        yield Limit("till_redeems_often", set_to.till_times, window), str(actor.till_id)
