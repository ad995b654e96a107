"""Cards of members who do not exist, to see a design with: as a real one is composed, value by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from passes.card import Card
from passes.design import Near
from wallet.actions.compose_card import card_of
from wallet.actions.member_view import Balance, MemberView, VoucherView, next_reward
from wallet.actions.near_stores import places
from wallet.actions.program_view import ProgramView, RewardView
from wallet.context import context_of
from wallet.rules.member_code import make_code
from wallet.rules.tiers import standing
from wallet.rules.voucher_code import make_voucher_code

FULL = 99_999  # the most that anybody should have to look at
_JOINED = datetime(2026, 1, 15, 10, tzinfo=UTC)
_CODE_BITS = 0x5A3D1E  # a genuine code that no member has: tills say that it is not known


@dataclass(frozen=True, slots=True)
class Sample:
    """Somebody to try a design on. `share` is how much of the way to the first rewards is done."""

    name: str
    number: str
    points: int | None = None
    has_voucher: bool = False
    has_long_words: bool = False


# By key, in the order in which the page offers them.
SAMPLES: Mapping[str, Sample] = {
    "regular": Sample("Ada Martin", "100000425", has_voucher=True),
    "new": Sample("Zoé Petit", "100000433", points=0),
    "full": Sample("Maximilien Lefebvre", "999999999", points=FULL, has_voucher=True),
    "long": Sample(
        "Marie-Antoinette de La Rochefoucauld", "100000441", points=12_345, has_long_words=True
    ),
}
_LONG = {
    "fr": "Dégustation exceptionnelle accompagnée",
    "en": "An exceptional guided tasting evening",
}


def sample_card(
    session: Session,
    program: ProgramView,
    key: str,
    tier_key: str | None = None,
    near: Near | None = None,
) -> tuple[Card, str | None]:
    """(the card, its tier) of a sample; `tier_key` chooses the tier, otherwise the points do. `near`
    is what the design that is tried says of stores, otherwise the one in force does."""
    card, tier = card_at(session, program, SAMPLES[key], tier_key, extra=0)
    return (card if near is None else replace(card, places=places(program, near, None))), tier


def card_before(
    session: Session, program: ProgramView, key: str, tier_key: str | None = None
) -> Card:
    """The same card one visit earlier: what it became is what the lock screen tells."""
    card, _ = card_at(session, program, SAMPLES[key], tier_key, extra=-_visit(program))
    return card


def card_at(
    session: Session, program: ProgramView, sample: Sample, tier_key: str | None, extra: int
) -> tuple[Card, str | None]:
    """The sample's card with so many units more."""
    rules, main = program.ruleset, program.ruleset.main_unit
    points = sample.points if sample.points is not None else _usual(program)
    balances = {unit.key: Balance(_of_unit(unit.kind, points), 0) for unit in rules.units}
    balances[main.key] = Balance(max(points + extra, 0), 0)
    tier = next((one for one in rules.tiers if one.key == tier_key), None)
    figure = rules.threshold(tier) if tier else 0
    found = standing(rules, figure)
    rewards = tuple(_renamed(program, sample))
    reward, missing = next_reward(program, balances, {one.id: None for one in rewards})
    if reward and sample.has_long_words:
        reward = next(one for one in rewards if one.id == reward.id)
    version, key = program.signing_key
    view = MemberView(
        id=0,
        number=sample.number,
        code=make_code(program.id, key, version, _CODE_BITS),
        name=sample.name,
        locale=program.locale,
        status="active",
        email="",
        phone="",
        standing=found,
        balances=balances,
        next_reward=reward,
        reward_missing=missing,
        joined_at=_JOINED,
        last_visit_at=None,
        card_url=f"{context_of(session).public_url}/card/…",
        rewards=rewards,
        obstacles={one.id: None for one in rewards},
        vouchers=_vouchers(program) if sample.has_voucher else (),
    )
    return card_of(program, view), found.tier_key


def _visit(program: ProgramView) -> int:
    """What one visit brings, about: a tenth of the first reward."""
    costs = [one.cost for one in program.rewards if one.unit == program.ruleset.main_unit.key]
    return max(min(costs, default=100) // 10, 1)


def _usual(program: ProgramView) -> int:
    """Somebody on the way: past the first reward, short of the next."""
    main = program.ruleset.main_unit
    costs = sorted({one.cost for one in program.rewards if one.unit == main.key})
    if main.target:
        return main.target // 2
    if len(costs) < 2:
        return costs[0] * 3 // 4 if costs else 124
    return costs[0] + (costs[1] - costs[0]) * 3 // 5


def _of_unit(kind: str, points: int) -> int:
    return 1_250 if kind == "credit" and points else min(points, 6)


def _renamed(program: ProgramView, sample: Sample) -> list[RewardView]:
    """The program's rewards; with the longest words anybody may think of, where those are tried."""
    if not sample.has_long_words:
        return list(program.rewards)
    return [
        RewardView(one.id, _LONG, one.description, one.kind, one.value, one.unit, one.cost, one.key)
        for one in program.rewards
    ]


def _vouchers(program: ProgramView) -> tuple[VoucherView, ...]:
    reward = next(iter(program.rewards), None)
    if reward is None:
        return ()
    code = make_voucher_code(0)
    return (VoucherView(code, reward.name, reward.kind, reward.value, None, None),)
