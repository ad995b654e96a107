"""Google Wallet in Prometheus' terms, read from the database: workers are other processes."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Gauge
from sqlalchemy.orm import Session

from wallet.actions.google.standing import GoogleStanding, google_standing
from wallet.web.wiring import read, wiring

TALLY = Gauge(
    "comptoir_google_total",
    "Since the beginning: requests, objects taken, notifications by kind and those without budget,"
    " refusals by reason, objects read back, found different, missing, taken off phones",
    ["what"],
)
PAUSED = Gauge(
    "comptoir_google_paused_seconds",
    "How long nothing more is sent to Google, by reason",
    ["reason"],
)
CLASSES = Gauge(
    "comptoir_google_classes", "Classes at Google by the state of their review", ["state"]
)
CHECKED = Gauge(
    "comptoir_google_check_age_seconds", "Since the oldest finished round of reading back"
)


def count_google(now: datetime) -> None:
    """Set every gauge to what is true now."""
    issuer = wiring().google.issuer_id

    def _work(session: Session) -> GoogleStanding:
        return google_standing(session, issuer, now)

    found = read(_work)
    for name, count in found.tallies.items():
        TALLY.labels(name).set(count)
    PAUSED.clear()
    if found.pause_reason:
        PAUSED.labels(found.pause_reason).set(found.paused_seconds)
    CLASSES.clear()
    for state, count in found.classes.items():
        CLASSES.labels(state).set(count)
    CHECKED.set(found.check_age_seconds)
