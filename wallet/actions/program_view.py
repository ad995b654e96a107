"""A program as everybody else reads it: rules, rewards, stores, keys and design in one snapshot."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.identify import is_clean
from wallet.actions.text import say
from wallet.context import context_of
from wallet.errors import Refusal
from wallet.rules.ruleset import Ruleset
from wallet.tables.design import published_design
from wallet.tables.program import (
    Program,
    newest_rules,
    program_keys,
    program_with_id,
    program_with_slug,
    programs,
    rules_with_version,
    stores_of,
)
from wallet.tables.reward import rewards_of


@dataclass(frozen=True, slots=True)
class RewardView:
    """One line of the catalogue."""

    id: int
    name: Mapping[str, str]
    description: Mapping[str, str]
    kind: str
    value: Mapping[str, Any]
    unit: str
    cost: int


@dataclass(frozen=True, slots=True)
class StoreView:
    """A place with tills."""

    id: int
    name: str
    address: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class ProgramView:
    """Everything about a program that changes only when its `revision` does."""

    id: int
    slug: str
    name: str
    currency: str
    locale: str
    locales: tuple[str, ...]
    time_zone: str
    country: str
    details: Mapping[str, Any]
    revision: int
    ruleset: Ruleset
    rule_version: int
    rewards: tuple[RewardView, ...]
    stores: tuple[StoreView, ...]
    keys: Mapping[int, bytes]
    design_id: int
    design: Mapping[str, Any]

    @property
    def signing_key(self) -> tuple[int, bytes]:
        """(version, key) that signs new member codes."""
        version = max(self.keys)
        return version, self.keys[version]

    def text(self, words: Mapping[str, str], locale: str | None = None) -> str:
        """A text of the program in `locale`, falling back to the program's language."""
        return say(words, locale or self.locale, self.locale)


_kept: dict[tuple[str, int], ProgramView] = {}
_lock = threading.Lock()


def program_view(session: Session, program_id: int) -> ProgramView:
    """The program's snapshot; read again only when its revision moved."""
    program = program_with_id(session, program_id)
    if program is None:
        raise Refusal("program_not_found")
    return _view(session, program)


def program_view_by_slug(session: Session, slug: str) -> ProgramView:
    """The same by address word."""
    program = program_with_slug(session, slug) if is_clean(slug) else None
    if program is None:
        raise Refusal("program_not_found")
    return _view(session, program)


def all_programs(session: Session) -> list[ProgramView]:
    """Every program of the installation."""
    return [_view(session, program) for program in programs(session)]


def ruleset_at(session: Session, program: ProgramView, version: int) -> Ruleset:
    """The rules of an earlier version: what a sale gave is counted with those that gave it."""
    if version == program.rule_version:
        return program.ruleset
    return Ruleset.model_validate(rules_with_version(session, program.id, version).rules)


def touch_program(program: Program) -> None:
    """Say that something changed which a snapshot holds."""
    program.revision += 1


def _view(session: Session, program: Program) -> ProgramView:
    key = (str(session.get_bind().engine.url), program.id)
    kept = _kept.get(key)
    if kept and kept.revision == program.revision:
        return kept
    view = _read(session, program)
    with _lock:
        _kept[key] = view
    return view


def _read(session: Session, program: Program) -> ProgramView:
    rules = newest_rules(session, program.id)
    design = published_design(session, program.id)
    vault = context_of(session).vault
    return ProgramView(
        id=program.id,
        slug=program.slug,
        name=program.name,
        currency=program.currency,
        locale=program.locale,
        locales=tuple(program.locales),
        time_zone=program.time_zone,
        country=program.country,
        details=program.details,
        revision=program.revision,
        ruleset=Ruleset.model_validate(rules.rules),
        rule_version=rules.version,
        rewards=tuple(
            RewardView(row.id, row.name, row.description, row.kind, row.value, row.unit, row.cost)
            for row in rewards_of(session, program.id)
        ),
        stores=tuple(
            StoreView(row.id, row.name, row.address, row.latitude, row.longitude)
            for row in stores_of(session, program.id)
        ),
        keys={
            row.version: vault.open(row.sealed, f"program-key:{program.id}:{row.version}")
            for row in program_keys(session, program.id)
        },
        design_id=design.id,
        design=design.document,
    )
