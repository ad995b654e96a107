"""What owners and managers do in the console: adjust, take back, void, merge, rewards."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.factories import Cast
from tests.scanner.treats import refreshed, voucher_for, with_treats
from tests.wallet.web.conftest import Browser
from tests.wallet.web.test_console import plain
from wallet.actions.tills.member_pin import choose_pin, holds_pin
from wallet.ids import public_id


@pytest.fixture
def owner(browser: Browser) -> Browser:
    """Odile, at the console."""
    browser.sign_in("odile")
    return browser


@pytest.fixture
def cafe(web_cast: Cast) -> Cast:
    """The café with credit, stamps and a voucher to take."""
    return with_treats(web_cast)


def file_of(cast: Cast, who: str) -> str:
    return f"/console/members/{cast.view(who).public_id}"


def act(browser: Browser, cast: Cast, who: str, verb: str, **said: str) -> str:
    """Do it; the page on which the answer leads."""
    answer = browser.send(f"{file_of(cast, who)}/{verb}", said, page=file_of(cast, who))
    assert answer.status_code == 303, answer.text
    return plain(browser.get(answer.location).text)


def test_units_are_given_and_taken_with_a_reason_that_the_member_reads(
    owner: Browser, cafe: Cast
) -> None:
    said = {
        "unit": "points",
        "quantity": "1 000",
        "reason": "Vente oubliée du 3",
        "request_id": "a",
    }
    assert "C’est fait" in act(owner, cafe, "bruno", "adjust", **said)
    assert "C’est fait" in act(owner, cafe, "bruno", "adjust", **said), "sent twice, done once"
    assert cafe.balance("bruno").available == 1000
    page = act(
        owner,
        cafe,
        "bruno",
        "adjust",
        unit="points",
        quantity="400",
        reason="Erreur",
        direction="take",
    )
    assert cafe.balance("bruno").available == 600
    assert "Ajustement" in page
    assert "Vente oubliée du 3" in page
    act(owner, cafe, "bruno", "adjust", unit="credit", quantity="2,50", reason="Geste commercial")
    assert cafe.balance("bruno", "credit").available == 250
    assert cafe.audit().findings == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"quantity": "0"}, "nombre entier différent de zéro"),
        ({"quantity": "beaucoup"}, "nombre entier différent de zéro"),
        ({"quantity": "5", "unit": "gold"}, "nombre entier différent de zéro"),
        ({"quantity": "5", "reason": " "}, "Merci de dire pourquoi"),
        ({"quantity": "5", "direction": "take"}, "pas assez de points"),
        ({"quantity": "99999999"}, "plus que ce que vous pouvez"),
    ],
)
def test_what_cannot_be_adjusted_is_said_and_nothing_moves(
    owner: Browser, cafe: Cast, said: dict[str, str], told: str
) -> None:
    whole = {"unit": "points", "reason": "Essai", **said}
    assert told in act(owner, cafe, "bruno", "adjust", **whole)
    assert cafe.balance("bruno").available == 0


def test_a_managers_hand_is_shorter_than_an_owners(
    open_browser: Callable[..., Browser], owner: Browser, cafe: Cast
) -> None:
    manager = open_browser()
    manager.sign_in("marc")
    said = {"unit": "points", "quantity": "2001", "reason": "Fête"}
    assert "plus que ce que vous pouvez" in act(manager, cafe, "bruno", "adjust", **said)
    assert "C’est fait" in act(owner, cafe, "bruno", "adjust", **said)


def test_a_movement_is_taken_back_with_a_reason(owner: Browser, cafe: Cast) -> None:
    recorded = cafe.buy("bruno", 5000)
    page = owner.get(file_of(cafe, "bruno")).text
    entry = re.search(r'name="entry" value="([^"]+)"', page)
    assert entry
    assert "Merci de dire pourquoi" in act(
        owner, cafe, "bruno", "take-back", entry=entry[1], reason=""
    )
    for one in re.findall(r'name="entry" value="([^"]+)"', page):
        act(owner, cafe, "bruno", "take-back", entry=one, reason="Saisie deux fois")
    assert cafe.balance("bruno").available == 0
    assert recorded.entries
    stranger = act(owner, cafe, "ada", "take-back", entry=entry[1], reason="Essai")
    assert "Mouvement introuvable" in stranger


def test_a_voucher_is_made_void_and_its_price_comes_back(owner: Browser, cafe: Cast) -> None:
    before = cafe.balance("ada").available
    code = voucher_for(cafe, "ada")
    page = plain(owner.get(file_of(cafe, "ada")).text)
    assert f"{code[:5]}-{code[5:]}" in page
    assert "Le bon est annulé" in act(owner, cafe, "ada", "void", code=code, reason="Perdu")
    assert cafe.balance("ada").available == before
    other = voucher_for(cafe, "ada")
    act(owner, cafe, "ada", "void", code=other, reason="Fraude", keep="yes")
    assert cafe.balance("ada").available == before - 80
    assert cafe.audit().findings == []


def test_a_forgotten_pin_goes_with_a_reason_that_the_journal_keeps(
    owner: Browser, cafe: Cast
) -> None:
    number = cafe.people["ada"]
    button = "Le code PIN est oublié"
    assert button not in owner.get(file_of(cafe, "ada")).text
    choose_pin(cafe.database, number, "5038", "", cafe.now)
    assert button in plain(owner.get(file_of(cafe, "ada")).text)
    assert "Merci de dire pourquoi" in act(owner, cafe, "ada", "no-pin", reason=" ")
    with cafe.database.reading() as session:
        assert holds_pin(session, number)
    page = act(owner, cafe, "ada", "no-pin", reason="Oublié, carte d’identité vue")
    assert "Le code PIN est supprimé" in page
    assert button not in page
    assert "n’a pas de code PIN" in act(owner, cafe, "ada", "no-pin", reason="encore")
    kept = plain(owner.get("/console/journal").text)
    assert "Code PIN du client supprimé" in kept
    assert "Oublié, carte d’identité vue" in kept
    choose_pin(cafe.database, number, "6149", "", cafe.now)  # without the one before


def test_the_receipt_stands_beside_its_sale(owner: Browser, cafe: Cast) -> None:
    cafe.buy("bruno", 1_250, receipt="T-1042 <b>")
    page = owner.get(file_of(cafe, "bruno")).text
    assert "T-1042 &lt;b&gt;" in page


def test_two_cards_are_merged_and_parted_again(owner: Browser, cafe: Cast) -> None:
    cafe.buy("bruno", 5000)
    number = cafe.view("ada").number
    page = act(owner, cafe, "bruno", "merge", into=f"{number[:3]} {number[3:]}")
    assert "n’en font plus qu’une" in page
    assert "Cartes fusionnées" in page
    merged = owner.get(file_of(cafe, "bruno")).text
    assert "Cette carte a été fusionnée" in merged
    assert "Fusionnée" in owner.get("/console/members").text
    undo = re.search(r'action="(/console/merges/[^"]+)"', owner.get(file_of(cafe, "ada")).text)
    assert undo
    answer = owner.send(undo[1], {"member": cafe.view("ada").public_id}, page=file_of(cafe, "ada"))
    assert answer.location == file_of(cafe, "bruno")
    assert cafe.balance("bruno").available == 50
    assert cafe.audit().findings == []
    assert "Cela ne désigne aucun membre" in act(owner, cafe, "bruno", "merge", into="zzz")


def test_duplicates_are_suggested_and_merged_with_one_button(owner: Browser, cafe: Cast) -> None:
    assert "Aucun doublon en vue" in owner.get("/console/duplicates").text
    cafe.enrol("adabis", email="ada+bis@exemple.test")
    page = owner.get("/console/duplicates").text
    assert "Même adresse e-mail" in page
    into = re.search(r'name="into" value="([^"]+)"', page)
    assert into
    assert into[1] == cafe.view("ada").public_id
    act(owner, cafe, "adabis", "merge", into=into[1])
    assert "Aucun doublon en vue" in owner.get("/console/duplicates").text


REWARD = {
    "name_fr": "Dégustation",
    "name_en": "Tasting",
    "kind": "event",
    "mode": "voucher",
    "unit": "points",
    "cost": "120",
    "stock": "8",
    "per_member": "1",
    "voucher_days": "30",
    "ends_on": "2030-12-31",
    "tier_keys": "gold",
}


def test_a_reward_is_made_changed_paused_and_offered_again(owner: Browser, web_cast: Cast) -> None:
    made = owner.send("/console/rewards/new", REWARD)
    assert made.status_code == 303
    page = owner.get(made.location).text
    for value in ("Dégustation", "Tasting", "120", "2030-12-31"):
        assert f'value="{value}"' in page
    changed = owner.send(made.location, {**REWARD, "cost": "150", "stock": ""}, page=made.location)
    assert changed.status_code == 303
    reward = next(one for one in refreshed(web_cast).program.rewards if one.kind == "event")
    assert (reward.cost, reward.is_limited, reward.tier_keys) == (150, False, ("gold",))
    owner.send(made.location, {"act": "pause"}, page=made.location)
    assert all(one.kind != "event" for one in refreshed(web_cast).program.rewards)
    assert "en pause" in owner.get("/console/rewards").text
    owner.send(made.location, {"act": "offer"}, page=made.location)
    assert any(one.kind == "event" for one in refreshed(web_cast).program.rewards)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name_fr": ""}, "name_fr"),
        ({"cost": "cher"}, "cost"),
        ({"cost": "0"}, "cost"),
        ({"kind": "percent", "percent": "150"}, "percent"),
        ({"kind": "amount", "amount": "1,234"}, "amount"),
        ({"kind": "content", "url": "javascript:alert(1)"}, "url"),
        ({"stock": "-1"}, "stock"),
        ({"ends_on": "demain"}, "ends_on"),
    ],
)
def test_a_reward_that_cannot_be_is_shown_with_its_reasons(
    owner: Browser, web_cast: Cast, said: dict[str, str], field: str
) -> None:
    before = len(refreshed(web_cast).program.rewards)
    answer = owner.send("/console/rewards/new", {**REWARD, **said})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Tasting" in answer.text, "nothing typed is lost"
    assert len(refreshed(web_cast).program.rewards) == before


def test_everything_that_is_wrong_with_a_reward_is_marked_at_once(owner: Browser) -> None:
    wrong = {"name_fr": " ", "cost": "cher", "stock": "-1"}
    page = owner.send("/console/rewards/new", {**REWARD, **wrong}).text
    assert [name for name in wrong if f'id="{name}-error"' not in page] == []


def test_credit_is_handed_out_as_money_once(owner: Browser, cafe: Cast) -> None:
    act(owner, cafe, "bruno", "adjust", unit="credit", quantity="12", reason="Geste commercial")
    for _ in range(2):
        page = act(owner, cafe, "bruno", "pay-out", amount="7,50", request_id="out")
        assert "remettre l’argent" in page
    assert cafe.balance("bruno", "credit").available == 450
    assert "Avoir remboursé en espèces" in page
    for amount, told in (("5", "pas assez"), ("beaucoup", "doit être supérieur à zéro")):
        assert told in act(owner, cafe, "bruno", "pay-out", amount=amount)
    assert cafe.balance("bruno", "credit").available == 450
    assert cafe.audit().findings == []


def test_tags_make_the_segment_that_a_reward_is_for(owner: Browser, cafe: Cast) -> None:
    form = {"name_fr": "Avant-première", "kind": "access", "cost": "10", "tags": "Press, vip-2026"}
    answer = owner.send("/console/rewards/new", form, page="/console/rewards/new")
    assert answer.status_code == 303, answer.text
    assert 'value="press, vip-2026"' in owner.get(answer.location).text
    refreshed(cafe)

    def offered(who: str) -> bool:
        return any("Avant-première" in each.name.values() for each in cafe.view(who).rewards)

    assert not offered("bruno")
    assert "Les étiquettes sont gardées" in act(owner, cafe, "bruno", "tags", tags="press; Ami")
    assert cafe.view("bruno").tags == ("press", "ami")
    assert offered("bruno")
    assert "étiquette est un mot court" in act(owner, cafe, "bruno", "tags", tags="très/bien")
    act(owner, cafe, "bruno", "tags", tags="")
    assert not offered("bruno")


def test_charities_are_offered_renamed_and_retired_and_each_change_is_in_the_book(
    owner: Browser, cafe: Cast
) -> None:
    page, before = "/console/charities", offered(cafe)
    for name in ("Les Oiseaux", "La Banque alimentaire"):
        assert owner.send(page, {"name_fr": name}, page=page).status_code == 303
    address, seen = form_of(owner, "Les Oiseaux")
    renamed = {"name_fr": "Les Oiseaux libres", "seen": seen}
    assert owner.send(address, renamed, page=page).status_code == 303
    assert offered(cafe) == [*before, "Les Oiseaux libres", "La Banque alimentaire"]
    owner.send(address, {"act": "retire"}, page=page)
    assert offered(cafe) == [*before, "La Banque alimentaire"]
    assert "plus proposée" in owner.get(page).text
    owner.send(address, {"act": "retire"}, page=page)  # a nervous finger: nothing more is written
    owner.send(address, {"act": "offer"}, page=page)
    assert len(offered(cafe)) == len(before) + 2

    book = words_of(owner.get("/console/changes").text)
    for told in (
        "Association proposée Les Oiseaux Nom Les Oiseaux Proposée oui",
        "Association renommée Les Oiseaux libres Nom Les Oiseaux Les Oiseaux libres",
        "Association qui n’est plus proposée Les Oiseaux libres Proposée oui non",
        "Association proposée à nouveau Les Oiseaux libres Proposée non oui",
    ):
        assert book.count(told) == 1, told
    assert "Odile" in book.split("Association proposée à nouveau")[0][-60:]


def test_a_charitys_form_says_what_is_wrong_in_our_words_and_loses_nothing(
    owner: Browser, cafe: Cast
) -> None:
    page, before = "/console/charities", offered(cafe)
    said = owner.send(page, {"name_fr": " ", "name_en": "x" * 101}, page=page)
    assert said.status_code == 422
    for name in ("name_fr-error", "name_en-error"):
        assert f'id="{name}"' in said.text, "both at once"
    assert "x" * 101 in said.text
    assert "novalidate" in said.text
    assert offered(cafe) == before
    form = {"name_fr": "Les Oiseaux", "form_id": "pressed-twice"}
    for _ in range(2):
        assert owner.send(page, form, page=page).status_code == 303
    assert offered(cafe) == [*before, "Les Oiseaux"]

    address, seen = form_of(owner, "Les Oiseaux")
    empty = owner.send(address, {"name_fr": "", "name_en": "Birds", "seen": seen}, page=page)
    assert empty.status_code == 422
    assert 'value="Birds"' in empty.text
    owner.send(address, {"name_fr": "Les Hiboux", "seen": seen}, page=page)
    late = owner.send(address, {"name_fr": "Les Chouettes", "seen": seen}, page=page)
    assert late.status_code == 409
    assert "Maintenant\u00a0: Les Hiboux" in late.text
    assert 'value="Les Chouettes"' in late.text
    assert offered(cafe) == [*before, "Les Hiboux"]


def form_of(owner: Browser, charity: str) -> tuple[str, str]:
    """(address, what it showed) of a charity's form."""
    text = owner.get("/console/charities").text
    found = re.search(
        charity + r'.*?action="(/console/charities/chy_[^"]+)".*?name="seen" value="([^"]+)"',
        text,
        re.DOTALL,
    )
    assert found, text
    return found[1], found[2]


def words_of(page: str) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&#39;", "’").split())


def offered(cast: Cast) -> list[str]:
    """The charities that members can choose."""
    return [str(one.name["fr"]) for one in refreshed(cast).program.charities]


def test_a_set_of_benefits_a_window_and_a_stamp_cards_reward_are_made_in_the_form(
    owner: Browser, cafe: Cast
) -> None:
    page = "/console/rewards/new"
    form = {"kind": "access", "cost": "10", "mode": "voucher", "choice": "club", "choice_max": "1"}
    window = {"opens_at": "2026-12-05T19:00", "closes_at": "2026-12-05T23:30"}
    for name in ("Vernissage", "Dégustation"):
        answer = owner.send(page, {**form, **window, "name_fr": name}, page=page)
        assert answer.status_code == 303, answer.text
    shown = owner.get(answer.location).text
    assert all(f'value="{said}"' in shown for said in (*window.values(), "club", "1"))
    made = {one.name["fr"]: one for one in refreshed(cafe).program.rewards}
    assert made["Vernissage"].value == {
        "opens_at": "2026-12-05T18:00:00+00:00",  # Paris in winter
        "closes_at": "2026-12-05T22:30:00+00:00",
        "choice": "club",
        "choice_max": 1,
    }
    perk = public_id("rwd", made["Vernissage"].id)
    assert "Le choix est enregistré" in act(owner, cafe, "bruno", "perks", choice="club", perk=perk)
    coffee = {"kind": "product", "cost": "10", "name_fr": "Café", "key": "full_card"}
    assert owner.send(page, coffee, page=page).status_code == 303
    refreshed(cafe)
    assert cafe.program.reward_called("full_card") is not None
    for wrong in ({"key": "Café"}, {"opens_at": "soon"}, {"choice": "club", "choice_max": "no"}):
        assert owner.send(page, {**coffee, **wrong}, page=page).status_code == 422


def test_goods_that_came_back_take_what_they_had_earned(owner: Browser, cafe: Cast) -> None:
    sold = public_id("pur", cafe.buy("bruno", 5000).purchase.id)
    assert f'value="{sold}"' in owner.get(file_of(cafe, "bruno")).text
    for _ in range(2):  # sent twice, done once
        page = act(
            owner, cafe, "bruno", "refund", purchase=sold, amount="12,50", request_id="shoes"
        )
        assert "ce que les articles avaient rapporté" in page
    assert cafe.balance("bruno").available == 37
    assert "doit être supérieur à zéro" in act(
        owner, cafe, "bruno", "refund", purchase=sold, amount="beaucoup"
    )
    assert "rembourser plus que l’achat" in act(
        owner, cafe, "bruno", "refund", purchase=sold, amount="37,51"
    )
    other = {"purchase": sold, "amount": "1"}
    answer = owner.send(f"{file_of(cafe, 'ada')}/refund", other, page=file_of(cafe, "ada"))
    assert answer.status_code == 404
    act(owner, cafe, "bruno", "refund", purchase=sold, request_id="all the rest")
    assert cafe.balance("bruno").available == 0
    assert cafe.audit().findings == []
