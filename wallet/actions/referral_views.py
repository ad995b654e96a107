"""A member's referrals as doors tell of them: the code to share and the friends it brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.actions.refer import REASONS, give_referral_code, referral_url
from wallet.tables.member import Member
from wallet.tables.relation import Referral, referrals_by

FRIENDS_MAX = 100  # the newest; nobody reads more of them


@dataclass(frozen=True, slots=True)
class FriendView:
    """One friend. `status` is `joined`, `holding`, `rewarded` or `refused`; `reason` says why not."""

    member_id: int
    status: str
    reason: Mapping[str, str] | None
    joined_at: datetime
    due_at: datetime | None
    rewarded_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReferralsView:
    """`code` and `url` are empty where the program has no referrals."""

    code: str
    url: str
    friends: Sequence[FriendView]


def referrals_view(
    session: Session, program: ProgramView, member: Member, now: datetime
) -> ReferralsView:
    """Makes the code where the member has none yet."""
    code = give_referral_code(session, program, member, now) if member.status == "active" else ""
    friends = [_friend(row) for row in referrals_by(session, member.id, FRIENDS_MAX)]
    return ReferralsView(code, referral_url(session, program, code) if code else "", friends)


def _friend(row: Referral) -> FriendView:
    return FriendView(
        member_id=row.friend_id,
        status=row.status,
        reason=REASONS.get(row.reason) if row.reason else None,
        joined_at=row.created_at,
        due_at=row.due_at,
        rewarded_at=row.rewarded_at,
    )
