"""What callers get: the shapes of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

# Open lists: callers must bear a word that a later release adds.
Channel = Annotated[str, Field(description="`store`, `online`, `phone`")]
Kind = Annotated[
    str,
    Field(
        description="`accrual`, `redemption`, `refund`, `reversal`, `recovery`, `expiry`, `adjustment`"
    ),
]
Status = Annotated[str, Field(description="`active`, `merged`, `closed`")]
RedemptionStatus = Annotated[str, Field(description="`used`, `reversed`")]


class Answer(BaseModel):
    """Built by us from checked values; described for others."""

    model_config = ConfigDict(frozen=True)


class Tier(Answer):
    """The status of a member, with its name in the reader's language."""

    key: str
    name: str


class Balance(Answer):
    """Units to spend now, and units that can be spent once the days for returns are over.

    `available` is below zero only where the program lets refunds of spent points do that.
    """

    available: int
    pending: int


class NextReward(Answer):
    """The cheapest reward still out of reach, and how much is missing to it."""

    id: str
    name: str
    missing: int


Balances = dict[str, Balance]


class Member(Answer):
    """A member as shops see it. `balances` is keyed by unit."""

    id: str
    number: str
    code: str
    name: str
    email: str | None
    phone: str | None
    locale: str
    status: Status
    tier: Tier | None
    balances: Balances
    next_reward: NextReward | None
    card_url: str
    apple_url: str
    google_url: str
    joined_at: datetime


class Why(Answer):
    """One sentence of an explanation, and the rule that said so."""

    text: str
    rule: str
    rule_version: int


class Entry(Answer):
    """One movement of one unit. `id` is null in a quote: nothing was written."""

    id: str | None
    unit: str
    kind: Kind
    quantity: int
    balance_after: int
    occurred_at: datetime
    recorded_at: datetime
    channel: Channel
    purchase_id: str | None
    reverses: str | None
    why: Sequence[Why]


class Purchase(Answer):
    """A sale. `id` is null in a quote."""

    id: str | None
    member_id: str
    source: str
    external_id: str
    channel: Channel
    amount_minor: int
    refunded_minor: int
    currency: str
    items: Sequence[dict[str, Any]]
    occurred_at: datetime
    recorded_at: datetime


class Redemption(Answer):
    """A reward that a member took."""

    id: str
    member_id: str
    reward_id: str
    status: RedemptionStatus
    unit: str
    cost: int
    channel: Channel
    occurred_at: datetime


class Reward(Answer):
    """One line of the catalogue, in the reader's language. `value` says what it is worth at a till."""

    id: str
    name: str
    description: str
    kind: str
    value: dict[str, Any]
    unit: str
    cost: int


Repeated = Annotated[bool, Field(description="Whether this is the first result again")]


class PurchaseResult(Answer):
    """What a sale or its refund did."""

    purchase: Purchase
    entries: Sequence[Entry]
    balances: Balances
    tier: Tier | None
    repeated: Repeated


class RedemptionResult(Answer):
    """What taking a reward did."""

    redemption: Redemption
    entries: Sequence[Entry]
    balances: Balances
    repeated: Repeated


class ReversalResult(Answer):
    """What undoing a movement did; with the purchase or the redemption that it belonged to."""

    purchase: Purchase | None
    redemption: Redemption | None
    entries: Sequence[Entry]
    balances: Balances
    tier: Tier | None
    repeated: Repeated


class MemberList(Answer):
    """A page of members."""

    data: Sequence[Member]
    next_cursor: str | None


class EntryList(Answer):
    """A page of movements, newest first."""

    data: Sequence[Entry]
    next_cursor: str | None


class RewardList(Answer):
    """The catalogue, cheapest first."""

    data: Sequence[Reward]
    next_cursor: None = None


class Created(Answer):
    """Headers of a 201."""

    Location: str


class FieldError(Answer):
    """What is wrong with one field of the request."""

    field: str
    message: str


class Problem(Answer):
    """Why it was refused (RFC 9457). Programs go by `code`, people read `detail`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: Sequence[FieldError] = ()
