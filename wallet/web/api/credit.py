"""Store credit: pay part of a bill with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.account_views import outcome, payment_view
from wallet.actions.find_member import find_member
from wallet.actions.pay_with_credit import Payment, pay_with_credit
from wallet.actions.program_view import program_view
from wallet.actions.shown_card import shown_by
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, MEMBER_CODES, SHOWN_CODES, refusals
from wallet.web.api.idempotency import write_once
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import NewCreditPayment
from wallet.web.security import key, require_key


@api.post(f"{V1}/credit-payments")
@require_key
@api.input(NewCreditPayment, example=examples.NEW_CREDIT_PAYMENT)
@api.output(
    answers.CreditPaymentResult,
    201,
    description="What paying did",
    example=examples.CREDIT_PAYMENT_RESULT,
)
@api.doc(
    summary="Pay with store credit",
    operation_id="addCreditPayment",
    tags=["Credit"],
    security=KEY_SCHEME,
    description="At most what is there, and what the program lets credit pay of a bill. With a"
    " `sale`, recorded already or not, once for that sale; giving it back gives the credit back.",
    responses=refusals(
        *MEMBER_CODES,
        "amount_invalid",
        "amount_too_large",
        "credit_not_offered",
        "credit_share_exceeded",
        "bill_missing",
        *SHOWN_CODES,
        "insufficient_balance",
        "payment_exists",
        "purchase_not_found",
        "purchase_refunded",
        body=True,
        value=True,
    ),
    extensions={"x-idempotency-key": "required"},
)
def add_credit_payment(json_data: NewCreditPayment) -> Any:
    """201 with the movement that took the credit."""
    said = json_data

    def _work(session: Session) -> answers.CreditPaymentResult:
        now = clock.now()
        program = program_view(session, key().program_id)
        member = find_member(session, program, said.member.ref)
        code = said.member.ref.code
        payment = Payment(
            said.amount_minor,
            bill_minor=said.bill_minor,
            sale=said.sale.ref if said.sale else None,
            shown=shown_by(session, program, code, now) if code else None,
        )
        paid = pay_with_credit(session, program, member, payment, key().actor, now)
        after = outcome(session, program, member, [paid.entry], now)
        presenter = Presenter(program, member.locale)
        return answers.CreditPaymentResult(
            payment=presenter.payment(payment_view(paid.payment)),
            entries=presenter.entries(after.entries),
            balances=presenter.balances(after.balances),
            repeated=paid.repeated,
        )

    return write_once(json_data, _work)
