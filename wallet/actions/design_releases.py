"""What became of a design's versions: how far each has come, who published it and why; and what
publishing the draft would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from passes.design import Design
from passes.finding import Finding
from wallet.actions.google.installs import installs_of
from wallet.actions.lint_cards import lint_cards
from wallet.actions.preview_design import lint_samples
from wallet.actions.program_view import ProgramView
from wallet.actions.refresh_cards import REFRESH_JOB
from wallet.tables.design import CardDesign, count_by_design, newest_designs
from wallet.tables.google import removals
from wallet.tables.outbox import waiting_jobs
from wallet.tables.wallet_pass import count_passes

HISTORY_MAX = 30  # versions shown; every one is kept
PROVIDERS = ("apple", "google")


@dataclass(frozen=True, slots=True)
class Way:
    """At one provider: cards on phones that shall show a version, that have it assigned, and that
    know it. `removed`: cards taken off phones since it was published, as Google tells and as iPhones do
    that take back their registration."""

    provider: str
    wanted: int
    assigned: int
    arrived: int
    removed: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `ways` only of those that cards are to show now."""

    number: int
    status: str
    share_percent: int
    note: str
    by: str
    published_at: datetime | None
    document: Mapping[str, Any]
    ways: Sequence[Way] = ()

    @property
    def is_under_way(self) -> bool:
        """Whether some phone does not know it yet."""
        return any(way.arrived < way.wanted for way in self.ways)


@dataclass(frozen=True, slots=True)
class Effect:
    """What publishing would do. `changes` are the parts of the document that differ; `on_phones` are
    cards held by a phone, by provider. No change of a design makes a phone ring: only a new value
    does, and values stay."""

    changes: Sequence[str]
    on_phones: Mapping[str, int]
    blocking: Sequence[Finding]


def releases(session: Session, program: ProgramView) -> list[Version]:
    """Versions, the newest first."""
    rows = newest_designs(session, program.id, HISTORY_MAX)
    counts = {(row[0], row[1]): row[2:] for row in count_by_design(session, program.id)}
    held = {
        provider: sum(one[1] for (_, name), one in counts.items() if name == provider)
        for provider in PROVIDERS
    }
    staged = program.staged
    found = []
    for row in rows:
        ways: list[Way] = []
        if row.status in ("published", "staged"):
            share = row.share_percent if row.status == "staged" else 100
            if staged and row.status == "published":
                share = 100 - staged.share_percent
            ways = [
                _way(session, program, row, provider, counts.get((row.id, provider)), held, share)
                for provider in PROVIDERS
            ]
        found.append(_version(row, ways))
    return found


def effect_of(session: Session, program: ProgramView, document: Mapping[str, Any]) -> Effect:
    """Of publishing this document instead of the one in force."""
    before = Design.parse(program.design).model_dump(mode="json")
    after = Design.parse(document).model_dump(mode="json")
    return Effect(
        changes=[name for name in after if after[name] != before[name]],
        on_phones=count_passes(session, program.id),
        blocking=blocking_findings(session, program, document),
    )


def blocking_findings(
    session: Session, program: ProgramView, document: Mapping[str, Any]
) -> list[Finding]:
    """What a wallet would refuse for certain, on samples and on the newest real cards."""
    _, real = lint_cards(session, program, document)
    found = [*lint_samples(session, program, document), *real]
    return list({(one.code, one.where): one for one in found if one.blocks}.values())


def _way(
    session: Session,
    program: ProgramView,
    row: CardDesign,
    provider: str,
    counted: tuple[int, ...] | None,
    held: Mapping[str, int],
    share: int,
) -> Way:
    """Which cards a share is, is drawn by lot: until all were looked at, so many are expected."""
    _, on_phone, arrived = counted or (0, 0, 0)
    is_drawn = share < 100 and waiting_jobs(session, REFRESH_JOB) == 0
    wanted = on_phone if is_drawn else max(on_phone, held[provider] * share // 100)
    return Way(provider, wanted, on_phone, arrived, _removed(session, program, row, provider))


def _removed(session: Session, program: ProgramView, row: CardDesign, provider: str) -> int:
    if row.removed_before is not None:
        counted = removals(session, program.id).get(provider, 0)
        return max(counted - int(row.removed_before.get(provider, 0)), 0)
    since = row.published_at or row.created_at
    return installs_of(session, program, provider, since).removed


def _version(row: CardDesign, ways: Sequence[Way]) -> Version:
    return Version(
        row.version,
        row.status,
        row.share_percent,
        row.note,
        row.created_by,
        row.published_at,
        row.document,
        ways,
    )
