"""The worker: huey wakes it; it claims by lease and calls the action that does the work.

Loops beside each other, so that a slow provider holds up nobody else: Apple, Google, jobs, and the
calendar, which does what is due because time has passed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from passes.apple.provider_token import ProviderToken
from passes.apple.push import ApnsClient, PushOutcome
from passes.google.push import GoogleClient
from wallet import clock
from wallet.actions.calendar import run_calendar
from wallet.actions.deliver_apple import deliver_apple
from wallet.actions.deliver_passes import EVERYTHING, SCANS, Hold, Pace, give_way
from wallet.actions.delivery_report import prune
from wallet.actions.expire import MAIL_JOB
from wallet.actions.expire_vouchers import VOUCHER_MAIL_JOB
from wallet.actions.follow_card import FOLLOW_JOB, follow_card_job
from wallet.actions.google.deliver import EVERYTHING_LANE, SCANS_LANE, GoogleDelivery
from wallet.actions.google.gate import Gate
from wallet.actions.google.reconcile import GoogleReconciler
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.mail_card_link import card_link_handler
from wallet.actions.mail_expiry_notice import expiry_notice_handler
from wallet.actions.mail_voucher_notice import voucher_notice_handler
from wallet.actions.readiness import beat
from wallet.actions.recompose_cards import RECOMPOSE_JOB, recompose_cards_job
from wallet.actions.refresh_cards import REFRESH_JOB, refresh_cards_job
from wallet.actions.run_jobs import run_jobs
from wallet.actions.sale_link import SETTLE_JOB
from wallet.actions.settle_sale import settle_sale_job
from wallet.db import Database
from wallet.mailer import make_mailer
from wallet.parts import Parts, apns_ca, apns_token, apns_url, google_token_url, google_wallet_url
from wallet.waker import make_huey, nudge_task

log = structlog.get_logger()

CALENDAR_SECONDS = 60.0  # what depends on the day may begin a minute after midnight
PRUNE_SECONDS = 600.0  # a few thousand rows grow old meanwhile where business is brisk
SWEEP_SECONDS = 1.0  # retries become due without a nudge, and a nudge may be lost
PAUSE_AFTER_CRASH_SECONDS = 5.0
HEARTBEAT_SECONDS = 15.0
STOP_SECONDS_MAX = 15.0  # a batch under way is finished

# huey looks for nudges this often when all is quiet: a scan is pushed within 150 ms half of the time.
POLL_SECONDS_MIN = 0.02
POLL_SECONDS_MAX = 0.1


class Loop:
    """Does `step` until it finds nothing, then waits for a nudge or for `sweep_seconds`."""

    def __init__(
        self, name: str, step: Callable[[], int], sweep_seconds: float = SWEEP_SECONDS
    ) -> None:
        self._name, self._step, self._sweep_seconds = name, step, sweep_seconds
        self._wanted, self._closing = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin at once with what was left over."""
        self._thread.start()

    def wake(self) -> None:
        """There may be work; a loop that goes by the day does not hear of it."""
        if self._sweep_seconds <= SWEEP_SECONDS:
            self._wanted.set()

    def stop(self) -> None:
        """Finish the step under way and end."""
        self._closing = True
        self._wanted.set()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join(STOP_SECONDS_MAX)

    def _run(self) -> None:
        while not self._closing:
            self._wanted.clear()
            try:
                while self._step() and not self._closing:
                    pass
            except Exception:
                log.exception("worker_step_failed", loop=self._name)
                self._wanted.wait(PAUSE_AFTER_CRASH_SECONDS)
            self._wanted.wait(self._sweep_seconds)


class Worker:
    """All loops of one worker process."""

    def __init__(self, parts: Parts) -> None:
        settings, self._database = parts.settings, parts.database
        hold = Hold()
        google = GoogleClient(google_wallet_url(settings), google_token_url(settings), parts.google)
        gate = Gate(parts.database, parts.google.issuer_id, clock.now)
        objects = GoogleObjects(
            parts.google, settings.public_url, merchant_locations=settings.google_store_locations
        )
        self._google = GoogleDelivery(parts.database, google, gate, objects, clock.now)
        reading_back = GoogleReconciler(parts.database, google, gate, objects, clock.now)
        mailer = make_mailer(settings)
        handlers = {
            "card_link": card_link_handler(mailer),
            MAIL_JOB: expiry_notice_handler(mailer),
            VOUCHER_MAIL_JOB: voucher_notice_handler(mailer),
            SETTLE_JOB: settle_sale_job,
            REFRESH_JOB: refresh_cards_job,
            RECOMPOSE_JOB: recompose_cards_job,
            FOLLOW_JOB: follow_card_job,
        }
        # A connection each: scans never wait for what is under way in the other lane.
        token = apns_token(settings)
        self._apns = [_Push(parts, token), _Push(parts, token)]
        scans, everything = self._apns
        pace = Pace(settings.refresh_per_second)
        self._beaten: datetime | None = None
        self.loops = [
            Loop(
                "apple_scans", lambda: deliver_apple(parts.database, scans, clock.now, hold, SCANS)
            ),
            Loop("apple", lambda: _everything(parts.database, everything, hold, pace)),
            Loop("google_scans", lambda: self._google.step(SCANS_LANE)),
            Loop("google", self._google_step),
            Loop("google_check", reading_back.step, CALENDAR_SECONDS),
            Loop("jobs", lambda: self._beat() + run_jobs(parts.database, handlers, clock.now)),
            Loop("prune", lambda: prune(parts.database, clock.now()), PRUNE_SECONDS),
            Loop("calendar", lambda: run_calendar(parts.database, clock.now), CALENDAR_SECONDS),
        ]

    def start(self) -> None:
        """Begin all loops."""
        for loop in self.loops:
            loop.start()

    def wake(self) -> None:
        """A nudge came."""
        for loop in self.loops:
            loop.wake()

    def stop(self) -> None:
        """End all loops and connections."""
        for loop in self.loops:
            loop.stop()
        for loop in self.loops:
            loop.join()
        for client in self._apns:
            client.close()

    def _google_step(self) -> int:
        return self._google.publish_classes() + self._google.step(EVERYTHING_LANE)

    def _beat(self) -> int:
        now = clock.now()
        if self._beaten is None or (now - self._beaten).total_seconds() >= HEARTBEAT_SECONDS:
            _write_beat(self._database, now)
            self._beaten = now
        return 0


class _Push:
    """The connection to Apple's push service, made anew when the certificate was renewed."""

    def __init__(self, parts: Parts, token: ProviderToken | None) -> None:
        self._parts, self._token = parts, token
        self._identity = parts.apple
        self._client = self._connect()

    def push_many(self, tokens: Sequence[str]) -> list[PushOutcome]:
        """One outcome for each token, in order."""
        if self._parts.apple is not self._identity:
            self._identity = self._parts.apple
            self.close()
            self._client = self._connect()
        return self._client.push_many(tokens)

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def _connect(self) -> ApnsClient:
        settings = self._parts.settings
        return ApnsClient(apns_url(settings), self._identity, apns_ca(settings), self._token)


def _everything(database: Database, push: _Push, hold: Hold, pace: Pace) -> int:
    began = time.monotonic()
    done = deliver_apple(database, push, clock.now, hold, EVERYTHING, pace)
    if done > SCANS.batch:  # a refresh is under way
        give_way(database, time.monotonic() - began)
    return done


def _write_beat(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        beat(session, now)


def run_worker(parts: Parts) -> None:
    """Until SIGINT or SIGTERM."""
    worker = Worker(parts)
    huey = make_huey(parts.settings)
    nudge_task(huey, worker.wake)
    consumer = huey.create_consumer(
        workers=1,
        periodic=False,
        initial_delay=POLL_SECONDS_MIN,
        max_delay=POLL_SECONDS_MAX,
        backoff=1.2,
        check_worker_health=False,
    )
    worker.start()
    log.info("worker ready")
    try:
        consumer.run()
    finally:
        worker.stop()
