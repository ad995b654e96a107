"""Typed rows and their queries, one noun a file."""

from wallet.tables import (
    design,
    ledger,
    member,
    outbox,
    program,
    purchase,
    request,
    reward,
    staff,
    wallet_pass,
)

__all__ = [
    "design",
    "ledger",
    "member",
    "outbox",
    "program",
    "purchase",
    "request",
    "reward",
    "staff",
    "wallet_pass",
]
