"""Bring changed cards to Google: claim, compose, decide what may speak, send, write down.

The row is the truth. What was claimed and not settled comes back when its lease ends; what Google
already holds is not sent again; while Google is away nothing but one request now and then is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from passes.google.push import (
    Call,
    GoogleClient,
    Result,
    insert_call,
    message_call,
    patch_call,
)
from passes.google.refusal import LASTING, GoogleRefusal
from wallet.actions.deliver_passes import (
    PAUSE_LONGEST_SECONDS,
    Claimed,
    Lane,
    announce,
    claim,
    failed,
    is_idle,
    new_lease,
    settle,
)
from wallet.actions.deliver_passes import Result as Settled
from wallet.actions.google.announce import as_google_has_it
from wallet.actions.google.budget import give_back_notices, no_notices_left, spend_notices
from wallet.actions.google.classes import Classes, Standing, digest_of, without_places
from wallet.actions.google.gate import BULK, SCANS, Busy, Gate
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.program_view import all_programs, program_view
from wallet.db import Database
from wallet.rules.notices import Verdict
from wallet.tables.delivery import clear_alarm, raise_alarm
from wallet.tables.google import (
    GoogleObject,
    add_to_tally,
    mark_announced,
    note_at_google,
    objects_of,
)

Resource = dict[str, Any]

PROVIDER = "google"
# One window of requests: a scan never waits for more than one such batch, and it is over long
# before its lease.
SCANS_LANE = Lane(only_urgent=True, batch=BULK.ceiling)
EVERYTHING_LANE = Lane(only_urgent=False, batch=BULK.ceiling)
# Requests for one object in one go: insert, exists, change, without notification, without stores.
TRIES_MAX = 5
# What Google tells the holder of when it changes.
ANNOUNCED = ("loyaltyPoints", "secondaryLoyaltyPoints")

Mode = Literal["insert", "patch", "message"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One object on its way. `is_news` when the part that Google announces differs from what it
    holds; `speaks` when its holder is to be notified of the change, `calls` of the `message`."""

    item: Claimed
    class_id: str
    resource: Resource
    digest: str
    points: str
    mode: Mode
    is_held: bool
    is_news: bool
    message: Mapping[str, Any] | None = None
    speaks: bool = False
    calls: bool = False
    tries: int = 0

    @property
    def is_loud(self) -> bool:
        """Whether a notification was spent on it."""
        return self.speaks or self.calls

    @property
    def call(self) -> Call:
        """What is asked of Google next."""
        if self.mode == "message":
            assert self.message is not None
            said = as_google_has_it(self.message, notify=self.calls)
            return message_call(str(self.resource["id"]), said)
        if self.mode == "insert":
            return insert_call("loyaltyObject", self.resource)
        return patch_call("loyaltyObject", self.resource, notify=self.speaks)


@dataclass(slots=True)
class _Outcome:
    """What came of one step, by pass; what is in neither `done` nor `refused` was not tried.

    `silenced` are passes for which Google had no notifications left, `unheard` those whose
    notification was spent and certainly not shown. `service` is why Google takes nothing at all.
    """

    done: dict[int, Plan] = field(default_factory=dict)
    refused: dict[int, GoogleRefusal] = field(default_factory=dict)
    silenced: list[int] = field(default_factory=list)
    unheard: list[int] = field(default_factory=list)
    spent: int = 0  # balance changes that found no budget
    requests: int = 0
    answered: bool = False
    service: GoogleRefusal | None = None


class GoogleDelivery:
    """One worker's way to Google; its steps may run on several threads."""

    def __init__(
        self,
        database: Database,
        client: GoogleClient,
        gate: Gate,
        objects: GoogleObjects,
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._client, self._gate = database, client, gate
        self._objects, self._clock = objects, clock
        self._classes = Classes(database, client, gate, clock)
        self._published: set[tuple[int, int]] = set()

    def step(self, lane: Lane = EVERYTHING_LANE) -> int:
        """One batch; returns how many cards were tried."""
        if is_idle(self._database, PROVIDER, lane, self._clock()) or self._gate.is_shut():
            return 0
        admission = self._gate.admit()
        if admission == "shut":
            return 0
        lease_key = new_lease()
        limited = Lane(lane.only_urgent, 1) if admission == "probe" else lane
        claimed = self._database.run(lambda session: self._claim(session, lease_key, limited))
        if not claimed:
            self._gate.spare()
            return 0
        outcome = self._deliver(claimed, lease_key, self._send)
        if admission == "probe" and not outcome.answered and not outcome.service:
            self._gate.spare()
        return len(outcome.done) + len(outcome.refused)

    def bring_now(self, item: Claimed, lease_key: str) -> bool:
        """Bring one card while its holder waits; whether Google has it. When the gate is shut the
        card stays due, and nobody is kept waiting."""
        send = self._send if not self._gate.is_shut() else (lambda _claimed: _Outcome())
        return item.id in self._deliver([item], lease_key, send).done

    def publish_classes(self) -> int:
        """Give Google the classes of each program that is new or has changed; how many programs.

        Not only with its first card: the first shopper may press the button before the worker has
        brought that card, and Google refuses a save link whose class it does not know.
        """
        with self._database.reading() as session:
            waiting = {
                (program.id, program.revision): self._objects.classes_of(session, program)
                for program in all_programs(session)
                if (program.id, program.revision) not in self._published
            }
        if not waiting or self._gate.is_shut() or self._gate.admit() == "shut":
            return 0
        outcome = _Outcome()
        done = 0
        for state, its_classes in waiting.items():
            found = self._standings(
                {str(one["id"]): (state[0], one) for one in its_classes}, outcome
            )
            if outcome.service:
                break
            if not any(standing.refusal for standing in found.values()):
                self._published.add(state)
                done += 1
        self._tell_gate(outcome)
        return done

    def _deliver(
        self,
        claimed: Sequence[Claimed],
        lease_key: str,
        send: Callable[[Sequence[Claimed]], _Outcome],
    ) -> _Outcome:
        outcome = send(claimed)
        self._tell_gate(outcome)
        self._database.run(lambda session: self._settle(session, lease_key, claimed, outcome))
        return outcome

    def _claim(self, session: Session, lease_key: str, lane: Lane) -> list[Claimed]:
        now = self._clock()
        claimed = claim(session, PROVIDER, lease_key, now, lane)
        fresh = [item for item in claimed if item.is_fresh]
        announce(session, PROVIDER, dict.fromkeys((item.id for item in fresh), 1), fresh, now)
        mark_announced(session, {item.id: item.version for item in fresh})
        return claimed

    def _send(self, claimed: Sequence[Claimed]) -> _Outcome:
        outcome = _Outcome()
        plans, its_classes = self._plans(claimed)
        try:
            standings = self._standings(its_classes, outcome)
            ready = self._with_notices(_ready(plans, standings, outcome), outcome)
            for lane, is_urgent in ((SCANS, True), (BULK, False)):
                part = [plan for plan in ready if plan.item.is_urgent is is_urgent]
                while part and not outcome.service:
                    count = self._gate.acquire(lane, len(part))
                    outcome.requests += count
                    results = self._client.send([plan.call for plan in part[:count]])
                    part = [*self._judged(part[:count], results, outcome), *part[count:]]
        except Busy:
            pass  # what was not tried stays due
        return outcome

    def _plans(
        self, claimed: Sequence[Claimed]
    ) -> tuple[list[Plan], dict[str, tuple[int, Resource]]]:
        """What each card is to be at Google, and the classes of all of them, from one snapshot."""
        plans: list[Plan] = []
        its_classes: dict[str, tuple[int, Resource]] = {}
        with self._database.reading() as session:
            known = objects_of(session, [item.id for item in claimed])
            for item in claimed:
                program = program_view(session, item.program_id)
                its_class = self._objects.class_of(session, program, item.design_id, item.tier_key)
                resource = self._objects.object_of(session, program, item)
                its_classes[str(its_class["id"])] = (program.id, its_class)
                plans.append(_plan(item, resource, known.get(item.id)))
        return plans, its_classes

    def _standings(
        self, its_classes: Mapping[str, tuple[int, Resource]], outcome: _Outcome
    ) -> dict[str, Standing]:
        """How it stands with each class; none once Google turns out to be away."""
        found: dict[str, Standing] = {}
        for class_id, (program_id, resource) in its_classes.items():
            found[class_id] = self._classes.ensure(program_id, resource)
            refusal = found[class_id].refusal
            outcome.answered |= found[class_id].was_asked and not (refusal and refusal.of_service)
            if refusal and refusal.of_service:
                outcome.service = refusal
                break
        return found

    def _with_notices(self, plans: Sequence[Plan], outcome: _Outcome) -> list[Plan]:
        """Those that may notify their holders, written down as spent before anything is sent."""
        # One announcement an update: where there is a message, the change beside it is silent.
        messages = [plan.item.id for plan in plans if plan.message]
        news = [plan.item.id for plan in plans if plan.is_news and not plan.message]
        if not news and not messages:
            return list(plans)

        def _spend(session: Session) -> dict[int, Verdict]:
            now = self._clock()
            return {
                **spend_notices(session, messages, "campaign", now),
                **spend_notices(session, news, "balance", now),
            }

        verdicts = self._database.run(_spend)
        outcome.spent += sum(said == "spent" for said in verdicts.values())
        return [_spoken(plan, verdicts.get(plan.item.id)) for plan in plans]

    def _judged(
        self, plans: Sequence[Plan], results: Sequence[Result], outcome: _Outcome
    ) -> list[Plan]:
        """Write down what is settled; those that need another request, changed for it."""
        again = []
        for plan, found in zip(plans, results, strict=True):
            if not isinstance(found, GoogleRefusal):
                outcome.answered = True
                if plan.message and plan.mode != "message":
                    again.append(replace(plan, mode="message"))
                else:
                    outcome.done[plan.item.id] = plan
                continue
            next_try = _next_try(plan, found)
            if plan.is_loud and not (next_try and next_try.is_loud) and _was_not_shown(found):
                outcome.unheard.append(plan.item.id)
            if found.reason == "notices_spent":
                outcome.silenced.append(plan.item.id)
            if next_try:
                again.append(next_try)
            else:
                self._refused(plan, found, outcome)
        return again

    def _refused(self, plan: Plan, found: GoogleRefusal, outcome: _Outcome) -> None:
        outcome.refused[plan.item.id] = found
        if found.of_service:
            outcome.service = outcome.service or found
        else:
            outcome.answered = True
        if found.reason == "class_missing":
            self._classes.forget(plan.class_id)

    def _tell_gate(self, outcome: _Outcome) -> None:
        """One object that Google cannot bear is not Google being away: what another one got through
        says so."""
        if outcome.answered:
            self._gate.worked()
        elif outcome.service:
            self._gate.failed(outcome.service)

    def _settle(
        self, session: Session, lease_key: str, claimed: Sequence[Claimed], outcome: _Outcome
    ) -> None:
        now = self._clock()
        settle(session, lease_key, [_settled(item, outcome) for item in claimed], now)
        _write_objects(session, outcome.done.values())
        note_at_google(
            session,
            {plan.item.id: (plan.item.version, plan.is_loud) for plan in outcome.done.values()},
            now,
        )
        lost = [
            pass_id
            for pass_id, found in outcome.refused.items()
            if found.reason in ("object_missing", "class_missing")
        ]
        for row in objects_of(session, lost).values():
            row.digest = ""
        give_back_notices(session, outcome.unheard)
        no_notices_left(session, outcome.silenced, now)
        _count(session, outcome)
        if outcome.answered:
            clear_alarm(session, PROVIDER)
        elif outcome.service and outcome.service.reason in LASTING:
            raise_alarm(session, PROVIDER, str(outcome.service), now)


def _plan(item: Claimed, resource: Resource, known: GoogleObject | None) -> Plan:
    digest = digest_of(resource)
    points = digest_of({name: resource.get(name) for name in ANNOUNCED})
    is_there = known is not None and known.digest != ""
    return Plan(
        item,
        str(resource["classId"]),
        resource,
        digest,
        points,
        "patch" if is_there else "insert",
        is_held=known is not None and known.digest == digest,
        # A card that Google does not hold yet has nobody to tell.
        is_news=known is not None and is_there and known.points != points,
        message=known.message if known is not None else None,
    )


def _ready(
    plans: Sequence[Plan], standings: Mapping[str, Standing], outcome: _Outcome
) -> list[Plan]:
    """Those to be sent: Google has their class and does not hold them as they are."""
    ready = []
    for plan in plans:
        standing = standings.get(plan.class_id)
        if standing is None or (standing.refusal and standing.refusal.of_service):
            continue
        if standing.refusal:
            outcome.refused[plan.item.id] = standing.refusal
        elif plan.is_held and plan.message:
            ready.append(replace(plan, mode="message"))
        elif plan.is_held:
            outcome.done[plan.item.id] = plan
        elif standing.has_places:
            ready.append(plan)
        else:
            ready.append(replace(plan, resource=without_places(plan.resource)))
    return ready


def _next_try(plan: Plan, found: GoogleRefusal) -> Plan | None:
    """The same in the form that this refusal asks for; nothing when it is settled."""
    if plan.tries + 1 >= TRIES_MAX:
        return None
    tried = replace(plan, tries=plan.tries + 1)
    match found.reason:
        case "exists" if plan.mode == "insert":
            return replace(tried, mode="patch")
        case "object_missing" if plan.mode != "insert":
            return replace(tried, mode="insert", speaks=False)
        case "notices_spent":
            return replace(tried, speaks=False, calls=False)
        case "invalid" if (stripped := without_places(plan.resource)) != plan.resource:
            return replace(tried, resource=stripped)
    return None


def _spoken(plan: Plan, said: Verdict | None) -> Plan:
    if said != "speak":
        return plan
    return replace(plan, calls=True) if plan.message else replace(plan, speaks=True)


def _was_not_shown(found: GoogleRefusal) -> bool:
    """Whether Google certainly did nothing: after a time-out or a fault of its own nobody knows."""
    return found.reason not in ("unreachable", "unavailable", "notices_spent")


def _settled(item: Claimed, outcome: _Outcome) -> Settled:
    if item.id in outcome.done:
        return Settled(item.id, item.version)
    found = outcome.refused.get(item.id)
    if found is None:
        why = str(outcome.service or "waits its turn")
        return Settled(item.id, item.version, why, None, item.attempts, is_untried=True)
    if found.of_service:
        # The gate keeps the rest away. This one steps back, so that the next probe is another.
        return Settled(item.id, item.version, str(found), PAUSE_LONGEST_SECONDS, item.attempts)
    return failed(item, found)


def _write_objects(session: Session, plans: Iterable[Plan]) -> None:
    """What Google holds from now on."""
    sent = {plan.item.id: plan for plan in plans}
    rows = objects_of(session, sent)
    for pass_id, plan in sent.items():
        row = rows.get(pass_id)
        if row is None:
            row = GoogleObject(wallet_pass_id=pass_id, class_id=plan.class_id)
            session.add(row)
        row.class_id, row.digest, row.points = plan.class_id, plan.digest, plan.points
        if plan.message and row.message and row.message["id"] == plan.message["id"]:
            row.message = None
    session.flush()


def _count(session: Session, outcome: _Outcome) -> None:
    """What `/metrics` shows."""
    spoken = sum(plan.speaks for plan in outcome.done.values())
    add_to_tally(session, "google_requests", outcome.requests)
    add_to_tally(session, "google_objects", len(outcome.done))
    add_to_tally(session, "google_notices_balance", spoken)
    called = sum(plan.calls for plan in outcome.done.values())
    add_to_tally(session, "google_notices_campaign", called)
    add_to_tally(session, "google_notices_spent", outcome.spent + len(outcome.silenced))
    for found in outcome.refused.values():
        add_to_tally(session, f"google_refused_{found.reason}", 1)
