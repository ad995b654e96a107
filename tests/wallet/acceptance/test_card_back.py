"""What the card says of all this on its back: vouchers, benefits, the charity, and who may have what."""

from __future__ import annotations

from dataclasses import replace

from passes.card import Card, Section
from tests.factories import new_program, with_rules
from tests.wallet.acceptance.bazaar import BAZAAR, Bazaar, words
from wallet.actions.card_page import card_version
from wallet.actions.compose_card import compose_card
from wallet.rules.voucher_code import spoken_voucher


def card(bazaar: Bazaar) -> Card:
    with bazaar.database.reading() as session:
        return compose_card(session, bazaar.program, bazaar.member(session, "ada"), bazaar.now)


def version(bazaar: Bazaar) -> str:
    with bazaar.database.reading() as session:
        return card_version(session, bazaar.program, bazaar.member(session, "ada"), bazaar.now)


def section(bazaar: Bazaar, key: str) -> Section | None:
    return next((each for each in card(bazaar).sections if each.key == key), None)


def said(bazaar: Bazaar, key: str) -> dict[str, str]:
    found = section(bazaar, key)
    assert found is not None
    return dict(found.body)


def test_vouchers_wait_on_the_back_with_their_last_day(bazaar: Bazaar) -> None:
    bazaar.rich()
    assert section(bazaar, "vouchers") is None
    first, second = bazaar.take("ada", "delivery"), bazaar.take("ada", "tenpercent")
    assert first.voucher is not None
    assert second.voucher is not None
    # 14 March 2026 and 30 days; what never ends stands last.
    assert said(bazaar, "vouchers")["fr"].split("\n") == [
        f"tenpercent — {spoken_voucher(second.voucher.code)}, jusqu’au 13 avril 2026",
        f"delivery — {spoken_voucher(first.voucher.code)}",
    ]
    assert "until April 13, 2026" in said(bazaar, "vouchers")["en"]


def test_a_used_voucher_leaves_the_card_and_the_page_hears_of_it(bazaar: Bazaar) -> None:
    bazaar.rich()
    taken = bazaar.take("ada", "delivery")
    before = version(bazaar)
    assert taken.voucher is not None
    bazaar.use(taken.voucher.code)
    assert section(bazaar, "vouchers") is None
    assert version(bazaar) != before


def test_s17_the_chosen_charity_is_told_on_the_back(bazaar: Bazaar) -> None:
    bazaar.rich()
    assert said(bazaar, "charity")["fr"] == "Les Arbres Fictifs"
    before = version(bazaar)
    bazaar.choose("ada", 1)
    assert said(bazaar, "charity")["fr"] == "La Soupe Inventée"
    assert version(bazaar) != before


def test_s05_benefits_of_the_status_and_those_below_are_told(bazaar: Bazaar) -> None:
    tiers = [
        {**tier, "perks": {"fr": [f"Avantage {tier['key']}"], "en": [f"Benefit {tier['key']}"]}}
        for tier in BAZAAR.rules["tiers"]
    ]
    bazaar.program = new_program(bazaar.database, with_rules(BAZAAR, "perks", tiers=tiers))
    bazaar.rich("ada", 30_000)
    assert said(bazaar, "perks") == {
        "fr": "Avantage silver\nAvantage bronze",
        "en": "Benefit silver\nBenefit bronze",
    }


def test_only_what_the_member_may_have_is_listed(bazaar: Bazaar) -> None:
    bazaar.rich("ada", 30_000)
    listed = said(bazaar, "rewards")["fr"]
    assert "tote" in listed
    assert not any(key in listed for key in ("golden", "vegan", "tea"))


def test_the_way_to_a_status_made_of_points_is_told_in_points(bazaar: Bazaar) -> None:
    tiers = [
        {"key": "new", "name": words("Nouveau"), "threshold_points": 0},
        {"key": "star", "name": words("Étoile"), "threshold_points": 1_000},
    ]
    rules = {"tiers": tiers, "tier_policy": {"basis": "points"}}
    rewards = [each for each in BAZAAR.rewards if not each.tier_keys]
    program = replace(with_rules(BAZAAR, "stars", **rules), rewards=rewards)
    bazaar.program = new_program(bazaar.database, program)
    bazaar.rich("ada", 60_000)
    assert said(bazaar, "next_tier")["fr"] == "Étoile : encore 400\u00a0Points"
