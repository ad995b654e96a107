"""Logs: one JSON object a line in production, colours in a terminal. Never bodies, tokens or codes."""

from __future__ import annotations

import logging
from typing import Any

import structlog


def configure_logging(log_format: str) -> None:
    """Once a process."""
    console = log_format == "console"
    tail: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=False)]
        if console
        else [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *tail,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    for noisy in ("huey", "httpx2", "httpcore2", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
