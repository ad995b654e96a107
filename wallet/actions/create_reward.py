"""Put a reward into the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.member_tags import TAG, TAGS_MAX
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.money import AMOUNT_MINOR_MAX
from wallet.rules.redemption import KINDS, MODES, value_problems
from wallet.rules.ruleset import Ruleset, read_ruleset
from wallet.tables.program import newest_rules, program_with_id
from wallet.tables.reward import Reward, catalogue

KEY = re.compile(r"^[a-z][a-z0-9_]{0,31}$")
COST_MAX = 1_000_000_000  # far beyond any balance, and below 2^53 for every reader of JSON
STOCK_MAX = 1_000_000_000
DAYS_MAX = 3_660  # ten years
TEXT_LENGTH_MAX = 500
REWARDS_MAX = 500  # of a program: a longer catalogue is a shop


@dataclass(frozen=True, slots=True)
class NewReward:
    """One line of the catalogue. `stock` None is endless; `per_member` counts within
    `per_member_days`, or for ever; empty `tier_keys` and `tags` mean everybody. `worth_minor` is what
    it would sell for and `own_cost_minor` what it costs to give: only the merchant sees either."""

    name: Mapping[str, str]
    kind: str
    cost: int
    unit: str = "points"
    description: Mapping[str, str] = field(default_factory=dict)
    value: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    mode: str = "instant"
    stock: int | None = None
    per_member: int | None = None
    per_member_days: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    tier_keys: Sequence[str] = ()
    tags: Sequence[str] = ()
    voucher_days: int | None = None
    worth_minor: int | None = None
    own_cost_minor: int | None = None


def create_reward(session: Session, program_id: int, new: NewReward) -> Reward:
    """`reward_invalid` names the fields that are wrong, `reward_exists` a key that is taken."""
    program = program_with_id(session, program_id)
    if program is None:
        raise Refusal("program_not_found")
    known = catalogue(session, program_id)
    check_reward(
        read_ruleset(newest_rules(session, program_id).rules), program.locale, new, len(known)
    )
    if new.key is not None and any(reward.key == new.key for reward in known):
        raise Refusal("reward_exists")
    reward = add_reward(session, program_id, new, len(known))
    program.revision += 1
    session.flush()
    return reward


def add_reward(session: Session, program_id: int, new: NewReward, position: int) -> Reward:
    """The row of a reward that was checked."""
    reward = Reward(
        id=new_id(),
        program_id=program_id,
        name=dict(new.name),
        description=dict(new.description),
        kind=new.kind,
        value=dict(new.value),
        unit=new.unit,
        cost=new.cost,
        is_active=True,
        position=position,
        mode=new.mode,
        stock=new.stock,
        per_member=new.per_member,
        per_member_days=new.per_member_days,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        tier_keys=list(new.tier_keys),
        tags=list(new.tags),
        voucher_days=new.voucher_days,
        key=new.key,
        worth_minor=new.worth_minor,
        own_cost_minor=new.own_cost_minor,
    )
    session.add(reward)
    session.flush()
    return reward


def check_reward(ruleset: Ruleset, locale: str, new: NewReward, others: int = 0) -> None:
    """Refuse (`reward_invalid`, with the names of the fields) what cannot be offered."""
    problems = [
        *_word_problems(locale, new),
        *_number_problems(new),
        *(f"value.{name}" for name in value_problems(new.kind, new.value)),
    ]
    if new.unit not in {unit.key for unit in ruleset.units}:
        problems.append("unit")
    if not set(new.tier_keys) <= {tier.key for tier in ruleset.tiers}:
        problems.append("tier_keys")
    if len(new.tags) > TAGS_MAX or not all(re.fullmatch(TAG, tag) for tag in new.tags):
        problems.append("tags")
    if others >= REWARDS_MAX:
        problems.append("rewards")
    if problems:
        raise Refusal("reward_invalid", fields=problems)


def _word_problems(locale: str, new: NewReward) -> list[str]:
    problems = []
    if not new.name.get(locale, "").strip():
        problems.append("name")
    texts = (*new.name.values(), *new.description.values())
    if any(len(text) > TEXT_LENGTH_MAX for text in texts):
        problems.append("description")
    if new.kind not in KINDS:
        problems.append("kind")
    if new.mode not in MODES:
        problems.append("mode")
    if new.key is not None and not KEY.match(new.key):
        problems.append("key")
    return problems


def _number_problems(new: NewReward) -> list[str]:
    limits = (
        ("cost", new.cost, 1, COST_MAX),
        ("stock", new.stock, 0, STOCK_MAX),
        ("per_member", new.per_member, 1, STOCK_MAX),
        ("per_member_days", new.per_member_days, 1, DAYS_MAX),
        ("voucher_days", new.voucher_days, 1, DAYS_MAX),
        ("worth_minor", new.worth_minor, 0, AMOUNT_MINOR_MAX),
        ("own_cost_minor", new.own_cost_minor, 0, AMOUNT_MINOR_MAX),
    )
    problems = [
        name
        for name, number, low, high in limits
        if number is not None and not low <= number <= high
    ]
    if new.per_member_days is not None and new.per_member is None:
        problems.append("per_member")
    if new.starts_at and new.ends_at and new.starts_at >= new.ends_at:
        problems.append("ends_at")
    if new.kind == "donation" and new.mode == "voucher":
        problems.append("mode")
    return problems
