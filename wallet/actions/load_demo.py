"""The demo: Café Lumière, two stores, 300 members and twelve months of what they did.

Everything is drawn from one seeded model, so that two machines show the same café, and goes through
the same actions as the real thing: the ledger of the demo passes the audit.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from wallet.actions.actor import SYSTEM, Actor
from wallet.actions.create_program import NewProgram, NewReward, NewStore, create_program
from wallet.actions.demo_people import FIRST_NAMES, LAST_NAMES
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.record_purchase import PurchaseFacts, record_purchase
from wallet.actions.redeem import redeem
from wallet.actions.refund_purchase import RefundFacts, refund_purchase
from wallet.actions.staff_access import NewStaff, create_staff
from wallet.actions.tills.pin import set_pin
from wallet.actions.use_voucher import Use, use_voucher
from wallet.db import Database
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.member import Member
from wallet.tables.program import program_with_slug
from wallet.tables.purchase import purchase_with_id

SLUG = "demo"
PASSWORD = "comptoir-demo"  # noqa: S105  printed for everybody; only where the server is on loopback
MEMBERS = 300
DAYS = 365
SEED = 1686
REFUND_SHARE = 0.02
VOUCHER_DAYS = 90
VOUCHER_USED_SHARE = 0.8  # the others are still waiting, or ran out
REDEEM_SHARE = 0.45  # of the visits in which a reward is within reach
STAFF = (
    ("owner@demo.test", "Camille Exemple", "owner"),
    ("manager@demo.test", "Sacha Exemple", "manager"),
    ("marketer@demo.test", "Noa Exemple", "marketer"),
    ("cashier@demo.test", "Léa Exemple", "cashier"),
)
PINS = {"owner": "1686", "manager": "4729", "cashier": "2580"}  # at paired tills only

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
            "name": {"fr": "Chaque achat", "en": "Every purchase"},
        },
        {
            "key": "own_cup",
            "kind": "activity",
            "activity": "own_cup",
            "unit": "points",
            "quantity": 5,
            "at_till": True,
            "caps": [{"per": "day", "times": 2}],
            "name": {"fr": "Tasse apportée", "en": "Own cup"},
        },
    ],
    "tiers": [
        {
            "key": "bronze",
            "name": {"fr": "Bronze", "en": "Bronze"},
            "threshold_minor": 0,
            "multiplier": "1",
            "perks": {
                "fr": ["Une attention pour votre anniversaire"],
                "en": ["A treat on your birthday"],
            },
        },
        {
            "key": "silver",
            "name": {"fr": "Argent", "en": "Silver"},
            "threshold_minor": 25_000,
            "multiplier": "1.25",
            "perks": {"fr": ["Livraison offerte"], "en": ["Free delivery"]},
        },
        {
            "key": "gold",
            "name": {"fr": "Or", "en": "Gold"},
            "threshold_minor": 50_000,
            "multiplier": "1.5",
            "perks": {
                "fr": ["Dégustations privées", "Un cadeau chaque année"],
                "en": ["Private tastings", "A gift every year"],
            },
        },
    ],
    "tier_window_days": 365,
    # Codes change by themselves, but whatever names the member is enough: a first look at the till
    # shall not end at a card that somebody has only in Apple's wallet.
    "spending": {"rotating": True},
    "expiry_months": 24,
    "clawback": "owed",
    "rounding": "down",
}

DESIGN: dict[str, Any] = {
    "organization_name": "Café Lumière",
    "monogram": "L",
    "logo_text": "Café Lumière",
    "description": {"fr": "Carte de fidélité Café Lumière", "en": "Café Lumière loyalty card"},
    "background": "#1d3b34",
    "foreground": "#fff8ec",
    "label": "#e8c98b",
    "tiers": {
        "silver": {"background": "#33414f", "label": "#cfd9e2"},
        "gold": {"background": "#5b3f14", "label": "#f6d98f"},
    },
}

DETAILS: dict[str, Any] = {
    "tagline": {
        "fr": "Torréfié ici, servi avec le sourire.",
        "en": "Roasted here, served with a smile.",
    },
    "welcome": {
        "fr": "1 point par euro, en boutique comme en ligne. Le premier café offert arrive à 30 points.",
        "en": "1 point per euro, in store and online. Your first free coffee comes at 30 points.",
    },
    "back": [
        {
            "title": {"fr": "Comment ça marche", "en": "How it works"},
            "body": {
                "fr": "1 point par euro dépensé ; Argent compte ×1,25 et Or ×1,5. Les points se gardent 24 mois.",
                "en": "1 point for each euro spent; Silver counts ×1.25 and Gold ×1.5. Points last 24 months.",
            },
        },
        {
            "title": {"fr": "Nous trouver", "en": "Find us"},
            "body": {
                "fr": "12 rue des Essais et 3 place du Modèle, Paris-sur-Exemple",
                "en": "12 rue des Essais and 3 place du Modèle, Paris-sur-Exemple",
            },
        },
        {
            "title": {"fr": "Vos données", "en": "Your data"},
            "body": {
                "fr": "Vos données servent à tenir votre carte. Vous pouvez les consulter ou les faire effacer à tout moment.",
                "en": "Your data is used to keep your card. You can see it or have it erased at any time.",
            },
        },
    ],
}

PROGRAM = NewProgram(
    slug=SLUG,
    name="Café Lumière",
    rules=RULES,
    design=DESIGN,
    details=DETAILS,
    stores=(
        NewStore("Rue des Essais", "12 rue des Essais, 75000 Paris-sur-Exemple", 48.8629, 2.3487),
        NewStore("Place du Modèle", "3 place du Modèle, 75000 Paris-sur-Exemple", 48.8534, 2.3688),
    ),
    rewards=(
        NewReward(
            {"fr": "Un café offert", "en": "A free coffee"},
            "product",
            30,
            description={
                "fr": "Espresso, allongé ou noisette",
                "en": "Espresso, long or macchiato",
            },
        ),
        NewReward(
            {"fr": "Une viennoiserie", "en": "A pastry"},
            "product",
            60,
            description={"fr": "Au choix dans la vitrine", "en": "Your choice from the counter"},
        ),
        NewReward(
            {"fr": "5 € de remise", "en": "€5 off"}, "amount", 100, value={"amount_minor": 500}
        ),
        NewReward({"fr": "Livraison offerte", "en": "Free delivery"}, "shipping", 120),
        NewReward(
            {"fr": "Un paquet de grains", "en": "A bag of beans"},
            "gift",
            160,
            description={
                "fr": "Un bon à utiliser quand vous voulez, en boutique ou en ligne",
                "en": "A voucher to use when you like, in store or online",
            },
            key="beans",
            mode="voucher",
            voucher_days=VOUCHER_DAYS,
        ),
        NewReward(
            {"fr": "3 € pour votre association", "en": "€3 for your charity"},
            "donation",
            200,
            description={
                "fr": "Vos points deviennent un don",
                "en": "Your points become a donation",
            },
            value={"amount_minor": 300},
            key="charity",
        ),
        NewReward(
            {"fr": "Atelier barista", "en": "Barista workshop"},
            "experience",
            400,
            description={
                "fr": "Deux heures avec notre torréfactrice",
                "en": "Two hours with our roaster",
            },
        ),
    ),
    charities=(
        {"fr": "Les Arbres du Modèle", "en": "The Model Trees"},
        {"fr": "La Soupe des Essais", "en": "The Sample Soup"},
    ),
)


@dataclass(frozen=True, slots=True)
class Habit:
    """How a kind of customer behaves: visits a week, usual basket, share online, when they stop."""

    name: str
    share: float
    visits_a_week: float
    basket_minor: int
    online: float
    quiet_days: int  # no visit in the last so many days


HABITS = (
    Habit("regular", 0.22, 1.6, 780, 0.10, 0),
    Habit("weekend", 0.30, 0.45, 1450, 0.15, 0),
    Habit("online", 0.13, 0.22, 3600, 0.85, 0),
    Habit("newcomer", 0.17, 0.7, 950, 0.10, 0),
    Habit("sleeper", 0.18, 0.5, 1100, 0.10, 110),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One thing that happens in the demo year."""

    at: datetime
    member: int
    amount_minor: int
    is_online: bool
    store: int


def has_demo(session: Session) -> bool:
    """Whether the demo is there already."""
    return program_with_slug(session, SLUG) is not None


def load_demo(
    database: Database,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> int:
    """Make the demo program and live its year; returns the number of visits.

    All of it is one transaction: quick on both databases, and an interrupted load leaves nothing.
    """
    model = random.Random(SEED)  # noqa: S311  a model of a café, not a secret
    joined = _join_days(model)
    visits = sorted(_visits(model, joined, now), key=lambda visit: visit.at)
    with database.transaction() as session:
        if has_demo(session):
            return 0
        program = create_program(session, PROGRAM, now - timedelta(days=DAYS + 1))
        view = program_view(session, program.id)
        for email, name, role in STAFF:
            new = NewStaff(email, name, role, PASSWORD, "fr", view.stores[0].id)
            person = create_staff(session, program.id, new, now)
            if role in PINS:
                set_pin(session, view, person.id, PINS[role], SYSTEM, now)
        _live(session, view, model, joined, visits, now, progress)
    return len(visits)


def _join_days(model: random.Random) -> list[tuple[Habit, int]]:
    """(habit, days ago of joining) of each member."""
    habits = model.choices(HABITS, weights=[habit.share for habit in HABITS], k=MEMBERS)
    return [
        (habit, model.randint(1, 45) if habit.name == "newcomer" else model.randint(60, DAYS - 1))
        for habit in habits
    ]


def _visits(
    model: random.Random, joined: list[tuple[Habit, int]], now: datetime
) -> Iterator[Visit]:
    zone = ZoneInfo("Europe/Paris")
    for index, (habit, days_ago) in enumerate(joined):
        day = float(days_ago)
        home = model.randrange(2)
        while day > habit.quiet_days:
            clock = model.choices((8, 9, 10, 12, 13, 15, 16, 17), weights=(6, 7, 4, 8, 7, 4, 5, 3))[
                0
            ]
            local = (now - timedelta(days=day)).astimezone(zone)
            at = local.replace(
                hour=clock, minute=model.randrange(60), second=model.randrange(60), microsecond=0
            )
            amount = max(150, round(model.lognormvariate(0, 0.45) * habit.basket_minor / 10) * 10)
            online = model.random() < habit.online
            store = home if model.random() < 0.85 else 1 - home
            if at < now - timedelta(hours=1):
                yield Visit(at, index, amount, online, store)
            day -= model.expovariate(habit.visits_a_week / 7)


def _live(
    session: Session,
    view: ProgramView,
    model: random.Random,
    joined: list[tuple[Habit, int]],
    visits: list[Visit],
    now: datetime,
    progress: Callable[[int, int], None],
) -> None:
    till = [
        Actor("demo", "cashier", "store", store_id=store.id, name="Léa") for store in view.stores
    ]
    shop = Actor("demo", "shop", "online")
    members: dict[int, Member] = {}
    for done, visit in enumerate(visits):
        member = members.get(visit.member)
        if member is None:
            member = _enrol_one(
                session, view, model, visit, till[visit.store], visit.at - timedelta(minutes=2)
            )
            members[visit.member] = member
        _one_visit(
            session,
            view,
            model,
            member,
            visit,
            done,
            shop if visit.is_online else till[visit.store],
            now,
        )
        if done % 50 == 0:
            progress(done, len(visits))
    for index, (_, days_ago) in enumerate(joined):
        if index not in members:  # joined and never came
            quiet = Visit(now - timedelta(days=days_ago), index, 0, False, 0)
            _enrol_one(session, view, model, quiet, till[0], quiet.at)
    progress(len(visits), len(visits))


def _enrol_one(
    session: Session,
    view: ProgramView,
    model: random.Random,
    visit: Visit,
    actor: Actor,
    at: datetime,
) -> Member:
    first = FIRST_NAMES[visit.member % len(FIRST_NAMES)]
    last = LAST_NAMES[(visit.member * 7 + visit.member // len(FIRST_NAMES)) % len(LAST_NAMES)]
    consents = {"email": "demo"} if model.random() < 0.6 else {}
    return enrol(
        session,
        view,
        Enrolment(
            locale="en" if model.random() < 0.15 else "fr",
            name=f"{first} {last}",
            email=f"membre{visit.member + 1:03}@exemple.test",
            external_ids=(("shop", f"C{1000 + visit.member}"),)
            if visit.is_online or model.random() < 0.3
            else (),
            consents=consents,
        ),
        actor if not visit.is_online else replace(actor, channel="online", store_id=None),
        at,
    )


def _one_visit(  # noqa: PLR0913  all that a visit may bring
    session: Session,
    view: ProgramView,
    model: random.Random,
    member: Member,
    visit: Visit,
    number: int,
    actor: Actor,
    now: datetime,
) -> None:
    facts = PurchaseFacts(
        source="shop" if visit.is_online else "till",
        external_id=f"demo-{number:06}",
        channel=actor.channel,
        amount_minor=visit.amount_minor,
        currency="EUR",
        occurred_at=visit.at,
    )
    recorded = record_purchase(session, view, member, facts, actor, visit.at)
    if model.random() < REFUND_SHARE:
        later = visit.at + timedelta(days=model.randint(1, 9))
        if later < now:
            part = None if model.random() < 0.6 else visit.amount_minor // 2
            purchase = purchase_with_id(session, view.id, recorded.purchase.id)
            assert purchase is not None
            refund_purchase(
                session,
                view,
                member,
                purchase,
                RefundFacts(f"demo-{number:06}-r", amount_minor=part, reason="returned"),
                actor,
                later,
            )
        return
    if model.random() < REDEEM_SHARE:
        _take_one(session, view, model, member, visit, actor, now)


def _take_one(
    session: Session,
    view: ProgramView,
    model: random.Random,
    member: Member,
    visit: Visit,
    actor: Actor,
    now: datetime,
) -> None:
    """A reward, if the points reach; a voucher is mostly used on another day."""
    reward = model.choices(view.rewards, weights=(9, 5, 4, 2, 4, 4, 1))[0]
    is_used, days = model.random() < VOUCHER_USED_SHARE, model.randint(2, 40)
    at, reward_id = visit.at + timedelta(seconds=40), public_id("rwd", reward.id)
    try:
        taken = redeem(session, view, member, reward_id, actor, at)
    except Refusal:
        return  # not enough points yet: most visits end so
    used_at = at + timedelta(days=days)
    if taken.voucher and is_used and used_at < now:
        use_voucher(session, view, taken.voucher.code, Use("demo"), actor, used_at)
