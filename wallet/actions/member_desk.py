"""What staff look after for one member besides movements: vouchers, paid periods, choices, merges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.choose_perks import PerkSet, perk_sets
from wallet.actions.membership_views import MembershipView, membership_view
from wallet.actions.merge_views import MergeView, merge_view
from wallet.actions.program_view import ProgramView, reward_view
from wallet.actions.tills.member_pin import holds_pin
from wallet.actions.use_voucher import check_usable
from wallet.actions.voucher_state import VoucherState, state_of
from wallet.errors import Refusal
from wallet.tables.member import member_with_id
from wallet.tables.merging import merges_of, standing_merge
from wallet.tables.relation import memberships_of
from wallet.tables.reward import Voucher, reward_with_id, vouchers_of

VOUCHERS_SHOWN = 20  # the newest: more is history, which the movements tell


@dataclass(frozen=True, slots=True)
class MergedPerson:
    """Somebody who went into this member. `can_part`: the merge holds and may be undone."""

    merge: MergeView
    name: str
    number: str
    can_part: bool


@dataclass(frozen=True, slots=True)
class MemberDesk:
    """`survivor` is who this member is now, after a merge: (member, name, number)."""

    vouchers: Sequence[VoucherState]
    memberships: Sequence[MembershipView]
    perk_sets: Sequence[PerkSet]
    merges: Sequence[MergedPerson]
    survivor: tuple[int, str, str] | None
    has_pin: bool  # chosen on the page of the card, for saying yes at a till


def member_desk(
    session: Session, program: ProgramView, member_id: int, now: datetime
) -> MemberDesk:
    """Of the member with this id, who must be the program's."""
    member = member_with_id(session, program.id, member_id)
    if member is None:
        raise Refusal("member_not_found")
    standing = standing_merge(session, member.id)
    survivor = member_with_id(session, program.id, standing.survivor_id) if standing else None
    return MemberDesk(
        vouchers=[
            _voucher(session, program, row, now)
            for row in vouchers_of(session, member.id, VOUCHERS_SHOWN)
        ],
        memberships=[
            membership_view(program, row, now) for row in memberships_of(session, member.id)
        ],
        perk_sets=perk_sets(program, member),
        merges=[
            _merged(session, program, merge_view(row)) for row in merges_of(session, member.id)
        ],
        survivor=(survivor.id, survivor.name, survivor.number) if survivor else None,
        has_pin=holds_pin(session, member.id),
    )


def _voucher(session: Session, program: ProgramView, row: Voucher, now: datetime) -> VoucherState:
    reward = reward_with_id(session, program.id, row.reward_id)
    assert reward is not None
    view = reward_view(reward)
    try:
        check_usable(row, view, now)
    except Refusal as refusal:
        return state_of(row, view, refusal.code)
    return state_of(row, view)


def _merged(session: Session, program: ProgramView, merge: MergeView) -> MergedPerson:
    person = member_with_id(session, program.id, merge.merged_id)
    assert person is not None
    return MergedPerson(merge, person.name, person.number, merge.undone_at is None)
