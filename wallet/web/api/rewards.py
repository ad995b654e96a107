"""Rewards: the catalogue, and taking one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.account_views import outcome, redemption_view
from wallet.actions.find_member import find_member
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.redeem import Taking, redeem
from wallet.actions.shown_card import shown_by
from wallet.actions.voucher_state import state_of
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, MEMBER_CODES, SHOWN_CODES, refusals
from wallet.web.api.idempotency import write_once
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import NewRedemption
from wallet.web.security import key, require_key
from wallet.web.wiring import read

_TAGS = ["Rewards"]
_TAKING_CODES = (
    "reward_not_found",
    "insufficient_balance",
    "reward_not_yet",
    "reward_over",
    "reward_sold_out",
    "reward_limit_reached",
    "reward_for_other_tier",
    "reward_for_others",
    "reward_not_picked",
    "charity_not_found",
    *SHOWN_CODES,
    "purchase_not_found",
    "purchase_refunded",
)


@api.get(f"{V1}/rewards")
@require_key
@api.output(answers.RewardList, description="The catalogue", example=examples.REWARDS)
@api.doc(
    summary="List the rewards",
    operation_id="listRewards",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="Cheapest first; a catalogue fits one page.",
    responses=refusals(),
)
def list_rewards() -> answers.RewardList:
    """Every active reward."""

    def _work(session: Session) -> answers.RewardList:
        program = program_view(session, key().program_id)
        presenter = Presenter(program)
        return answers.RewardList(data=[presenter.reward(reward) for reward in program.rewards])

    return read(_work)


@api.post(f"{V1}/redemptions")
@require_key
@api.input(NewRedemption, example=examples.NEW_REDEMPTION)
@api.output(
    answers.RedemptionResult,
    201,
    description="What taking the reward did",
    example=examples.REDEMPTION_RESULT,
)
@api.doc(
    summary="Take a reward",
    operation_id="addRedemption",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="Points go out from the lots that expire first. Some rewards are used at once,"
    " others become a voucher: its code is in the answer. A donation goes to the member's charity.",
    responses=refusals(
        *MEMBER_CODES,
        *_TAKING_CODES,
        body=True,
        value=True,
    ),
    extensions={"x-idempotency-key": "required"},
)
def add_redemption(json_data: NewRedemption) -> Any:
    """201 with the movement that paid for it."""

    def _work(session: Session) -> answers.RedemptionResult:
        now = clock.now()
        program = program_view(session, key().program_id)
        member = find_member(session, program, json_data.member.ref)
        reward_id, taking = json_data.reward_id, _taking(session, program, json_data, now)
        redeemed = redeem(session, program, member, reward_id, key().actor, now, taking)
        after = outcome(session, program, member, [redeemed.entry], now)
        presenter = Presenter(program, member.locale)
        voucher = redeemed.voucher
        return answers.RedemptionResult(
            redemption=presenter.redemption(redemption_view(redeemed.redemption)),
            voucher=presenter.voucher(state_of(voucher, redeemed.reward)) if voucher else None,
            entries=presenter.entries(after.entries),
            balances=presenter.balances(after.balances),
            repeated=False,
        )

    return write_once(json_data, _work)


def _taking(session: Session, program: ProgramView, said: NewRedemption, now: datetime) -> Taking:
    """A member named by a code stands at a counter and shows it; otherwise the shop knows by itself
    who is there."""
    code = said.member.ref.code
    return Taking(
        sale=said.sale.ref if said.sale else None,
        charity_id=said.charity_id,
        shown=shown_by(session, program, code, now) if code else None,
    )
