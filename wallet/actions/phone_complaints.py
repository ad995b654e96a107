"""What phones complained of lately, grouped by what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from passes.apple.device_log import OTHER, Kind, device_in, kind_of, kind_with, serial_in
from wallet.tables.complaint import (
    count_complaints,
    newest_complaints,
    programs_of_devices,
    programs_of_serials,
)
from wallet.tables.wallet_pass import PhoneLog

LOOK_BACK = timedelta(days=30)
LINES_READ_MAX = 5_000  # the newest; enough to see what is wrong, and a tenth of a second to read
EXAMPLE_CHARACTERS_MAX = 300
EXAMPLES_OF_OTHERS = 5
_WEIGHTS = ("fail", "warn", "info")


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of complaint. `kind` is None for what is not known; then `examples` are the lines."""

    code: str
    kind: Kind | None
    count: int
    phones: int
    first_at: datetime
    last_at: datetime
    examples: Sequence[str]


@dataclass(frozen=True, slots=True)
class Complaints:
    """The groups, worst and most frequent first; `is_cut` when there were more lines than were read."""

    groups: Sequence[Group]
    lines: int
    is_cut: bool


def phone_complaints(session: Session, now: datetime, program_id: int | None = None) -> Complaints:
    """Of the last month. With a program, without what names a card or a phone of another one only."""
    since = now - LOOK_BACK
    rows = newest_complaints(session, since, LINES_READ_MAX)
    is_cut = len(rows) == LINES_READ_MAX and count_complaints(session, since) > LINES_READ_MAX
    if program_id is not None:
        rows = _of_program(session, rows, program_id)
    by_code: dict[str, list[PhoneLog]] = {}
    for row in rows:
        by_code.setdefault(kind_of(row.message), []).append(row)
    groups = [_group(code, found) for code, found in by_code.items()]
    groups.sort(key=_urgency)
    return Complaints(groups, len(rows), is_cut)


def _group(code: str, rows: list[PhoneLog]) -> Group:
    limit = EXAMPLES_OF_OTHERS if code == OTHER else 1
    distinct = dict.fromkeys(row.message[:EXAMPLE_CHARACTERS_MAX] for row in rows)
    devices = {device_in(row.message) for row in rows} - {""}
    return Group(
        code=code,
        kind=kind_with(code),
        count=len(rows),
        phones=len(devices),
        first_at=min(row.at for row in rows),
        last_at=max(row.at for row in rows),
        examples=list(distinct)[:limit],
    )


def _urgency(group: Group) -> tuple[int, int]:
    weight = group.kind.weight if group.kind else "info"
    return _WEIGHTS.index(weight), -group.count


def _of_program(session: Session, rows: Sequence[PhoneLog], program_id: int) -> list[PhoneLog]:
    """All lines but those that name a card or a phone of other programs only. Unknown ones stay: a
    phone that could not register is known to nobody."""
    serials = programs_of_serials(session, {serial_in(row.message) for row in rows} - {""})
    devices = programs_of_devices(session, {device_in(row.message) for row in rows} - {""})

    def is_ours(row: PhoneLog) -> bool:
        owners = serials.get(serial_in(row.message)) or devices.get(device_in(row.message))
        return not owners or program_id in owners

    return [row for row in rows if is_ours(row)]
