"""What callers may send: strict models, nothing unknown, every length and range limited."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
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
from wallet.rules.money import AMOUNT_MINOR_MAX
from wallet.web.api.adapter import REF_ERROR

TEXT_LENGTH_MAX = 200  # names and categories of articles; longer ones are descriptions
SOURCE_LENGTH_MAX = 64  # a shop's name for itself
PHONE_LENGTH_MAX = 40  # with spaces, brackets and an extension
CODE_LENGTH_MAX = 104  # a member code four times over: what a scanner may add round it
ITEMS_MAX = 500  # lines of one sale; with every field full it still fits the largest body
QUANTITY_MAX = 100_000  # of one article in one sale
EXTERNAL_IDS_MAX = 20  # shops that know one member
WORDING_LENGTH_MAX = 2_000  # the sentence that was agreed to
PAGE_SIZE = 20
PAGE_SIZE_MAX = 100  # rows of one page of a list
YEAR_MIN = 2000  # older sales are slips of the keyboard, and year 1 breaks time zones

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _time(value: object) -> datetime:
    """RFC 3339 with a zone; naive times are refused because nobody knows when they were."""
    wrong = PydanticCustomError("time_form", "not an RFC 3339 time")
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise wrong
    try:
        at = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong from None
    if at.year < YEAR_MIN:
        raise wrong
    return at


def _date(value: object) -> date | None:
    wrong = PydanticCustomError("date_form", "not a date")
    if value is None:
        return None
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise wrong
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise wrong from None


def _digits(value: object) -> object:
    """A number in a query string."""
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value


Time = Annotated[
    datetime,
    BeforeValidator(_time),
    WithJsonSchema({"type": "string", "format": "date-time", "example": "2026-05-04T12:30:00Z"}),
]
Day = Annotated[
    date | None,
    BeforeValidator(_date),
    WithJsonSchema({"type": ["string", "null"], "format": "date", "example": "1990-05-04"}),
]
Text = Annotated[str, StringConstraints(max_length=TEXT_LENGTH_MAX)]
Email = Annotated[str, StringConstraints(max_length=EMAIL_LENGTH_MAX)]
Phone = Annotated[str, StringConstraints(max_length=PHONE_LENGTH_MAX)]
Locale = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35)
]
Source = Annotated[str, StringConstraints(min_length=1, max_length=SOURCE_LENGTH_MAX)]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=EXTERNAL_ID_LENGTH_MAX)]
Channel = Literal["store", "online", "phone"]
# The range is the ledger's own answer (`amount_invalid`, `amount_too_large`); it is told here.
Amount = Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": AMOUNT_MINOR_MAX})]
LineAmount = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX)]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]


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
    """A person who joins. At least one of `email`, `phone` and `external_ids` is needed."""

    email: Email | None = None
    phone: Phone | None = None
    name: Text | None = None
    locale: Locale | None = None
    birthday: Day = None
    external_ids: ExternalRefs = []
    consents: Consents = {}


class MemberChange(Strict):
    """What changes; what is not named stays. `null` takes a value away. `external_ids` are added."""

    email: Email | None = None
    phone: Phone | None = None
    name: Text | None = None
    locale: Locale = ""
    birthday: Day = None
    external_ids: ExternalRefs = []
    consents: Consents = {}


class MemberQuery(Strict):
    """By one identifier, or all, newest first."""

    code: Annotated[str, StringConstraints(max_length=CODE_LENGTH_MAX)] = ""
    number: Annotated[str, StringConstraints(max_length=PHONE_LENGTH_MAX)] = ""
    email: Email = ""
    phone: Phone = ""
    source: Annotated[str, StringConstraints(max_length=SOURCE_LENGTH_MAX)] = ""
    external_id: Annotated[str, StringConstraints(max_length=EXTERNAL_ID_LENGTH_MAX)] = ""
    limit: Annotated[int, BeforeValidator(_digits), Field(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE
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

    limit: Annotated[int, BeforeValidator(_digits), Field(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE
    cursor: Text = ""


class Item(Strict):
    """One line of a sale. `amount_minor` is the price of the whole line."""

    sku: Text = ""
    name: Text = ""
    category: Text = ""
    quantity: Quantity = 1
    amount_minor: LineAmount | None = None


class NewPurchase(Strict):
    """A sale in any channel. Unique by `source` and `external_id`."""

    member: MemberReference
    source: Source = "shop"
    external_id: ExternalId
    channel: Channel = "online"
    amount_minor: Amount
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    items: Annotated[list[Item], Field(max_length=ITEMS_MAX)] = []
    occurred_at: Time | None = None


class PurchaseQuote(NewPurchase):
    """A sale that may come: a cart has no number yet."""

    external_id: ExternalId = ""


class ReturnedItem(Strict):
    """Part of a line that comes back: all of it unless `quantity` says less."""

    sku: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_LENGTH_MAX)]
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


class NewRedemption(Strict):
    """A member takes a reward."""

    member: MemberReference
    reward_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class NewReversal(Strict):
    """Why a movement is undone; the member can read it."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=REASON_LENGTH_MAX)]
