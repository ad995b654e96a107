"""Every route, every role: who gets what. A route that is not in the table fails."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from PIL import Image

from passes.design import Design
from passes.images import google_images, media_hash, no_uploads
from tests.databases import Sqlite
from tests.doors import ROLES, House, open_house
from tests.factories import PASSWORD, make_cast, open_database
from wallet.actions.actor import SYSTEM
from wallet.actions.tills.pair import NewTill, add_till
from wallet.actions.tills.screens import add_screen
from wallet.ids import private_id, public_id

_numbers = count(1)


@dataclass(frozen=True)
class Row:
    """What each of ROLES, in that order, is answered. `path` and `said` are made anew for each."""

    expected: str
    path: Callable[[House], str]
    said: Callable[[House], dict[str, Any]] = lambda house: {}


def _fixed(path: str) -> Callable[[House], str]:
    return lambda house: path


def _member(house: House) -> str:
    return public_id("mbr", house.cast.people["ada"])


def _reward(house: House) -> str:
    return public_id("rwd", house.cast.program.rewards[0].id)


def _store(house: House) -> str:
    return public_id("sto", house.cast.program.stores[-1].id)


def _dora(house: House) -> str:
    return public_id("stf", house.cast.staff["dora"])


def _till(house: House) -> str:
    """A till of the café that waits for its device."""
    cast = house.cast
    new = NewTill("Counter", cast.program.stores[0].id)
    return cast.run(lambda session: add_till(session, cast.program, new, SYSTEM, cast.now))[0].id


def _question(house: House) -> str:
    """What Dora's till asks Ada."""
    wanted = {"request_id": str(uuid4()), "member_id": _member(house), "reward_id": _reward(house)}
    answer = house.caller("cashier").send("POST", "/till/api/confirmations", json=wanted)
    assert answer.status_code == 201, answer.text
    found: str = answer.get_json()["confirmation"]["id"]
    return found


def _screen(house: House) -> str:
    """A screen of a till of the café."""
    cast, till = house.cast, private_id("til", _till(house)) or 0
    return cast.run(lambda session: add_screen(session, cast.program, till, SYSTEM, cast.now))[0].id


def _form(**said: str) -> Callable[[House], dict[str, Any]]:
    return lambda house: {"data": said}


def _tap(**said: Any) -> Callable[[House], dict[str, Any]]:
    """What the till's page sends: `member_id` and the like are Ada's where they say so."""

    def _said(house: House) -> dict[str, Any]:
        return {
            "json": {name: made(house) if callable(made) else made for name, made in said.items()}
        }

    return _said


def _request_id(_house: House) -> str:
    return str(uuid4())


def _own_sale(house: House) -> str:
    """A sale of Dora's, who alone may undo it."""
    sale = {
        "request_id": str(uuid4()),
        "member_id": _member(house),
        "amount_minor": next(_numbers) * 100 + 1,  # never that of a sale of another row
    }
    answer = house.caller("cashier").send("POST", "/till/api/purchases", json=sale)
    assert answer.status_code == 201, answer.text
    found: str = answer.get_json()["undo"]["purchase_id"]
    return found


def _saved_sale(house: House) -> dict[str, Any]:
    return {
        "op_id": str(uuid4()),
        "seq": next(_numbers),
        "amount_minor": 500,
        "occurred_at": "2026-03-14T09:00:00Z",
        "age_ms": 1000,
        "member_id": _member(house),
    }


def _write(body: Callable[[House], dict[str, Any]]) -> Callable[[House], dict[str, Any]]:
    return lambda house: {"json": body(house), "headers": {"Idempotency-Key": str(uuid4())}}


def _sale(house: House) -> dict[str, Any]:
    return {
        "member": {"id": _member(house)},
        "external_id": f"order-{next(_numbers)}",
        "amount_minor": 1000,
        "currency": "EUR",
    }


def _sale_refund(_house: House) -> dict[str, Any]:
    """Of a sale that is still to come, in whichever shop."""
    sale = {"source": "shop", "external_id": f"order-{next(_numbers)}"}
    return {"sale": sale, "external_id": "r-1", "amount_minor": 1000}


def _purchase(house: House) -> str:
    return public_id("pur", house.cast.buy("ada", 3000).purchase.id)


def _entry(house: House) -> str:
    return public_id("ent", house.cast.buy("ada", 3000).entries[0].id)


def _device(house: House) -> str:
    return f"/apple/v1/devices/0123456789abcdef/registrations/{house.pass_type_id}"


def _serial(house: House) -> str:
    return house.apple_pass().serial


def _picture(house: House) -> str:
    """The program's logo as Google fetches it."""
    logo = google_images(Design.parse(house.cast.program.design), no_uploads)["logo"]
    return f"/media/{media_hash(logo)}.png"


def _blank_picture() -> bytes:
    data = io.BytesIO()
    Image.new("L", (64, 64), 255).save(data, "PNG")
    return data.getvalue()


def _design(house: House) -> dict[str, Any]:
    return Design.parse(house.cast.program.design).model_dump(mode="json")


def _art(house: House) -> str:
    """The strip of the designer's preview."""
    look = {"background": "#112233", "foreground": "#ffffff", "monogram": "C"}
    return f"/console/design/pictures/strip.png?look={quote(json.dumps(look))}"


def _logo() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), "#884422").save(data, "PNG")
    return data.getvalue()


def _public(path: str) -> Row:
    """For everybody, whoever they are."""
    return Row("200 200 200 200 200 200 200 200", _fixed(path))


# anonymous, cashier, marketer, manager, owner, stranger (the other brand's owner), shop, strange shop
TABLE: dict[tuple[str, str], Row] = {
    # --- shoppers -----------------------------------------------------------------------------
    ("GET", "/"): _public("/"),
    ("GET", "/p/<slug>/join"): _public("/p/demo/join"),
    ("POST", "/p/<slug>/join"): Row(
        "303 303 303 303 303 303 303 303",
        _fixed("/p/demo/join"),
        lambda house: {"data": {"contact": f"new-{next(_numbers)}@exemple.test"}},
    ),
    ("GET", "/p/<slug>/brand.css"): _public("/p/demo/brand.css"),
    ("GET", "/p/<slug>/privacy"): _public("/p/demo/privacy"),
    ("GET", "/p/<slug>/find-card"): _public("/p/demo/find-card"),
    ("POST", "/p/<slug>/find-card"): Row(
        "200 200 200 200 200 200 200 200",
        _fixed("/p/demo/find-card"),
        _form(email="ada@exemple.test"),
    ),
    ("GET", "/link/<token>"): Row("200 200 200 200 200 200 200 200", lambda h: h.link_path()),
    ("POST", "/link/<token>"): Row("303 303 303 303 303 303 303 303", lambda h: h.link_path()),
    ("GET", "/card/<token>"): Row("200 200 200 200 200 200 200 200", lambda h: h.card_path()),
    ("GET", "/card/<token>/state"): Row(
        "200 200 200 200 200 200 200 200", lambda h: f"{h.card_path()}/state"
    ),
    ("GET", "/card/<token>/code"): Row(
        "200 200 200 200 200 200 200 200", lambda h: f"{h.card_path()}/code"
    ),
    ("GET", "/card/<token>/apple.pkpass"): Row(
        "200 200 200 200 200 200 200 200", lambda h: f"{h.card_path()}/apple.pkpass"
    ),
    ("GET", "/card/<token>/google"): Row(
        "302 302 302 302 302 302 302 302", lambda h: f"{h.card_path()}/google"
    ),
    ("GET", "/badges/<name>"): Row(
        "404 404 404 404 404 404 404 404", _fixed("/badges/apple-fr.svg")
    ),
    ("POST", "/card/<token>/perks"): Row(
        "303 303 303 303 303 303 303 303", lambda h: f"{h.card_path()}/perks", _form(choice="none")
    ),
    ("POST", "/card/<token>/charity"): Row(
        "303 303 303 303 303 303 303 303", lambda h: f"{h.card_path()}/charity", _form()
    ),
    ("GET", "/card/<token>/open/<reward_id>"): Row(
        "403 403 403 403 403 403 403 403", lambda h: f"{h.card_path()}/open/{_reward(h)}"
    ),
    ("GET", "/media/<digest>.png"): Row("200 200 200 200 200 200 200 200", _picture),
    # --- staff --------------------------------------------------------------------------------
    ("GET", "/staff/sign-in"): Row("200 303 303 303 303 303 200 200", _fixed("/staff/sign-in")),
    ("POST", "/staff/sign-in"): Row(
        "303 303 303 303 303 303 303 303",
        _fixed("/staff/sign-in"),
        _form(email="dora@exemple.test", password=PASSWORD),
    ),
    ("POST", "/staff/sign-out"): Row("303 303 303 303 303 303 303 303", _fixed("/staff/sign-out")),
    ("GET", "/till/"): Row("302 200 403 200 200 200 302 302", _fixed("/till/")),
    ("POST", "/till/store"): Row(
        "401 303 403 303 303 404 401 401",
        _fixed("/till/store"),
        lambda house: {"data": {"store": _store(house)}},
    ),
    ("POST", "/till/api/lookup"): Row(
        "401 200 403 200 200 404 401 401",
        _fixed("/till/api/lookup"),
        _tap(member_id=_member, source="typed"),
    ),
    ("POST", "/till/api/members"): Row(
        "401 201 403 201 201 201 401 401",
        _fixed("/till/api/members"),
        _tap(request_id=_request_id, contact=lambda house: f"m{next(_numbers)}@exemple.test"),
    ),
    ("POST", "/till/api/purchases"): Row(
        "401 201 403 201 201 404 401 401",
        _fixed("/till/api/purchases"),
        _tap(
            request_id=_request_id,
            member_id=_member,
            amount_minor=lambda house: 100_00 + next(_numbers) * 100,
        ),
    ),
    ("POST", "/till/api/redemptions"): Row(
        "401 201 403 201 201 404 401 401",
        _fixed("/till/api/redemptions"),
        _tap(request_id=_request_id, member_id=_member, reward_id=_reward),
    ),
    # The café gives no rewards without a connection.
    ("POST", "/till/api/holds"): Row(
        "401 409 403 409 409 404 401 401",
        _fixed("/till/api/holds"),
        _tap(request_id=_request_id, member_id=_member),
    ),
    ("POST", "/till/api/holds/release"): Row(
        "401 204 403 204 204 204 401 401",
        _fixed("/till/api/holds/release"),
        _tap(hold=_request_id),
    ),
    ("POST", "/till/api/vouchers"): Row(
        "401 404 403 404 404 404 401 401",
        _fixed("/till/api/vouchers"),
        _tap(request_id=_request_id, code="A00000000Z"),
    ),
    ("POST", "/till/api/activities"): Row(
        "401 201 403 201 201 404 401 401",
        _fixed("/till/api/activities"),
        _tap(request_id=_request_id, member_id=_member, kind="own_cup"),
    ),
    # Each undoes own acts only; this sale is the cashier's.
    ("POST", "/till/api/undo"): Row(
        "401 201 403 403 403 404 401 401",
        _fixed("/till/api/undo"),
        _tap(request_id=_request_id, purchase_id=_own_sale),
    ),
    ("GET", "/till/practice"): Row("302 200 403 200 200 200 302 302", _fixed("/till/practice")),
    ("GET", "/till/screen"): Row("302 200 403 200 200 200 302 302", _fixed("/till/screen")),
    ("GET", "/till/icon-<name>.png"): _public("/till/icon-192.png"),
    ("POST", "/till/api/photo"): Row(
        "401 404 403 404 404 404 401 401",
        _fixed("/till/api/photo"),
        lambda house: {"data": _blank_picture(), "content_type": "image/png"},
    ),
    ("POST", "/till/api/practice"): Row(
        "401 200 403 200 200 200 401 401", _fixed("/till/api/practice"), _tap(acts=[])
    ),
    ("GET", "/till/api/shift"): Row("401 200 403 200 200 200 401 401", _fixed("/till/api/shift")),
    ("GET", "/till/sw.js"): Row("200 200 200 200 200 200 200 200", _fixed("/till/sw.js")),
    ("GET", "/till/app.webmanifest"): Row(
        "200 200 200 200 200 200 200 200", _fixed("/till/app.webmanifest")
    ),
    ("GET", "/till/api/session"): Row(
        "401 200 403 200 200 200 401 401", _fixed("/till/api/session")
    ),
    ("POST", "/till/api/sync"): Row(
        "401 200 403 200 200 200 401 401",
        _fixed("/till/api/sync"),
        _tap(till="till-0123456789", lines=lambda house: [_saved_sale(house)]),
    ),
    ("POST", "/till/api/face"): Row(
        "401 401 403 401 401 401 401 401",
        _fixed("/till/api/face"),
        _tap(kind="welcome", title=""),
    ),
    ("GET", "/till/api/screens"): Row(
        "401 401 403 401 401 401 401 401", _fixed("/till/api/screens")
    ),
    ("POST", "/till/api/screens"): Row(
        "401 401 403 401 401 401 401 401", _fixed("/till/api/screens"), _tap()
    ),
    ("GET", "/till/screen/pair"): _public("/till/screen/pair"),
    ("POST", "/till/screen/pair"): Row(
        "403 403 403 403 403 403 403 403", _fixed("/till/screen/pair"), _form(code="0000-0000")
    ),
    # Only on a device that was paired as a screen.
    ("GET", "/till/screen/api/face"): Row(
        "401 401 401 401 401 401 401 401", _fixed("/till/screen/api/face")
    ),
    ("POST", "/till/screen/api/answers"): Row(
        "401 401 401 401 401 401 401 401",
        _fixed("/till/screen/api/answers"),
        _tap(question="cnf_0000000000000", answer="yes"),
    ),
    ("GET", "/till/pair"): _public("/till/pair"),
    ("POST", "/till/pair"): Row(
        "403 403 403 403 403 403 403 403", _fixed("/till/pair"), _form(code="0000-0000")
    ),
    ("POST", "/till/leave"): Row("303 303 303 303 303 303 303 303", _fixed("/till/leave")),
    # Only at a paired till, whoever is signed in besides.
    ("GET", "/till/api/people"): Row("401 401 401 401 401 401 401 401", _fixed("/till/api/people")),
    ("POST", "/till/api/switch"): Row(
        "401 401 401 401 401 401 401 401",
        _fixed("/till/api/switch"),
        _tap(staff="stf_0000000000000", pin="4729"),
    ),
    ("POST", "/till/api/lock"): Row(
        "401 401 401 401 401 401 401 401", _fixed("/till/api/lock"), _tap()
    ),
    ("POST", "/till/api/movements"): Row(
        "401 200 403 200 200 404 401 401", _fixed("/till/api/movements"), _tap(member_id=_member)
    ),
    ("POST", "/till/api/reversals"): Row(
        "401 403 403 403 403 403 401 401",
        _fixed("/till/api/reversals"),
        _tap(
            request_id=_request_id,
            staff="stf_0000000000000",
            pin="4729",
            reason="twice",
            entry_id=_entry,
        ),
    ),
    ("POST", "/till/api/adjustments"): Row(
        "401 403 403 403 403 403 401 401",
        _fixed("/till/api/adjustments"),
        _tap(
            request_id=_request_id,
            staff="stf_0000000000000",
            pin="4729",
            reason="twice",
            member_id=_member,
            unit="points",
            quantity=5,
        ),
    ),
    ("GET", "/till/api/approvers"): Row(
        "401 200 403 200 200 200 401 401", _fixed("/till/api/approvers")
    ),
    ("POST", "/till/api/confirmations"): Row(
        "401 201 403 201 201 404 401 401",
        _fixed("/till/api/confirmations"),
        _tap(request_id=_request_id, member_id=_member, reward_id=_reward),
    ),
    ("GET", "/till/api/confirmations/open"): Row(
        "401 200 403 200 200 200 401 401", _fixed("/till/api/confirmations/open")
    ),
    ("GET", "/till/api/confirmations/<confirmation_id>"): Row(
        "401 200 403 200 200 404 401 401", lambda h: f"/till/api/confirmations/{_question(h)}"
    ),
    ("POST", "/till/api/confirmations/<confirmation_id>/answer"): Row(
        "401 200 403 200 200 404 401 401",
        lambda h: f"/till/api/confirmations/{_question(h)}/answer",
        _tap(answer="no"),
    ),
    ("POST", "/till/api/confirmations/<confirmation_id>/approval"): Row(
        "401 403 403 403 403 403 401 401",
        lambda h: f"/till/api/confirmations/{_question(h)}/approval",
        _tap(staff="stf_0000000000000", pin="4729", reason="a regular"),
    ),
    ("POST", "/card/<token>/confirm/<confirmation_id>"): Row(
        "303 303 303 303 303 303 303 303",
        lambda h: f"{h.card_path()}/confirm/{_question(h)}",
        _form(answer="no"),
    ),
    ("POST", "/card/<token>/pin"): Row(
        "303 303 303 303 303 303 303 303", lambda h: f"{h.card_path()}/pin", _form(pin="5038")
    ),
    ("GET", "/console/tills"): Row("302 403 403 200 200 200 302 302", _fixed("/console/tills")),
    ("POST", "/console/tills"): Row(
        "401 403 403 201 201 422 401 401",
        _fixed("/console/tills"),
        lambda house: {"data": {"name": "Counter", "store": _store(house)}},
    ),
    ("GET", "/console/tills/<till_id>/state"): Row(
        "302 403 403 200 200 404 302 302", lambda h: f"/console/tills/{_till(h)}/state"
    ),
    ("POST", "/console/tills/<till_id>/code"): Row(
        "401 403 403 201 201 404 401 401", lambda h: f"/console/tills/{_till(h)}/code"
    ),
    ("POST", "/console/tills/<till_id>/revoke"): Row(
        "401 403 403 303 303 404 401 401", lambda h: f"/console/tills/{_till(h)}/revoke"
    ),
    ("POST", "/console/tills/<till_id>/screen"): Row(
        "401 403 403 201 201 404 401 401", lambda h: f"/console/tills/{_till(h)}/screen"
    ),
    ("GET", "/console/screens/<screen_id>/state"): Row(
        "302 403 403 200 200 404 302 302", lambda h: f"/console/screens/{_screen(h)}/state"
    ),
    ("POST", "/console/screens/<screen_id>/revoke"): Row(
        "401 403 403 303 303 404 401 401", lambda h: f"/console/screens/{_screen(h)}/revoke"
    ),
    ("GET", "/console/shifts"): Row("302 403 403 200 200 200 302 302", _fixed("/console/shifts")),
    ("GET", "/console/till-words"): Row(
        "302 403 200 200 200 200 302 302", _fixed("/console/till-words")
    ),
    ("POST", "/console/till-words"): Row(
        "401 403 409 409 409 409 401 401", _fixed("/console/till-words"), _form(quick_0="5")
    ),
    ("GET", "/console/journal"): Row("302 403 403 200 200 200 302 302", _fixed("/console/journal")),
    ("POST", "/console/flags/<flag_id>"): Row(
        "401 403 403 404 404 404 401 401", _fixed("/console/flags/flg_0000000000000")
    ),
    ("GET", "/console/team"): Row("302 403 403 200 200 200 302 302", _fixed("/console/team")),
    **{
        ("POST", f"/console/team/<staff_id>/{act}"): Row(
            f"401 403 403 {answer} {answer} 404 401 401",
            lambda h, act=act: f"/console/team/{_dora(h)}/{act}",  # type: ignore[misc]
            _form(pin="4729"),
        )
        for act, answer in (("pin", 200), ("no-pin", 303), ("card", 303))
    },
    ("GET", "/console/saved-sales"): Row(
        "302 403 403 200 200 200 302 302", _fixed("/console/saved-sales")
    ),
    ("POST", "/console/saved-sales/<op_id>"): Row(
        "401 403 403 404 404 404 401 401",
        _fixed("/console/saved-sales/nobody-sent-this"),
        _form(verdict="dismiss", note="no"),
    ),
    ("GET", "/console/"): Row("302 403 200 200 200 200 302 302", _fixed("/console/")),
    ("GET", "/console/delivery"): Row(
        "302 403 200 200 200 200 302 302", _fixed("/console/delivery")
    ),
    ("GET", "/console/members"): Row("302 403 403 200 200 200 302 302", _fixed("/console/members")),
    ("GET", "/console/members/<member_id>"): Row(
        "302 403 403 200 200 404 302 302", lambda h: f"/console/members/{_member(h)}"
    ),
    ("GET", "/start"): Row("404 404 404 404 404 404 404 404", _fixed("/start?code=GUESS")),
    ("POST", "/start"): Row(
        "404 404 404 404 404 404 404 404", _fixed("/start"), _form(code="GUESS", shop="Mine")
    ),
    ("GET", "/console/rules"): Row("302 403 200 200 200 200 302 302", _fixed("/console/rules")),
    ("POST", "/console/rules/try"): Row(
        "401 403 422 422 422 422 401 401", _fixed("/console/rules/try"), _form(quantity="many")
    ),
    ("GET", "/console/rules/trial"): Row(
        "302 403 200 200 200 200 302 302", _fixed("/console/rules/trial")
    ),
    # Nobody has a draft here.
    ("POST", "/console/rules/publish"): Row(
        "401 403 409 409 409 409 401 401", _fixed("/console/rules/publish"), _form(revision="1")
    ),
    ("POST", "/console/rules/carry"): Row(
        "401 403 409 409 409 409 401 401", _fixed("/console/rules/carry")
    ),
    ("POST", "/console/rules/discard"): Row(
        "401 403 303 303 303 303 401 401", _fixed("/console/rules/discard")
    ),
    ("GET", "/console/rules/<part>/<key>"): Row(
        "302 403 200 200 200 200 302 302", _fixed("/console/rules/earning/new")
    ),
    ("POST", "/console/rules/<part>/<key>"): Row(
        "401 403 422 422 422 422 401 401", _fixed("/console/rules/tiers/new"), _form(need="9")
    ),
    ("GET", "/console/program"): Row("302 403 403 200 200 200 302 302", _fixed("/console/program")),
    ("POST", "/console/program"): Row(
        "401 403 403 422 422 422 401 401", _fixed("/console/program"), _form(name="")
    ),
    ("GET", "/console/changes"): Row("302 403 403 200 200 200 302 302", _fixed("/console/changes")),
    ("GET", "/console/stores"): Row("302 403 403 200 200 200 302 302", _fixed("/console/stores")),
    ("POST", "/console/stores"): Row(
        "401 403 403 303 303 303 401 401", _fixed("/console/stores"), _form(name="Annexe")
    ),
    ("GET", "/console/stores/<store_id>"): Row(
        "302 403 403 200 200 404 302 302", lambda h: f"/console/stores/{_store(h)}"
    ),
    # A form that does not say what it saw changes nothing.
    ("POST", "/console/stores/<store_id>"): Row(
        "401 403 403 409 409 404 401 401",
        lambda h: f"/console/stores/{_store(h)}",
        _form(name="Annexe"),
    ),
    **{
        ("POST", f"/console/stores/<store_id>/{act}"): Row(
            "401 403 403 303 303 404 401 401",
            lambda h, act=act: f"/console/stores/{_store(h)}/{act}",  # type: ignore[misc]
        )
        for act in ("reopen", "close")
    },
    ("GET", "/console/team/new"): Row(
        "302 403 403 200 200 200 302 302", _fixed("/console/team/new")
    ),
    ("POST", "/console/team/new"): Row(
        "401 403 403 201 201 201 401 401",
        _fixed("/console/team/new"),
        lambda house: {
            "data": {
                "name": "Zoé",
                "email": f"zoe-{uuid4().hex}@exemple.test",
                "role": "cashier",
                "store": "",
                "locale": "fr",
            }
        },
    ),
    ("GET", "/console/team/<staff_id>"): Row(
        "302 403 403 200 200 404 302 302", lambda h: f"/console/team/{_dora(h)}"
    ),
    ("POST", "/console/team/<staff_id>"): Row(
        "401 403 403 422 422 404 401 401",
        lambda h: f"/console/team/{_dora(h)}",
        _form(name=""),
    ),
    **{
        ("POST", f"/console/team/<staff_id>/{act}"): Row(
            "401 403 403 404 404 404 401 401", _fixed(f"/console/team/stf_0000000000000/{act}")
        )
        for act in ("shut-out", "let-in", "password")
    },
    ("GET", "/console/posters"): Row("302 403 200 200 200 200 302 302", _fixed("/console/posters")),
    ("GET", "/console/posters/<place>/<format_>.pdf"): Row(
        "302 403 404 404 404 404 302 302", _fixed("/console/posters/nowhere/a4.pdf")
    ),
    ("GET", "/console/reach"): Row("302 403 200 200 200 200 302 302", _fixed("/console/reach")),
    ("GET", "/console/setup/google"): Row(
        "302 403 403 200 200 200 302 302", _fixed("/console/setup/google")
    ),
    ("POST", "/console/setup/google"): Row(
        "401 403 403 200 200 200 401 401", _fixed("/console/setup/google")
    ),
    ("GET", "/console/duplicates"): Row(
        "302 403 403 200 200 200 302 302", _fixed("/console/duplicates")
    ),
    **{
        ("POST", f"/console/members/<member_id>/{act}"): Row(
            "401 403 403 303 303 404 401 401",
            lambda h, act=act: f"/console/members/{_member(h)}/{act}",  # type: ignore[misc]
            lambda house, said=said: {"data": said},  # type: ignore[misc]
        )
        for act, said in (
            ("adjust", {"unit": "points", "quantity": "5", "reason": "a forgotten sale"}),
            ("pay-out", {"amount": "3"}),
            ("tags", {"tags": "press"}),
            ("take-back", {"entry": "ent_0000000000000", "reason": "typed twice"}),
            ("void", {"code": "A00000000Z", "reason": "lost"}),
            ("no-pin", {"reason": "forgotten"}),
            ("merge", {"into": "nobody at all"}),
            ("perks", {"choice": "none"}),
            ("plan", {"plan": "none"}),
            ("plan/cancel", {"membership": "msh_0000000000000"}),
        )
    },
    ("POST", "/console/members/<member_id>/refund"): Row(
        "401 403 403 303 303 404 401 401",
        lambda h: f"/console/members/{_member(h)}/refund",
        lambda house: {"data": {"purchase": _purchase(house), "amount": "1"}},
    ),
    ("POST", "/console/merges/<merge_id>/undo"): Row(
        "401 403 403 404 404 404 401 401", _fixed("/console/merges/mrg_0000000000000/undo")
    ),
    ("GET", "/console/charities"): Row(
        "302 403 200 200 200 200 302 302", _fixed("/console/charities")
    ),
    ("POST", "/console/charities"): Row(
        "401 403 303 303 303 303 401 401",
        _fixed("/console/charities"),
        _form(name_fr="Les Oiseaux", name_en="The Birds"),
    ),
    ("POST", "/console/charities/<charity_id>"): Row(
        "401 403 404 404 404 404 401 401",
        _fixed("/console/charities/chy_0000000000000"),
        _form(act="retire"),
    ),
    ("GET", "/console/rewards"): Row("302 403 200 200 200 200 302 302", _fixed("/console/rewards")),
    ("GET", "/console/rewards/new"): Row(
        "302 403 200 200 200 200 302 302", _fixed("/console/rewards/new")
    ),
    ("POST", "/console/rewards/new"): Row(
        "401 403 303 303 303 303 401 401",
        _fixed("/console/rewards/new"),
        _form(name_fr="Une tasse", kind="gift", mode="instant", unit="points", cost="40"),
    ),
    ("GET", "/console/rewards/<reward_id>"): Row(
        "302 403 200 200 200 404 302 302", lambda h: f"/console/rewards/{_reward(h)}"
    ),
    ("POST", "/console/rewards/<reward_id>"): Row(
        "401 403 303 303 303 404 401 401",
        lambda h: f"/console/rewards/{_reward(h)}",
        _form(act="offer"),
    ),
    ("GET", "/console/design"): Row("302 403 200 200 200 200 302 302", _fixed("/console/design")),
    ("GET", "/console/design/pictures/<name>.png"): Row("302 403 200 200 200 200 302 302", _art),
    ("POST", "/console/design/preview"): Row(
        "401 403 200 200 200 200 401 401",
        _fixed("/console/design/preview"),
        lambda house: {"json": {"document": _design(house), "sample": "regular", "tier": None}},
    ),
    ("POST", "/console/design/findings"): Row(
        "401 403 200 200 200 200 401 401",
        _fixed("/console/design/findings"),
        lambda house: {"json": {"document": _design(house)}},
    ),
    ("POST", "/console/design/draft/discard"): Row(
        "401 403 200 200 200 200 401 401", _fixed("/console/design/draft/discard"), _tap()
    ),
    # Only the first who saves began from the newest draft.
    ("PUT", "/console/design/draft"): Row(
        "401 403 409 409 409 409 401 401",
        _fixed("/console/design/draft"),
        lambda house: {"json": {"document": _design(house), "revision": 99}},
    ),
    ("GET", "/console/design/progress"): Row(
        "302 403 200 200 200 200 302 302", _fixed("/console/design/progress")
    ),
    ("POST", "/console/design/effect"): Row(
        "401 403 200 200 200 200 401 401",
        _fixed("/console/design/effect"),
        lambda house: {"json": {"document": _design(house)}},
    ),
    ("POST", "/console/design/publish"): Row(
        "401 403 409 409 409 409 401 401",
        _fixed("/console/design/publish"),
        _tap(revision=99, share=100, note=""),
    ),
    ("POST", "/console/design/widen"): Row(
        "401 403 404 404 404 404 401 401",
        _fixed("/console/design/widen"),
        _tap(version=99, share=100),
    ),
    ("POST", "/console/design/withdraw"): Row(
        "401 403 404 404 404 404 401 401", _fixed("/console/design/withdraw"), _tap(version=99)
    ),
    ("POST", "/console/design/roll-back"): Row(
        "401 403 404 404 404 404 401 401",
        _fixed("/console/design/roll-back"),
        _tap(version=99, note=""),
    ),
    ("POST", "/console/design/test-card"): Row(
        "401 403 200 200 200 200 401 401",
        _fixed("/console/design/test-card"),
        lambda house: {"json": {"document": _design(house)}},
    ),
    ("POST", "/console/design/pictures"): Row(
        "401 403 200 200 200 200 401 401",
        _fixed("/console/design/pictures"),
        lambda house: {"data": _logo(), "content_type": "image/png"},
    ),
    ("GET", "/console/setup/"): Row("302 403 403 200 200 200 302 302", _fixed("/console/setup/")),
    ("GET", "/console/setup/apple"): Row(
        "302 403 403 200 200 200 302 302", _fixed("/console/setup/apple")
    ),
    ("POST", "/console/setup/apple/try"): Row(
        "401 403 403 200 200 200 401 401", _fixed("/console/setup/apple/try")
    ),
    # --- shops --------------------------------------------------------------------------------
    ("GET", "/api/docs"): _public("/api/docs"),
    ("GET", "/api/openapi.json"): _public("/api/openapi.json"),
    ("POST", "/api/v1/members"): Row(
        "401 401 401 401 401 401 201 201",
        _fixed("/api/v1/members"),
        _write(lambda house: {"email": f"new-{next(_numbers)}@exemple.test"}),
    ),
    ("GET", "/api/v1/members"): Row("401 401 401 401 401 401 200 200", _fixed("/api/v1/members")),
    ("GET", "/api/v1/members/<member_id>"): Row(
        "401 401 401 401 401 401 200 404", lambda h: f"/api/v1/members/{_member(h)}"
    ),
    ("PATCH", "/api/v1/members/<member_id>"): Row(
        "401 401 401 401 401 401 200 404",
        lambda h: f"/api/v1/members/{_member(h)}",
        lambda house: {"json": {"name": f"Ada {next(_numbers)}"}},
    ),
    ("GET", "/api/v1/members/<member_id>/entries"): Row(
        "401 401 401 401 401 401 200 404", lambda h: f"/api/v1/members/{_member(h)}/entries"
    ),
    ("POST", "/api/v1/purchases"): Row(
        "401 401 401 401 401 401 201 404", _fixed("/api/v1/purchases"), _write(_sale)
    ),
    ("POST", "/api/v1/purchases/quote"): Row(
        "401 401 401 401 401 401 200 404", _fixed("/api/v1/purchases/quote"), _write(_sale)
    ),
    ("POST", "/api/v1/purchases/<purchase_id>/refunds"): Row(
        "401 401 401 401 401 401 201 404",
        lambda h: f"/api/v1/purchases/{_purchase(h)}/refunds",
        _write(lambda house: {"amount_minor": 1000}),
    ),
    ("POST", "/api/v1/refunds"): Row(
        "401 401 401 401 401 401 201 201", _fixed("/api/v1/refunds"), _write(_sale_refund)
    ),
    ("POST", "/api/v1/entries/<entry_id>/reversal"): Row(
        "401 401 401 401 401 401 201 404",
        lambda h: f"/api/v1/entries/{_entry(h)}/reversal",
        _write(lambda house: {"reason": "typed twice"}),
    ),
    ("POST", "/api/v1/redemptions"): Row(
        "401 401 401 401 401 401 201 404",
        _fixed("/api/v1/redemptions"),
        _write(lambda house: {"member": {"id": _member(house)}, "reward_id": _reward(house)}),
    ),
    ("GET", "/api/v1/rewards"): Row("401 401 401 401 401 401 200 200", _fixed("/api/v1/rewards")),
    # --- the account, beyond sales: bodies that say nothing are refused to both shops alike -------
    ("POST", "/api/v1/members/<member_id>/merge"): Row(
        "401 401 401 401 401 401 404 404",
        lambda h: f"/api/v1/members/{_member(h)}/merge",
        _write(lambda house: {"into": "mbr_0000000000000"}),
    ),
    ("GET", "/api/v1/members/<member_id>/merges"): Row(
        "401 401 401 401 401 401 200 404", lambda h: f"/api/v1/members/{_member(h)}/merges"
    ),
    ("POST", "/api/v1/merges/<merge_id>/undo"): Row(
        "401 401 401 401 401 401 404 404",
        _fixed("/api/v1/merges/mrg_0000000000000/undo"),
        _write(lambda house: {}),
    ),
    ("GET", "/api/v1/members/duplicates"): Row(
        "401 401 401 401 401 401 200 200", _fixed("/api/v1/members/duplicates")
    ),
    ("GET", "/api/v1/members/<member_id>/referral"): Row(
        "401 401 401 401 401 401 200 404", lambda h: f"/api/v1/members/{_member(h)}/referral"
    ),
    ("PUT", "/api/v1/members/<member_id>/charity"): Row(
        "401 401 401 401 401 401 404 404",
        lambda h: f"/api/v1/members/{_member(h)}/charity",
        lambda house: {"json": {"charity_id": "chr_0000000000000"}},
    ),
    ("GET", "/api/v1/charities"): Row(
        "401 401 401 401 401 401 200 200", _fixed("/api/v1/charities")
    ),
    ("GET", "/api/v1/donations/totals"): Row(
        "401 401 401 401 401 401 200 200", _fixed("/api/v1/donations/totals")
    ),
    ("GET", "/api/v1/messages/reach"): Row(
        "401 401 401 401 401 401 200 200", _fixed("/api/v1/messages/reach")
    ),
    ("POST", "/api/v1/activities"): Row(
        "401 401 401 401 401 401 201 404",
        _fixed("/api/v1/activities"),
        _write(
            lambda house: {
                "member": {"id": _member(house)},
                "kind": "newsletter",
                "external_id": f"activity-{next(_numbers)}",
            }
        ),
    ),
    ("GET", "/api/v1/vouchers"): Row(
        "401 401 401 401 401 401 200 200", _fixed("/api/v1/vouchers?code=0000000000")
    ),
    ("POST", "/api/v1/vouchers/use"): Row(
        "401 401 401 401 401 401 404 404",
        _fixed("/api/v1/vouchers/use"),
        _write(lambda house: {"code": "0000000000"}),
    ),
    ("POST", "/api/v1/credit-payments"): Row(
        "401 401 401 401 401 401 409 404",
        _fixed("/api/v1/credit-payments"),
        _write(lambda house: {"member": {"id": _member(house)}, "amount_minor": 100}),
    ),
    ("POST", "/api/v1/memberships"): Row(
        "401 401 401 401 401 401 422 404",
        _fixed("/api/v1/memberships"),
        _write(
            lambda house: {
                "member": {"id": _member(house)},
                "plan": "vip",
                "external_id": f"plan-{next(_numbers)}",
            }
        ),
    ),
    ("POST", "/api/v1/memberships/<membership_id>/cancel"): Row(
        "401 401 401 401 401 401 404 404",
        _fixed("/api/v1/memberships/mbs_0000000000000/cancel"),
        _write(lambda house: {}),
    ),
    # --- phones: the pass's own token opens these, and nothing else does ----------------------
    ("GET", "/apple/v1/devices/<device>/registrations/<pass_type>"): Row(
        "204 204 204 204 204 204 204 204", _device
    ),
    ("POST", "/apple/v1/devices/<device>/registrations/<pass_type>/<serial>"): Row(
        "401 401 401 401 401 401 401 401",
        lambda h: f"{_device(h)}/{_serial(h)}",
        lambda house: {"json": {"pushToken": "ab" * 32}},
    ),
    ("DELETE", "/apple/v1/devices/<device>/registrations/<pass_type>/<serial>"): Row(
        "401 401 401 401 401 401 401 401", lambda h: f"{_device(h)}/{_serial(h)}"
    ),
    ("GET", "/apple/v1/passes/<pass_type>/<serial>"): Row(
        "401 401 401 401 401 401 401 401",
        lambda h: f"/apple/v1/passes/{h.pass_type_id}/{_serial(h)}",
    ),
    ("POST", "/apple/v1/log"): Row(
        "200 200 200 200 200 200 200 200",
        _fixed("/apple/v1/log"),
        lambda house: {"json": {"logs": ["a complaint"]}},
    ),
    # --- Google: its own signature opens this, and nothing else does ---------------------------
    ("POST", "/google/callback"): Row(
        "400 400 400 400 400 400 400 400",
        _fixed("/google/callback"),
        lambda house: {"json": {"signedMessage": "{}"}},
    ),
    # --- operations, and the simulators' page (they are not running here) ----------------------
    ("GET", "/healthz"): _public("/healthz"),
    ("GET", "/readyz"): _public("/readyz"),
    ("GET", "/metrics"): _public("/metrics"),
    ("GET", "/static/<path:filename>"): _public("/static/css/base.css"),
    ("GET", "/simulate/"): _public("/simulate/"),
    ("GET", "/simulate/api/<path:path>"): Row(
        "503 503 503 503 503 503 503 503", _fixed("/simulate/api/state")
    ),
    ("POST", "/simulate/api/<path:path>"): Row(
        "503 503 503 503 503 503 503 503", _fixed("/simulate/api/add")
    ),
    ("DELETE", "/simulate/api/<path:path>"): Row(
        "503 503 503 503 503 503 503 503", _fixed("/simulate/api/iphone/cards/1")
    ),
}

# They carry their own credentials, or (the simulators) guard themselves and nothing real.
WITHOUT_CSRF = ("/api/", "/apple/", "/google/", "/simulate/api/")
# A request that changes nothing may come without a token.
READING = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def house(
    sqlite: Sqlite, light_hashing: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """One house for the whole table: each request brings what it needs."""
    url = sqlite.migrated()
    database = open_database(url)
    cast = make_cast(database)
    cast.buy("ada", 900_000)  # enough for every reward in the table
    with open_house(cast, tmp_path_factory.mktemp("doors")) as house:
        yield house
    assert cast.audit().findings == []
    database.dispose()
    sqlite.drop(url)


def _routes(house: House) -> set[tuple[str, str]]:
    return {
        (method, rule.rule)
        for rule in house.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def _ids(row: tuple[str, str]) -> str:
    return f"{row[0]} {row[1]}"


def test_every_route_is_in_the_table_and_the_table_has_no_other(house: House) -> None:
    assert _routes(house) == set(TABLE)


@pytest.mark.parametrize("route", TABLE, ids=_ids)
def test_who_gets_what(house: House, route: tuple[str, str]) -> None:
    method, row = route[0], TABLE[route]
    found = []
    for role in ROLES:
        said = row.said(house)
        answer = house.caller(role).send(method, row.path(house), **said)
        found.append(answer.status_code)
        if route[1].startswith("/staff/"):
            house.dismiss(role)
    assert dict(zip(ROLES, found, strict=True)) == dict(
        zip(ROLES, map(int, row.expected.split()), strict=True)
    )


@pytest.mark.parametrize("role", ["anonymous", "owner"])
@pytest.mark.parametrize(
    "route",
    [one for one in TABLE if one[0] not in READING and not one[1].startswith(WITHOUT_CSRF)],
    ids=_ids,
)
def test_without_the_pages_token_nothing_happens(
    house: House, route: tuple[str, str], role: str
) -> None:
    row = TABLE[route]
    caller, path, said = house.caller(role), row.path(house), row.said(house)
    before = house.everything()
    shown = {"Accept": "application/json", **said.pop("headers", {})}
    answer = caller.send(route[0], path, csrf=False, headers=shown, **said)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "csrf_failed")
    assert house.everything() == before


@pytest.mark.parametrize("token", ["", "x", "ImFiYyI.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"])
def test_a_token_of_somebody_else_is_none(house: House, token: str) -> None:
    before = house.everything()
    answer = house.caller("anonymous").send(
        "POST",
        "/p/demo/join",
        csrf=False,
        headers={"X-CSRFToken": token},
        data={"contact": "forged@exemple.test"},
    )
    assert answer.status_code == 400
    assert house.everything() == before


REFUSED = [
    (route, role)
    for route, row in TABLE.items()
    for role, status in zip(ROLES, row.expected.split(), strict=True)
    if route[0] not in READING and int(status) >= 400
]


@pytest.mark.parametrize(("route", "role"), REFUSED, ids=str)
def test_who_is_refused_changes_nothing(house: House, route: tuple[str, str], role: str) -> None:
    row = TABLE[route]
    caller, path, said = house.caller(role), row.path(house), row.said(house)
    before = house.everything()
    assert caller.send(route[0], path, **said).status_code >= 400
    assert house.everything() == before


def test_the_passs_own_token_opens_the_phones_doors(house: House) -> None:
    found = house.apple_pass("bruno")
    shown = {"Authorization": f"ApplePass {found.auth_token}"}
    caller = house.caller("anonymous")
    current = f"/apple/v1/passes/{house.pass_type_id}/{found.serial}"
    registration = f"{_device(house)}/{found.serial}"
    token = {"pushToken": "ab" * 32}
    assert caller.send("GET", current, headers=shown).status_code == 200
    assert caller.send("POST", registration, headers=shown, json=token).status_code == 201
    assert caller.send("POST", registration, headers=shown, json=token).status_code == 200
    assert caller.send("GET", _device(house)).get_json()["serialNumbers"] == [found.serial]
    assert caller.send("DELETE", registration, headers=shown).status_code == 200
    other = f"/apple/v1/passes/{house.pass_type_id}/{house.apple_pass('ada').serial}"
    assert caller.send("GET", other, headers=shown).status_code == 401


def test_a_session_ends_on_the_server_when_somebody_signs_out(house: House) -> None:
    caller = house.caller("manager")
    cookie = caller.client.get_cookie("staff")
    assert cookie
    assert caller.send("GET", "/till/").status_code == 200
    caller.send("POST", "/staff/sign-out")
    caller.client.set_cookie("staff", cookie.value)
    assert caller.send("GET", "/till/").status_code == 302
    house.dismiss("manager")
