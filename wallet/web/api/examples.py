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
MEMBER_CHANGE: dict[str, Any] = {
    "name": "Léa Modèle",
    "consents": {"email": False},
    "tags": ["roastery_club"],
}
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
    "tags": ["roastery_club"],
    "vouchers": [],
    "memberships": [],
    "charity": None,
    "referral_url": "https://cards.example.com/p/cafe/join?ref=K7Q2MX9T",
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
    "tax_minor": 0,
    "shipping_minor": 0,
    "gift_card_minor": 0,
    "credit_minor": 0,
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
NEW_SALE_REFUND: dict[str, Any] = {
    "sale": {"source": "shop", "external_id": "10042"},
    "external_id": "R-311",
    "amount_minor": 1000,
}
SALE_REFUND_RESULT: dict[str, Any] = {**REFUND_RESULT, "waiting": False}
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

_OTHER_ID = "mbr_01H5C9W3R8E2P"
_MERGE: dict[str, Any] = {
    "id": "mrg_01H7R0B6F4M1S",
    "merged_id": _OTHER_ID,
    "survivor_id": _MEMBER_ID,
    "at": _AT,
    "undone_at": None,
}
NEW_MERGE: dict[str, Any] = {"into": _MEMBER_ID}
MERGED_MEMBER: dict[str, Any] = {**MEMBER, "merge": _MERGE}
MERGES: dict[str, Any] = {"data": [_MERGE], "next_cursor": None}
DUPLICATES: dict[str, Any] = {
    "data": [
        {
            "older": {
                "id": _MEMBER_ID,
                "number": "482913075",
                "name": "Léa Exemple",
                "joined_at": _AT,
            },
            "newer": {
                "id": _OTHER_ID,
                "number": "730184652",
                "name": "Lea Exemple",
                "joined_at": _AT,
            },
            "score": 80,
            "reasons": [{"key": "phone", "text": "Same phone number"}],
        }
    ],
    "next_cursor": None,
}
NEW_ACTIVITY: dict[str, Any] = {
    "member": {"id": _MEMBER_ID},
    "kind": "review",
    "source": "shop",
    "external_id": "review-381",
    "channel": "online",
    "occurred_at": _AT,
}
ACTIVITY_RESULT: dict[str, Any] = {
    "activity": {
        "id": "act_01H7R1J2V6D8N",
        "member_id": _MEMBER_ID,
        "kind": "review",
        "source": "shop",
        "external_id": "review-381",
        "channel": "online",
        "occurred_at": _AT,
        "recorded_at": _AT,
    },
    "entries": [
        {
            **_ENTRY,
            "id": "ent_01H7R1J2V6D8P",
            "quantity": 20,
            "balance_after": 60,
            "purchase_id": None,
            "why": [{"text": "A review", "rule": "review", "rule_version": 1}],
        }
    ],
    "balances": _balances(60),
    "tier": _TIER,
    "repeated": False,
}
_VOUCHER: dict[str, Any] = {
    "code": "K7Q2MX9T4H",
    "member_id": _MEMBER_ID,
    "redemption_id": "red_01H7Q4A0CK7TS",
    "reward": {**REWARDS["data"][0], "kind": "amount", "value": {"amount_minor": 500}},
    "status": "issued",
    "obstacle": None,
    "issued_at": _AT,
    "opens_at": None,
    "expires_at": "2026-08-02T12:30:00Z",
    "used_at": None,
    "used_channel": None,
}
VOUCHERS: dict[str, Any] = {"data": [_VOUCHER], "next_cursor": None}
VOUCHER_USE: dict[str, Any] = {
    "code": "K7Q2M-X9T4H",
    "sale": {"source": "shop", "external_id": "10043"},
    "bill_minor": 3200,
}
VOUCHER_USED: dict[str, Any] = {
    "voucher": {
        **_VOUCHER,
        "status": "used",
        "obstacle": "voucher_used",
        "used_at": _AT,
        "used_channel": "online",
    },
    "worth_minor": 500,
    "handover": {},
    "repeated": False,
}
NEW_CREDIT_PAYMENT: dict[str, Any] = {
    "member": {"id": _MEMBER_ID},
    "amount_minor": 250,
    "bill_minor": 3200,
    "sale": {"source": "shop", "external_id": "10044"},
}
CREDIT_PAYMENT_RESULT: dict[str, Any] = {
    "payment": {
        "id": "cpy_01H7R3K8X2B5Q",
        "member_id": _MEMBER_ID,
        "unit": "credit",
        "amount_minor": 250,
        "refunded_minor": 0,
        "bill_minor": 3200,
        "source": "shop",
        "external_id": "10044",
        "purchase_id": None,
        "occurred_at": _AT,
    },
    "entries": [
        {
            **_ENTRY,
            "id": "ent_01H7R3K8X2B5R",
            "unit": "credit",
            "kind": "redemption",
            "quantity": -250,
            "balance_after": 150,
            "purchase_id": None,
            "why": [{"text": "Paid with credit: €2.50", "rule": "credit", "rule_version": 1}],
        }
    ],
    "balances": {"credit": {"available": 150, "pending": 0}},
    "repeated": False,
}
_CHARITY: dict[str, Any] = {"id": "chy_01H0000000A1B", "name": "The River Garden"}
CHARITIES: dict[str, Any] = {"data": [_CHARITY], "next_cursor": None}
CHARITY_CHOICE: dict[str, Any] = {"charity_id": _CHARITY["id"]}
DONATION_TOTALS: dict[str, Any] = {
    "currency": "EUR",
    "total_minor": 12500,
    "charities": [{"charity_id": _CHARITY["id"], "name": _CHARITY["name"], "amount_minor": 12500}],
}
NEW_MEMBERSHIP: dict[str, Any] = {
    "member": {"id": _MEMBER_ID},
    "plan": "vip",
    "source": "billing",
    "external_id": "in-5501",
}
MEMBERSHIP_RESULT: dict[str, Any] = {
    "membership": {
        "id": "msh_01H7R4T5C9W3E",
        "member_id": _MEMBER_ID,
        "plan": "vip",
        "name": "VIP",
        "status": "active",
        "source": "billing",
        "external_id": "in-5501",
        "starts_at": _AT,
        "ends_at": "2027-05-04T22:00:00Z",
        "last_day": "2027-05-04",
        "cancelled_at": None,
    },
    "tier": {"key": "gold", "name": "Gold"},
    "repeated": False,
}
CANCELLED: dict[str, Any] = {
    **MEMBERSHIP_RESULT,
    "membership": {
        **MEMBERSHIP_RESULT["membership"],
        "status": "cancelled",
        "ends_at": "2026-06-01T08:00:00Z",
        "last_day": "2026-06-01",
        "cancelled_at": "2026-06-01T08:00:00Z",
    },
    "tier": _TIER,
}
REFERRALS: dict[str, Any] = {
    "code": "K7Q2MX9T",
    "url": "https://cards.example.com/p/cafe/join?ref=K7Q2MX9T",
    "friends": [
        {
            "member_id": _OTHER_ID,
            "status": "holding",
            "reason": None,
            "joined_at": _AT,
            "due_at": "2026-05-18T12:30:00Z",
            "rewarded_at": None,
        }
    ],
}
REACH: dict[str, Any] = {"members": 1240, "notified": 873, "silent": 41, "without_card": 326}
