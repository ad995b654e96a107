"""Stamp cards: a full one becomes a voucher by itself and the next card starts with what is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.actor import SYSTEM, Actor
from wallet.actions.draw_spendable import draw_spendable
from wallet.actions.post_entry import account_of
from wallet.actions.program_view import ProgramView, RewardView
from wallet.actions.return_redemption import Return, return_redemption
from wallet.actions.take_reward import Circumstances, Price, Redeemed, take_reward
from wallet.errors import Refusal
from wallet.rules.ruleset import Unit
from wallet.tables.ledger import AccountState, entry_of_redemption
from wallet.tables.member import Member
from wallet.tables.reward import take_stock, unused_vouchers_of_unit


def fill_stamp_cards(
    session: Session,
    program: ProgramView,
    member: Member,
    units: Iterable[str],
    actor: Actor,
    now: datetime,
) -> list[Redeemed]:
    """The vouchers that full cards of these units became. Pending stamps fill no card yet."""
    cards = [
        (reward.id, unit, reward)
        for unit in program.ruleset.units
        if unit.key in set(units)
        and unit.target
        and (reward := program.reward_called(unit.reward_key)) is not None
    ]
    filled = []
    for _, unit, reward in sorted(cards, key=lambda card: card[0]):  # as stocks are locked
        account = account_of(session, program.id, member.id, unit.key)
        filled += _fill(session, program, account, unit, reward, actor, now)
    return filled


def _fill(
    session: Session,
    program: ProgramView,
    account: AccountState,
    unit: Unit,
    reward: RewardView,
    actor: Actor,
    now: datetime,
) -> list[Redeemed]:
    filled: list[Redeemed] = []
    assert unit.target is not None
    while account.balance >= unit.target:
        try:
            draws = draw_spendable(session, account, unit.target, SYSTEM, now)
        except Refusal:
            break  # some still wait, or a till holds them for the counter
        if reward.is_limited and not take_stock(session, reward.id):
            break
        price = Price(account, unit.target, draws, _why(program, reward))
        what = Circumstances(actor, now, is_voucher=True)
        filled.append(take_reward(session, program, reward, price, what))
    return filled


def unfill_stamp_cards(
    session: Session,
    program: ProgramView,
    account: AccountState,
    wanted: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Take back vouchers nobody used, newest first, until the locked account holds `wanted` stamps:
    a sale that was given back must not leave a full card behind."""
    unit = program.ruleset.unit(account.unit)
    if unit.kind != "stamps" or account.balance >= wanted:
        return
    text = {
        "fr": "Carte plus complète après remboursement",
        "en": "Card no longer full after a refund",
    }
    how = Return(actor, now, text, rule="stamp_card")
    for _, redemption in unused_vouchers_of_unit(session, account.member_id, unit.key):
        if account.balance >= wanted:
            return
        entry = entry_of_redemption(session, account.member_id, redemption.id)
        assert entry is not None
        return_redemption(session, account, entry, how)


def _why(program: ProgramView, reward: RewardView) -> dict[str, object]:
    names = {language: program.text(reward.name, language) for language in ("fr", "en")}
    return {
        "rule": "stamp_card",
        "rule_version": program.rule_version,
        "text": {
            "fr": f"Carte complète : {names['fr']}",
            "en": f"Full card: {names['en']}",
        },
    }
