"""Design: how the cards of a program look, validated. What they say is in `card.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from passes.design_parts import (
    ROWS,
    AppLink,
    BackText,
    Beacon,
    Colour,
    Layout,
    Nfc,
    Period,
    Poster,
    Role,
    Rows,
    Sha256,
    Words,
)
from passes.errors import DesignError

BACK_TEXTS_MAX = 20  # more than anybody scrolls through
PERIODS_MAX = 10  # days on which the card comes forward; a marketer's year of events
BEACONS_MAX = 10  # what Apple reads of a pass
DISTANCE_M_MAX = 1_000  # metres; the system itself takes about 100 for a store card
STORE_IDS_MAX = 5
STORES_MAX = 2_000  # that a design can choose, one by one
STORE_MARK = "%@"  # stands for the store's name in the sentence said near it

# Codes that tills read, in the order in which they are offered; a QR code always follows, because
# a phone shows the first one it knows.
Symbology = Literal["qr", "aztec", "pdf417", "code128", "code39"]
# What is drawn where no picture was uploaded.
Pattern = Literal["rings", "waves", "rays", "leaves", "arches"]
Images = dict[Role, Sha256]
# Whoever runs the stores says what they are called here.
StoreKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]


class Near(NamedTuple):
    """Near which stores the card comes forward, None for all of them, and what the lock screen says
    there, None for our own sentence."""

    stores: frozenset[str] | None
    words: Mapping[str, str] | None

    def has(self, key: str) -> bool:
        """Whether the store of this name is among them."""
        return self.stores is None or key in self.stores


class TierLook(BaseModel):
    """What a tier changes in the look; what it leaves out it inherits from the design."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    background: Colour | None = None
    foreground: Colour | None = None
    label: Colour | None = None
    images: Images = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """One place of a document that is no design: a dotted path, pydantic's word for what is wrong
    (`string_too_short` …) and its figures (`min_length` …)."""

    path: str
    kind: str
    figures: Mapping[str, object]


class Design(BaseModel):
    """One version of a program's card design.

    Colours are `#rrggbb`. `images` maps a role (`logo`, `icon`, `strip`, `hero` …) to the SHA-256
    of the stored upload; a role without an upload is drawn from the colours and `monogram`.
    `images_by_language` replaces them where a picture holds words. `announce` replaces our own
    lock-screen sentences by fact (`%@` is the new value); an empty one keeps that fact silent.
    `near_stores` names the stores near which the card comes forward; None is all of them, those of
    later too. `near_words` is what the lock screen says there (`%@` is the store's name).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1  # of this document; a later one says how to read this
    organization_name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    description: Words
    logo_text: Annotated[str, StringConstraints(max_length=40)] | Words = ""
    monogram: Annotated[str, StringConstraints(min_length=1, max_length=2)]
    background: Colour
    foreground: Colour
    label: Colour
    pattern: Pattern = "rings"
    tiers: dict[str, TierLook] = Field(default_factory=dict)
    images: Images = Field(default_factory=dict)
    images_by_language: dict[str, Images] = Field(default_factory=dict)
    layout: Layout = Field(default_factory=Layout)
    google_rows: Rows = ROWS
    back: tuple[BackText, ...] = Field(default=(), max_length=BACK_TEXTS_MAX)
    announce: dict[str, Words | Literal[""]] = Field(default_factory=dict)
    barcodes: tuple[Symbology, ...] = ("qr",)
    shows_near_stores: bool = True
    near_stores: Annotated[tuple[StoreKey, ...], Field(max_length=STORES_MAX)] | None = None
    near_words: Words | None = None
    distance_m: Annotated[int, Field(ge=1, le=DISTANCE_M_MAX)] | None = None
    periods: tuple[Period, ...] = Field(default=(), max_length=PERIODS_MAX)
    beacons: tuple[Beacon, ...] = Field(default=(), max_length=BEACONS_MAX)
    may_be_shared: bool = False  # the code is one member's; everybody can get a card of their own
    app: AppLink | None = None
    nfc: Nfc | None = None
    poster: Poster | None = None  # the full-size look of iOS 27, beside the classic one

    @field_validator("announce")
    @classmethod
    def _says_the_value(
        cls, value: dict[str, Words | Literal[""]]
    ) -> dict[str, Words | Literal[""]]:
        for key, words in value.items():
            for language, sentence in dict(words or {}).items():
                if sentence.count("%@") != 1:
                    raise ValueError(
                        f"{key}.{language} must hold %@ once, where the new value goes"
                    )
        return value

    @field_validator("near_stores")
    @classmethod
    def _each_store_once(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if value is None else tuple(dict.fromkeys(value))

    @field_validator("near_words")
    @classmethod
    def _names_the_store_once(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        for language, sentence in (value or {}).items():
            if sentence.count(STORE_MARK) > 1:
                raise ValueError(f"{language} may hold {STORE_MARK} once, for the store's name")
        return value

    @model_validator(mode="after")
    def _back_keys(self) -> Self:
        keys = [one.key for one in self.back]
        if len(set(keys)) != len(keys):
            raise ValueError("back: each text needs a key of its own")
        return self

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Design:
        """A validated design, or a `DesignError` that names the first thing to mend."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DesignError(f"{where}: {first['msg']}") from error

    @classmethod
    def faults(cls, data: Mapping[str, object]) -> tuple[Fault, ...]:
        """Everything that keeps the document from being a design; empty when it is one."""
        try:
            cls.model_validate(data)
        except ValidationError as error:
            return tuple(
                Fault(
                    ".".join(str(part) for part in one["loc"]),
                    one["type"],
                    {name: said for name, said in one.get("ctx", {}).items() if name != "error"},
                )
                for one in error.errors()
            )
        return ()

    def colours(self, tier_key: str | None) -> tuple[str, str, str]:
        """(background, foreground, label) for a tier, with inheritance from the design."""
        look = self.tiers.get(tier_key or "", TierLook())
        return (
            look.background or self.background,
            look.foreground or self.foreground,
            look.label or self.label,
        )

    def pictures(self, tier_key: str | None, language: str | None = None) -> Images:
        """Role → upload for a tier and a language. A tier's picture goes before a language's:
        it was chosen for fewer cards."""
        by_language = self.images_by_language.get(language or "", {})
        look = self.tiers.get(tier_key or "", TierLook())
        return {**self.images, **by_language, **look.images}

    @property
    def near(self) -> Near:
        """Which stores bring the card forward, and what they say."""
        stores = None if self.near_stores is None else frozenset(self.near_stores)
        return Near(stores, self.near_words)

    def uploads(self) -> set[str]:
        """The hashes of every picture that the design names."""
        found = {*self.images.values()}
        for images in (
            *self.images_by_language.values(),
            *(one.images for one in self.tiers.values()),
        ):
            found.update(images.values())
        return found

    def logo_words(self, languages: tuple[str, ...]) -> Mapping[str, str]:
        """The text beside the logo in every language, the program's own first; may be empty."""
        if isinstance(self.logo_text, str):
            return dict.fromkeys(languages, self.logo_text) if self.logo_text else {}
        return self.logo_text
