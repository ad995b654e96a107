"""What callers get: the shapes of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.json_schema import SkipJsonSchema

# Open lists: callers must bear a word that a later release adds.
Channel = Annotated[str, Field(description="`store`, `online`, `phone`")]
Kind = Annotated[
    str,
    Field(
        description="`accrual`, `redemption`, `refund`, `reversal`, `recovery`, `expiry`, `adjustment`, `transfer`"
    ),
]
Status = Annotated[str, Field(description="`active`, `merged`, `closed`")]
RedemptionStatus = Annotated[str, Field(description="`issued`, `used`, `reversed`, `void`")]
VoucherStatus = Annotated[str, Field(description="`issued`, `used`, `expired`, `void`")]


class Answer(BaseModel):
    """Built by us from checked values; described for others."""

    model_config = ConfigDict(frozen=True)


class Tier(Answer):
    """The status of a member, with its name in the reader's language."""

    key: str
    name: str


class Balance(Answer):
    """Units to spend now, and units that can be spent once the days for returns are over.

    `available` is below zero only where the program lets refunds of spent points do that. `held` is
    there while a till holds some for a reward: it is the member's, but for minutes only that till may
    spend it, so `available` is without it.
    """

    available: int
    pending: int
    held: int | SkipJsonSchema[None] = None

    @model_serializer(mode="wrap")
    def _without_held(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Hardly ever is anything held."""
        said: dict[str, Any] = handler(self)
        if said["held"] is None:
            del said["held"]
        return said


class NextReward(Answer):
    """The cheapest reward still out of reach, and how much is missing to it."""

    id: str
    name: str
    missing: int


Balances = dict[str, Balance]


class VoucherLine(Answer):
    """A voucher that the member can still use."""

    code: str
    name: str
    kind: str
    value: dict[str, Any]
    opens_at: datetime | None
    expires_at: datetime | None


class Charity(Answer):
    """Somebody to whom members may give."""

    id: str
    name: str


class PaidPlan(Answer):
    """A paid membership that runs, with the last day of what was paid for without a gap."""

    plan: str
    name: str
    last_day: date


class Member(Answer):
    """A member as shops see it. `balances` is keyed by unit; the vouchers wait to be used, the one
    that ends first in front; `charity` gets what the member gives."""

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
    tags: Sequence[str]
    vouchers: Sequence[VoucherLine]
    memberships: Sequence[PaidPlan]
    charity: Charity | None
    referral_url: str | None


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
    tax_minor: int
    shipping_minor: int
    gift_card_minor: int
    credit_minor: int
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


class SaleRefundResult(Answer):
    """What the refund did; or, `waiting` and all null, that it is kept until the sale arrives."""

    waiting: bool
    purchase: Purchase | None
    entries: Sequence[Entry]
    balances: Balances | None
    tier: Tier | None
    repeated: Repeated


class Voucher(Answer):
    """A reward waiting to be used, in whichever channel it is shown first.

    `obstacle` is the code of the problem that using it now would meet; null: it can be used.
    """

    code: str
    member_id: str
    redemption_id: str
    reward: Reward
    status: VoucherStatus
    obstacle: str | None
    issued_at: datetime
    opens_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    used_channel: Channel | None


class RedemptionResult(Answer):
    """What taking a reward did; with the voucher when one was issued."""

    redemption: Redemption
    voucher: Voucher | SkipJsonSchema[None] = None
    entries: Sequence[Entry]
    balances: Balances
    repeated: Repeated

    @model_serializer(mode="wrap")
    def _without_missing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Most rewards are used at once: they have no voucher, not an empty one."""
        said: dict[str, Any] = handler(self)
        if said["voucher"] is None:
            del said["voucher"]
        return said


class VoucherList(Answer):
    """The voucher of a code, or nothing."""

    data: Sequence[Voucher]
    next_cursor: None = None


class VoucherUsed(Answer):
    """What using a voucher gives: `worth_minor` comes off the bill, where it is money; `handover` is
    what is given out, such as a partner's `code` or the `url` of content."""

    voucher: Voucher
    worth_minor: int | None
    handover: dict[str, Any]
    repeated: Repeated


class CreditPayment(Answer):
    """Store credit that paid part of a bill."""

    id: str
    member_id: str
    unit: str
    amount_minor: int
    refunded_minor: int
    bill_minor: int | None
    source: str | None
    external_id: str | None
    purchase_id: str | None
    occurred_at: datetime


class CreditPaymentResult(Answer):
    """What paying with credit did. Points that the sale gave for what credit paid are taken back."""

    payment: CreditPayment
    entries: Sequence[Entry]
    balances: Balances
    repeated: Repeated


class CharityList(Answer):
    """The charities of the program, its own choice first."""

    data: Sequence[Charity]
    next_cursor: None = None


class CharityTotal(Answer):
    """What one charity was promised."""

    charity_id: str
    name: str
    amount_minor: int


class DonationTotals(Answer):
    """What was given, all in all and to each, the largest sum first."""

    currency: str
    total_minor: int
    charities: Sequence[CharityTotal]


class Reach(Answer):
    """Whom a message would reach now."""

    members: int
    notified: int
    silent: int
    without_card: int


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


class Merge(Answer):
    """One member went into another one; `undone_at` is null while that holds."""

    id: str
    merged_id: str
    survivor_id: str
    at: datetime
    undone_at: datetime | None


class MergedMember(Member):
    """The member who stays, and the merge by its id, for undoing it."""

    merge: Merge


class MergeList(Answer):
    """Merges, newest first."""

    data: Sequence[Merge]
    next_cursor: None = None


class Person(Answer):
    """A member in one line."""

    id: str
    number: str
    name: str
    joined_at: datetime


class DuplicateReason(Answer):
    """What two members share."""

    key: str
    text: str


class Duplicate(Answer):
    """Two members who may be one person; `score` is in percent. The older one would stay."""

    older: Person
    newer: Person
    score: int
    reasons: Sequence[DuplicateReason]


class DuplicateList(Answer):
    """A page of suggestions, the likeliest first."""

    data: Sequence[Duplicate]
    next_cursor: str | None


class Activity(Answer):
    """Something else than a sale that a member did."""

    id: str
    member_id: str
    kind: str
    source: str
    external_id: str
    channel: Channel
    occurred_at: datetime
    recorded_at: datetime


class ActivityResult(Answer):
    """What an activity did."""

    activity: Activity
    entries: Sequence[Entry]
    balances: Balances
    tier: Tier | None
    repeated: Repeated


class Membership(Answer):
    """One paid period. `ends_at` is the first instant after its last day in the program's zone."""

    id: str
    member_id: str
    plan: str
    name: str
    status: Annotated[str, Field(description="`coming`, `active`, `over`, `cancelled`")]
    source: str
    external_id: str
    starts_at: datetime
    ends_at: datetime
    last_day: date
    cancelled_at: datetime | None


class MembershipResult(Answer):
    """A paid period, and the status that the member has now."""

    membership: Membership
    tier: Tier | None
    repeated: Repeated


class Friend(Answer):
    """A friend whom a member brought; `reason` says why a refused one gives nothing."""

    member_id: str
    status: Annotated[str, Field(description="`joined`, `holding`, `rewarded`, `refused`")]
    reason: str | None
    joined_at: datetime
    due_at: datetime | None
    rewarded_at: datetime | None


class Referrals(Answer):
    """The code that a member shares and the friends it brought, the newest first."""

    code: str | None
    url: str | None
    friends: Sequence[Friend]


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
