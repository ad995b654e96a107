"""A merchant's own words for a member (`press`, `vip-2026`): they make the segments that rules and
rewards name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from wallet.actions.may_take import PICK
from wallet.errors import Refusal
from wallet.tables.member import Member

TAG = r"^[a-z0-9][a-z0-9_-]{0,31}$"  # plain words, so that a rule set can name them without doubt
TAGS_MAX = 50  # of one member: each is looked through at every sale


def own_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Those that the merchant gave; the others are the member's own choices of perks."""
    return tuple(tag for tag in tags if not tag.startswith(PICK))


def put_tags(member: Member, tags: Sequence[str]) -> None:
    """These and no others; what the member chose stays. `tags_invalid`."""
    check_tags(tags)
    chosen = [tag for tag in member.tags or () if tag.startswith(PICK)]
    member.tags = [*dict.fromkeys(tags), *chosen]


def check_tags(tags: Sequence[str]) -> None:
    """Refuse (`tags_invalid`) what no segment can be called."""
    if len(tags) > TAGS_MAX or not all(re.fullmatch(TAG, tag) for tag in tags):
        raise Refusal("tags_invalid")
