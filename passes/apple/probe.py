"""Push tokens of our own making: the set-up test registers a phone that does not exist."""

from __future__ import annotations

import secrets

_NAME = b"comptoir-test-"
_TOKEN_BYTES = 32  # as long as Apple's

# What the set-up test writes to the log; it is taken like any line, and not kept.
PROBE_LOG_LINE = "comptoir set-up test: this line shows that the log is taken"

# Apple's tokens are random: one in 2^112 begins like this.
PROBE_TOKEN_PREFIX = _NAME.hex()


def probe_token() -> str:
    """A well-formed token that no phone has. Nothing is pushed to it."""
    return (_NAME + secrets.token_bytes(_TOKEN_BYTES - len(_NAME))).hex()
