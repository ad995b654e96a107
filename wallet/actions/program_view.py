"""A program as everybody else reads it: rules, rewards, stores, keys and design in one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session, object_session

from wallet.actions.identify import is_clean
from wallet.actions.text import say
from wallet.context import context_of
from wallet.errors import Refusal
from wallet.rules.redemption import SECRETS, Conditions
from wallet.rules.rollout import is_reached
from wallet.rules.ruleset import Ruleset
from wallet.tables.design import published_design, staged_design
from wallet.tables.donation import charities_of
from wallet.tables.program import (
    Program,
    newest_rules,
    program_keys,
    program_with_id,
    program_with_slug,
    programs,
    revision_of,
    stores_of,
)
from wallet.tables.reward import Reward, rewards_of

T = TypeVar("T")
_TOUCHED = "programs_touched"  # those that a session has changed
MADE_MAX = 2_000  # texts kept with a snapshot: a few kilobytes each


@dataclass(frozen=True, slots=True)
class RewardView:
    """One line of the catalogue. `value` is what everybody may see, `secret` what is handed over to
    whoever took the reward. What is left of a limited one moves too fast for a snapshot."""

    id: int
    name: Mapping[str, str]
    description: Mapping[str, str]
    kind: str
    value: Mapping[str, Any]
    unit: str
    cost: int
    key: str | None = None
    mode: str = "instant"
    is_limited: bool = False
    per_member: int | None = None
    per_member_days: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    tier_keys: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    voucher_days: int | None = None
    secret: Mapping[str, Any] = field(default_factory=dict)
    worth_minor: int | None = None  # for the merchant alone, as the next one
    own_cost_minor: int | None = None
    # At any time and as often as wanted, points aside.
    is_for_all: bool = field(init=False, repr=False, compare=False)
    _endless: Conditions = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        endless = Conditions(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            tier_keys=self.tier_keys,
            tags=self.tags,
            choice=self.choice,
            per_member=self.per_member,
        )
        object.__setattr__(self, "_endless", endless)
        is_for_all = not self.is_limited and endless == Conditions()
        object.__setattr__(self, "is_for_all", is_for_all)

    @property
    def choice(self) -> str:
        """The set of perks of which the member picks some; empty for all others."""
        return str(self.value.get("choice", ""))

    def conditions(self, stock: int | None = None) -> Conditions:
        """Who may take it, when and how often; `stock` is what is left now."""
        return self._endless if stock is None else replace(self._endless, stock=stock)


@dataclass(frozen=True, slots=True)
class CharityView:
    """Somebody to whom members may give."""

    id: int
    name: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoreView:
    """A place with tills."""

    id: int
    name: str
    address: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class StagedDesign:
    """A design version that reaches a share of the cards beside the one in force."""

    id: int
    document: Mapping[str, Any]
    share_percent: int


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
    charities: tuple[CharityView, ...]
    keys: Mapping[int, bytes]
    design_id: int
    design: Mapping[str, Any]
    _made: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)
    staged: StagedDesign | None = None

    def made(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` computes from this snapshot alone, kept as long as the snapshot is."""
        found: T | None = self._made.get(key)
        if found is None:
            if len(self._made) >= MADE_MAX:
                self._made.clear()
            found = self._made[key] = make()
        return found

    def design_for(self, member_id: int) -> int:
        """The design version that this member's cards show."""
        staged = self.staged
        if staged and is_reached(member_id, staged.id, staged.share_percent):
            return staged.id
        return self.design_id

    def document_of(self, design_id: int) -> Mapping[str, Any]:
        """The document of the design in force, or of the staged one."""
        is_staged = self.staged is not None and self.staged.id == design_id
        return self.staged.document if self.staged and is_staged else self.design

    @property
    def signing_key(self) -> tuple[int, bytes]:
        """(version, key) that signs new member codes."""
        version = max(self.keys)
        return version, self.keys[version]

    def reward_called(self, key: str | None) -> RewardView | None:
        """The active reward that the rules name by this key."""
        return next((reward for reward in self.rewards if key and reward.key == key), None)

    def text(self, words: Mapping[str, str], locale: str | None = None) -> str:
        """A text of the program in `locale`, falling back to the program's language."""
        return say(words, locale or self.locale, self.locale)


def program_view(session: Session, program_id: int) -> ProgramView:
    """The program's snapshot; read again only when its revision moved."""
    kept = _kept(session).get(program_id)
    is_touched = program_id in session.info.get(_TOUCHED, ())
    if kept and not is_touched and kept.revision == revision_of(session, program_id):
        return kept
    program = program_with_id(session, program_id)
    if program is None:
        raise Refusal("program_not_found")
    return _view(session, program)


def program_seen(session: Session, program_id: int) -> ProgramView | None:
    """The snapshot that this process read last; it may be out of date."""
    return _kept(session).get(program_id)


def program_view_by_slug(session: Session, slug: str) -> ProgramView:
    """The same by address word."""
    program = program_with_slug(session, slug) if is_clean(slug) else None
    if program is None:
        raise Refusal("program_not_found")
    return _view(session, program)


def all_programs(session: Session) -> list[ProgramView]:
    """Every program of the installation."""
    return [_view(session, program) for program in programs(session)]


def touch_program(program: Program) -> None:
    """Say that something changed which a snapshot holds."""
    program.revision += 1
    session = object_session(program)
    if session is not None:
        session.info.setdefault(_TOUCHED, set()).add(program.id)


def reward_view(row: Reward) -> RewardView:
    """A row of the catalogue as a plain object."""
    return RewardView(
        id=row.id,
        name=row.name,
        description=row.description,
        kind=row.kind,
        value={name: said for name, said in row.value.items() if name not in SECRETS},
        unit=row.unit,
        cost=row.cost,
        key=row.key,
        mode=row.mode,
        is_limited=row.stock is not None,
        per_member=row.per_member,
        per_member_days=row.per_member_days,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        tier_keys=tuple(row.tier_keys),
        tags=tuple(row.tags),
        voucher_days=row.voucher_days,
        secret={name: said for name, said in row.value.items() if name in SECRETS},
        worth_minor=row.worth_minor,
        own_cost_minor=row.own_cost_minor,
    )


def _view(session: Session, program: Program) -> ProgramView:
    if program.id in session.info.get(_TOUCHED, ()):
        return _read(session, program)  # for itself alone: it may still be rolled back
    kept = _kept(session)
    view = kept.get(program.id)
    if view is None or view.revision != program.revision:
        view = kept[program.id] = _read(session, program)
    return view


def _kept(session: Session) -> dict[int, ProgramView]:
    """The snapshots that this process has of the session's database."""
    kept: dict[int, ProgramView] = session.info.setdefault("programs", {})
    return kept


def _read(session: Session, program: Program) -> ProgramView:
    rules = newest_rules(session, program.id)
    design, staged = published_design(session, program.id), staged_design(session, program.id)
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
        rewards=tuple(reward_view(row) for row in rewards_of(session, program.id)),
        stores=tuple(
            StoreView(row.id, row.name, row.address, row.latitude, row.longitude)
            for row in stores_of(session, program.id)
        ),
        charities=tuple(CharityView(row.id, row.name) for row in charities_of(session, program.id)),
        keys={
            row.version: vault.open(row.sealed, f"program-key:{program.id}:{row.version}")
            for row in program_keys(session, program.id)
        },
        design_id=design.id,
        design=design.document,
        staged=StagedDesign(staged.id, staged.document, staged.share_percent) if staged else None,
    )
