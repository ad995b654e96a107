"""One café story for the documentation: every example is of the same invented member."""

from __future__ import annotations

from typing import Any

_MEMBER_ID = "mbr_01H7Q2Z8N0K4V"
_PURCHASE_ID = "pur_01H7Q300WX9DA"
_ENTRY_ID = "ent_01H7Q300WX9DB"
_REWARD_ID = "rwd_01GZZ000000AB"
_AT = "2026-05-04T12:30:00Z"
_CARD_URL = "https://cards.example.com/card/AbCdEf0123456789"

NEW_MEMBER: dict[str, Any] = {
    "email": "lea@example.com",
    "name": "Léa Exemple",
    "locale": "fr",
    "external_ids": [{"source": "shop", "id": "C1042"}],
    "consents": {"email": {"granted": True, "wording": "Yes, send me news by e-mail."}},
}
MEMBER_CHANGE: dict[str, Any] = {"name": "Léa Modèle", "consents": {"email": False}}
_TIER = {"key": "bronze", "name": "Bronze"}
MEMBER: dict[str, Any] = {
    "id": _MEMBER_ID,
    "number": "482913075",
    "code": "M17H2KQ9ZB4T8VN3XW5RC6YD0E",
    "name": "Léa Exemple",
    "email": "lea@example.com",
    "phone": None,
    "locale": "fr",
    "status": "active",
    "tier": _TIER,
    "balances": {"points": {"available": 0, "pending": 0}},
    "next_reward": {"id": _REWARD_ID, "name": "A free coffee", "missing": 30},
    "card_url": _CARD_URL,
    "apple_url": f"{_CARD_URL}/apple.pkpass",
    "google_url": f"{_CARD_URL}/google",
    "joined_at": _AT,
}
MEMBERS: dict[str, Any] = {"data": [MEMBER], "next_cursor": None}
NEW_PURCHASE: dict[str, Any] = {
    "member": {"external_id": {"source": "shop", "id": "C1042"}},
    "source": "shop",
    "external_id": "10042",
    "channel": "online",
    "amount_minor": 4000,
    "currency": "EUR",
    "items": [
        {
            "sku": "BEAN-500",
            "name": "House beans, 500 g",
            "category": "coffee",
            "quantity": 2,
            "amount_minor": 4000,
        }
    ],
    "occurred_at": _AT,
}
_PURCHASE: dict[str, Any] = {
    "id": _PURCHASE_ID,
    "member_id": _MEMBER_ID,
    "source": "shop",
    "external_id": "10042",
    "channel": "online",
    "amount_minor": 4000,
    "refunded_minor": 0,
    "currency": "EUR",
    "items": NEW_PURCHASE["items"],
    "occurred_at": _AT,
    "recorded_at": _AT,
}
_ENTRY: dict[str, Any] = {
    "id": _ENTRY_ID,
    "unit": "points",
    "kind": "accrual",
    "quantity": 40,
    "balance_after": 40,
    "occurred_at": _AT,
    "recorded_at": _AT,
    "channel": "online",
    "purchase_id": _PURCHASE_ID,
    "reverses": None,
    "why": [{"text": "€40 at 1 point per €1", "rule": "base", "rule_version": 1}],
}
ENTRIES: dict[str, Any] = {"data": [_ENTRY], "next_cursor": None}


def _balances(points: int) -> dict[str, Any]:
    return {"points": {"available": points, "pending": 0}}


PURCHASE_RESULT: dict[str, Any] = {
    "purchase": _PURCHASE,
    "entries": [_ENTRY],
    "balances": _balances(40),
    "tier": _TIER,
    "repeated": False,
}
QUOTE_RESULT: dict[str, Any] = {
    **PURCHASE_RESULT,
    "purchase": {**_PURCHASE, "id": None},
    "entries": [{**_ENTRY, "id": None, "purchase_id": None}],
}
NEW_REFUND: dict[str, Any] = {"amount_minor": 1000}
REFUND_RESULT: dict[str, Any] = {
    **PURCHASE_RESULT,
    "purchase": {**_PURCHASE, "refunded_minor": 1000},
    "entries": [
        {
            **_ENTRY,
            "id": "ent_01H7Q3C51MR2F",
            "kind": "refund",
            "quantity": -10,
            "balance_after": 30,
            "why": [{"text": "Refund of €10", "rule": "refund", "rule_version": 1}],
        }
    ],
    "balances": _balances(30),
}
REWARDS: dict[str, Any] = {
    "data": [
        {
            "id": _REWARD_ID,
            "name": "A free coffee",
            "description": "Espresso, long or macchiato",
            "kind": "product",
            "value": {},
            "unit": "points",
            "cost": 30,
        }
    ],
    "next_cursor": None,
}
NEW_REDEMPTION: dict[str, Any] = {"member": {"id": _MEMBER_ID}, "reward_id": _REWARD_ID}
_REDEMPTION: dict[str, Any] = {
    "id": "red_01H7Q4A0CK7TS",
    "member_id": _MEMBER_ID,
    "reward_id": _REWARD_ID,
    "status": "used",
    "unit": "points",
    "cost": 30,
    "channel": "online",
    "occurred_at": _AT,
}
REDEMPTION_RESULT: dict[str, Any] = {
    "redemption": _REDEMPTION,
    "entries": [
        {
            **_ENTRY,
            "id": "ent_01H7Q4A0CK7TT",
            "kind": "redemption",
            "quantity": -30,
            "balance_after": 0,
            "purchase_id": None,
            "why": [{"text": "A free coffee", "rule": "redemption", "rule_version": 1}],
        }
    ],
    "balances": _balances(0),
    "repeated": False,
}
NEW_REVERSAL: dict[str, Any] = {"reason": "Entered twice"}
REVERSAL_RESULT: dict[str, Any] = {
    "purchase": {**_PURCHASE, "refunded_minor": 4000},
    "redemption": None,
    "entries": [
        {
            **_ENTRY,
            "id": "ent_01H7Q3F9AAW6H",
            "kind": "reversal",
            "quantity": -40,
            "balance_after": 0,
            "reverses": _ENTRY_ID,
            "why": [{"text": "Undone: Entered twice", "rule": "reversal", "rule_version": 1}],
        }
    ],
    "balances": _balances(0),
    "tier": _TIER,
    "repeated": False,
}
