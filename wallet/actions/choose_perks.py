"""A member chooses own benefits: some of a set, and only those can be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.may_take import PICK, has_picked
from wallet.actions.program_view import ProgramView, RewardView
from wallet.actions.redeem import find_reward
from wallet.actions.refresh_card import refresh_card
from wallet.errors import Refusal
from wallet.tables.member import Member, lock_member


@dataclass(frozen=True, slots=True)
class PerkSet:
    """Perks of which the member picks some. `picked` are ids of rewards."""

    choice: str
    most: int
    perks: Sequence[RewardView]
    picked: frozenset[int]


def choose_perks(
    session: Session,
    program: ProgramView,
    member: Member,
    choice: str,
    reward_ids: Sequence[str],
    now: datetime,
) -> list[RewardView]:
    """The perks of the set `choice` that the member has from now on, instead of those before.

    `picks_too_many` when they are more than the set allows; `reward_not_found` for one of another
    set. What was taken before stays taken.
    """
    lock_member(session, member)
    if member.status != "active":
        raise Refusal("member_closed")
    found = [find_reward(program, reward_id) for reward_id in reward_ids]
    wanted = {reward.id: reward for reward in found}
    if any(reward.choice != choice for reward in wanted.values()):
        raise Refusal("reward_not_found")
    most = picks_max(program, choice)
    if len(wanted) > most:
        raise Refusal("picks_too_many", most=most)
    others = [tag for tag in member.tags if tag not in _tags_of(program, choice)]
    member.tags = [*others, *(f"{PICK}{number}" for number in sorted(wanted))]
    refresh_card(session, program, member, now)
    return list(wanted.values())


def picks_max(program: ProgramView, choice: str) -> int:
    """How many perks of the set one member may have: what the strictest of them says."""
    said = [int(reward.value["choice_max"]) for reward in set_of(program, choice)]
    if not said:
        raise Refusal("reward_not_found")
    return min(said)


def set_of(program: ProgramView, choice: str) -> list[RewardView]:
    """The perks to choose from."""
    return [reward for reward in program.rewards if choice and reward.choice == choice]


def picked(program: ProgramView, member: Member, choice: str) -> list[RewardView]:
    """The perks that the member chose."""
    return [each for each in set_of(program, choice) if has_picked(each, member.tags)]


def perk_sets(program: ProgramView, member: Member) -> list[PerkSet]:
    """Every set of perks of the program, with what this member picked of it."""
    choices = dict.fromkeys(reward.choice for reward in program.rewards if reward.choice)
    return [
        PerkSet(
            choice,
            picks_max(program, choice),
            set_of(program, choice),
            frozenset(reward.id for reward in picked(program, member, choice)),
        )
        for choice in choices
    ]


def _tags_of(program: ProgramView, choice: str) -> set[str]:
    return {f"{PICK}{reward.id}" for reward in set_of(program, choice)}
