"""When a member was handed rewards, whatever the channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, or_, select
from sqlalchemy.orm import Session

from wallet.tables.reward import Redemption, Voucher

READ_MAX = 1_001  # one more than any limit counts


def handed_out_since(
    session: Session, member_id: int, since: datetime, but: int | None = None
) -> list[datetime]:
    """The moments after `since`: of a reward that was used at once its taking, of a voucher its use.

    What was taken back does not count, nor does the redemption `but`.
    """
    at = case((Voucher.id.is_(None), Redemption.occurred_at), else_=Voucher.used_at)
    query = (
        select(at)
        .select_from(Redemption)
        .outerjoin(Voucher, Voucher.redemption_id == Redemption.id)
        .where(
            Redemption.member_id == member_id,
            Redemption.status == "used",
            or_(Redemption.occurred_at > since, Voucher.used_at > since),
            at > since,
        )
    )
    if but is not None:
        query = query.where(Redemption.id != but)
    return list(session.scalars(query.order_by(at.desc()).limit(READ_MAX)))
