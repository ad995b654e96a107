"""Entries: undo one movement by the opposite one."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.account_views import causes_of, outcome
from wallet.actions.program_view import program_view
from wallet.actions.reverse_entry import member_of_entry, reverse_entry
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, refusals
from wallet.web.api.idempotency import write_once
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import NewReversal
from wallet.web.security import key, require_key


@api.post(f"{V1}/entries/<entry_id>/reversal")
@require_key
@api.input(NewReversal, example=examples.NEW_REVERSAL)
@api.output(
    answers.ReversalResult,
    201,
    description="What undoing it did",
    example=examples.REVERSAL_RESULT,
)
@api.doc(
    summary="Undo a movement",
    operation_id="reverseEntry",
    tags=["Entries"],
    security=KEY_SCHEME,
    description="Accruals and redemptions, each once, whole or not at all. A sale is undone with everything"
    " that it gave and took, whichever of its accruals is named.",
    responses=refusals(
        "entry_not_found", "already_reversed", "not_reversible", "undo_spent", body=True, value=True
    ),
    extensions={"x-idempotency-key": "required"},
)
def reverse(entry_id: str, json_data: NewReversal) -> Any:
    """201 with the opposite movement."""
    number = private_id("ent", entry_id)
    if number is None:
        raise Refusal("entry_not_found")

    def _work(session: Session) -> answers.ReversalResult:
        now = clock.now()
        program = program_view(session, key().program_id)
        undone = reverse_entry(session, program, number, json_data.reason, key().actor, now)
        member = member_of_entry(session, program, number)
        after = outcome(session, program, member, undone, now)
        purchase, redemption = causes_of(session, program, undone[0])
        presenter = Presenter(program, member.locale)
        return answers.ReversalResult(
            purchase=presenter.purchase(purchase) if purchase else None,
            redemption=presenter.redemption(redemption) if redemption else None,
            entries=presenter.entries(after.entries),
            balances=presenter.balances(after.balances),
            tier=presenter.tier(after.tier),
            repeated=False,
        )

    return write_once(json_data, _work)
