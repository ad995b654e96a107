"""Tell iPhones: claim passes that changed, number the changes, push, write down what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from passes.apple.push import PushOutcome, Verdict
from passes.errors import DeliveryError
from wallet.actions.deliver_passes import (
    EVERYTHING,
    PAUSE_LONGEST_SECONDS,
    Claimed,
    Hold,
    Lane,
    Pace,
    Result,
    announce,
    claim,
    is_idle,
    new_lease,
    settle,
)
from wallet.actions.google.budget import spend_sentences
from wallet.db import Database
from wallet.tables.delivery import (
    announcing_passes,
    clear_alarm,
    note_pushed,
    number_changes,
    raise_alarm,
    untold_phones,
)
from wallet.tables.wallet_pass import forget_device, next_in_sequence

PROVIDER = "apple"
APPLE_TAG = "apple_update_tag"
# A person has to act first; asked once a minute, Apple takes us for no attacker, and cards go out
# soon after the mending without a restart.
CONFIGURATION_PAUSE_SECONDS = 60.0
# A phone whose token Apple calls gone, though it registered again since: Apple may not know yet.
# After so many tries over about a minute the phone counts as told; it asks by itself every day.
GONE_TRIES_MAX = 5
APPLE_RESOLUTION = timedelta(milliseconds=1)

log = structlog.get_logger(__name__)


class Pusher(Protocol):
    """Apple's push service, as far as delivery needs it."""

    def push_many(self, tokens: Sequence[str]) -> list[PushOutcome]:
        """One outcome for each token, in order. A permanent `DeliveryError` when Apple will not talk
        to us at all."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone to be told of one pass."""

    registration_id: int
    pass_id: int
    device_id: int
    token: str
    version: int


def deliver_apple(
    database: Database,
    pusher: Pusher,
    clock: Callable[[], datetime],
    hold: Hold,
    lane: Lane = EVERYTHING,
    pace: Pace | None = None,
) -> int:
    """Deliver one batch of Apple passes; returns how many were claimed. A refresh keeps to `pace`."""
    now = clock()
    if not lane.only_urgent and pace is not None:
        bulk = pace.allowance(now, lane.batch)
        lane = Lane(only_urgent=not bulk, batch=bulk or lane.batch)
    if is_idle(database, PROVIDER, lane, now):
        return 0
    batch = hold.allowance(now, lane.batch)
    if not batch:
        return 0
    lease_key, limited = new_lease(), Lane(lane.only_urgent, batch)
    claimed, phones = database.run(lambda session: _claim(session, lease_key, clock(), limited))
    if not claimed:
        hold.spare(clock())
        return 0
    if pace is not None:
        pace.took(sum(not item.is_urgent for item in claimed))
    # Several passes of one phone, or two registrations of one token: one push tells it all.
    tokens = sorted({phone.token for phone in phones})
    outcomes = _push(pusher, tokens)
    _judge_provider(hold, list(outcomes.values()), clock())
    database.run(lambda session: _settle(session, lease_key, claimed, phones, outcomes, clock()))
    return len(claimed)


def _claim(
    session: Session, lease_key: str, now: datetime, lane: Lane
) -> tuple[list[Claimed], list[Phone]]:
    """Lease, and give each change its update tag under one lock: from the commit on, phones that ask
    "what changed since" see it, and no later tag can have become visible before.

    A further try of the same change keeps its tag: a phone that came meanwhile has taken the change,
    and would be sent for nothing.
    """
    claimed = claim(session, PROVIDER, lease_key, now, lane, with_content=False)
    if not claimed:
        return [], []
    fresh = [item for item in claimed if item.is_fresh]
    if fresh:
        tag = next_in_sequence(session, APPLE_TAG)
        number_changes(session, [item.id for item in fresh], tag)
    phones = [Phone(*row) for row in untold_phones(session, [item.id for item in claimed])]
    counts: dict[int, int] = {}
    for phone in phones:
        counts[phone.pass_id] = counts.get(phone.pass_id, 0) + 1
    announce(session, PROVIDER, counts, fresh, now)
    _spend_sentences(session, [item for item in fresh if item.id in counts], now)
    return claimed, phones


def _spend_sentences(session: Session, items: Sequence[Claimed], now: datetime) -> None:
    """Decide which changes their phones may speak of, before any of them hears of it. Only what a
    shopper waits for is news: the card still names what it announced last when all get a new
    design."""
    if not items:
        return
    urgent = [item.id for item in items if item.is_urgent]
    news = announcing_passes(session, urgent) if urgent else set()
    spend_sentences(session, {item.id: item.version for item in items}, news, now)


def _push(pusher: Pusher, tokens: Sequence[str]) -> dict[str, PushOutcome]:
    if not tokens:
        return {}
    try:
        return dict(zip(tokens, pusher.push_many(tokens), strict=True))
    except DeliveryError as error:
        verdict = Verdict.CONFIGURATION if error.permanent else Verdict.AWAY
        return {token: PushOutcome(token, 0, str(error), refused_as=verdict) for token in tokens}


def _judge_provider(hold: Hold, outcomes: Sequence[PushOutcome], now: datetime) -> None:
    """Hold off while Apple takes nothing; a batch of which something arrived says that it does."""
    verdicts = {outcome.verdict for outcome in outcomes}
    if Verdict.CONFIGURATION in verdicts:
        hold.failed(now, CONFIGURATION_PAUSE_SECONDS)
    elif Verdict.AWAY in verdicts and Verdict.DELIVERED not in verdicts:
        asked = [outcome.retry_after_seconds or 0.0 for outcome in outcomes]
        hold.failed(now, max(asked))
    else:
        hold.worked()


def _settle(
    session: Session,
    lease_key: str,
    claimed: Sequence[Claimed],
    phones: Sequence[Phone],
    outcomes: Mapping[str, PushOutcome],
    now: datetime,
) -> None:
    told = [phone for phone in phones if outcomes[phone.token].verdict is Verdict.DELIVERED]
    note_pushed(
        session,
        [
            {
                "registration": phone.registration_id,
                "holder": phone.pass_id,
                "to_version": phone.version,
                "push": outcomes[phone.token].apns_id,
            }
            for phone in told
        ],
        list({phone.device_id for phone in told}),
        now,
    )
    stayed = _drop_dead(session, phones, outcomes, now)
    by_pass: dict[int, list[Phone]] = {}
    for phone in phones:
        by_pass.setdefault(phone.pass_id, []).append(phone)
    results = [_result(item, by_pass.get(item.id, ()), outcomes, stayed) for item in claimed]
    settle(session, lease_key, results, now)
    _note_alarm(session, outcomes, now)


def _drop_dead(
    session: Session,
    phones: Sequence[Phone],
    outcomes: Mapping[str, PushOutcome],
    now: datetime,
) -> set[int]:
    """Forget phones that are gone; the devices that Apple calls gone and that came again since."""
    gone = {
        phone.device_id: outcomes[phone.token]
        for phone in phones
        if outcomes[phone.token].verdict is Verdict.DROP_REGISTRATION
    }
    return {
        device_id
        for device_id, outcome in gone.items()
        if not forget_device(session, device_id, outcome.token, _gone_at(outcome, now))
    }


def _gone_at(outcome: PushOutcome, now: datetime) -> datetime:
    """Apple counts in whole milliseconds, rounded down: a registration of the same one is older."""
    return outcome.timestamp + APPLE_RESOLUTION if outcome.timestamp else now


def _result(
    item: Claimed,
    phones: Sequence[Phone],
    outcomes: Mapping[str, PushOutcome],
    stayed: set[int],
) -> Result:
    """Delivered when every phone was told; a phone that is gone needs telling no more."""
    for phone in phones:
        outcome = outcomes[phone.token]
        match outcome.verdict:
            case Verdict.UNSENT:
                return Result(
                    *(item.id, item.version, outcome.reason), None, item.attempts, is_untried=True
                )
            case Verdict.RETRY:
                wait = outcome.retry_after_seconds
                return Result(item.id, item.version, outcome.said, wait, item.attempts)
            case Verdict.AWAY | Verdict.CONFIGURATION:
                # The hold keeps the rest away. This one steps back, so that the next probe is
                # another: one bad token must not stand for the whole service.
                return Result(
                    item.id, item.version, outcome.said, PAUSE_LONGEST_SECONDS, item.attempts
                )
            case Verdict.DROP_REGISTRATION if phone.device_id in stayed:
                if item.attempts < GONE_TRIES_MAX:
                    return Result(item.id, item.version, outcome.said, None, item.attempts)
    return Result(item.id, item.version)


def _note_alarm(session: Session, outcomes: Mapping[str, PushOutcome], now: datetime) -> None:
    refused = [one for one in outcomes.values() if one.verdict is Verdict.CONFIGURATION]
    if refused:
        log.error("apns_configuration", status=refused[0].status, reason=refused[0].reason)
        raise_alarm(session, PROVIDER, refused[0].said, now)
    elif any(one.verdict is Verdict.DELIVERED for one in outcomes.values()):
        clear_alarm(session, PROVIDER)
