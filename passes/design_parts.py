"""The parts of a design: which facts stand where, texts of the back, and what only Apple knows."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

HEADER_MAX = 3  # Apple: header fields of any style
PRIMARY_MAX = 1
BELOW_STRIP_MAX = 4  # Apple: secondary and auxiliary together, beside a square code
ACTIONS_MAX = 2  # Apple, iOS 27
POSTER_PRIMARY_MAX = 4
ROWS_MAX = 3  # Google: rows on a card's face
ROW_FACTS_MAX = 3  # Google: items in a row
LINK_SCHEMES = ("https", "http", "mailto", "tel")
PERIOD_MAX = timedelta(hours=24)  # what iOS takes for one interval
P256_KEY_BYTES = 59  # X.509 SubjectPublicKeyInfo of a P-256 key with a compressed point
P256_KEY_BYTES_LONG = 91  # the same uncompressed


def _link(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in LINK_SCHEMES or not (parts.netloc or parts.path):
        raise ValueError("must be an address that begins with https, http, mailto or tel")
    return value


def _web(value: str) -> str:
    if urlsplit(value).scheme != "https" or not urlsplit(value).hostname:
        raise ValueError("must be an https address")
    return value


Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[
    dict[str, Annotated[str, StringConstraints(min_length=1, max_length=200)]], Field(min_length=1)
]
LongWords = Annotated[
    dict[str, Annotated[str, StringConstraints(min_length=1, max_length=5_000)]],
    Field(min_length=1),
]
Link = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_link)]
WebLink = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_web)]
FactName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_:.-]{1,60}$")]
Role = Literal[
    "logo", "icon", "strip", "hero", "google_logo", "artwork", "primary_logo", "secondary_logo"
]
# What a button of iOS 27 stands for; Apple writes its text. Those that concern a shop's card.
ActionKind = Literal[
    "addToBalance",
    "bookAppointment",
    "call",
    "membershipBenefits",
    "order",
    "shop",
    "viewOffersRewards",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Layout(_Part):
    """Which facts stand where, by key; facts that a card lacks leave their place to the next.

    `*` stands for every fact that is named nowhere else. What finds no room in its group is not
    on the face.
    """

    header: tuple[FactName, ...] = Field(default=("balance",), max_length=HEADER_MAX)
    primary: tuple[FactName, ...] = Field(default=("member",), max_length=PRIMARY_MAX)
    secondary: tuple[FactName | Literal["*"], ...] = Field(
        default=("tier", "credit", "*"), max_length=BELOW_STRIP_MAX
    )
    auxiliary: tuple[FactName, ...] = Field(default=("next_reward",), max_length=BELOW_STRIP_MAX)
    back: tuple[FactName, ...] = ("ready", "number")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named = [*self.header, *self.primary, *self.secondary, *self.auxiliary, *self.back]
        if twice := sorted({one for one in named if named.count(one) > 1}):
            raise ValueError(f"{twice[0]} stands in two places")
        return self


# Google's card has rows instead of groups: one fact stands in the middle of its row, two at both ends,
# three at both ends and between them. An empty row is none.
Rows = Annotated[
    tuple[Annotated[tuple[FactName, ...], Field(max_length=ROW_FACTS_MAX)], ...],
    Field(max_length=ROWS_MAX),
]
ROWS: Rows = (("balance", "tier"), ("next_reward",), ("member", "number"))


class BackText(_Part):
    """A titled paragraph of the back; a `url` makes it a link. `kind` gives its place: terms come
    last, whatever else is there."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
    title: Words
    body: LongWords
    url: Link | None = None
    kind: Literal["text", "link", "legal"] = "text"


class Period(_Part):
    """Days or hours in which the card comes forward, near a store only. Times with a zone."""

    starts_at: str
    ends_at: str

    @field_validator("starts_at", "ends_at")
    @classmethod
    def _zoned(cls, value: str) -> str:
        if datetime.fromisoformat(value).tzinfo is None:
            raise ValueError("must be a time with a zone, Z or ±HH:MM")
        return value

    @model_validator(mode="after")
    def _forward(self) -> Self:
        length = datetime.fromisoformat(self.ends_at) - datetime.fromisoformat(self.starts_at)
        if not timedelta(0) < length <= PERIOD_MAX:
            raise ValueError("must end after it starts, at most 24 hours later")
        return self


class Beacon(_Part):
    """A Bluetooth beacon in a store."""

    uuid: Annotated[
        str, StringConstraints(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")
    ]
    major: Annotated[int, Field(ge=0, le=65_535)] | None = None
    minor: Annotated[int, Field(ge=0, le=65_535)] | None = None
    text: Words | None = None


class AppLink(_Part):
    """The shop's own app: its App Store numbers, and the address by which the card opens it."""

    store_ids: tuple[Annotated[int, Field(gt=0)], ...] = Field(min_length=1, max_length=5)
    launch_url: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None


class Nfc(_Part):
    """For readers in the till; needs Apple's approval and a certificate "Pass Type ID with NFC".

    The message is the member code. `public_key` is base64 of an X.509 SubjectPublicKeyInfo on P-256.
    """

    public_key: str
    requires_authentication: bool = False

    @field_validator("public_key")
    @classmethod
    def _is_key(cls, value: str) -> str:
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("must be base64") from error
        if len(data) not in (P256_KEY_BYTES, P256_KEY_BYTES_LONG):
            raise ValueError("must be a P-256 public key (X.509 SubjectPublicKeyInfo)")
        return value


class Action(_Part):
    """A button on the poster look."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
    kind: ActionKind
    url: WebLink


class Poster(_Part):
    """The full-size look of iOS 27. Earlier phones show the classic card, which is always there."""

    header: tuple[FactName, ...] = Field(default=("balance",), max_length=1)
    primary: tuple[FactName, ...] = Field(
        default=("member", "tier", "next_reward"), max_length=POSTER_PRIMARY_MAX
    )
    footer: tuple[FactName, ...] = Field(default=("number",), max_length=1)
    actions: tuple[Action, ...] = Field(default=(), max_length=ACTIONS_MAX)
