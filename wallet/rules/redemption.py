"""Redemption: whether this member may take this reward now, and what it is worth at a till."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from wallet.values import value_class

Kind = Literal[
    "percent",
    "amount",
    "product",
    "shipping",
    "access",
    "content",
    "event",
    "experience",
    "gift",
    "donation",
    "partner",
]
Mode = Literal["instant", "voucher"]
KINDS: tuple[str, ...] = get_args(Kind)
MODES: tuple[str, ...] = get_args(Mode)

# What people remember and tell, against what only makes something cheaper (S59).
EMOTIONAL = frozenset({"access", "content", "event", "experience", "gift", "donation"})
# Kept at the door until somebody shows the voucher.
VOUCHER_ONLY = frozenset({"access", "event"})
# Never shown in the catalogue: handed over to whoever took the reward.
SECRETS = ("code", "url")
# Refusals of rewards that are not even shown to the member.
NOT_OFFERED = ("reward_over", "reward_for_other_tier", "reward_for_others", "reward_not_picked")
PERCENT_MAX = 100
_PERCENT = re.compile(r"^\d{1,3}(\.\d{1,4})?\Z")
NOTICE_LATE_BY = timedelta(days=1)  # a notice that goes out later than this has failed its day
RETURN_LIFE = timedelta(days=30)  # what comes back after its own time was over lives this long


@dataclass(frozen=True, slots=True)
class Conditions:
    """Who may take a reward, when, and how often. `stock` None is endless."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    tier_keys: Collection[str] = ()
    tags: Collection[str] = ()
    choice: str = ""  # one of a set of perks of which the member picks some
    per_member: int | None = None
    stock: int | None = None


@value_class
class Taker:
    """What is known of whoever wants it. `taken`: how often already, within the reward's days."""

    tier_key: str | None
    tags: Collection[str] = ()
    has_picked: bool = False
    taken: int = 0


def is_for(conditions: Conditions, taker: Taker) -> str | None:
    """The code that says why this reward is not for this member at all, or None."""
    if conditions.tier_keys and taker.tier_key not in conditions.tier_keys:
        return "reward_for_other_tier"
    if conditions.tags and not set(conditions.tags) & set(taker.tags):
        return "reward_for_others"
    if conditions.choice and not taker.has_picked:
        return "reward_not_picked"
    return None


def obstacle(conditions: Conditions, taker: Taker, now: datetime) -> str | None:
    """The code that says why the member may not take the reward now, or None. Points are another
    question. What cannot change soon is said first."""
    if conditions.ends_at is not None and now >= conditions.ends_at:
        return "reward_over"
    if stranger := is_for(conditions, taker):
        return stranger
    if conditions.starts_at is not None and now < conditions.starts_at:
        return "reward_not_yet"
    if conditions.per_member is not None and taker.taken >= conditions.per_member:
        return "reward_limit_reached"
    if conditions.stock is not None and conditions.stock <= 0:
        return "reward_sold_out"
    return None


def limit_since(per_member_days: int | None, now: datetime) -> datetime | None:
    """Since when takings count for the limit; None: for ever."""
    return now - timedelta(days=per_member_days) if per_member_days else None


def worth_minor(kind: str, value: Mapping[str, Any], bill_minor: int | None) -> int | None:
    """What the cashier takes off the bill, in minor units; None where it is not money.

    A percentage needs the bill and is rounded half up, at most `max_minor`; nothing is worth more
    than the bill.
    """
    if kind == "amount":
        amount = int(value["amount_minor"])
        return amount if bill_minor is None else min(amount, bill_minor)
    if kind == "percent" and bill_minor is not None:
        exact = Fraction(bill_minor) * Fraction(str(value["percent"])) / 100
        off = int(exact + Fraction(1, 2))
        return min(off, int(value.get("max_minor", off)), bill_minor)
    return None


def voucher_ends(
    voucher_days: int | None, value: Mapping[str, Any], issued_at: datetime, time_zone: str
) -> datetime | None:
    """When a voucher issued now can no longer be used: at the end of its last day where the program
    lives, or when what it opens closes."""
    ends = [
        moment
        for moment in (
            day_end(issued_at, voucher_days, time_zone) if voucher_days else None,
            moment_of(value, "closes_at"),
        )
        if moment is not None
    ]
    return min(ends, default=None)


def day_end(at: datetime, days: int, time_zone: str) -> datetime:
    """The midnight that ends the day so many days after `at`, as the clocks of that place show it."""
    zone = ZoneInfo(time_zone)
    after = at.astimezone(zone).date() + timedelta(days=days + 1)
    return datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(at.tzinfo)


@dataclass(frozen=True, slots=True)
class VoucherNotice:
    """Whether the holder is to be told now, and until when the voucher has to live for that."""

    is_told: bool
    ends_at: datetime


def voucher_notice(
    issued_at: datetime,
    ends_at: datetime,
    closes_at: datetime | None,
    notice_days: int,
    now: datetime,
    time_zone: str,
) -> VoucherNotice | None:
    """The notice of a voucher that ends then; None while that is too far away to speak of it.

    One that never had that long is not told of again: its last day was said when it was issued.
    Where the notice comes late (a service that was off), the voucher lives on as long as one that
    was told in time, unless what it opens closes.
    """
    if now < ends_at - timedelta(days=notice_days):
        return None
    if not notice_days or issued_at + timedelta(days=notice_days) >= ends_at:
        return VoucherNotice(False, ends_at)
    later = ends_at
    if now >= ends_at - timedelta(days=notice_days) + NOTICE_LATE_BY:
        later = max(ends_at, day_end(now, notice_days, time_zone))
    return VoucherNotice(True, max(ends_at, min(later, closes_at)) if closes_at else later)


def moment_of(value: Mapping[str, Any], name: str) -> datetime | None:
    """A time that a reward names, such as `opens_at` of an early sale."""
    said = value.get(name)
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def value_problems(kind: str, value: Mapping[str, Any]) -> list[str]:
    """What is wrong with the value of a reward of this kind: keys of fields, empty when all is well."""
    checks = {
        "percent": {"percent": _is_percent},
        "amount": {"amount_minor": _is_minor},
        "donation": {"amount_minor": _is_minor},
        "content": {"url": _is_link},
        "partner": {"code": _is_word},
    }.get(kind, {})
    problems = [name for name, is_right in checks.items() if not is_right(value.get(name))]
    if "max_minor" in value and not _is_minor(value["max_minor"]):
        problems.append("max_minor")
    problems += [name for name in ("opens_at", "closes_at") if not _is_moment(value.get(name))]
    if "choice" in value and not (_is_word(value["choice"]) and _is_minor(value.get("choice_max"))):
        problems.append("choice")
    return problems


def lacks_emotion(kinds: Sequence[str]) -> bool:
    """Whether a catalogue only makes things cheaper: members do not grow fond of a discount."""
    return bool(kinds) and not EMOTIONAL & set(kinds)


def _is_percent(said: object) -> bool:
    if isinstance(said, bool) or not isinstance(said, int | str):
        return False
    return bool(_PERCENT.match(str(said))) and 0 < Fraction(said) <= PERCENT_MAX


def _is_minor(said: object) -> bool:
    return isinstance(said, int) and not isinstance(said, bool) and said > 0


def _is_link(said: object) -> bool:
    return isinstance(said, str) and said.startswith("https://")


def _is_word(said: object) -> bool:
    return isinstance(said, str) and bool(said.strip())


def _is_moment(said: object) -> bool:
    if said is None:
        return True
    if not isinstance(said, str):
        return False
    try:
        return datetime.fromisoformat(said).tzinfo is not None
    except ValueError:
        return False
