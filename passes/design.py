"""Design: how the cards of a program look, validated. What they say is in `card.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from passes.errors import DesignError

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)]
Words = dict[str, Annotated[str, StringConstraints(min_length=1, max_length=200)]]


class TierLook(BaseModel):
    """What a tier changes in the look; what it leaves out it inherits from the design."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    background: Colour | None = None
    foreground: Colour | None = None
    label: Colour | None = None


class Design(BaseModel):
    """One version of a program's card design.

    Colours are `#rrggbb`. `images` maps a role (`logo`, `icon`, `strip`, `hero`) to the SHA-256
    of the stored upload; a role without an upload is drawn from the colours and `monogram`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    organization_name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    description: Words
    logo_text: str = Field(default="", max_length=40)
    monogram: Annotated[str, StringConstraints(min_length=1, max_length=2)]
    background: Colour
    foreground: Colour
    label: Colour
    tiers: dict[str, TierLook] = Field(default_factory=dict)
    images: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Design:
        """A validated design, or a `DesignError` that names the first thing to mend."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DesignError(f"{where}: {first['msg']}") from error

    def colours(self, tier_key: str | None) -> tuple[str, str, str]:
        """(background, foreground, label) for a tier, with inheritance from the design."""
        look = self.tiers.get(tier_key or "", TierLook())
        return (
            look.background or self.background,
            look.foreground or self.foreground,
            look.label or self.label,
        )
