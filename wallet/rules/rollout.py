"""Which cards a new design reaches first. Pure."""

from __future__ import annotations

import hashlib

SHARES = (5, 50, 100)  # percent of the cards, one after the other


def is_reached(member_id: int, design_id: int, percent: int) -> bool:
    """Whether this member is among the first so many percent for this design version.

    Who is reached at 5 % is reached at 50 % too; another version begins with other members, so that
    the same few are not everybody's first.
    """
    digest = hashlib.blake2b(f"{design_id}:{member_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % 10_000 < percent * 100
