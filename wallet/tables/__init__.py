"""Typed rows and their queries, one noun a file."""

from wallet.tables import (
    design,
    ledger,
    member,
    outbox,
    program,
    purchase,
    relation,
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
    "relation",
    "request",
    "reward",
    "staff",
    "wallet_pass",
]
