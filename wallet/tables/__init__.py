"""Typed rows and their queries, one noun a file."""

from wallet.tables import (
    calendar,
    credit,
    delivery,
    design,
    donation,
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
    "calendar",
    "credit",
    "delivery",
    "design",
    "donation",
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
