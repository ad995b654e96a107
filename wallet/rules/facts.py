"""What earning looks at, as plain data: a sale, its lines, and the member at that moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from wallet.values import value_class

Number = int | Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sale. After a refund by amount quantities and amounts may be fractions."""

    sku: str
    category: str
    quantity: Number
    amount_minor: Number


@value_class
class Sale:
    """A sale. The parts are included in `amount_minor`; the rules say which of them earn."""

    amount_minor: int
    currency: str
    channel: str
    tax_minor: int = 0
    shipping_minor: int = 0
    gift_card_minor: int = 0
    credit_minor: int = 0  # paid with the member's store credit
    lines: tuple[Line, ...] = ()
    is_visit: bool = False  # somebody came, and no amount was said


@value_class
class MemberFacts:
    """A member as earning sees it.

    `at` is the moment in the program's time zone. `tier_key` is the effective tier: the better of
    the one earned and the one paid for. `used` maps (rule or `unit:…`, period) to what the running
    period gave already: (quantity, times). `visits` maps a visit goal to (earlier sales of its
    period that count, times it was given in it).
    """

    at: datetime
    tier_key: str | None = None
    tags: tuple[str, ...] = ()
    joined_on: date | None = None
    birthday: date | None = None
    plans: tuple[str, ...] = ()
    used: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    visits: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For `purchase.view`: what is empty is left out."""
        document: dict[str, Any] = {"at": self.at.isoformat()}
        if self.tier_key:
            document["tier"] = self.tier_key
        if self.tags:
            document["tags"] = list(self.tags)
        if self.joined_on:
            document["joined_on"] = self.joined_on.isoformat()
        if self.birthday:
            document["birthday"] = self.birthday.isoformat()
        if self.plans:
            document["plans"] = list(self.plans)
        if self.used:
            document["used"] = [[*key, *amounts] for key, amounts in self.used.items()]
        if self.visits:
            document["visits"] = {key: list(counts) for key, counts in self.visits.items()}
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> MemberFacts:
        """The same again."""
        joined_on, birthday = document.get("joined_on"), document.get("birthday")
        return cls(
            at=datetime.fromisoformat(document["at"]),
            tier_key=document.get("tier"),
            tags=tuple(document.get("tags", ())),
            joined_on=date.fromisoformat(joined_on) if joined_on else None,
            birthday=date.fromisoformat(birthday) if birthday else None,
            plans=tuple(document.get("plans", ())),
            used={
                (rule, per): (quantity, times)
                for rule, per, quantity, times in document.get("used", ())
            },
            visits={
                key: (seen, given) for key, (seen, given) in document.get("visits", {}).items()
            },
        )


def sale_lines(items: Any) -> tuple[Line, ...]:
    """The lines of a sale from its items as tills and shops send them."""
    return tuple(
        Line(
            str(item.get("sku") or ""),
            str(item.get("category") or ""),
            int(item.get("quantity") or 1),
            int(item.get("amount_minor") or 0),
        )
        for item in items
    )
