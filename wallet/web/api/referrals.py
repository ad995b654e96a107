"""Referrals: the code that a member shares, and the friends it brought."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.program_view import program_view
from wallet.actions.referral_views import referrals_view
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, refusals
from wallet.web.api.present import Presenter
from wallet.web.security import key, require_key
from wallet.web.wiring import write


@api.get(f"{V1}/members/<member_id>/referral")
@require_key
@api.output(answers.Referrals, description="The code and the friends", example=examples.REFERRALS)
@api.doc(
    summary="Read a member's referrals",
    operation_id="getReferral",
    tags=["Members"],
    security=KEY_SCHEME,
    description="`code` and `url` are null where the program has no referrals. Both sides earn once,"
    " when the friend's first paid order has outlived the hold.",
    responses=refusals("member_not_found"),
)
def get_referral(member_id: str) -> answers.Referrals:
    """The code, made where there is none yet, and the newest friends."""

    def _work(session: Session) -> answers.Referrals:
        program = program_view(session, key().program_id)
        member = find_member(session, program, MemberRef(id=member_id))
        view = referrals_view(session, program, member, clock.now())
        return Presenter(program, member.locale).referrals(view)

    return write(_work)
