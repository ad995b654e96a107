"""What operators ask: is it alive, is it ready, how much did it do."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict
from datetime import UTC, datetime

import structlog
from flask import Flask, Response, g, jsonify, request
from flask_babel import gettext
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from wallet import clock
from wallet.actions.delivery_report import provider_alarms
from wallet.actions.readiness import database_answers, worker_seen_at
from wallet.actions.schema_state import schema_state
from wallet.doctor import speak
from wallet.doctor.apple import days_left, identity_checks, restart_needed
from wallet.doctor.service import WORKER_SILENT_MAX
from wallet.ids import new_id, public_id
from wallet.web.delivery_metrics import count_deliveries
from wallet.web.google_metrics import count_google
from wallet.web.locale import current_language
from wallet.web.wiring import read, wiring

log = structlog.get_logger()
DISK_FREE_SHARE_MIN = 0.05  # below it the next backup or WAL may not fit

REQUESTS = Counter(
    "comptoir_requests", "Requests by route and status", ["route", "method", "status"]
)
LATENCY = Histogram("comptoir_request_seconds", "Time to answer", ["route"])
CERTIFICATE_DAYS = Gauge(
    "comptoir_certificate_days_left", "Days until nothing can be signed any more", ["wallet"]
)
CERTIFICATE_END = Gauge(
    "comptoir_certificate_expires_timestamp_seconds",
    "When the signing certificate ends, in Unix time",
    ["wallet"],
)


def install_operations(app: Flask) -> None:
    """`/healthz`, `/readyz`, `/metrics`, a request id and one log line for each request."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", metrics)
    app.before_request(_start)
    app.after_request(_finish)


def healthz() -> Response:
    """The process is alive; nothing is read."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


def readyz() -> Response:
    """Whether this process can serve, and what is missing when it cannot."""
    parts, now = wiring(), clock.now()
    checks = {"database": False, "schema": False, "worker": False, "disk": _disk_is_free()}
    try:
        checks["database"] = read(database_answers)
        found, wanted = schema_state(parts.database)
        checks["schema"] = found == wanted
        seen = read(worker_seen_at)
        checks["worker"] = seen is not None and now - seen < WORKER_SILENT_MAX
        checks["providers"] = not read(provider_alarms)
    except SQLAlchemyError as error:
        log.warning("not_ready", error=type(error).__name__)
    apple = parts.apple
    checks["certificate"] = apple.expires_at.astimezone(UTC) > datetime.now(UTC)
    # A worker that is away, or a provider that refuses us, delays cards but stops no sale: it is
    # reported, not fatal.
    is_ready = all(ok for name, ok in checks.items() if name not in ("worker", "providers"))
    language = current_language()
    said = identity_checks(apple, now)
    if parts.apple_keeper.needs_restart:
        said.append(restart_needed())
    details = [speak(check, gettext, language) for check in said]
    answer = jsonify(
        ready=is_ready,
        checks=checks,
        details=[asdict(detail) for detail in details],
        certificate_days_left=days_left(apple, now),
    )
    answer.status_code = 200 if is_ready else 503
    return answer


def metrics() -> Response:
    """Prometheus' text format."""
    apple = wiring().apple
    CERTIFICATE_DAYS.labels("apple").set(days_left(apple, clock.now()))
    CERTIFICATE_END.labels("apple").set(apple.expires_at.timestamp())
    try:
        count_deliveries(clock.now())
        count_google(clock.now())
    except SQLAlchemyError as error:
        log.warning("deliveries_not_counted", error=type(error).__name__)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _disk_is_free() -> bool:
    usage = shutil.disk_usage(wiring().settings.data_dir)
    return usage.free / usage.total > DISK_FREE_SHARE_MIN


def _start() -> None:
    g.started = time.perf_counter()
    g.request_id = public_id("req", new_id())


def _finish(answer: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "unknown"
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    REQUESTS.labels(route, request.method, answer.status_code).inc()
    LATENCY.labels(route).observe(seconds)
    answer.headers["X-Request-Id"] = g.get("request_id", "")
    if answer.status_code >= 500:
        log.error(
            "request",
            route=route,
            method=request.method,
            status=answer.status_code,
            id=g.get("request_id"),
        )
    return answer
