"""Delivery in Prometheus' terms, counted in the database when it is asked for: the worker that delivers
is another process."""

from __future__ import annotations

from datetime import datetime, timedelta

from prometheus_client import Gauge

from wallet.actions.delivery_report import DeliveryReport, delivery_report
from wallet.web.wiring import read

WINDOW = timedelta(minutes=15)  # what is counted: a few thousand rows even while all cards change

WAITING = Gauge(
    "comptoir_delivery_waiting", "Cards that phones do not know yet", ["provider", "lane"]
)
FAILING = Gauge(
    "comptoir_delivery_failing", "Waiting cards of which a try failed", ["provider", "lane"]
)
OLDEST = Gauge(
    "comptoir_delivery_oldest_seconds", "Age of the oldest waiting change", ["provider", "lane"]
)
STAGES = Gauge(
    "comptoir_delivery_changes_15m",
    "Changes of the last 15 minutes that came at least this far",
    ["provider", "stage"],
)
LAG = Gauge(
    "comptoir_delivery_median_seconds",
    "Median time from the sale to the push and to the phone, last 15 minutes",
    ["provider", "stage"],
)
SILENT = Gauge("comptoir_phones_silent", "iPhones that did not come for a week after a push")
ALARM = Gauge("comptoir_provider_alarm", "1 while a provider refuses everything", ["provider"])

PROVIDERS = ("apple", "google")
LANES = ("scan", "refresh")


def count_deliveries(now: datetime) -> None:
    """Set every gauge to what is true now."""
    found = read(lambda session: delivery_report(session, now, period=WINDOW))
    _waiting(found, now)
    for funnel in found.funnels:
        for stage in ("wanted", "pushed", "notified", "listed", "fetched"):
            STAGES.labels(funnel.provider, stage).set(getattr(funnel, stage))
        LAG.labels(funnel.provider, "pushed").set(funnel.push_seconds or 0.0)
        LAG.labels(funnel.provider, "fetched").set(funnel.fetch_seconds or 0.0)
    SILENT.set(found.silent)
    alarmed = {alarm.provider for alarm in found.alarms}
    for provider in PROVIDERS:
        ALARM.labels(provider).set(provider in alarmed)


def _waiting(found: DeliveryReport, now: datetime) -> None:
    lanes = {(one.provider, one.lane): one for one in found.waiting}
    for key in ((provider, lane) for provider in PROVIDERS for lane in LANES):
        one = lanes.get(key)
        WAITING.labels(*key).set(one.cards if one else 0)
        FAILING.labels(*key).set(one.failing if one else 0)
        age = (now - one.since).total_seconds() if one and one.since else 0.0
        OLDEST.labels(*key).set(max(age, 0.0))
