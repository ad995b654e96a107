"""The cast of the tests, and short verbs that make them do things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from wallet.actions.actor import Actor
from wallet.actions.api_access import create_key
from wallet.actions.audit import Audit, audit
from wallet.actions.create_program import (
    NewProgram,
    NewReward,
    NewStore,
    create_program,
    starter_design,
    starter_rules,
)
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.load_demo import PROGRAM
from wallet.actions.lock_sale import lock_sale
from wallet.actions.member_view import Balance, MemberView, balances_of, member_view
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.record_purchase import PurchaseFacts, Recorded, record_purchase
from wallet.actions.redeem import Redeemed, redeem
from wallet.actions.refund_purchase import Refunded, RefundFacts, refund_purchase
from wallet.actions.reverse_entry import reverse_entry
from wallet.actions.staff_access import NewStaff, create_staff
from wallet.context import Context, Vault
from wallet.db import Database
from wallet.ids import public_id
from wallet.tables.ledger import Entry
from wallet.tables.member import Member

T = TypeVar("T")

NOW = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)
SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyz-test"
PUBLIC_URL = "http://127.0.0.1:8000"
PASSWORD = "une-phrase-de-test"
CONTEXT = Context(Vault(SECRET_KEY), PUBLIC_URL)

# The other brand of the same installation. Nothing of it may ever be seen from the first one.
OTHER_PROGRAM = NewProgram(
    slug="sillage",
    name="Maison Sillage",
    rules=starter_rules(),
    design=starter_design("Maison Sillage"),
    stores=(NewStore("Quai Fictif"),),
    rewards=(NewReward({"fr": "Un échantillon", "en": "A sample"}, "gift", 20),),
)

TILL = Actor("staff:1", "cashier", "store")
SHOP = Actor("key:1", "shop", "online")
MANAGER = Actor("staff:2", "manager", "store")

_numbers = count(1)


def open_database(url: str, *, immediate: bool = True) -> Database:
    """A database with the tests' secret key and address at hand."""
    return Database(url, info={"context": CONTEXT}, immediate=immediate)


def new_program(database: Database, new: NewProgram, now: datetime = NOW) -> ProgramView:
    """Make a program and read it."""
    return database.run(lambda session: program_view(session, create_program(session, new, now).id))


def stamps_too(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules, with a stamp for every started 10 euros online besides."""
    stamps = {
        "key": "stamps",
        "kind": "stamps",
        "name": {"fr": "Tampons", "en": "Stamps"},
        "one": {"fr": "tampon", "en": "stamp"},
        "many": {"fr": "tampons", "en": "stamps"},
    }
    earned = {
        "key": "online_stamps",
        "kind": "per_amount",
        "unit": "stamps",
        "quantity": 1,
        "per_minor": 1000,
        "name": {"fr": "Tampons en ligne", "en": "Online stamps"},
        "channels": ["online"],
    }
    return {**rules, "units": [*rules["units"], stamps], "earning": [*rules["earning"], earned]}


@dataclass
class Counter:
    """One program and the people before its counter; every verb is a transaction of its own.

    `now` is the time at which the next thing happens.
    """

    database: Database
    program: ProgramView
    now: datetime = NOW
    actor: Actor = TILL
    people: dict[str, int] = field(default_factory=dict)
    crash: type[Exception] | None = None

    def enrol(self, name: str, **said: Any) -> Member:
        """A new member, found again by `name`."""
        said.setdefault("email", f"{name}@exemple.test")
        enrolment = Enrolment(name=name.capitalize(), **said)
        member = self.run(
            lambda session: enrol(session, self.program, enrolment, self.actor, self.now)
        )
        self.people[name] = member.id
        return member

    def member(self, session: Session, name: str) -> Member:
        """The person, in this session."""
        return session.get_one(Member, self.people[name])

    def buy(self, who: str, amount_minor: int = 4000, **said: Any) -> Recorded:
        """A sale of this amount; `said` overrides what the till says of it."""
        said = {
            "source": "till",
            "external_id": f"sale-{next(_numbers)}",
            "channel": "store",
            "currency": self.program.currency,
            **said,
        }
        facts = PurchaseFacts(amount_minor=amount_minor, **said)
        return self.run(
            lambda session: record_purchase(
                session, self.program, self.member(session, who), facts, self.actor, self.now
            )
        )

    def refund(self, recorded: Recorded, amount_minor: int | None = None, **said: Any) -> Refunded:
        """Give back some or all of a sale."""
        said.setdefault("external_id", f"refund-{next(_numbers)}")
        facts = RefundFacts(amount_minor=amount_minor, **said)

        def work(session: Session) -> Refunded:
            found = lock_sale(session, self.program, recorded.purchase.id)
            assert found is not None
            return refund_purchase(session, self.program, *found, facts, self.actor, self.now)

        return self.run(work)

    def redeem(self, who: str, cost: int) -> Redeemed:
        """Take the reward of this cost."""
        reward_id = public_id("rwd", self.reward_id(cost))
        return self.run(
            lambda session: redeem(
                session, self.program, self.member(session, who), reward_id, self.actor, self.now
            )
        )

    def reverse(self, entry: Entry, reason: str = "") -> Entry:
        """Undo a movement."""
        return self.run(
            lambda session: reverse_entry(
                session, self.program, entry.id, reason, self.actor, self.now
            )[0]
        )

    def reward_id(self, cost: int) -> int:
        """The reward of this cost."""
        return next(reward.id for reward in self.program.rewards if reward.cost == cost)

    def view(self, who: str) -> MemberView:
        """The member as tills see it."""
        with self.database.reading() as session:
            return member_view(session, self.program, self.member(session, who), self.now)

    def balance(self, who: str, unit: str = "points") -> Balance:
        """What the member holds."""
        with self.database.reading() as session:
            return balances_of(session, self.program, self.people[who], self.now)[unit]

    def audit(self) -> Audit:
        """Replay the whole ledger of this database."""
        with self.database.reading() as session:
            return audit(session)

    def run(self, work: Callable[[Session], T]) -> T:
        """One transaction; with `crash` set it ends by that exception instead of the commit."""

        def then_crash(session: Session) -> T:
            done = work(session)
            if self.crash is not None:
                raise self.crash
            return done

        return self.database.run(then_crash)

    def later(self, **span: float) -> None:
        """Let time pass: `later(days=3)`."""
        self.now += timedelta(**span)


@dataclass
class Cast(Counter):
    """Everybody: Ada (gold), Bruno (new), Chloé (closed) at the café, and Fatou at the other brand.

    `staff` maps a first name to a staff id; `keys` a program's slug to its shop's key.
    """

    other: Counter = field(kw_only=True)
    staff: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def moved_to(self, database: Database) -> Cast:
        """The same people in a copy of their database."""
        other = replace(self.other, database=database, people=dict(self.other.people))
        return replace(self, database=database, people=dict(self.people), other=other)


# name → (role, program): Dora is at the till, Emil designs cards.
STAFF = {
    "odile": ("owner", "demo"),
    "marc": ("manager", "demo"),
    "emil": ("marketer", "demo"),
    "dora": ("cashier", "demo"),
    "gaelle": ("owner", "sillage"),
}


def make_cast(database: Database) -> Cast:
    """Two programs, their members, staff and keys, by the same actions as in real life."""
    cafe = new_program(database, PROGRAM, NOW - timedelta(days=400))
    sillage = new_program(database, OTHER_PROGRAM, NOW - timedelta(days=400))
    cast = Cast(database, cafe, other=Counter(database, sillage))
    cast.now = NOW - timedelta(days=200)
    cast.enrol("ada", phone="+33612345678", external_ids=(("shop", "C-ADA"),))
    cast.enrol("chloe")
    cast.now = NOW - timedelta(days=100)
    cast.buy("ada", 60_000)  # 600 points, and gold from here on
    cast.now = NOW
    cast.enrol("bruno", locale="en")
    cast.run(lambda session: setattr(cast.member(session, "chloe"), "status", "closed"))
    # The same shopper may be a member of both: one e-mail, two accounts.
    cast.other.enrol("fatou", external_ids=(("shop", "C-FATOU"),))
    cast.other.enrol("ada")
    cast.other.buy("fatou", 7700)
    database.run(lambda session: _hire(session, cast))
    return cast


def _hire(session: Session, cast: Cast) -> None:
    programs = {"demo": cast.program, "sillage": cast.other.program}
    for name, (role, slug) in STAFF.items():
        program = programs[slug]
        store_id = program.stores[0].id
        person = NewStaff(
            f"{name}@exemple.test", name.capitalize(), role, PASSWORD, store_id=store_id
        )
        cast.staff[name] = create_staff(session, program.id, person, NOW).id
    for slug, program in programs.items():
        cast.keys[slug] = create_key(session, program.id, "shop", "web shop", NOW)


def with_rules(program: NewProgram, slug: str, **changes: Any) -> NewProgram:
    """The same program elsewhere with some rules changed."""
    return replace(program, slug=slug, rules={**program.rules, **changes})
