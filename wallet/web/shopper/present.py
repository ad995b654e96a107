"""Plain data for the shopper's pages: texts in one language, numbers as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date
from flask_babel import gettext as _
from markupsafe import Markup

from wallet.actions.card_notes import ending_line, plan_line, referral_line
from wallet.actions.card_page import CardPage
from wallet.actions.member_view import MemberView
from wallet.actions.program_view import ProgramView, RewardView
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.rules.lots import last_day
from wallet.rules.money import spell_money
from wallet.rules.ruleset import EarnRule, PerAmount, Tier
from wallet.rules.spell import spell_number, spell_quantity, unit_word
from wallet.rules.voucher_code import spoken_voucher
from wallet.web.present import (
    MovementRow,
    code_picture,
    grouped,
    movement_row,
    spell_figure,
)

DAYS_A_YEAR = 365
MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Perk:
    """One reason to join."""

    icon: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class TierRow:
    """One status in a list."""

    name: str
    threshold: str
    perks: str
    current: bool


@dataclass(frozen=True, slots=True)
class RewardRow:
    """One reward, as this member sees it."""

    name: str
    text: str
    kind: str
    cost: str
    reached: bool
    missing: str


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """One voucher to be used."""

    name: str
    kind: str
    code: str
    until: str
    qr: Markup


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """Something to choose: (id, name, whether it is chosen) of each. `most` is 1 for one only."""

    key: str
    most: int
    options: list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One line that the member should know of."""

    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """What bringing a friend gives, the link, and the words that go with it."""

    text: str
    url: str
    invitation: str


@dataclass(frozen=True, slots=True)
class CardFace:
    """The face of the card. `balance` is the bare number; `next_done` of `next_cost` is reached."""

    balance: int
    balance_label: str
    balance_text: str
    balance_word: str
    tier: str
    name: str
    number: str
    next_sentence: str
    next_done: int
    next_cost: int


def detail(program: ProgramView, key: str, locale: str) -> str:
    """A text of the program's own (tagline, welcome, privacy), empty when it has none."""
    words: Any = program.details.get(key)
    if isinstance(words, Mapping):
        return program.text(words, locale)
    return words if isinstance(words, str) else ""


def perks(program: ProgramView, locale: str) -> list[Perk]:
    """What a member gets, in one glance: how points come in, and what the first ones buy."""
    rows = [_earning_perk(program, rule, locale) for rule in program.ruleset.earning[:1]]
    if program.rewards:
        first = program.rewards[0]
        others = [program.text(reward.name, locale) for reward in program.rewards[1:4]]
        rows.append(
            Perk(
                "gift",
                _(
                    "%(reward)s from %(cost)s",
                    reward=program.text(first.name, locale),
                    cost=cost_text(program, first, locale),
                ),
                _("Then: %(rewards)s", rewards=", ".join(others)) if others else "",
            )
        )
    rows.append(
        Perk(
            "smartphone",
            _("Always on you"),
            _(
                "In Apple Wallet or Google Wallet, or as a page in your browser. The balance follows by itself."
            ),
        )
    )
    return rows


def _earning_perk(program: ProgramView, rule: EarnRule, locale: str) -> Perk:
    unit = program.ruleset.unit(rule.unit)
    quantity = spell_quantity(unit, rule.quantity, program.currency, locale)
    if isinstance(rule, PerAmount):
        amount = spell_money(rule.per_minor, program.currency, locale)
        title = _("%(quantity)s for every %(amount)s", quantity=quantity, amount=amount)
    else:
        name = program.text(rule.name, locale)
        title = _("%(name)s: %(quantity)s", name=name, quantity=quantity)
    everywhere = rule.channels is None or {"store", "online"} <= set(rule.channels)
    return Perk("coins", title, _("In the shop and online, on one account.") if everywhere else "")


def tier_rows(program: ProgramView, locale: str, current: str | None = None) -> list[TierRow]:
    """Every status of the program, lowest first."""
    return [_tier_row(program, tier, locale, current) for tier in program.ruleset.tiers]


def _tier_row(program: ProgramView, tier: Tier, locale: str, current: str | None) -> TierRow:
    perks_told = tier.perks.get(locale) or tier.perks.get(program.locale) or []
    needed = program.ruleset.threshold(tier)
    threshold = _threshold(program, needed, locale) if needed else _("from the first day")
    return TierRow(
        program.text(tier.name, locale), threshold, " · ".join(perks_told), tier.key == current
    )


def _threshold(program: ProgramView, needed: int, locale: str) -> str:
    """`from €250 of purchases in a calendar year`."""
    rules = program.ruleset
    amount = spell_figure(program, needed, locale)
    what = amount if rules.tier_unit else _("%(amount)s of purchases", amount=amount)
    policy = rules.tier_policy
    if policy is None:
        if rules.tier_window_days == DAYS_A_YEAR:
            return _("from %(what)s in a year", what=what)
        return _("from %(what)s in %(days)s days", what=what, days=rules.tier_window_days)
    if policy.window == "calendar_year":
        return _("from %(what)s in a calendar year", what=what)
    if policy.window == "lifetime":
        return _("from %(what)s in all", what=what)
    if policy.months == MONTHS_A_YEAR:
        return _("from %(what)s in a year", what=what)
    return _("from %(what)s in %(months)s months", what=what, months=policy.months)


def card_face(program: ProgramView, member: MemberView, locale: str) -> CardFace:
    """What the upper half of the web card says."""
    unit = program.ruleset.main_unit
    available = member.balances[unit.key].own
    is_money = unit.kind == "credit"
    reward = member.next_reward
    tier = member.standing.tier
    return CardFace(
        balance=available,
        balance_label=_("Balance"),
        balance_text=(
            spell_money(available, program.currency, locale)
            if is_money
            else spell_number(available, locale)
        ),
        balance_word="" if is_money else unit_word(unit, available, locale),
        tier=program.text(tier.name, locale) if tier else "",
        name=member.name,
        number=grouped(member.number),
        next_sentence=_next_sentence(program, member, locale),
        next_done=max(available, 0),
        next_cost=reward.cost if reward else 1,
    )


def _next_sentence(program: ProgramView, member: MemberView, locale: str) -> str:
    reward = member.next_reward
    if reward is None:
        return ""
    gap = spell_quantity(
        program.ruleset.unit(reward.unit), member.reward_missing, program.currency, locale
    )
    return _("%(gap)s to go: %(reward)s", gap=gap, reward=program.text(reward.name, locale))


def reward_rows(program: ProgramView, member: MemberView, locale: str) -> list[RewardRow]:
    """The catalogue, cheapest first, with what is in reach."""
    return [_reward_row(program, member, reward, locale) for reward in member.rewards]


def voucher_rows(program: ProgramView, member: MemberView, locale: str) -> list[VoucherRow]:
    """Vouchers that wait to be used, the one that ends first in front."""
    return [
        VoucherRow(
            name=program.text(voucher.name, locale),
            kind=voucher.kind,
            code=spoken_voucher(voucher.code),
            until=_(
                "until %(day)s",
                day=format_date(
                    last_day(voucher.expires_at, program.time_zone), "long", locale=locale
                ),
            )
            if voucher.expires_at
            else "",
            qr=code_picture(voucher.code, _("QR code of this voucher")),
        )
        for voucher in member.vouchers
    ]


def perk_rows(program: ProgramView, page: CardPage, locale: str) -> list[ChoiceRow]:
    """Sets of benefits of which the member picks some."""
    return [
        ChoiceRow(
            one.choice,
            one.most,
            [
                (public_id("rwd", perk.id), program.text(perk.name, locale), perk.id in one.picked)
                for perk in one.perks
            ],
        )
        for one in page.perk_sets
    ]


def charity_row(program: ProgramView, member: MemberView, locale: str) -> ChoiceRow | None:
    """To whom donations go, where there is a choice."""
    if len(program.charities) < 2:
        return None
    chosen = member.charity.id if member.charity else None
    return ChoiceRow(
        "charity",
        1,
        [
            (public_id("chy", one.id), program.text(one.name, locale), one.id == chosen)
            for one in program.charities
        ],
    )


def open_rows(program: ProgramView, page: CardPage, locale: str) -> list[tuple[str, str]]:
    """(id, name) of what was taken and has something to hand over."""
    return [(public_id("rwd", one.id), program.text(one.name, locale)) for one in page.to_open]


def note_rows(program: ProgramView, member: MemberView, locale: str) -> list[NoteRow]:
    """What was paid for and until when, and what will be lost soon."""
    notes = member.notes
    rows = [NoteRow("badge-check", plan_line(program, paid, locale)) for paid in notes.plans]
    return rows + [NoteRow("clock", ending_line(program, end, locale)) for end in notes.endings]


def referral_row(program: ProgramView, member: MemberView, locale: str) -> ReferralRow | None:
    """The link by which this member brings friends; nothing where that is not rewarded."""
    notes = member.notes
    if not notes.code:
        return None
    invitation = _(
        "Join me at %(program)s: your card is ready in a few seconds.", program=program.name
    )
    return ReferralRow(referral_line(program, notes, locale), notes.url, invitation)


def _reward_row(
    program: ProgramView, member: MemberView, reward: RewardView, locale: str
) -> RewardRow:
    reached = member.can_afford(reward)
    return RewardRow(
        name=program.text(reward.name, locale),
        text=program.text(reward.description, locale) if reward.description else "",
        kind=reward.kind,
        cost=cost_text(program, reward, locale),
        reached=reached,
        missing="" if reached else _missing(program, member, reward, locale),
    )


def _missing(program: ProgramView, member: MemberView, reward: RewardView, locale: str) -> str:
    """What is still missing to a reward: units, or something else."""
    obstacle = member.obstacles.get(reward.id)
    if obstacle is not None:
        return str(_(Refusal(obstacle).sentence))
    balance = member.balances.get(reward.unit)
    if member.has_reached(reward):
        return str(_("held by a till for some minutes"))
    gap = reward.cost - (balance.available if balance else 0)
    unit = program.ruleset.unit(reward.unit)
    return str(_("%(gap)s to go", gap=spell_quantity(unit, gap, program.currency, locale)))


def cost_text(program: ProgramView, reward: RewardView, locale: str) -> str:
    """What a reward costs, with its unit."""
    unit = program.ruleset.unit(reward.unit)
    return spell_quantity(unit, reward.cost, program.currency, locale)


def movement_rows(program: ProgramView, page: CardPage, locale: str) -> list[MovementRow]:
    """The newest movements with their sentences."""
    return [movement_row(program, movement, locale) for movement in page.movements]
