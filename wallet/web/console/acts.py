"""What owners and managers do for one member: adjust, take back, void, merge, choose, pay for."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.account_views import purchase_to_refund
from wallet.actions.adjust import Adjustment, adjust
from wallet.actions.cancel_membership import cancel_membership
from wallet.actions.choose_perks import choose_perks
from wallet.actions.edit_member import MemberEdit, edit_member
from wallet.actions.find_member import look_up
from wallet.actions.membership_views import payment_behind
from wallet.actions.merge_members import merge_members
from wallet.actions.merge_views import member_to_part, very_member
from wallet.actions.once import Ask, once
from wallet.actions.pay_with_credit import pay_out_credit
from wallet.actions.program_view import ProgramView
from wallet.actions.refund_purchase import RefundFacts, refund_purchase
from wallet.actions.reverse_entry import member_of_entry, reverse_entry
from wallet.actions.start_membership import start_membership
from wallet.actions.tills.member_pin import forget_pin
from wallet.actions.tills.own_card import refuse_own_card
from wallet.actions.unmerge_members import unmerge_members
from wallet.actions.void_voucher import forfeit_voucher, void_voucher
from wallet.errors import Refusal
from wallet.ids import private_id, public_id
from wallet.web.console.amounts import minor_amount, tags_typed, whole_number
from wallet.web.console.frame import own_program
from wallet.web.problems import sentence
from wallet.web.security import staff_actor
from wallet.web.wiring import write

SOURCE = "console"  # of paid periods that staff enter
# The page was right and the person is not, or no longer: these are answers of their own.
_NOT_TOLD = ("member_not_found", "purchase_not_found", "merge_not_found", "forbidden", "not_found")


def adjust_member(member_id: str) -> Response:
    """POST: give or take units with a reason, once for the form that was shown."""
    program, form = own_program(), request.form
    quantity = whole_number(program, form.get("unit", ""), form.get("quantity", ""))
    signed = -(quantity or 0) if form.get("direction") == "take" else quantity or 0
    facts = {"member": member_id, "unit": form.get("unit"), "quantity": signed}

    def _work(session: Session) -> None:
        member = very_member(session, program, member_id)
        refuse_own_card(session, member, staff_actor())
        ask = Ask(program.id, "console:adjust", form.get("request_id") or str(uuid4()), facts)

        def _post() -> dict[str, str]:
            wanted = Adjustment(form.get("unit", ""), signed, form.get("reason", ""))
            entry = adjust(session, program, member, wanted, staff_actor(), clock.now())
            return {"entry": public_id("ent", entry.id)}

        once(session, ask, clock.now(), _post)

    return done(member_id, _work, _("Done. The card shows it in a moment."))


def pay_out(member_id: str) -> Response:
    """POST: store credit is handed out as money, once for the form that was shown."""
    program, form = own_program(), request.form
    amount = minor_amount(program.currency, form.get("amount", "")) or 0
    facts = {"member": member_id, "amount_minor": amount}

    def _work(session: Session) -> None:
        member = very_member(session, program, member_id)
        refuse_own_card(session, member, staff_actor())
        ask = Ask(program.id, "console:pay_out", form.get("request_id") or str(uuid4()), facts)

        def _post() -> dict[str, str]:
            entry = pay_out_credit(session, program, member, amount, staff_actor(), clock.now())
            return {"entry": public_id("ent", entry.id)}

        once(session, ask, clock.now(), _post)

    return done(member_id, _work, _("Written down: please hand out the money."))


def tag(member_id: str) -> Response:
    """POST: the merchant's own words for the member, apart by commas or spaces."""
    program = own_program()
    tags = tags_typed(request.form.get("tags", ""))

    def _work(session: Session) -> None:
        member = very_member(session, program, member_id)
        edit_member(session, program, member, MemberEdit(tags=tags), staff_actor(), clock.now())

    return done(member_id, _work, _("The tags are kept."))


def take_back(member_id: str) -> Response:
    """POST: a movement is undone by the opposite one, with a reason."""
    program, form = own_program(), request.form
    number = private_id("ent", form.get("entry", "")) or 0

    def _work(session: Session) -> None:
        member = very_member(session, program, member_id)
        if member_of_entry(session, program, number).id != member.id:
            raise Refusal("entry_not_found")
        reason = form.get("reason", "").strip()
        if not reason:
            raise Refusal("reason_missing")
        reverse_entry(session, program, number, reason, staff_actor(), clock.now())

    return done(member_id, _work, _("Taken back."))


def forget_member_pin(member_id: str) -> Response:
    """POST: a PIN that was forgotten is taken away, with a reason; the member chooses another one."""
    program, reason = own_program(), request.form.get("reason", "")

    def _work(session: Session) -> None:
        member = very_member(session, program, member_id)
        forget_pin(session, program, member, reason, staff_actor(), clock.now())

    return done(
        member_id, _work, _("The PIN is gone. A new one is chosen on the page of the card.")
    )


def give_back(member_id: str) -> Response:
    """POST: goods of a sale came back: a part of its amount, or all that is left of it."""
    program, form = own_program(), request.form
    typed = form.get("amount", "").strip()
    facts = RefundFacts(
        external_id=f"{SOURCE}:{form.get('request_id') or uuid4()}",
        amount_minor=(minor_amount(program.currency, typed) or 0) if typed else None,
        reason=form.get("reason", "").strip(),
    )

    def _work(session: Session) -> None:
        member = very_member(session, program, member_id)
        refuse_own_card(session, member, staff_actor())
        _, purchase = found = purchase_to_refund(session, program, form.get("purchase", ""))
        if purchase.member_id != member.id:
            raise Refusal("purchase_not_found")
        refund_purchase(session, program, *found, facts, staff_actor(), clock.now())

    return done(member_id, _work, _("Written down: what the goods had earned goes back."))


def void(member_id: str) -> Response:
    """POST: a voucher is void; its price comes back, unless it was got by fraud."""
    program, form = own_program(), request.form
    code, reason = form.get("code", ""), form.get("reason", "").strip()

    def _work(session: Session) -> None:
        very_member(session, program, member_id)
        if not reason:
            raise Refusal("reason_missing")
        if form.get("keep") == "yes":
            forfeit_voucher(session, program, code, staff_actor(), clock.now())
        else:
            void_voucher(session, program, code, reason, staff_actor(), clock.now())

    return done(member_id, _work, _("The voucher is void."))


def merge(member_id: str) -> Response:
    """POST: this member goes into another one, named by number, code, address or id."""
    program, form = own_program(), request.form
    survivor_id = form.get("into", "").strip()

    def _work(session: Session) -> str:
        merged = very_member(session, program, member_id)
        if private_id("mbr", survivor_id) is not None:
            survivor = very_member(session, program, survivor_id)
        else:
            found = look_up(session, program, survivor_id)
            if len(found) != 1:
                raise Refusal("merge_unclear")
            survivor = found[0]
        merge_members(session, program, merged, survivor, staff_actor(), clock.now())
        return public_id("mbr", survivor.id)

    return done(member_id, _work, _("The two are one now. This can be undone below."))


def part(merge_id: str) -> Response:
    """POST: a merge is undone; everybody has their own again."""
    program = own_program()

    def _work(session: Session) -> str:
        merged = member_to_part(session, program, merge_id)
        unmerge_members(session, program, merged, staff_actor(), clock.now())
        return public_id("mbr", merged.id)

    back = request.form.get("member", "")
    return done(back, _work, _("The merge is undone. This is the card that stands alone again."))


def choose(member_id: str) -> Response:
    """POST: which perks of a set the member has."""
    program, form = own_program(), request.form

    def _work(session: Session) -> None:
        member = very_member(session, program, member_id)
        choose_perks(
            session, program, member, form.get("choice", ""), form.getlist("perk"), clock.now()
        )

    return done(member_id, _work, _("The choice is kept."))


def pay_plan(member_id: str) -> Response:
    """POST: a period of a plan was paid for at the counter."""
    program, form = own_program(), request.form

    def _work(session: Session) -> None:
        member = very_member(session, program, member_id)
        payment = (SOURCE, form.get("request_id") or str(uuid4()))
        plan = form.get("plan", "")
        start_membership(session, program, member, plan, payment, staff_actor(), clock.now())

    return done(member_id, _work, _("The period is recorded; its benefits count at once."))


def cancel_plan(member_id: str) -> Response:
    """POST: a paid period ends now: its payment was given back."""
    program, form = own_program(), request.form

    def _work(session: Session) -> None:
        very_member(session, program, member_id)
        payment = payment_behind(session, program, form.get("membership", ""))
        cancel_membership(session, program, payment, clock.now())

    return done(member_id, _work, _("The period has ended."))


def done(member_id: str, work: Callable[[Session], str | None], said: str) -> Response:
    """Do it and go back to the file, or to that of the member whose id `work` returns. What is
    declined is said there."""
    try:
        other = write(work)
    except Refusal as refusal:
        if refusal.code in _NOT_TOLD:
            raise
        flash(sentence(refusal.code), "bad")
        other = None
    else:
        flash(said, "ok")
    return redirect(url_for("console.member", member_id=other or member_id), 303)


def units_of(program: ProgramView, language: str) -> list[tuple[str, str, bool]]:
    """(key, name, whether it is money) of what can be adjusted."""
    return [
        (unit.key, program.text(unit.name, language), unit.kind == "credit")
        for unit in program.ruleset.units
    ]
