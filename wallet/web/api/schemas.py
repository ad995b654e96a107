"""What callers may send: strict models, nothing unknown, every length and range limited."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from wallet.actions.edit_member import CONSENT_PURPOSES
from wallet.actions.find_member import MemberRef
from wallet.actions.identify import (
    EMAIL_LENGTH_MAX,
    EXTERNAL_ID_LENGTH_MAX,
    REASON_LENGTH_MAX,
)
from wallet.actions.member_tags import TAG, TAGS_MAX
from wallet.web.api.adapter import REF_ERROR
from wallet.web.api.fields import (
    CODE_LENGTH_MAX,
    EXTERNAL_IDS_MAX,
    ITEMS_MAX,
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    PHONE_LENGTH_MAX,
    SOURCE_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    WORDING_LENGTH_MAX,
    Amount,
    Channel,
    Day,
    Email,
    ExternalId,
    LineAmount,
    Locale,
    Phone,
    Quantity,
    Source,
    Text,
    Time,
    digits_of,
)

PublicId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Strict(BaseModel):
    """No unknown field, no conversion: `true` is not 1 and "12" is not 12."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ExternalRef(Strict):
    """An id given by a shop or another system."""

    source: Source
    id: ExternalId


_REF_KINDS = ("id", "code", "number", "email", "phone", "external_id")


class MemberReference(Strict):
    """A member, named by exactly one of these."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [kind]} for kind in _REF_KINDS]}
    )

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)] = ""
    code: Annotated[str, StringConstraints(min_length=1, max_length=CODE_LENGTH_MAX)] = ""
    number: Annotated[str, StringConstraints(min_length=1, max_length=PHONE_LENGTH_MAX)] = ""
    email: Annotated[str, StringConstraints(min_length=1, max_length=EMAIL_LENGTH_MAX)] = ""
    phone: Annotated[str, StringConstraints(min_length=1, max_length=PHONE_LENGTH_MAX)] = ""
    external_id: ExternalRef | SkipJsonSchema[None] = None

    @model_validator(mode="before")
    @classmethod
    def _one(cls, data: Any) -> Any:
        if not isinstance(data, dict) or len(data) != 1 or None in data.values():
            raise PydanticCustomError(REF_ERROR, "exactly one")
        return data

    @property
    def ref(self) -> MemberRef:
        """The same for actions."""
        if self.external_id is not None:
            outer = self.external_id
            return MemberRef(external_source=outer.source, external_id=outer.id)
        (kind,) = self.model_fields_set
        return MemberRef(**{kind: getattr(self, kind)})


class ConsentChange(Strict):
    """Agreed to or withdrawn, and the words that were on the screen."""

    granted: bool
    wording: Annotated[str, StringConstraints(max_length=WORDING_LENGTH_MAX)] = ""


Consents = Annotated[
    dict[Literal["email", "sms"], bool | ConsentChange], Field(max_length=len(CONSENT_PURPOSES))
]
Tags = Annotated[list[Annotated[str, StringConstraints(pattern=TAG)]], Field(max_length=TAGS_MAX)]
ExternalRefs = Annotated[list[ExternalRef], Field(max_length=EXTERNAL_IDS_MAX)]


def consents_of(
    consents: dict[Literal["email", "sms"], bool | ConsentChange],
) -> dict[str, tuple[bool, str]]:
    """Purpose → (granted, wording)."""
    return {
        purpose: (said, "") if isinstance(said, bool) else (said.granted, said.wording)
        for purpose, said in consents.items()
    }


class NewMember(Strict):
    """A person who joins. At least one of `email`, `phone` and `external_ids` is needed.

    `referral_code` is that of the friend who brought them; a mistyped one keeps nobody out.
    """

    email: Email | None = None
    phone: Phone | None = None
    name: Text | None = None
    locale: Locale | None = None
    birthday: Day = None
    external_ids: ExternalRefs = []
    consents: Consents = {}
    referral_code: Text | None = None


class MemberChange(Strict):
    """What changes; what is not named stays. `null` takes a value away. `external_ids` are added;
    `tags` are all of them, for the segments that rules and rewards name."""

    email: Email | None = None
    phone: Phone | None = None
    name: Text | None = None
    locale: Locale = ""
    birthday: Day = None
    external_ids: ExternalRefs = []
    consents: Consents = {}
    tags: Tags = []


class MemberQuery(Strict):
    """By one identifier, or all, newest first."""

    code: Annotated[str, StringConstraints(max_length=CODE_LENGTH_MAX)] = ""
    number: Annotated[str, StringConstraints(max_length=PHONE_LENGTH_MAX)] = ""
    email: Email = ""
    phone: Phone = ""
    source: Annotated[str, StringConstraints(max_length=SOURCE_LENGTH_MAX)] = ""
    external_id: Annotated[str, StringConstraints(max_length=EXTERNAL_ID_LENGTH_MAX)] = ""
    limit: Annotated[int, BeforeValidator(digits_of), Field(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE
    cursor: Text = ""

    @model_validator(mode="after")
    def _one_kind(self) -> MemberQuery:
        kinds = self.model_fields_set - {"limit", "cursor"}
        if len(kinds) > 1 and kinds != {"source", "external_id"}:
            names = "code, number, email, phone, source + external_id"
            raise PydanticCustomError("exactly_one", "exactly one", {"names": names})
        if kinds in ({"source"}, {"external_id"}):
            names = "source + external_id"
            raise PydanticCustomError("exactly_one", "both", {"names": names})
        return self

    @property
    def ref(self) -> MemberRef | None:
        """The member asked for; None for all of them."""
        kinds = self.model_fields_set - {"limit", "cursor"}
        if not kinds:
            return None
        if "external_id" in kinds:
            return MemberRef(external_source=self.source, external_id=self.external_id)
        (kind,) = kinds
        return MemberRef(**{kind: getattr(self, kind)})


class PageQuery(Strict):
    """Which page of a list."""

    limit: Annotated[int, BeforeValidator(digits_of), Field(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE
    cursor: Text = ""


class Item(Strict):
    """One line of a sale. `amount_minor` is the price of the whole line."""

    sku: Text = ""
    name: Text = ""
    category: Text = ""
    quantity: Quantity = 1
    amount_minor: LineAmount | None = None


class NewPurchase(Strict):
    """A sale in any channel. Unique by `source` and `external_id`.

    `tax_minor`, `shipping_minor`, `gift_card_minor` and `credit_minor` (paid with store credit) are
    parts of `amount_minor`; the program's rules say which of them earn.
    """

    member: MemberReference
    source: Source = "shop"
    external_id: ExternalId
    channel: Channel = "online"
    amount_minor: Amount
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    items: Annotated[list[Item], Field(max_length=ITEMS_MAX)] = []
    occurred_at: Time | None = None
    tax_minor: LineAmount = 0
    shipping_minor: LineAmount = 0
    gift_card_minor: LineAmount = 0
    credit_minor: LineAmount = 0


class PurchaseQuote(NewPurchase):
    """A sale that may come: a cart has no number yet."""

    external_id: ExternalId = ""


class ReturnedItem(Strict):
    """Part of a line that comes back: all of it unless `quantity` says less. `sku` says which one; what
    else the line has may be sent along as it was sold."""

    sku: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_LENGTH_MAX)]
    name: Text = ""
    category: Text = ""
    quantity: Quantity | None = None
    amount_minor: LineAmount | None = None


class NewRefund(Strict):
    """Money that goes back: an amount, or items of the purchase."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["amount_minor"]}, {"required": ["items"]}]}
    )

    amount_minor: Amount | None = None
    items: Annotated[list[ReturnedItem], Field(min_length=1, max_length=ITEMS_MAX)] | None = None
    external_id: ExternalId | None = None
    reason: Annotated[str, StringConstraints(max_length=REASON_LENGTH_MAX)] = ""

    @model_validator(mode="after")
    def _one_way(self) -> NewRefund:
        if (self.amount_minor is None) == (self.items is None):
            names = "amount_minor, items"
            raise PydanticCustomError("exactly_one", "exactly one", {"names": names})
        return self


class SaleReference(Strict):
    """A sale as a shop or a till calls it, whether it was recorded already or is still to come."""

    source: Source
    external_id: ExternalId

    @property
    def ref(self) -> tuple[str, str]:
        """The same for actions."""
        return self.source, self.external_id


class NewSaleRefund(NewRefund):
    """The same of a sale as the shop calls it. `external_id` is the shop's own number of the refund, by
    which it counts once."""

    sale: SaleReference
    external_id: ExternalId


class NewRedemption(Strict):
    """A member takes a reward. When all of the `sale` in which it is used is given back, so is what
    the reward cost. `charity_id` is for donations; left out, the member's own choice gets it."""

    member: MemberReference
    reward_id: PublicId
    sale: SaleReference | None = None
    charity_id: PublicId | None = None


class NewReversal(Strict):
    """Why a movement is undone; the member can read it."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=REASON_LENGTH_MAX)]


class NewMerge(Strict):
    """The member who stays."""

    into: PublicId


class NewActivity(Strict):
    """Something else than a sale that may earn. Unique by `kind`, `source` and `external_id`."""

    member: MemberReference
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    source: Source = "shop"
    external_id: ExternalId
    channel: Channel = "online"
    occurred_at: Time | None = None


class VoucherQuery(Strict):
    """The code on a voucher, as printed or as somebody typed it."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=CODE_LENGTH_MAX)]


class VoucherUse(Strict):
    """A voucher is used. `bill_minor` or a recorded `sale` says what a percentage is worth."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=CODE_LENGTH_MAX)]
    sale: SaleReference | None = None
    bill_minor: Amount | None = None


class NewCreditPayment(Strict):
    """Part of a bill is paid with store credit, once for each `sale`."""

    member: MemberReference
    amount_minor: Amount
    bill_minor: Amount | None = None
    sale: SaleReference | None = None


class NewMembership(Strict):
    """A period of a plan was paid for. Unique by `source` and `external_id` of the payment."""

    member: MemberReference
    plan: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    source: Source = "shop"
    external_id: ExternalId


class CharityChoice(Strict):
    """To whom the member gives from now on; `null` goes back to the program's first charity."""

    charity_id: PublicId | None


class TierQuery(Strict):
    """One tier by its key; left out: everybody."""

    tier: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class SpanQuery(Strict):
    """From `since` to before `until`; both may be left out."""

    since: Time | None = None
    until: Time | None = None
