"""Who does something, on whose word it is written down, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The credential behind a change. `label` is what an entry keeps: `staff:12`, `key:7`, `system`.

    `role` is owner, manager, marketer, cashier, shop, member or system.
    """

    label: str
    role: str
    channel: str  # store, online, phone
    store_id: int | None = None
    staff_id: int | None = None
    name: str = ""
    till_id: int | None = None  # the paired till it was done at


SYSTEM = Actor("system", "system", "online")
