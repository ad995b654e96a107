"""The stores that a design chooses come onto the cards with it, and leave with it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from typing import cast as as_type

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.apple.document import Issuer, pass_document
from passes.card import Card, PassIdentity
from passes.design import Design, Near
from tests.factories import Cast
from wallet.actions.actor import SYSTEM
from wallet.actions.issue_pass import issue_pass
from wallet.actions.merge_members import merge_members
from wallet.actions.near_stores import PLACES_MAX, needs_home, places, store_key
from wallet.actions.program_view import ProgramView, StoreView, program_view, touch_program
from wallet.actions.publish_design import Release, publish_design, roll_back_design
from wallet.actions.recompose_cards import recompose_cards_job
from wallet.actions.refresh_card import says_the_state
from wallet.actions.refresh_cards import refresh_cards_job
from wallet.rules.nearby import distance_km
from wallet.tables.program import Program, Store
from wallet.tables.wallet_pass import WalletPass, passes_of

ISSUER = Issuer("pass.test", "TEAM000000", "https://cards.test/apple")
OWN = {"fr": "Un café chez %@ ?", "en": "A coffee at %@?"}


@pytest.fixture
def shop(cast: Cast) -> Cast:
    """Ada and Bruno have their cards in both wallets."""

    def issue(session: Any) -> None:
        for who in ("ada", "bruno"):
            for provider in ("apple", "google"):
                member = cast.member(session, who)
                issue_pass(session, cast.program, member, provider, cast.now)

    cast.run(issue)
    return cast


def fresh(cast: Cast) -> ProgramView:
    return cast.run(lambda session: program_view(session, cast.program.id))


def publish(cast: Cast, share: int = 100, **changes: Any) -> None:
    document = {**fresh(cast).design, **changes}
    release = Release(share, "")
    cast.run(
        lambda session: publish_design(
            session, cast.program.id, document, "Emil", cast.now, release
        )
    )
    spread(cast)


def spread(cast: Cast) -> None:
    program = cast.program = fresh(cast)
    design_id = program.staged.id if program.staged else program.design_id
    refresh_cards_job(cast.database, {"program_id": program.id, "design_id": design_id}, cast.now)


def held(cast: Cast, who: str) -> list[WalletPass]:
    with cast.database.reading() as session:
        return list(passes_of(session, cast.people[who]))


def texts(cast: Cast, who: str, language: str = "fr") -> list[str]:
    """What the lock screen says near each store, the same at both wallets."""
    cards = [Card.from_json(one.card or {}) for one in held(cast, who)]
    found = [[place.text[language] for place in card.places] for card in cards]
    assert all(one == found[0] for one in found)
    return found[0]


def is_settled(cast: Cast, who: str) -> bool:
    """Whether composing the card anew would change nothing."""
    with cast.database.reading() as session:
        program = program_view(session, cast.program.id)
        return says_the_state(session, program, cast.member(session, who), cast.now)


def test_a_choice_comes_with_its_design_in_one_delivery_and_goes_back(shop: Cast) -> None:
    _, second = fresh(shop).stores
    usual = texts(shop, "ada")
    assert len(usual) == 2
    before = {one.id: one.wanted_version for one in held(shop, "ada")}
    publish(shop, near_stores=[store_key(second.id)], near_words=OWN)
    assert texts(shop, "ada") == [f"Un café chez {second.name} ?"]
    assert texts(shop, "ada", "en") == [f"A coffee at {second.name}?"]
    after = {one.id: one.wanted_version for one in held(shop, "ada")}
    assert after == {key: version + 1 for key, version in before.items()}
    assert is_settled(shop, "ada")
    # A sale keeps to it.
    shop.buy("ada", 1500)
    assert len(texts(shop, "ada")) == 1
    shop.run(lambda session: roll_back_design(session, shop.program.id, 1, "Emil", shop.now, ""))
    spread(shop)
    assert texts(shop, "ada") == usual
    assert is_settled(shop, "ada")


def test_a_staged_design_has_its_own_stores(shop: Cast) -> None:
    _, second = fresh(shop).stores
    publish(shop, share=50, near_stores=[store_key(second.id)])
    program = fresh(shop)
    assert program.staged
    for who in ("ada", "bruno"):
        is_reached = program.design_for(shop.people[who]) == program.staged.id
        assert len(texts(shop, who)) == (1 if is_reached else 2)
        assert is_settled(shop, who)
        shop.buy(who, 900)
        assert len(texts(shop, who)) == (1 if is_reached else 2)


def test_cards_of_merged_members_keep_to_the_design_that_each_shows(shop: Cast) -> None:
    """Half of the cards show the staged design: two cards of one person may differ."""
    _, second = fresh(shop).stores
    publish(shop, share=50, near_stores=[store_key(second.id)])
    program = fresh(shop)
    assert program.staged

    def is_reached(who: str) -> bool:
        return program.design_for(shop.people[who]) == program.design_id

    other = "ada"
    for number in range(64):  # a lot is drawn for each
        if is_reached(other) != is_reached("ada"):
            break
        other = f"double{number}"
        shop.enrol(other)
    shop.run(
        lambda session: issue_pass(session, program, shop.member(session, other), "apple", shop.now)
    )

    def merge(session: Any) -> None:
        merged, survivor = shop.member(session, other), shop.member(session, "ada")
        merge_members(session, program, merged, survivor, SYSTEM, shop.now)

    shop.run(merge)
    shop.buy("ada", 2000)
    found = {one.member_id: len(Card.from_json(one.card or {}).places) for one in held(shop, "ada")}
    one_store = "ada" if not is_reached("ada") else other
    assert found == {shop.people[who]: (1 if who == one_store else 2) for who in ("ada", other)}
    assert is_settled(shop, "ada")


def test_a_store_that_closes_leaves_the_cards_and_breaks_none(shop: Cast) -> None:
    _, second = fresh(shop).stores
    period = {"starts_at": "2026-12-24T09:00:00+01:00", "ends_at": "2026-12-24T19:00:00+01:00"}
    publish(shop, near_stores=[store_key(second.id), "sto_0000000000000"], periods=[period])
    assert len(texts(shop, "ada")) == 1

    def close(session: Any) -> None:
        session.get_one(Store, second.id).is_open = False
        touch_program(session.get_one(Program, shop.program.id))

    shop.run(close)
    program = fresh(shop)
    payload = {"program_id": program.id, "revision": program.revision}
    recompose_cards_job(shop.database, payload, shop.now)
    assert texts(shop, "ada") == []
    card = Card.from_json(held(shop, "ada")[0].card or {})
    design = Design.parse(program.design)
    document = pass_document(card, design, None, PassIdentity("s" * 20, "t" * 20), ISSUER)
    assert not {"locations", "relevantDates"} & set(document)
    assert is_settled(shop, "ada")


def test_words_in_one_language_leave_the_others_ours(shop: Cast) -> None:
    publish(shop, near_words={"fr": "Bienvenue"})
    assert texts(shop, "ada") == ["Bienvenue"] * 2
    assert all("card is ready" in one for one in texts(shop, "ada", "en"))


def test_every_member_of_a_chain_has_the_nearest_of_the_chosen(shop: Cast) -> None:
    """More than ten are chosen: whose card it is decides which, when the design comes too."""

    def open_more(session: Any) -> None:
        for number in range(14):
            store = Store(
                program_id=shop.program.id,
                name=f"No {number}",
                address="",
                is_open=True,
                latitude=43.0 + number / 10,
                longitude=5.0,
            )
            session.add(store)
        touch_program(session.get_one(Program, shop.program.id))

    shop.run(open_more)
    shop.program = fresh(shop)
    chain = [one for one in shop.program.stores if one.name.startswith("No ")]
    shop.run(lambda session: setattr(shop.member(session, "ada"), "joined_store_id", chain[-1].id))
    publish(shop, near_stores=[store_key(one.id) for one in chain], near_words={"fr": "%@"})
    assert set(texts(shop, "ada")) == {f"No {number}" for number in range(4, 14)}
    assert set(texts(shop, "bruno")) == {f"No {number}" for number in range(10)}
    assert is_settled(shop, "ada")
    assert is_settled(shop, "bruno")


SPOT = st.tuples(st.floats(-80, 80), st.floats(-179, 179))


@settings(max_examples=80, deadline=None)
@given(data=st.data(), spots=st.lists(st.none() | SPOT, max_size=24))
def test_a_card_has_ten_of_the_chosen_and_none_left_out_is_nearer(
    data: st.DataObject, spots: list[tuple[float, float] | None]
) -> None:
    stores = [
        StoreView(at, f"Store {at}", "", *(spot or (None, None))) for at, spot in enumerate(spots)
    ]
    keys = [store_key(one.id) for one in stores]
    chosen = data.draw(st.none() | st.sets(st.sampled_from(keys) if keys else st.nothing()))
    home = data.draw(st.none() | st.sampled_from(range(len(stores))) if stores else st.none())
    program = as_type(
        ProgramView,
        SimpleNamespace(stores=tuple(stores), locale="fr", locales=("fr", "en"), name="Café"),
    )
    near = Near(None if chosen is None else frozenset(chosen), {"fr": "%@", "en": "%@"})
    found = [int(one.text["fr"].removeprefix("Store ")) for one in places(program, near, home)]
    able = [at for at, spot in enumerate(spots) if spot and near.has(keys[at])]
    assert len(found) == min(len(able), PLACES_MAX)
    assert set(found) <= set(able)
    assert needs_home(program, near) == (len(able) > PLACES_MAX)
    if home in able:
        here = spots[home]
        assert here
        left = [at for at in able if at not in found]
        farthest = max(distance_km(here, spots[at] or here) for at in found)
        assert all(distance_km(here, spots[at] or here) >= farthest for at in left)
