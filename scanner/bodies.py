"""What the till's page may say, field by field; anything else is refused before an action is called."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from flask import request
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from wallet.actions.identify import REASON_LENGTH_MAX
from wallet.actions.record_purchase import RECEIPT_LENGTH_MAX
from wallet.actions.shown_card import NOTE_LENGTH_MAX
from wallet.errors import Refusal

QUERY_LENGTH_MAX = 200  # the longest e-mail address is 254, but nobody types that at a till
PROBLEMS_SHOWN_MAX = 5
ARTICLES_MAX = 50  # lines of one sale: a till has a dozen buttons for them
LINES_MAX = 50  # in one batch: half a second of work, and a lost answer costs no more than that

FACE_TEXT_MAX = 400  # the name of a reward with what is missing to it
FACE_CODE_MAX = 20_000  # a QR code as SVG; ours are a tenth of it

B = TypeVar("B", bound="Body")

Note = Annotated[str, StringConstraints(max_length=NOTE_LENGTH_MAX)]
Word = Annotated[str, StringConstraints(max_length=200)]
PublicId = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Pin = Annotated[str, StringConstraints(max_length=12)]
FaceText = Annotated[str, StringConstraints(max_length=FACE_TEXT_MAX)]
RequestId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{8,64}$")]


class Body(BaseModel):
    """No unknown fields, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Lookup(Body):
    """What was scanned or typed, or the member chosen from a list."""

    query: Annotated[str, StringConstraints(max_length=QUERY_LENGTH_MAX)] | None = None
    member_id: PublicId | None = None
    source: Literal["camera", "wedge", "photo", "typed"] = "typed"

    @model_validator(mode="after")
    def _one(self) -> Lookup:
        if (self.query is None) == (self.member_id is None):
            raise ValueError("exactly one of query and member_id")
        return self


class Article(Body):
    """One line of a sale, where the program earns by kinds of articles."""

    category: Word = ""
    sku: Word = ""
    quantity: Annotated[int, Field(ge=1, le=999)] = 1
    amount_minor: Annotated[int, Field(ge=0, le=1 << 53)] = 0


class Sale(Body):
    """A sale, of which `credit_minor` is paid with store credit; `shown` as for a reward.
    `confirm_repeat`: the cashier was asked, and the same amount is meant twice. An amount of zero
    is a visit, where coming is all that earns. `found_by` is how the member was found."""

    request_id: RequestId
    member_id: PublicId
    amount_minor: Annotated[int, Field(ge=-(1 << 53), le=1 << 53)]
    credit_minor: Annotated[int, Field(ge=1, le=1 << 53)] | None = None
    shown: Note | None = None
    confirm_repeat: bool = False
    items: Annotated[list[Article], Field(max_length=ARTICLES_MAX)] = Field(default_factory=list)
    receipt: Annotated[str, StringConstraints(max_length=RECEIPT_LENGTH_MAX)] = ""
    found_by: Literal["camera", "wedge", "photo", "typed", "new", ""] = ""


class Enrol(Body):
    """Somebody who joins at the till: an e-mail address or a phone number, a name if they like, and
    what they agreed to."""

    request_id: RequestId
    contact: Annotated[str, StringConstraints(max_length=QUERY_LENGTH_MAX)]
    name: Annotated[str, StringConstraints(max_length=QUERY_LENGTH_MAX)] = ""
    consents: Annotated[list[Literal["email", "sms"]], Field(max_length=2)] = Field(
        default_factory=list
    )


class Redeem(Body):
    """A reward that the member takes. `shown` is the note that the look-up gave with the member."""

    request_id: RequestId
    member_id: PublicId
    reward_id: PublicId
    shown: Note | None = None
    hold: RequestId | None = None  # that this till took before, by its request id


class Hold(Body):
    """What may be held of a member for this till, by what was `shown`."""

    request_id: RequestId
    member_id: PublicId
    shown: Note | None = None


class Release(Body):
    """A hold of this till, by the request id of its taking."""

    hold: RequestId


class UseVoucher(Body):
    """A voucher that is shown, or was chosen from the member's list: `shown` is the note of the look-up
    as for a reward. `bill_minor` is the bill it comes off, where that is known."""

    request_id: RequestId
    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    bill_minor: Annotated[int, Field(ge=1, le=1 << 53)] | None = None
    shown: Note | None = None


class Confirm(Body):
    """A spending to be confirmed, by the request id that it will have itself."""

    request_id: RequestId
    member_id: PublicId
    shown: Note | None = None
    reward_id: PublicId | None = None
    voucher: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    credit_minor: Annotated[int, Field(ge=1, le=1 << 53)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Confirm:
        if [self.reward_id, self.voucher, self.credit_minor].count(None) != 2:
            raise ValueError("exactly one of reward_id, voucher and credit_minor")
        return self


class Answer(Body):
    """What the shopper said on the shop's screen; with a PIN it is their own word."""

    answer: Literal["yes", "no"]
    pin: Pin | None = None


class Approval(Body):
    """A manager's word, by their PIN, and why."""

    staff: PublicId
    pin: Pin
    reason: Annotated[str, StringConstraints(max_length=REASON_LENGTH_MAX)]


class ByManager(Body):
    """What a manager does at a till on somebody's account: their word by PIN, and why."""

    request_id: RequestId
    staff: PublicId
    pin: Pin
    reason: Annotated[str, StringConstraints(max_length=REASON_LENGTH_MAX)]


class Reversal(ByManager):
    """A movement of earlier is taken back."""

    entry_id: PublicId


class Adjust(ByManager):
    """Units are given (above zero) or taken by hand."""

    member_id: PublicId
    unit: PublicId
    quantity: Annotated[int, Field(ge=-(1 << 53), le=1 << 53)]


class Movements(Body):
    """Whose last movements to show."""

    member_id: PublicId


class Did(Body):
    """Something that a member did before the cashier's eyes."""

    request_id: RequestId
    member_id: PublicId
    kind: PublicId


class Undo(Body):
    """Which act of one's own to undo: a sale by `purchase_id`, a reward or an activity by `entry_id`,
    a voucher by its code."""

    request_id: RequestId
    purchase_id: PublicId | None = None
    entry_id: PublicId | None = None
    voucher: PublicId | None = None

    @model_validator(mode="after")
    def _one(self) -> Undo:
        if [self.purchase_id, self.entry_id, self.voucher].count(None) != 2:
            raise ValueError("exactly one of purchase_id, entry_id and voucher")
        return self


class Switch(Body):
    """Who stands at the till now."""

    staff: PublicId
    pin: Pin


class SavedReward(Body):
    """A reward that was given without a connection, against a hold of this till."""

    reward_id: PublicId
    hold: RequestId


class SavedLine(Body):
    """A sale that was saved without a connection, or a reward that was given: then the amount is 0
    and the member was known."""

    op_id: RequestId
    seq: Annotated[int, Field(ge=0, le=1 << 53)]
    amount_minor: Annotated[int, Field(ge=-(1 << 53), le=1 << 53)]
    occurred_at: Annotated[AwareDatetime, Strict(strict=False)]
    age_ms: Annotated[int, Field(ge=0, le=1 << 53)]
    query: Annotated[str, StringConstraints(max_length=QUERY_LENGTH_MAX)] | None = None
    member_id: PublicId | None = None
    staff: PublicId | None = None
    store: PublicId | None = None
    items: Annotated[list[Article], Field(max_length=ARTICLES_MAX)] = Field(default_factory=list)
    receipt: Annotated[str, StringConstraints(max_length=RECEIPT_LENGTH_MAX)] = ""
    found_by: Literal["camera", "wedge", "photo", "typed", "new", ""] = ""
    paired: PublicId | None = None  # the till this browser was when it saved the line
    reward: SavedReward | None = None

    @model_validator(mode="after")
    def _one(self) -> SavedLine:
        if (self.query is None) == (self.member_id is None):
            raise ValueError("exactly one of query and member_id")
        if self.reward is not None and (self.member_id is None or self.amount_minor):
            raise ValueError("a reward has a member and no amount")
        return self


class Batch(Body):
    """Saved sales in the order in which they happened. `till` is the browser's own random name."""

    till: RequestId
    lines: Annotated[list[SavedLine], Field(min_length=1, max_length=LINES_MAX)]


class Face(Body):
    """What the shopper sees, in words: see `static/scanner/face.mjs`."""

    kind: Literal["welcome", "member", "done", "gift", "saved", "card", "wait", "phone"]
    title: FaceText
    figure: FaceText | None = None
    text: FaceText | None = None
    code: Annotated[str, StringConstraints(max_length=FACE_CODE_MAX)] | None = None
    label: FaceText | None = None
    balance: FaceText | None = None
    meter: Annotated[list[Annotated[int, Field(ge=0, le=1 << 53)]], Field(max_length=2)] | None = (
        None
    )
    next: FaceText | None = None
    practice: bool | None = None
    question: Annotated[str, StringConstraints(max_length=40)] | None = None


class ScreenAnswer(Body):
    """A tap on a screen of its own."""

    question: PublicId
    answer: Literal["yes", "no"]


def read_body(kind: type[B]) -> B:
    """The request's JSON as `kind`, or `media_type_unsupported`, `json_invalid`, `body_invalid`."""
    if not request.is_json:
        raise Refusal("media_type_unsupported")
    try:
        return kind.model_validate_json(request.get_data())
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        if any(problem["type"] == "json_invalid" for problem in problems):
            raise Refusal("json_invalid") from None
        raise Refusal(
            "body_invalid",
            errors=[
                {"field": ".".join(str(part) for part in problem["loc"]), "text": problem["msg"]}
                for problem in problems[:PROBLEMS_SHOWN_MAX]
            ],
        ) from None
