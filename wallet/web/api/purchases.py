"""Purchases: a sale earns, a quote says what it would earn, a refund takes back."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.account_views import outcome, purchase_to_refund, purchase_view
from wallet.actions.find_member import (
    find_member,
    program_and_member,
    program_and_member_asked,
)
from wallet.actions.once import Ask, keep, once
from wallet.actions.program_view import program_view
from wallet.actions.quote_purchase import quote_purchase
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.actions.refund_by_reference import refund_by_reference
from wallet.actions.refund_purchase import RefundFacts, refund_purchase
from wallet.ids import public_id
from wallet.prepared import Question
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, MEMBER_CODES, refusals
from wallet.web.api.idempotency import idempotency_key, write_once
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import NewPurchase, NewRefund, NewSaleRefund, PurchaseQuote
from wallet.web.security import key, require_key, require_key_once
from wallet.web.wiring import read

_TAGS = ["Purchases"]
_SALE_CODES = (
    *MEMBER_CODES,
    "amount_invalid",
    "amount_too_large",
    "currency_mismatch",
    "purchase_in_future",
    "parts_invalid",
)

_REFUND_CODES = (
    "amount_invalid",
    "refund_too_large",
    "items_mismatch",
    "items_returned",
    "request_id_reused",
)


@api.post(f"{V1}/purchases")
@require_key_once
@api.input(NewPurchase, example=examples.NEW_PURCHASE)
@api.output(
    answers.PurchaseResult, 201, description="What the sale did", example=examples.PURCHASE_RESULT
)
@api.doc(
    summary="Record a sale",
    operation_id="addPurchase",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="The sale earns at once. The same `source` and `external_id` with the same facts"
    " answer the first result again, whatever the key; with other facts, 409 `purchase_exists`.",
    responses=refusals(*_SALE_CODES, "purchase_exists", body=True, value=True),
    extensions={"x-idempotency-key": "required"},
)
def add_purchase(json_data: NewPurchase) -> Any:
    """201 with the movements and where they leave the member."""

    def _work(session: Session) -> dict[str, Any]:
        now = clock.now()
        program, member = program_and_member(session, key().program_id, json_data.member.ref)
        recorded = record_purchase(session, program, member, _facts(json_data), key().actor, now)

        def _answer() -> dict[str, Any]:
            result = Presenter(program, member.locale).purchase_result(
                purchase_view(recorded.purchase),
                outcome(session, program, member, recorded.entries, now, recorded.standing),
                repeated=recorded.repeated,
            )
            return result.model_dump(mode="json")

        # Kept a second time by the purchase itself: a shop that lost its key sends a new one.
        ask = Ask(program.id, "purchase", public_id("pur", recorded.purchase.id), None)
        if recorded.repeated:
            return once(session, ask, now, _answer)
        answer = _answer()
        keep(session, ask, now, answer)
        return answer

    def _first(session: Session) -> list[Question]:
        return program_and_member_asked(session, key().program_id, json_data.member.ref)

    return write_once(json_data, _work, _first)


@api.post(f"{V1}/purchases/quote")
@require_key
@api.input(PurchaseQuote, example=examples.NEW_PURCHASE)
@api.output(
    answers.PurchaseResult, description="What the sale would do", example=examples.QUOTE_RESULT
)
@api.doc(
    summary="Say what a sale would earn",
    operation_id="quotePurchase",
    tags=_TAGS,
    description="Nothing is written, so ids are null; `external_id` may be left out.",
    security=KEY_SCHEME,
    responses=refusals(*_SALE_CODES, body=True),
)
def quote(json_data: PurchaseQuote) -> answers.PurchaseResult:
    """The same answer as the sale, with nothing written."""

    def _work(session: Session) -> answers.PurchaseResult:
        now = clock.now()
        program = program_view(session, key().program_id)
        member = find_member(session, program, json_data.member.ref)
        quoted = quote_purchase(session, program, member, _facts(json_data), now)
        presenter = Presenter(program, member.locale)
        return presenter.purchase_result(quoted.purchase, quoted.outcome, repeated=False)

    return read(_work)


@api.post(f"{V1}/purchases/<purchase_id>/refunds")
@require_key
@api.input(NewRefund, example=examples.NEW_REFUND)
@api.output(
    answers.PurchaseResult, 201, description="What the refund did", example=examples.REFUND_RESULT
)
@api.doc(
    summary="Refund a sale",
    operation_id="addRefund",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="All of it or a part, by amount or by items. Points go back in proportion; those"
    " already used are handled as the program's policy says.",
    responses=refusals("purchase_not_found", *_REFUND_CODES, body=True, value=True),
    extensions={"x-idempotency-key": "required"},
)
def add_refund(purchase_id: str, json_data: NewRefund) -> Any:
    """201 with the movements that took points back."""
    actor = key().actor
    facts = _refund_facts(json_data, json_data.external_id or f"{actor.label}:{idempotency_key()}")

    def _work(session: Session) -> answers.PurchaseResult:
        now = clock.now()
        program = program_view(session, key().program_id)
        member, purchase = purchase_to_refund(session, program, purchase_id)
        refunded = refund_purchase(session, program, member, purchase, facts, actor, now)
        return Presenter(program, member.locale).purchase_result(
            purchase_view(refunded.purchase),
            outcome(session, program, member, refunded.entries, now),
            repeated=refunded.repeated,
        )

    return write_once(json_data, _work)


@api.post(f"{V1}/refunds")
@require_key
@api.input(NewSaleRefund, example=examples.NEW_SALE_REFUND)
@api.output(
    answers.SaleRefundResult,
    201,
    description="What the refund did, or that it waits",
    example=examples.SALE_REFUND_RESULT,
)
@api.doc(
    summary="Refund a sale by its own number",
    operation_id="addSaleRefund",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="For a shop that does not keep our ids, or whose messages overtake each other: a refund that"
    " comes before its sale waits for it and is settled with its arrival, as far as the sale goes.",
    responses=refusals(*_REFUND_CODES, "amount_too_large", body=True, value=True),
    extensions={"x-idempotency-key": "required"},
)
def add_sale_refund(json_data: NewSaleRefund) -> Any:
    """201 with the movements that took points back; nothing of it while the sale is not here."""
    actor = key().actor
    facts = _refund_facts(json_data, json_data.external_id)

    def _work(session: Session) -> answers.SaleRefundResult:
        now = clock.now()
        program = program_view(session, key().program_id)
        said = refund_by_reference(session, program, json_data.sale.ref, facts, actor, now)
        if said.refunded is None or said.member is None:
            return answers.SaleRefundResult(
                waiting=True,
                purchase=None,
                entries=(),
                balances=None,
                tier=None,
                repeated=said.repeated,
            )
        after = outcome(session, program, said.member, said.refunded.entries, now)
        result = Presenter(program, said.member.locale).purchase_result(
            purchase_view(said.refunded.purchase), after, repeated=said.repeated
        )
        return answers.SaleRefundResult(waiting=False, **dict(result))

    return write_once(json_data, _work)


def _refund_facts(said: NewRefund, external_id: str) -> RefundFacts:
    return RefundFacts(
        external_id=external_id,
        amount_minor=said.amount_minor,
        items=[
            item.model_dump(exclude_none=True, exclude={"name", "category"})
            for item in said.items or ()
        ],
        reason=said.reason,
    )


def _facts(said: NewPurchase) -> PurchaseFacts:
    return PurchaseFacts(
        source=said.source,
        external_id=said.external_id,
        channel=said.channel,
        amount_minor=said.amount_minor,
        currency=said.currency,
        occurred_at=said.occurred_at,
        items=[item.model_dump(exclude_none=True) for item in said.items],
        tax_minor=said.tax_minor,
        shipping_minor=said.shipping_minor,
        gift_card_minor=said.gift_card_minor,
        credit_minor=said.credit_minor,
    )
