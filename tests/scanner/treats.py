"""The café with everything a till can do besides points: credit, a stamp card, a voucher, own cups."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.factories import Cast
from wallet.actions.actor import Actor
from wallet.actions.create_reward import NewReward, create_reward
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.redeem import redeem
from wallet.actions.tills.hold import take_hold
from wallet.ids import public_id
from wallet.tables.till_hold import TillHold

VOUCHER_COST = 80


def words(text: str) -> dict[str, str]:
    """The same in both languages."""
    return {"fr": text, "en": text}


def unit(key: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    """Something that is counted."""
    return {
        "key": key,
        "kind": kind,
        "name": words(name),
        "one": words(key),
        "many": words(key),
        **more,
    }


def with_treats(cast: Cast, share_max_percent: int = 50) -> Cast:
    """The cast's café from now on: 10 % back online, a stamp a visit. It gives points for an own cup already."""
    rules = cast.program.ruleset.model_dump(mode="json")
    rules["units"] += [
        unit("credit", "credit", "Credit"),
        unit("stamps", "stamps", "Coffee card", target=10),
    ]
    rules["earning"] += [
        {"key": "back", "kind": "per_amount", "unit": "credit", "quantity": 10, "per_minor": 100}
        | {"channels": ["online"], "name": words("Cashback")},
        {"key": "stamp", "kind": "per_visit", "unit": "stamps", "quantity": 1}
        | {"name": words("A stamp")},
        {"key": "review", "kind": "activity", "activity": "review", "unit": "points", "quantity": 9}
        | {"name": words("Review")},
    ]
    rules["credit"] = {"unit": "credit", "share_max_percent": share_max_percent}
    reward = NewReward(
        words("Ten percent"), "percent", VOUCHER_COST, value={"percent": "10"}, mode="voucher"
    )
    cast.run(lambda session: publish_rules(session, cast.program.id, rules, "staff:1", cast.now))
    cast.run(lambda session: create_reward(session, cast.program.id, reward))
    return refreshed(cast)


def with_holds(cast: Cast, minutes: int = 30) -> Cast:
    """The café lets tills give rewards without a connection from now on, to whoever is known by name."""
    rules = cast.program.ruleset.model_dump(mode="json")
    rules |= {"offline_redemption": {"minutes": minutes}, "spending": {"rotating": False}}
    cast.run(lambda session: publish_rules(session, cast.program.id, rules, "staff:1", cast.now))
    return refreshed(cast)


def hold_for(cast: Cast, who: str, by: str = "dora") -> TillHold:
    """What somebody holds of a member now: the dearest reward within reach."""
    staff_id = cast.staff[by]
    actor = Actor(
        f"staff:{staff_id}",
        "cashier",
        "store",
        cast.program.stores[0].id,
        staff_id,
        by.capitalize(),
    )
    return cast.run(
        lambda session: take_hold(
            session, cast.program, cast.member(session, who), str(uuid4()), None, actor, cast.now
        )
    )


def refreshed(cast: Cast) -> Cast:
    """The cast with the program as it is now."""
    with cast.database.reading() as session:
        cast.program = program_view(session, cast.program.id)
    return cast


def voucher_for(cast: Cast, who: str, cost: int = VOUCHER_COST) -> str:
    """A voucher that this member just took; its code."""
    reward_id = public_id("rwd", cast.reward_id(cost))
    redeemed = cast.run(
        lambda session: redeem(
            session, cast.program, cast.member(session, who), reward_id, cast.actor, cast.now
        )
    )
    assert redeemed.voucher
    return redeemed.voucher.code
