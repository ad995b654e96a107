"""A bookshop's club with everything that is not buying: activities, referrals, plans, a welcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from tests.factories import MANAGER, NOW, SHOP, Counter, new_program
from wallet.actions.calendar import run_calendar
from wallet.actions.cancel_membership import cancel_membership
from wallet.actions.create_program import NewProgram, NewReward, NewStore, starter_design
from wallet.actions.merge_members import merge_members
from wallet.actions.record_activity import ActivityFacts, RecordedActivity, record_activity
from wallet.actions.start_membership import Started, start_membership
from wallet.actions.unmerge_members import unmerge_members
from wallet.db import Database
from wallet.tables.member import Identifier
from wallet.tables.relation import Membership, Referral

PLAN = "vip"


def words(text: str) -> dict[str, str]:
    """The same in both languages."""
    return {"fr": text, "en": text}


def activity(kind: str, quantity: int, **more: Any) -> dict[str, Any]:
    """A rule that credits an activity of this kind."""
    return {
        "key": more.pop("key", f"for_{kind}"),
        "kind": "activity",
        "activity": kind,
        "unit": "points",
        "quantity": quantity,
        "name": words(kind.capitalize()),
        **more,
    }


RULES: dict[str, Any] = {
    "units": [
        {
            "key": "points",
            "kind": "points",
            "name": {"fr": "Points", "en": "Points"},
            "one": {"fr": "point", "en": "point"},
            "many": {"fr": "points", "en": "points"},
        }
    ],
    "earning": [
        {
            "key": "base",
            "kind": "per_amount",
            "unit": "points",
            "quantity": 1,
            "per_minor": 100,
            "name": words("Base"),
        },
        activity("newsletter", 10),
        activity("review", 15),
        activity("profile", 25),
        activity("birthday", 40),
        activity("anniversary", 30),
        activity("eco", 5, caps=[{"per": "day", "times": 2}]),
        activity("forum", 7, caps=[{"per": "month", "quantity": 20}]),
        activity("share_photo", 3, caps=[{"per": "lifetime", "times": 1}]),
    ],
    "tiers": [
        {"key": "reader", "name": words("Reader"), "threshold_minor": 0},
        {
            "key": "friend",
            "name": words("Friend"),
            "threshold_minor": 25_000,
            "multiplier": "2",
        },
    ],
    "tier_policy": {"basis": "spend", "window": "rolling_months", "months": 12},
    "plans": [
        {"key": PLAN, "name": words("VIP"), "tier": "friend", "months": 12},
        {"key": "month", "name": words("Month by month"), "tier": "friend", "months": 1},
        {"key": "pass", "name": words("Ten days"), "days": 10},
    ],
    "referral": {
        "unit": "points",
        "referrer_quantity": 50,
        "friend_quantity": 20,
        "hold_days": 14,
        "per_year_max": 3,
        "purchase_min_minor": 1000,
    },
}


def program(**changes: Any) -> NewProgram:
    """The club, with some rules changed."""
    return NewProgram(
        slug="club",
        name="Club des Pages",
        rules={**RULES, **changes},
        design=starter_design("Club des Pages"),
        stores=(NewStore("Rue du Livre"),),
        rewards=(NewReward(words("A bookmark"), "gift", 50),),
    )


@dataclass
class Club(Counter):
    """The counter of the club."""

    def did(self, who: str, kind: str, external_id: str = "1", **said: Any) -> RecordedActivity:
        """The web shop tells that somebody did something."""
        said.setdefault("source", "shop")
        facts = ActivityFacts(kind=kind, external_id=external_id, **said)
        return self.run(
            lambda session: record_activity(
                session, self.program, self.member(session, who), facts, SHOP, self.now
            )
        )

    def pay(self, who: str, external_id: str, plan: str = PLAN) -> Started:
        """One period of a plan is paid for."""
        return self.run(
            lambda session: start_membership(
                session,
                self.program,
                self.member(session, who),
                plan,
                ("billing", external_id),
                SHOP,
                self.now,
            )
        )

    def give_money_back(self, external_id: str) -> Membership:
        """The payment of a period is returned."""
        return self.run(
            lambda session: cancel_membership(
                session, self.program, ("billing", external_id), self.now
            )
        )

    def code(self, who: str) -> str:
        """The code by which somebody brings friends."""
        with self.database.reading() as session:
            query = select(Identifier.value).where(
                Identifier.member_id == self.people[who], Identifier.kind == "referral"
            )
            return session.scalars(query).one()

    def referral(self, friend: str) -> Referral:
        """By whom somebody was brought, and what became of it."""
        with self.database.reading() as session:
            query = select(Referral).where(Referral.friend_id == self.people[friend])
            return session.scalars(query).one()

    def merge(self, merged: str, survivor: str) -> None:
        """The first one goes into the second one."""
        self.run(
            lambda session: merge_members(
                session,
                self.program,
                self.member(session, merged),
                self.member(session, survivor),
                MANAGER,
                self.now,
            )
        )

    def unmerge(self, merged: str) -> None:
        """Undo it."""
        self.run(
            lambda session: unmerge_members(
                session, self.program, self.member(session, merged), MANAGER, self.now
            )
        )

    def calendar(self) -> int:
        """Time has passed: let it have its effect, to the last of it."""
        return until_quiet(self.database, self.now)

    def points(self, who: str) -> int:
        """What somebody can spend."""
        return self.balance(who).available


def until_quiet(database: Database, now: datetime) -> int:
    """The calendar's rounds until nothing is due any more, as the worker's loop does them."""
    done = 0
    for _ in range(20):
        some = run_calendar(database, lambda: now)
        done += some
        if not some:
            return done
    raise AssertionError("the calendar finds something to do for ever")


def open_club(database: Database, now: datetime = NOW, **changes: Any) -> Club:
    """A club that opens now."""
    return Club(database, new_program(database, program(**changes), now), now)
