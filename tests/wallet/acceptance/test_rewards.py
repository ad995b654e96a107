"""S20, S22, S47–S59: every kind of reward, taken and used where it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.factories import NOW, new_program
from tests.wallet.acceptance.bazaar import BAZAAR, BOSS, PHONE, WEB, Bazaar
from wallet.actions.take_reward import Redeemed
from wallet.actions.use_voucher import look_at_voucher
from wallet.errors import Refusal
from wallet.rules.redemption import lacks_emotion


def code_of(redeemed: Redeemed) -> str:
    assert redeemed.voucher is not None
    return redeemed.voucher.code


def refused(code: str, work: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        work()
    assert refusal.value.code == code
    return refusal.value


def test_s20_a_member_picks_own_benefits_and_only_those_redeem(bazaar: Bazaar) -> None:
    bazaar.rich()
    refused("reward_not_picked", lambda: bazaar.take("ada", "tea"))
    refused("picks_too_many", lambda: bazaar.pick("ada", ["tea", "cake", "juice"]))
    bazaar.pick("ada", ["tea", "cake"])
    bazaar.take("ada", "tea")
    refused("reward_not_picked", lambda: bazaar.take("ada", "juice"))
    bazaar.pick("ada", ["juice"])
    bazaar.take("ada", "juice")
    refused("reward_not_picked", lambda: bazaar.take("ada", "tea"))
    refused("reward_not_found", lambda: bazaar.pick("ada", ["museum"]))
    shown = {reward.key for reward in bazaar.view("ada").rewards}
    assert "juice" in shown
    assert not {"tea", "cake"} & shown


def test_s22_a_partner_offer_gives_its_code_to_members_who_took_it(bazaar: Bazaar) -> None:
    bazaar.rich()
    assert "code" not in bazaar.called("museum").value
    assert refused("reward_not_taken", lambda: bazaar.open(None, "museum")).status == 403
    assert refused("reward_not_taken", lambda: bazaar.open("ada", "museum")).status == 403
    taken = bazaar.take("ada", "museum")
    assert bazaar.open("ada", "museum") == {"code": "MUSEE-2026"}
    bazaar.reverse(taken.entry)
    refused("reward_not_taken", lambda: bazaar.open("ada", "museum"))


def test_s47_the_cashier_sees_the_exact_discount_to_key_in(bazaar: Bazaar) -> None:
    bazaar.rich()
    code = code_of(bazaar.take("ada", "tenpercent"))
    assert bazaar.use(code, bill_minor=4_005).worth_minor == 401
    assert bazaar.take("ada", "off").reward.value == {"amount_minor": 500}


def test_s48_a_reward_with_stock_stops_at_none(bazaar: Bazaar) -> None:
    bazaar.rich()
    taken = [bazaar.take("ada", "pastry") for _ in range(3)]
    before = bazaar.balance("ada")
    refused("reward_sold_out", lambda: bazaar.take("ada", "pastry"))
    assert bazaar.balance("ada") == before
    assert bazaar.view("ada").can_afford(bazaar.called("pastry")) is False
    bazaar.reverse(taken[0].entry)
    assert bazaar.stock("pastry") == 1
    bazaar.take("ada", "pastry")


def test_s49_free_delivery_waits_for_the_web_shop(bazaar: Bazaar) -> None:
    bazaar.rich()
    code = code_of(bazaar.take("ada", "delivery"))
    used = bazaar.use(code, actor=WEB)
    assert (used.reward.kind, used.member.id) == ("shipping", bazaar.people["ada"])
    assert bazaar.voucher(code).used_channel == "online"


def test_s50_early_access_has_a_start_and_an_end_and_is_checked_by_scan(bazaar: Bazaar) -> None:
    bazaar.rich()
    code = code_of(bazaar.take("ada", "early"))

    def why_not() -> str | None:
        with bazaar.database.transaction() as session:
            return look_at_voucher(session, bazaar.program, code, bazaar.now)[3]

    assert why_not() == "voucher_not_yet"
    refused("voucher_not_yet", lambda: bazaar.use(code))
    bazaar.later(days=2)
    assert why_not() is None
    bazaar.later(days=2)
    assert why_not() == "voucher_expired"
    refused("voucher_expired", lambda: bazaar.use(code))


def test_s51_exclusive_content_opens_only_for_who_took_it(bazaar: Bazaar) -> None:
    bazaar.rich()
    bazaar.rich("bruno")
    bazaar.take("ada", "film")
    assert bazaar.open("ada", "film") == {"url": "https://exemple.test/film"}
    refused("reward_not_taken", lambda: bazaar.open("bruno", "film"))


def test_s52_what_is_for_a_status_is_shown_to_that_status_only(bazaar: Bazaar) -> None:
    bazaar.rich("ada", 60_000)
    bazaar.rich("bruno", 30_000)
    assert "golden" in {reward.key for reward in bazaar.view("ada").rewards}
    assert "golden" not in {reward.key for reward in bazaar.view("bruno").rewards}
    bazaar.take("ada", "golden")
    assert refused("reward_for_other_tier", lambda: bazaar.take("bruno", "golden")).status == 403


def test_s53_an_event_has_places_and_the_door_marks_each_guest_once(bazaar: Bazaar) -> None:
    bazaar.rich()
    bazaar.rich("bruno")
    codes = [code_of(bazaar.take(who, "tasting")) for who in ("ada", "bruno")]
    refused("reward_sold_out", lambda: bazaar.take("ada", "tasting"))
    bazaar.use(codes[0], "door-1")
    again = refused("voucher_used", lambda: bazaar.use(codes[0], "door-2"))
    assert again.facts["used_at"] == NOW
    bazaar.void(codes[1])
    assert bazaar.stock("tasting") == 1


def test_s54_a_yearly_gift_is_one_a_year(bazaar: Bazaar) -> None:
    bazaar.rich()
    first = bazaar.take("ada", "tote")
    refused("reward_limit_reached", lambda: bazaar.take("ada", "tote"))
    bazaar.reverse(first.entry)  # given back does not count
    bazaar.take("ada", "tote")
    bazaar.later(days=364)
    refused("reward_limit_reached", lambda: bazaar.take("ada", "tote"))
    bazaar.later(days=1)
    bazaar.take("ada", "tote")


def test_s55_an_experience_has_so_many_places(bazaar: Bazaar) -> None:
    bazaar.rich()
    for _ in range(2):
        bazaar.take("ada", "class")
    refused("reward_sold_out", lambda: bazaar.take("ada", "class"))
    bazaar.change("class", stock=1)
    bazaar.take("ada", "class")


def test_s58_an_appointment_expires(bazaar: Bazaar) -> None:
    bazaar.rich()
    kept, late = (code_of(bazaar.take("ada", "advice")) for _ in range(2))
    bazaar.later(days=14)  # its last day, to the end of it
    bazaar.use(kept)
    bazaar.later(days=1)
    refused("voucher_expired", lambda: bazaar.use(late))


def test_s59_the_catalogue_knows_for_whom_it_is_and_what_it_lacks(bazaar: Bazaar) -> None:
    bazaar.rich()
    refused("reward_for_others", lambda: bazaar.take("ada", "vegan"))
    assert "vegan" not in {reward.key for reward in bazaar.view("ada").rewards}
    bazaar.run(lambda session: setattr(bazaar.member(session, "ada"), "tags", ["vegan"]))
    bazaar.take("ada", "vegan")
    assert not lacks_emotion([reward.kind for reward in bazaar.program.rewards])


def test_a_season_opens_and_closes(bazaar: Bazaar) -> None:
    bazaar.rich()
    refused("reward_not_yet", lambda: bazaar.take("ada", "summer"))
    assert not bazaar.view("ada").can_afford(bazaar.called("summer"))
    bazaar.later(days=30)
    bazaar.take("ada", "summer")
    bazaar.later(days=30)
    refused("reward_over", lambda: bazaar.take("ada", "summer"))


class TestVouchers:
    """A code usable once in any channel."""

    @pytest.fixture
    def code(self, bazaar: Bazaar) -> str:
        """A voucher for a tenth off."""
        bazaar.rich()
        return code_of(bazaar.take("ada", "tenpercent"))

    @pytest.mark.parametrize("actor", [WEB, PHONE, BOSS])
    def test_d17_it_is_used_once_in_whichever_channel_comes_first(
        self, bazaar: Bazaar, code: str, actor: object
    ) -> None:
        bazaar.use(code, "first", actor)  # type: ignore[arg-type]
        for number, other in enumerate((WEB, PHONE, BOSS)):
            said = refused(
                "voucher_used",
                lambda number=number, other=other: bazaar.use(code, f"later-{number}", other),  # type: ignore[misc]
            )
            assert said.facts["channel"] == actor.channel  # type: ignore[attr-defined]

    def test_the_same_request_gets_the_same_answer(self, bazaar: Bazaar, code: str) -> None:
        first = bazaar.use(code, "r-1", bill_minor=1_000)
        bazaar.later(days=40)
        second = bazaar.use(code, "r-1", bill_minor=1_000)
        assert (first.repeated, second.repeated) == (False, True)
        assert first.worth_minor == second.worth_minor == 100
        assert bazaar.voucher(code).used_at == NOW

    def test_a_voucher_taken_back_gives_its_points_and_is_void(
        self, bazaar: Bazaar, code: str
    ) -> None:
        assert bazaar.balance("ada").available == 540
        bazaar.void(code)
        assert bazaar.balance("ada").available == 600
        refused("voucher_void", lambda: bazaar.use(code))
        refused("voucher_void", lambda: bazaar.void(code))

    def test_a_used_voucher_is_not_taken_back(self, bazaar: Bazaar, code: str) -> None:
        bazaar.use(code)
        refused("voucher_used", lambda: bazaar.void(code))
        assert bazaar.balance("ada").available == 540

    @pytest.mark.parametrize("text", ["", "ABCDEFGHJK", "0612345678", "x" * 50])
    def test_what_is_no_voucher_is_unknown(self, bazaar: Bazaar, text: str) -> None:
        refused("voucher_unknown", lambda: bazaar.use(text))

    def test_a_voucher_of_the_other_brand_is_unknown_here(self, bazaar: Bazaar, code: str) -> None:
        own = bazaar.program
        bazaar.program = new_program(bazaar.database, replace(BAZAAR, slug="elsewhere"))
        refused("voucher_unknown", lambda: bazaar.use(code))
        bazaar.program = own
        assert bazaar.use(code.lower()).voucher.code == code

    def test_cards_show_what_waits_and_what_can_be_had(self, bazaar: Bazaar, code: str) -> None:
        view = bazaar.view("ada")
        assert [voucher.code for voucher in view.vouchers] == [code]
        assert [reward.cost for reward in view.usable] == sorted(
            (reward.cost for reward in view.usable), reverse=True
        )
        assert {"summer", "vegan", "tea"}.isdisjoint({reward.key for reward in view.usable})
        bazaar.use(code)
        assert bazaar.view("ada").vouchers == ()


def test_the_next_reward_is_one_that_this_member_may_take(bazaar: Bazaar) -> None:
    bazaar.enrol("ada")
    bazaar.buy("ada", 1_000)  # 10 points: next are 12 (vegan), 15 (gold), 20 (film)
    following = bazaar.view("ada").next_reward
    assert following is not None
    assert following.key == "film"
    bazaar.run(lambda session: setattr(bazaar.member(session, "ada"), "tags", ["vegan"]))
    following = bazaar.view("ada").next_reward
    assert following is not None
    assert following.key == "vegan"
