"""Typed rows and their queries, one noun a file."""

from wallet.tables import (
    credit,
    design,
    ledger,
    member,
    outbox,
    program,
    purchase,
    relation,
    request,
    reward,
    sale_notice,
    staff,
    wallet_pass,
)

__all__ = [
    "credit",
    "design",
    "ledger",
    "member",
    "outbox",
    "program",
    "purchase",
    "relation",
    "request",
    "reward",
    "sale_notice",
    "staff",
    "wallet_pass",
]
