"""Logs: one JSON object a line in production, colours in a terminal. Never bodies, tokens or codes."""

from __future__ import annotations

import logging
from typing import Any

import structlog
from structlog.dev import plain_traceback
from structlog.tracebacks import ExceptionDictTransformer


def configure_logging(log_format: str) -> None:
    """Once a process."""
    console = log_format == "console"
    # Tracebacks without the values of variables: those hold keys, tokens and names.
    plain = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    tail: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain_traceback)]
        if console
        else [plain, structlog.processors.JSONRenderer()]
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
