"""Paid memberships: a period begins with a payment and ends with its last day, or early."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.cancel_membership import cancel_membership
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.membership_views import membership_view, payment_behind
from wallet.actions.program_view import program_view
from wallet.actions.standing import standing_of
from wallet.actions.start_membership import start_membership
from wallet.ids import public_id
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, MEMBER_CODES, refusals
from wallet.web.api.idempotency import idempotency_key, run_once
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import NewMembership
from wallet.web.security import key, require_key
from wallet.web.wiring import write

_TAGS = ["Memberships"]


@api.post(f"{V1}/memberships")
@require_key
@api.input(NewMembership, example=examples.NEW_MEMBERSHIP)
@api.output(
    answers.MembershipResult,
    201,
    description="The period and the status it gives",
    example=examples.MEMBERSHIP_RESULT,
)
@api.doc(
    summary="Begin a paid period",
    operation_id="addMembership",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="Its perks count at once, to the end of its last day where the program lives; while"
    " one of the same plan runs, the new one follows it. Once for each payment (`source`,"
    " `external_id`), so the `Idempotency-Key` may be left out.",
    responses=refusals(
        *MEMBER_CODES,
        "plan_unknown",
        "membership_exists",
        "idempotency_key_invalid",
        "idempotency_key_reused",
        body=True,
    ),
    extensions={"x-idempotency-key": "optional"},
)
def add_membership(json_data: NewMembership) -> Any:
    """201 with the period."""
    asked = idempotency_key(required=False)
    said = json_data

    def _start(session: Session) -> answers.MembershipResult:
        now = clock.now()
        program = program_view(session, key().program_id)
        member = find_member(session, program, said.member.ref)
        payment = (said.source, said.external_id)
        started = start_membership(session, program, member, said.plan, payment, key().actor, now)
        presenter = Presenter(program, member.locale)
        return answers.MembershipResult(
            membership=presenter.membership(membership_view(program, started.membership, now)),
            tier=presenter.tier(standing_of(session, program, member, now).tier),
            repeated=started.repeated,
        )

    def _work(session: Session) -> dict[str, Any]:
        if asked:
            return run_once(session, asked, said, _start)
        return _start(session).model_dump(mode="json")

    return write(_work)


@api.post(f"{V1}/memberships/<membership_id>/cancel")
@require_key
@api.output(
    answers.MembershipResult, description="The period as it is now", example=examples.CANCELLED
)
@api.doc(
    summary="End a paid period early",
    operation_id="cancelMembership",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="The payment was given back or failed: the perks end now. Whoever ends a"
    " subscription lets the period run out instead. Cancelling again changes nothing.",
    responses=refusals("membership_not_found"),
)
def cancel(membership_id: str) -> answers.MembershipResult:
    """The period, and the status that is left."""

    def _work(session: Session) -> answers.MembershipResult:
        now = clock.now()
        program = program_view(session, key().program_id)
        payment = payment_behind(session, program, membership_id)
        ended = cancel_membership(session, program, payment, now)
        member = find_member(session, program, MemberRef(id=public_id("mbr", ended.member_id)))
        presenter = Presenter(program, member.locale)
        return answers.MembershipResult(
            membership=presenter.membership(membership_view(program, ended, now)),
            tier=presenter.tier(standing_of(session, program, member, now).tier),
            repeated=False,
        )

    return write(_work)
