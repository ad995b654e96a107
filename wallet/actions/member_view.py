"""A member as tills, shops and the member see it: one plain object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.card_notes import Notes, has_endings, notes_of
from wallet.actions.charity import charity_of
from wallet.actions.may_take import obstacles as find_obstacles
from wallet.actions.member_tags import own_tags
from wallet.actions.program_view import CharityView, ProgramView, RewardView
from wallet.actions.standing import standing_of
from wallet.actions.waiting_vouchers import VoucherView, waiting_for
from wallet.context import context_of
from wallet.ids import public_id
from wallet.prepared import Question, together
from wallet.rules.card_link import is_genuine, make_token, parse_token
from wallet.rules.redemption import NOT_OFFERED
from wallet.rules.tiers import Standing
from wallet.tables.expiry import endings_asked
from wallet.tables.ledger import held, held_asked
from wallet.tables.member import Member, contacts_asked, contacts_of, member_with_id, surviving
from wallet.tables.purchase import last_visit, last_visit_asked
from wallet.tables.reward import vouchers_asked
from wallet.values import value_class

__all__ = [
    "Balance",
    "MemberView",
    "VoucherView",
    "balances_of",
    "card_url",
    "member_view",
    "member_with_token",
    "next_reward",
    "standing_of",
]


@value_class
class Balance:
    """Units to spend now, units still pending, what later earnings have to make up first, and what
    tills hold for some minutes: it is the member's, but nobody else may spend it."""

    available: int
    pending: int
    owed: int = 0
    held: int = 0

    @property
    def own(self) -> int:
        """What the member has, held or not: cards show that."""
        return self.available + self.held


@value_class
class MemberView:
    """What may be shown of a member. `reward_missing` belongs to `next_reward`.

    `rewards` are those offered to this member; `obstacles` says by code why one of them cannot be
    taken now, points aside. `charity` gets what the member gives.
    """

    id: int
    number: str
    code: str
    name: str
    locale: str
    status: str
    email: str
    phone: str
    standing: Standing
    balances: Mapping[str, Balance]
    next_reward: RewardView | None
    reward_missing: int
    joined_at: datetime
    last_visit_at: datetime | None
    card_url: str
    rewards: tuple[RewardView, ...] = ()
    obstacles: Mapping[int, str | None] = field(default_factory=dict)
    vouchers: tuple[VoucherView, ...] = ()
    charity: CharityView | None = None
    notes: Notes = field(default_factory=Notes)
    tags: tuple[str, ...] = ()  # the merchant's own words
    home_store_id: int | None = None  # the shop last visited, or else the one where they joined

    @property
    def public_id(self) -> str:
        """The id that leaves the house."""
        return public_id("mbr", self.id)

    def can_afford(self, reward: RewardView, held_here: int = 0) -> bool:
        """Whether the reward is within reach now and may be taken; `held_here` is what the till that
        asks holds of its unit."""
        balance = self.balances.get(reward.unit)
        enough = balance is not None and balance.available + held_here >= reward.cost
        return enough and self.obstacles.get(reward.id) is None

    def has_reached(self, reward: RewardView) -> bool:
        """The same, whatever a till holds of it for some minutes: cards do not flicker by that."""
        balance = self.balances.get(reward.unit)
        enough = balance is not None and balance.own >= reward.cost
        return enough and self.obstacles.get(reward.id) is None

    @property
    def usable(self) -> list[RewardView]:
        """What the member's points reach now, the best first."""
        within = filter(self.has_reached, self.rewards)
        return sorted(within, key=lambda reward: -reward.cost)


def member_view(
    session: Session,
    program: ProgramView,
    member: Member,
    now: datetime,
    standing: Standing | None = None,
    *,
    has_contacts: bool = True,
) -> MemberView:
    """The member at `now`; a `standing` at hand saves asking for it again, and whoever shows neither addresses
    nor the code for friends need not ask for these."""
    together(session, lambda: view_asked(program, member.id, now, has_contacts=has_contacts))
    balances = balances_of(session, program, member.id, now)
    standing = standing or standing_of(session, program, member, now)
    obstacles = find_obstacles(session, member, standing.tier_key, program.rewards, now)
    contacts = contacts_of(session, member.id) if has_contacts else {}
    last_visit_at, last_store_id = last_visit(session, member.id)
    reward, missing = next_reward(program, balances, obstacles)
    return MemberView(
        id=member.id,
        number=member.number,
        code=member.code,
        name=member.name,
        locale=member.locale,
        status=member.status,
        email=contacts.get("email", ""),
        phone=contacts.get("phone", ""),
        standing=standing,
        balances=balances,
        next_reward=reward,
        reward_missing=missing,
        joined_at=member.joined_at,
        last_visit_at=last_visit_at,
        card_url=card_url(session, program, member),
        rewards=tuple(each for each in program.rewards if obstacles[each.id] not in NOT_OFFERED),
        obstacles=obstacles,
        vouchers=waiting_for(session, program, member, now),
        charity=charity_of(program, member),
        notes=notes_of(session, program, member.id, contacts.get("referral", ""), now),
        tags=own_tags(member.tags or ()),
        home_store_id=last_store_id or member.joined_store_id,
    )


def view_asked(
    program: ProgramView, member_id: int, now: datetime, *, has_contacts: bool = True
) -> list[Question]:
    """What `member_view` asks in any case."""
    asked = [
        held_asked(member_id, now),
        vouchers_asked(member_id, now),
        last_visit_asked(member_id),
    ]
    if has_contacts:
        asked.append(contacts_asked(member_id))
    return [*asked, endings_asked(member_id, now)] if has_endings(program) else asked


def balances_of(
    session: Session, program: ProgramView, member_id: int, now: datetime
) -> dict[str, Balance]:
    """Every unit of the program, zero where the member has none. Below zero only by policy."""
    balances = {unit.key: Balance(0, 0) for unit in program.ruleset.units}
    for found in held(session, member_id, now):
        if found.unit in balances:
            own = found.free + min(found.balance, 0)
            # A refund may have taken what a till holds: no more is held than is there.
            by_tills = min(found.held, max(own, 0))
            balances[found.unit] = Balance(own - by_tills, found.waiting, found.owed, by_tills)
    return balances


def next_reward(
    program: ProgramView, balances: Mapping[str, Balance], obstacles: Mapping[int, str | None]
) -> tuple[RewardView | None, int]:
    """The cheapest reward of the main unit still out of reach that this member may take, and how
    much is missing to it."""
    unit = program.ruleset.main_unit.key
    available = balances[unit].own
    for reward in program.rewards:
        if reward.unit == unit and reward.cost > available and not obstacles[reward.id]:
            return reward, reward.cost - available
    return None, 0


def card_url(session: Session, program: ProgramView, member: Member) -> str:
    """The secret address of the member's web card."""
    _, key = program.signing_key
    token = make_token(key, member.id, member.link_generation)
    return f"{context_of(session).public_url}/card/{token}"


def member_with_token(
    session: Session, token: str, programs: Sequence[ProgramView]
) -> tuple[ProgramView, Member] | None:
    """The member whose card address holds this token, or who that one is now; None for junk,
    forgeries and retired links."""
    link = parse_token(token)
    if link is None:
        return None
    for program in programs:
        if any(is_genuine(link, key) for key in program.keys.values()):
            member = member_with_id(session, program.id, link.member_id)
            if member is None or member.link_generation != link.generation:
                return None
            return program, surviving(session, member)
    return None
