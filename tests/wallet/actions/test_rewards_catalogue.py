"""The catalogue: what can be offered, how it is changed, and whose stock it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import NOW
from tests.wallet.acceptance.bazaar import Bazaar, open_bazaar, reward, words
from wallet.actions.create_charity import create_charity, edit_charity
from wallet.actions.create_reward import TEXT_LENGTH_MAX, NewReward, create_reward
from wallet.actions.edit_reward import as_new, edit_reward
from wallet.db import Database
from wallet.errors import Refusal
from wallet.tables.reward import reward_with_id

GIFT = reward("pin", "gift", 5)


@pytest.fixture
def bazaar(database: Database) -> Bazaar:
    return open_bazaar(database)


def create(bazaar: Bazaar, new: NewReward) -> None:
    bazaar.run(lambda session: create_reward(session, bazaar.program.id, new))
    bazaar.fresh()


def test_a_new_reward_is_offered_at_once(bazaar: Bazaar) -> None:
    create(bazaar, replace(GIFT, stock=1, per_member=1))
    bazaar.rich()
    taken = bazaar.take("ada", "pin")
    assert (taken.entry.quantity, bazaar.stock("pin")) == (-5, 0)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": {"en": "A pin"}}, ["name"]),
        ({"name": {"fr": "  "}}, ["name"]),
        ({"description": words("x" * (TEXT_LENGTH_MAX + 1))}, ["description"]),
        ({"kind": "yacht"}, ["kind"]),
        ({"mode": "later"}, ["mode"]),
        ({"key": "Not a key"}, ["key"]),
        ({"unit": "miles"}, ["unit"]),
        ({"cost": 0}, ["cost"]),
        ({"stock": -1}, ["stock"]),
        ({"per_member": 0}, ["per_member"]),
        ({"per_member_days": 30}, ["per_member"]),
        ({"voucher_days": 0}, ["voucher_days"]),
        ({"tier_keys": ("platinum",)}, ["tier_keys"]),
        ({"starts_at": NOW, "ends_at": NOW}, ["ends_at"]),
        ({"kind": "amount"}, ["value.amount_minor"]),
        ({"kind": "donation", "value": {"amount_minor": 1}, "mode": "voucher"}, ["mode"]),
        ({"kind": "event", "value": {"opens_at": "tomorrow"}}, ["value.opens_at"]),
        ({"kind": "yacht", "cost": -1}, ["kind", "cost"]),
    ],
)
def test_what_cannot_be_offered_is_named(
    bazaar: Bazaar, changes: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(Refusal, match="reward_invalid") as refusal:
        create(bazaar, replace(GIFT, **changes))
    assert refusal.value.facts["fields"] == fields


def test_a_key_names_one_reward(bazaar: Bazaar) -> None:
    with pytest.raises(Refusal, match="reward_exists"):
        create(bazaar, replace(GIFT, key="tote"))
    create(bazaar, GIFT)
    with pytest.raises(Refusal, match="reward_exists"):
        bazaar.change("pin", key="tote")
    bazaar.change("pin", key="badge")
    assert bazaar.program.reward_called("pin") is None


def test_a_catalogue_has_an_end(bazaar: Bazaar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallet.actions.create_reward.REWARDS_MAX", len(bazaar.program.rewards) + 1)
    create(bazaar, GIFT)
    with pytest.raises(Refusal, match="reward_invalid"):
        create(bazaar, replace(GIFT, key="one_more"))


def test_an_edited_reward_costs_the_new_price_and_keeps_the_old_story(bazaar: Bazaar) -> None:
    bazaar.rich()
    before = bazaar.take("ada", "tote")
    bazaar.change("tote", cost=20, per_member=5, name=words("Sac"), tags=())
    after = bazaar.take("ada", "tote")
    assert (before.redemption.cost, after.redemption.cost) == (10, 20)
    assert bazaar.redemption(before).cost == 10
    assert after.reward.name == words("Sac")


def test_a_retired_reward_is_not_found_and_its_vouchers_still_count(bazaar: Bazaar) -> None:
    bazaar.rich()
    taken = bazaar.take("ada", "delivery")
    number = bazaar.called("delivery").id
    bazaar.change("delivery", is_active=False)
    assert number not in {each.id for each in bazaar.program.rewards}
    assert bazaar.view("ada").vouchers[0].kind == "shipping"
    assert taken.voucher is not None
    bazaar.use(taken.voucher.code)


def test_a_wrong_edit_changes_nothing(bazaar: Bazaar) -> None:
    for changes in ({"cost": 0}, {"colour": "red"}, {"kind": "amount"}):
        with pytest.raises(Refusal, match="reward_invalid"):
            bazaar.change("tote", **changes)
    with pytest.raises(Refusal, match="reward_not_found"):
        bazaar.run(lambda session: edit_reward(session, bazaar.program.id, 1, {"cost": 5}))
    number = bazaar.called("tote").id
    with bazaar.database.reading() as session:
        row = reward_with_id(session, bazaar.program.id, number)
        assert row is not None
        assert as_new(row).cost == 10


def test_stock_is_counted_anew_and_can_become_endless(bazaar: Bazaar) -> None:
    bazaar.rich()
    bazaar.change("pastry", stock=1)
    taken = bazaar.take("ada", "pastry")
    bazaar.change("pastry", stock=None)
    bazaar.take("ada", "pastry")
    bazaar.reverse(taken.entry)
    assert bazaar.stock("pastry") is None


def test_a_limit_of_days_forgets(bazaar: Bazaar) -> None:
    bazaar.rich()
    bazaar.change("tote", per_member=2, per_member_days=7)
    for _ in range(2):
        bazaar.take("ada", "tote")
    with pytest.raises(Refusal, match="reward_limit_reached"):
        bazaar.take("ada", "tote")
    bazaar.now += timedelta(days=7)
    bazaar.take("ada", "tote")


def test_charities_have_a_name_in_the_programs_language(bazaar: Bazaar) -> None:
    for name in ({"en": "Only English"}, {"fr": ""}, words("x" * 101)):
        with pytest.raises(Refusal, match="name_invalid"):
            bazaar.run(lambda session, name=name: create_charity(session, bazaar.program.id, name))  # type: ignore[misc]
    made = bazaar.run(
        lambda session: create_charity(session, bazaar.program.id, words("Les Abeilles")).id
    )
    bazaar.run(lambda session: edit_charity(session, bazaar.program.id, made, name=words("L’Ours")))
    assert bazaar.fresh().charities[-1].name == words("L’Ours")
    with pytest.raises(Refusal, match="charity_not_found"):
        bazaar.run(lambda session: edit_charity(session, bazaar.program.id, 1, is_active=False))
