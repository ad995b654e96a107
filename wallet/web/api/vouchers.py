"""Vouchers: look at one, and use it once in whichever channel comes first."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.program_view import program_view
from wallet.actions.use_voucher import Use, use_voucher
from wallet.actions.voucher_state import state_of, voucher_state
from wallet.errors import Refusal
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, refusals
from wallet.web.api.idempotency import idempotency_key, write_once
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import VoucherQuery, VoucherUse
from wallet.web.security import key, require_key
from wallet.web.wiring import read

_TAGS = ["Vouchers"]


@api.get(f"{V1}/vouchers")
@require_key
@api.input(VoucherQuery, location="query")
@api.output(
    answers.VoucherList, description="The voucher, or an empty list", example=examples.VOUCHERS
)
@api.doc(
    summary="Find a voucher",
    operation_id="listVouchers",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="By its `code`, with or without the dash; nobody's code is an empty list. Looking"
    " uses nothing up: `obstacle` says why the voucher could not be used now.",
    responses=refusals("body_invalid"),
)
def list_vouchers(query_data: VoucherQuery) -> answers.VoucherList:
    """The one voucher of a code."""

    def _work(session: Session) -> answers.VoucherList:
        program = program_view(session, key().program_id)
        try:
            state, member = voucher_state(session, program, query_data.code, clock.now())
        except Refusal as refusal:
            if refusal.code == "voucher_unknown":
                return answers.VoucherList(data=[])
            raise
        return answers.VoucherList(data=[Presenter(program, member.locale).voucher(state)])

    return read(_work)


@api.post(f"{V1}/vouchers/use")
@require_key
@api.input(VoucherUse, example=examples.VOUCHER_USE)
@api.output(
    answers.VoucherUsed, 201, description="What the voucher gives", example=examples.VOUCHER_USED
)
@api.doc(
    summary="Use a voucher",
    operation_id="useVoucher",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="Once, at a till or in a shop: whoever comes second gets 409 `voucher_used` with"
    " when and where. With a `sale`, giving all of that sale back makes the voucher whole again.",
    responses=refusals(
        "voucher_unknown",
        "voucher_used",
        "voucher_expired",
        "voucher_void",
        "voucher_not_yet",
        "member_closed",
        "purchase_not_found",
        "purchase_refunded",
        body=True,
        value=True,
    ),
    extensions={"x-idempotency-key": "required"},
)
def use(json_data: VoucherUse) -> Any:
    """201 with what comes off the bill."""
    actor = key().actor
    sale = json_data.sale.ref if json_data.sale else None
    request_id = f"{actor.label}:{idempotency_key()}"
    how = Use(request_id, sale=sale, bill_minor=json_data.bill_minor)

    def _work(session: Session) -> answers.VoucherUsed:
        program = program_view(session, key().program_id)
        used = use_voucher(session, program, json_data.code, how, actor, clock.now())
        presenter = Presenter(program, used.member.locale)
        return answers.VoucherUsed(
            voucher=presenter.voucher(state_of(used.voucher, used.reward, "voucher_used")),
            worth_minor=used.worth_minor,
            handover=dict(used.secret),
            repeated=used.repeated,
        )

    return write_once(json_data, _work)
