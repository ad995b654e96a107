"""The simulators as a whole: a card put on both phones, a push, Google's REST, a restart."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from passes.apple.identity import make_development_identity
from passes.apple.probe import probe_token
from passes.google.identity import GoogleIdentity, make_development_account
from passes.simulate import phones
from passes.simulate.server import STATE_NAME, Place, Simulators
from tests.passes.cast import IDENTITY
from tests.passes.simulate.loyalty import a_class, an_object, assertion, points_of, save_jwt
from tests.passes.simulate.shop import Shop

GUARD = {"X-Comptoir-Simulator": "1"}


@pytest.fixture
def folder(tmp_path: Path, simulator_certs: Path) -> Path:
    """A data folder with identities that were made once."""
    shutil.copytree(simulator_certs, tmp_path / "certs")
    return tmp_path


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    with Shop(make_development_identity(folder / "certs")) as one:
        yield one


@pytest.fixture
def account(folder: Path) -> GoogleIdentity:
    return make_development_account(folder / "certs")


@pytest.fixture
def running(folder: Path, shop: Shop, account: GoogleIdentity) -> Iterator[Simulators]:
    """Simulators with the shop's class and object at Google's, and its save link in place."""
    with Simulators(Place(folder, shop.url)).start() as one:
        logo = {"sourceUri": {"uri": f"{shop.url}/media/logo.png"}}
        store = one.google.store
        whole = a_class(id=f"{account.issuer_id}.cafe", programLogo=logo)
        card = an_object(id=f"{account.issuer_id}.ada", classId=whole["id"])
        store.insert("loyaltyClass", whole)
        store.insert("loyaltyObject", card)
        skinny = {"loyaltyObjects": [{"id": card["id"], "classId": whole["id"]}]}
        token = save_jwt(skinny, account.key, iss=account.email)
        shop.save_link = f"https://pay.google.com/gp/v/save/{token}"
        yield one


@pytest.fixture
def page(running: Simulators) -> Iterator[httpx2.Client]:
    """What the page calls, through whatever proxy."""
    base = f"{running.url}/phones"
    with httpx2.Client(base_url=base, headers=GUARD, timeout=30, trust_env=False) as client:
        yield client


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def add(page: httpx2.Client, card: str) -> httpx2.Response:
    return page.post("/add", json={"card": card})


def push(running: Simulators, shop: Shop, certs: Path) -> None:
    identity = make_development_identity(certs)
    tls = identity.client_context(certs / "apple" / "root.pem")
    headers = {"apns-topic": identity.pass_type_id, "apns-push-type": "background"}
    with httpx2.Client(http2=True, verify=tls, base_url=running.apns.url, trust_env=False) as apns:
        # A phone of somebody else's making calls its token what it likes, and is no less known.
        for token in (*shop.registrations.values(), "Somebody-elses.phone"):
            response = apns.post(f"/3/device/{token}", content=b"{}", headers=headers)
            assert response.status_code == 200
        invented = apns.post(f"/3/device/{probe_token()}", content=b"{}", headers=headers)
        assert invented.json() == {"reason": "BadDeviceToken"}


@pytest.mark.parametrize("as_address", [True, False])
def test_a_card_is_put_on_both_phones(
    page: httpx2.Client, shop: Shop, account: GoogleIdentity, as_address: bool
) -> None:
    card = f"{shop.url}/card/{shop.TOKEN}?lang=fr" if as_address else shop.TOKEN
    response = add(page, card)
    assert response.status_code == 201
    assert response.json() == {
        "iphone": {"id": IDENTITY.serial},
        "android": {"id": f"{account.issuer_id}.ada"},
    }
    state = page.get("/state").json()
    assert [len(state[name]["cards"]) for name in ("iphone", "android")] == [1, 1]


def test_a_push_over_http2_changes_the_iphone(
    running: Simulators, page: httpx2.Client, shop: Shop, folder: Path
) -> None:
    add(page, shop.TOKEN)
    wait_for(lambda: bool(shop.registrations))
    shop.credit(1300)
    push(running, shop, folder / "certs")
    wait_for(lambda: running.iphone.activity.codes[-1] == "shown")
    assert running.iphone.tasks.settle()
    version = page.get("/state").json()["version"]
    assert page.get(f"/state?since={version}").status_code == 204


def test_googles_rest_changes_the_android_phone(
    running: Simulators, page: httpx2.Client, shop: Shop, account: GoogleIdentity
) -> None:
    add(page, shop.TOKEN)
    url = f"{running.url}/token"
    proof = assertion(url, account.key, iss=account.email)
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": proof}
    token = httpx2.post(url, data=grant).json()["access_token"]
    response = httpx2.patch(
        f"{running.url}/walletobjects/v1/loyaltyObject/{account.issuer_id}.ada",
        json={"loyaltyPoints": points_of(1300)},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert response.status_code == 200
    wait_for(lambda: "1\u202f300" in json.dumps(running.android.cards(), ensure_ascii=False))


def test_googles_schema_is_checked(running: Simulators, account: GoogleIdentity) -> None:
    url = f"{running.url}/token"
    token = running.google.issue_token(assertion(url, account.key, iss=account.email), url)
    response = httpx2.post(
        f"{running.url}/walletobjects/v1/loyaltyObject",
        json=an_object(id=f"{account.issuer_id}.b", state="SLEEPY"),
        headers={"Authorization": f"Bearer {token}"},
    )
    assert response.status_code == 400
    assert "SLEEPY" in response.json()["error"]["message"]


def test_pictures_come_from_the_pass_and_from_google(page: httpx2.Client, shop: Shop) -> None:
    add(page, shop.TOKEN)
    logo = page.get("/state").json()["android"]["cards"][0]["face"]["logo"]
    for path in (f"/iphone/cards/{IDENTITY.serial}/logo.png", f"/android/pictures/{logo}"):
        assert page.get(path).content.startswith(b"\x89PNG")
    assert page.get(f"/iphone/cards/{IDENTITY.serial}/pass.json.png").status_code == 404
    assert page.get("/iphone/cards/none/logo.png").status_code == 404


def test_the_buttons_work(running: Simulators, page: httpx2.Client, shop: Shop) -> None:
    add(page, shop.TOKEN)
    for name in ("iphone", "android"):
        assert page.post(f"/{name}/language", json={"language": "en"}).status_code == 204
        card = page.get("/state").json()[name]["cards"][0]["id"]
        assert page.post(f"/{name}/cards/{card}/refresh").status_code == 204
        assert page.delete(f"/{name}/cards/{card}").status_code == 204
        assert page.delete(f"/{name}/cards/{card}").status_code == 404
    assert running.iphone.language == running.android.language == "en"
    assert page.post("/iphone/language", json={"language": "xx"}).status_code == 422
    assert page.post("/nokia/language", json={"language": "fr"}).status_code == 404


def test_foreign_pages_cannot_press_buttons(running: Simulators, shop: Shop) -> None:
    response = httpx2.post(f"{running.url}/phones/add", json={"card": shop.TOKEN})
    assert response.status_code == 403
    assert running.iphone.cards() == []


@pytest.mark.parametrize("card", ["", "https://cafe.test/", "../../etc/passwd", "a b", "x" * 201])
def test_what_is_no_card_is_told(page: httpx2.Client, card: str) -> None:
    response = add(page, card)
    assert response.status_code == 422
    assert response.json() == {"code": "bad_card"}


def test_only_the_configured_service_is_asked(page: httpx2.Client, shop: Shop) -> None:
    response = add(page, f"http://somewhere.else.test/card/{shop.TOKEN}")
    assert response.status_code == 201


def test_an_unknown_card_says_why(page: httpx2.Client) -> None:
    response = add(page, "no-such-card")
    assert response.status_code == 422
    assert "answered 404" in response.json()["iphone"]["problem"]


def test_a_person_taps_again_when_google_is_not_ready(
    running: Simulators, page: httpx2.Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones, "SAVE_AGAIN_SECONDS", (0.1,) * 50)
    kept = running.google.store.dump()
    running.google.store.load({"rows": {"loyaltyClass": {}, "loyaltyObject": {}}, "notified": {}})

    def _once_refused() -> None:
        wait_for(lambda: "refused" in running.android.activity.codes)
        running.google.store.load(kept)

    later = threading.Thread(target=_once_refused)
    later.start()
    assert "id" in add(page, shop.TOKEN).json()["android"]
    assert running.android.activity.codes[0] == "refused"
    later.join()


def test_everything_survives_a_restart(
    running: Simulators, page: httpx2.Client, shop: Shop, folder: Path
) -> None:
    add(page, shop.TOKEN)
    wait_for(lambda: bool(shop.registrations))
    running.iphone.tasks.settle()
    before = page.get("/state").json()
    running.stop()
    assert (folder / STATE_NAME).stat().st_mode & 0o077 == 0
    with Simulators(Place(folder, shop.url)).start() as later:
        after = later.phones.state()
        for name in ("iphone", "android"):
            assert [card["id"] for card in after[name]["cards"]] == [
                card["id"] for card in before[name]["cards"]
            ]
        assert after["version"] > before["version"]
        shop.credit(1300)
        push(later, shop, folder / "certs")
        wait_for(lambda: "shown" in later.iphone.activity.codes)


def test_a_broken_state_file_is_no_obstacle(folder: Path, shop: Shop) -> None:
    (folder / STATE_NAME).write_text('{"format": 1, "google"')
    with Simulators(Place(folder, shop.url)).start() as one:
        assert one.phones.state()["iphone"]["cards"] == []
