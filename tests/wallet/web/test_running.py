"""Program, stores, people and changes in the console: kept as typed, once, never over somebody else's, each
written down; and whatever is typed is text."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.factories import Cast
from tests.wallet.web.conftest import Browser
from tests.wallet.web.test_rules_page import form_of, plain
from wallet.actions.program_view import ProgramView, program_view
from wallet.ids import public_id

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "javascript:alert(1)",
    "' OR 1=1 --",
    "\u202egnp.exe",
    "🥐 مقهى",
)


@pytest.fixture
def owner(browser: Browser) -> Browser:
    """Odile, at the console."""
    browser.sign_in("odile")
    return browser


def send(browser: Browser, path: str, page: str = "", **said: object) -> tuple[int, str]:
    """The form of `path` as its page shows it, with these fields otherwise."""
    shown = browser.get(page or path)
    assert shown.status_code == 200, shown.text
    form = {**form_of(shown.text, path), **said}
    answer = browser.send(path, form, page=page or path)  # type: ignore[arg-type]
    return answer.status_code, answer.text


def program_of(cast: Cast) -> ProgramView:
    """As it is now."""
    with cast.database.reading() as session:
        return program_view(session, cast.program.id)


def test_the_program_is_kept_and_written_down(owner: Browser, web_cast: Cast) -> None:
    status, page = send(
        owner,
        "/console/program",
        name="Café Lumière & Cie",
        margin_percent="62,5",
        time_zone="Europe/Brussels",
        welcome_fr="Venez.",
        locales=["fr"],
    )
    assert status == 303, plain(page)
    made = program_of(web_cast)
    assert (made.name, made.time_zone, made.locales) == (
        "Café Lumière & Cie",
        "Europe/Brussels",
        ("fr",),
    )
    assert made.details["margin_percent"] == "62.5"
    assert made.details["welcome"]["fr"] == "Venez."
    assert "en" in made.details["welcome"], "a language that is not offered keeps its words"
    said = plain(owner.get("/console/changes").text)
    assert "Programme modifié" in said
    assert "Odile" in said
    assert "Nom Café Lumière Café Lumière & Cie" in said
    assert "62,5 %" in plain(owner.get("/console/rules").text)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"margin_percent": "101"}, "margin_percent"),
        ({"margin_percent": "1e999"}, "margin_percent"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"currency": "XXXX"}, "currency"),
        ({"locales": []}, "locales"),
        ({"locale": "en", "locales": ["fr"]}, "locale"),
        ({"welcome_fr": "x" * 301}, "welcome_fr"),
    ],
)
def test_what_cannot_be_of_a_program_is_said_beside_its_field(
    owner: Browser, web_cast: Cast, said: dict[str, object], field: str
) -> None:
    status, page = send(owner, "/console/program", **said)  # type: ignore[arg-type]
    assert status == 422
    assert f'id="{field}-error"' in page
    assert program_of(web_cast) == web_cast.program


def test_a_currency_stays_once_something_was_sold(owner: Browser, web_cast: Cast) -> None:
    web_cast.buy("ada", 1_000)
    status, page = send(owner, "/console/program", currency="CHF")
    assert status == 409
    assert 'id="currency-error"' in page
    assert program_of(web_cast).currency == "EUR"


def test_stores_open_change_close_and_open_again(owner: Browser, web_cast: Cast) -> None:
    path = "/console/stores"
    form = form_of(owner.get(path).text, path)
    for _time in range(2):  # a nervous finger
        new = {**form, "name": "Gare", "address": "1 place Neuve", "position": "48.88, 2.35"}
        assert owner.send(path, new, page=path).status_code == 303  # type: ignore[arg-type]
    stores = program_of(web_cast).stores
    assert [store.name for store in stores].count("Gare") == 1
    made = next(store for store in stores if store.name == "Gare")
    assert (made.latitude, made.longitude) == (48.88, 2.35)
    own = f"{path}/{public_id('sto', made.id)}"
    assert send(owner, own, name="Gare du Nord")[0] == 303
    assert send(owner, f"{own}/close", page=own)[0] == 303
    assert "Gare du Nord" not in [store.name for store in program_of(web_cast).stores]
    assert "fermée" in owner.get(path).text
    assert send(owner, f"{own}/reopen", page=path)[0] == 303
    assert "Gare du Nord" in [store.name for store in program_of(web_cast).stores]
    said = plain(owner.get("/console/changes").text)
    for verb in ("Boutique ouverte", "Boutique modifiée", "Boutique fermée", "Boutique rouverte"):
        assert verb in said
    assert said.count("Boutique ouverte") == 1


def test_a_store_with_tills_and_the_last_one_stay_open(owner: Browser, web_cast: Cast) -> None:
    first, *others = program_of(web_cast).stores
    page = f"/console/stores/{public_id('sto', first.id)}"
    till = {"name": "Comptoir", "store": public_id("sto", first.id)}
    assert owner.send("/console/tills", till, page="/console/tills").status_code == 201
    owner.send(f"{page}/close", {}, page=page)
    assert "Des caisses sont encore" in owner.get(page).text
    for store in others:
        path = f"/console/stores/{public_id('sto', store.id)}"
        owner.send(f"{path}/close", {}, page=path)
    revoke = re.search(r'action="(/console/tills/[^"]+/revoke)"', owner.get("/console/tills").text)
    assert revoke
    owner.send(revoke[1], {}, page="/console/tills")
    owner.send(f"{page}/close", {}, page=page)
    assert "au moins une boutique ouverte" in owner.get(page).text
    assert len(program_of(web_cast).stores) == 1


def test_nobody_overwrites_what_they_have_not_seen(
    owner: Browser, web_cast: Cast, open_browser: Callable[..., Browser]
) -> None:
    marc = open_browser()
    marc.sign_in("marc")
    page = "/console/program"
    late = form_of(owner.get(page).text, page)
    assert send(marc, page, name="Café de Marc")[0] == 303
    answer = owner.send(page, {**late, "name": "Café d’Odile"}, page=page)  # type: ignore[dict-item]
    assert answer.status_code == 409
    said = plain(answer.text)
    assert "Quelqu’un d’autre a modifié cela entre-temps" in said
    assert "Maintenant : Café de Marc" in said, "what it is now, beside what was typed"
    assert program_of(web_cast).name == "Café de Marc"
    again = form_of(answer.text, page)
    assert owner.send(page, again, page=page).status_code == 303  # type: ignore[arg-type]
    assert program_of(web_cast).name == "Café d’Odile", "having seen it, they decide"


def test_people_are_let_in_changed_and_shut_out(
    owner: Browser, open_browser: Callable[..., Browser]
) -> None:
    path = "/console/team/new"
    said = {"name": "Zoé", "email": "Zoe@exemple.test", "role": "cashier"}
    form = {**form_of(owner.get(path).text, path), **said}
    answer = owner.send(path, form, page=path)  # type: ignore[arg-type]
    assert answer.status_code == 201
    password = re.search(r'data-testid="new-password">([^<]+)<', answer.text)
    assert password
    again = owner.send(path, form, page=path)  # type: ignore[arg-type]
    assert again.status_code == 303, "pressed twice they are let in once, and no password is shown"
    zoe = open_browser()
    assert zoe.sign_in("zoe", password=password[1]).status_code == 303
    assert zoe.get("/till/").status_code == 200
    own = re.search(
        r'href="(/console/team/stf_\w+)" aria-label="Modifier Zoé"', owner.get("/console/team").text
    )
    assert own
    assert send(owner, own[1], role="marketer")[0] == 303
    assert zoe.get("/console/rules").status_code == 200, "the new role counts at once"
    assert send(owner, f"{own[1]}/shut-out", page=own[1])[0] == 303
    assert zoe.get("/console/rules").status_code == 302
    assert zoe.sign_in("zoe", password=password[1]).status_code in (401, 403)
    assert send(owner, f"{own[1]}/let-in", page=own[1])[0] == 303
    assert send(owner, f"{own[1]}/password", page=own[1])[0] == 201
    assert zoe.sign_in("zoe", password=password[1]).status_code in (401, 403), "the old one is gone"
    said_now = plain(owner.get("/console/changes").text)
    for verb in (
        "Accès donné",
        "Personne modifiée",
        "Accès retiré",
        "Accès rendu",
        "Nouveau mot de passe",
    ):
        assert verb in said_now
    assert password[1] not in owner.get("/console/changes").text


def test_the_last_owner_stays_and_managers_look_after_cashiers_only(
    owner: Browser, web_cast: Cast, open_browser: Callable[..., Browser]
) -> None:
    me, dora, emil = (
        f"/console/team/{public_id('stf', web_cast.staff[who])}"
        for who in ("odile", "dora", "emil")
    )
    status, page = send(owner, me, role="manager")
    assert status == 409
    assert 'id="role-error"' in page
    owner.send(f"{me}/shut-out", {}, page=me)
    assert owner.get("/console/program").status_code == 200
    marc = open_browser()
    marc.sign_in("marc")
    assert marc.get(emil).status_code == 403
    assert send(marc, dora, name="Dora D.")[0] == 303
    status, _page = send(marc, dora, role="owner")
    assert status == 422, "a manager makes nobody an owner"


@pytest.mark.parametrize("turn", range(3))
def test_whatever_is_typed_is_text(owner: Browser, turn: int) -> None:
    """In every field of every form: kept and shown as text, or refused with a sentence."""
    forms = (
        ("/console/program", "/console/program"),
        ("/console/stores", "/console/stores"),
        ("/console/team/new", "/console/team/new"),
        ("/console/till-words", "/console/till-words"),
        ("/console/rewards/new", "/console/rewards/new"),
        ("/console/rules/try", "/console/rules"),
        *(
            (f"/console/rules/{part}", f"/console/rules/{part}")
            for part in (
                "earning/new",
                "multipliers/new",
                "tiers/new",
                "plans/new",
                "units/new",
                "statuses/all",
                "gifts/all",
                "counting/all",
                "spending/all",
            )
        ),
    )
    for path, page in forms:
        form = form_of(owner.get(page).text, path)
        kept = ("form_id", "seen", "revision")
        filled = {
            name: value if name in kept else HOSTILE[(at + turn) % len(HOSTILE)]
            for at, (name, value) in enumerate(form.items())
        }
        answer = owner.send(path, filled, page=page)  # type: ignore[arg-type]
        assert answer.status_code in (201, 303, 409, 422), (path, answer.status_code)
        if answer.status_code == 422:
            assert "field__error" in answer.text or "notice--bad" in answer.text, path
        for shown in (answer.text, owner.get(page).text, owner.get("/console/changes").text):
            assert "<script>alert" not in shown, path
            assert "<img src=x" not in shown, path
            assert 'href="javascript' not in shown, path
