"""Create a program: its rules, its first design, its key."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from passes.design import Design
from wallet.actions.create_charity import create_charity
from wallet.actions.create_reward import NewReward, add_reward, check_reward
from wallet.context import context_of
from wallet.errors import Refusal
from wallet.ids import new_id
from wallet.rules.ruleset import Ruleset
from wallet.tables.design import CardDesign
from wallet.tables.program import Program, ProgramKey, RuleVersion, Store, program_with_slug

__all__ = [
    "NewProgram",
    "NewReward",
    "NewStore",
    "create_program",
    "starter_design",
    "starter_rules",
]

SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewStore:
    """A place with tills."""

    name: str
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class NewProgram:
    """Everything a program needs to open its doors. `rules` and `design` are checked."""

    slug: str
    name: str
    rules: Mapping[str, Any]
    design: Mapping[str, Any]
    currency: str = "EUR"
    locale: str = "fr"
    locales: Sequence[str] = ("fr", "en")
    time_zone: str = "Europe/Paris"
    country: str = "FR"
    details: Mapping[str, Any] = field(default_factory=dict)
    stores: Sequence[NewStore] = ()
    rewards: Sequence[NewReward] = ()
    charities: Sequence[Mapping[str, str]] = ()  # their names


def create_program(session: Session, new: NewProgram, now: datetime) -> Program:
    """`program_exists` when the address word is taken; ValueError when rules or design are wrong."""
    if not SLUG.match(new.slug):
        raise ValueError("the address word may have small letters, digits and dashes (up to 40)")
    if program_with_slug(session, new.slug):
        raise Refusal("program_exists")
    rules = Ruleset.model_validate(new.rules)
    design = Design.parse(new.design)
    program = Program(
        id=new_id(),
        slug=new.slug,
        name=new.name,
        currency=new.currency,
        locale=new.locale,
        locales=list(new.locales),
        time_zone=new.time_zone,
        country=new.country,
        details=dict(new.details),
        revision=1,
        created_at=now,
    )
    session.add(program)
    session.flush()
    _first_versions(session, program, rules, design, now)
    for store in new.stores:
        session.add(
            Store(
                program_id=program.id,
                name=store.name,
                address=store.address,
                latitude=store.latitude,
                longitude=store.longitude,
                is_open=True,
            )
        )
    for position, reward in enumerate(new.rewards):
        check_reward(rules, program.locale, reward, position)
        add_reward(session, program.id, reward, position)
    for name in new.charities:
        create_charity(session, program.id, name)
    session.flush()
    return program


def _first_versions(
    session: Session, program: Program, rules: Ruleset, design: Design, now: datetime
) -> None:
    session.add(
        RuleVersion(
            program_id=program.id,
            version=1,
            rules=rules.model_dump(mode="json"),
            published_at=now,
            published_by="system",
        )
    )
    vault = context_of(session).vault
    session.add(
        ProgramKey(
            program_id=program.id,
            version=1,
            created_at=now,
            sealed=vault.seal(secrets.token_bytes(KEY_BYTES), f"program-key:{program.id}:1"),
        )
    )
    session.add(
        CardDesign(
            program_id=program.id,
            version=1,
            status="published",
            document=design.model_dump(mode="json"),
            created_at=now,
            created_by="system",
            published_at=now,
        )
    )


def starter_rules(currency_unit_minor: int = 100) -> dict[str, Any]:
    """One point for each unit of the currency: where most programs begin."""
    return {
        "units": [
            {
                "key": "points",
                "kind": "points",
                "name": {"fr": "Points", "en": "Points"},
                "one": {"fr": "point", "en": "point"},
                "many": {"fr": "points", "en": "points"},
            }
        ],
        "earning": [
            {
                "key": "base",
                "kind": "per_amount",
                "unit": "points",
                "quantity": 1,
                "per_minor": currency_unit_minor,
                "name": {"fr": "Chaque achat", "en": "Every purchase"},
            }
        ],
    }


def starter_design(name: str) -> dict[str, Any]:
    """A calm card with the program's initial."""
    return {
        "organization_name": name,
        "monogram": name.strip()[:1].upper() or "C",
        "logo_text": name[:40],
        "description": {"fr": f"Carte de fidélité {name}", "en": f"{name} loyalty card"},
        "background": "#1f3a34",
        "foreground": "#ffffff",
        "label": "#d9c9a3",
    }
