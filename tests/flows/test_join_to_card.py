"""From the join form to a card that Apple's and Google's own rules accept."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import jwt
import pytest

from passes.google.identity import make_development_account
from passes.google.schema import objections
from tests.flows.passes import document, member_code, pkpass
from tests.service import Service


@pytest.fixture
def card_url(service: Service) -> str:
    """The card of somebody who has just joined."""
    return service.visitor().join("demo", service.new_contact(), "Chloé")


def _openssl(files: dict[str, bytes], service: Service, folder: Path) -> str:
    """What openssl says of the signature over the manifest."""
    for name in ("signature", "manifest.json"):
        (folder / name).write_bytes(files[name])
    certs = service.settings.data_dir / "certs" / "apple"
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-binary", "-purpose", "any"]
    command += ["-in", f"{folder}/signature", "-content", f"{folder}/manifest.json"]
    command += ["-CAfile", f"{certs}/root.pem", "-certfile", f"{certs}/wwdr.pem"]
    command += ["-out", "/dev/null"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_a_join_shows_the_card_at_once(service: Service) -> None:
    visitor = service.visitor("en")
    card_url = visitor.join("demo", service.new_contact(), "Chloé")
    shown = visitor.page(card_url)
    member = (
        service.shop()
        .get("/api/v1/members", params={"code": member_code(service, card_url)})
        .json()["data"][0]
    )
    assert member["card_url"] == card_url
    number = member["number"]
    assert f"{number[:3]} {number[3:6]} {number[6:]}" in shown
    assert "Chloé" in shown
    assert "Add to Apple Wallet" in shown
    assert "Add to Google Wallet" in shown


def test_the_pass_is_signed_listed_and_bilingual(
    service: Service, card_url: str, tmp_path: Path
) -> None:
    files = pkpass(service, card_url)
    assert "CMS Verification successful" in _openssl(files, service, tmp_path)
    manifest = json.loads(files["manifest.json"])
    assert manifest == {
        name: hashlib.sha1(data).hexdigest()
        for name, data in files.items()
        if name not in ("manifest.json", "signature")
    }
    found = document(files)
    assert {"fr.lproj/pass.strings", "en.lproj/pass.strings"} <= set(files)
    assert found["webServiceURL"] == f"{service.url}/apple"
    assert found["storeCard"]["headerFields"][0]["value"] == 0


def test_the_pass_is_refused_when_anything_in_it_changed(
    service: Service, card_url: str, tmp_path: Path
) -> None:
    files = pkpass(service, card_url)
    files["manifest.json"] = files["manifest.json"].replace(b"icon.png", b"icom.png")
    assert "CMS Verification failure" in _openssl(files, service, tmp_path)


def test_the_save_link_is_signed_by_the_account_and_names_an_object_that_google_has(
    service: Service, card_url: str
) -> None:
    answer = service.client().get(f"{card_url}/google")
    assert answer.status_code == 302
    link = answer.headers["Location"]
    found = re.fullmatch(r"https://pay\.google\.com/gp/v/save/(\S+)", link)
    assert found
    assert len(link) <= 1800
    account = make_development_account(service.settings.data_dir / "certs")
    assert jwt.get_unverified_header(found[1])["alg"] == "RS256"
    claims = jwt.decode(
        found[1],
        account.public_key_pem,
        algorithms=["RS256"],
        audience="google",
        issuer=account.email,
    )
    assert claims["typ"] == "savetowallet"
    assert claims["origins"] == [service.url]
    (named,) = claims["payload"]["loyaltyObjects"]
    assert set(named) == {"id", "classId"}
    assert named["classId"].startswith(f"{account.issuer_id}.comptoir_demo.")
    # The link is skinny because the object went first: it is complete before anybody has tapped.
    stored = service.simulators.google.store.find("loyaltyObject", named["id"])
    assert stored
    assert stored["classId"] == named["classId"]
    assert stored["barcode"]["value"] == member_code(service, card_url)
    assert {module["id"] for module in stored["textModulesData"]} >= {"tier", "next_reward"}


def test_googles_copy_is_complete_and_fits_the_schema(service: Service, card_url: str) -> None:
    held = service.phones.add(card_url)
    service.phones.follow(held, 0)
    store = service.simulators.google.store
    stored = store.find("loyaltyObject", held.android)
    assert stored
    kept = {name: value for name, value in stored.items() if name != "kind"}
    assert objections("loyaltyObject", kept) == []
    assert stored["accountName"] == "Chloé"
    assert store.find("loyaltyClass", stored["classId"])


def test_one_card_is_one_pass_however_often_it_is_fetched(service: Service, card_url: str) -> None:
    first, second = (document(pkpass(service, card_url)) for _ in range(2))
    assert first == second


def test_joining_again_shows_nobody_the_card(service: Service) -> None:
    contact = service.new_contact()
    card_url = service.visitor().join("demo", contact)
    stranger = service.visitor("en")
    stranger.page("/p/demo/join")
    answer = stranger.send("/p/demo/join", {"contact": contact, "name": ""})
    # Everybody who joins gets a new card at once: nobody learns from it who was a member before.
    assert answer.status_code == 303
    shown = stranger.page(answer.headers["Location"])
    assert card_url.rpartition("/")[2] not in answer.headers["Location"] + shown


def test_google_knows_every_program_before_its_first_card(service: Service) -> None:
    account = make_development_account(service.settings.data_dir / "certs")
    found = service.simulators.google.store.page("loyaltyClass", account.issuer_id, 100, "")
    start = f"{account.issuer_id}.comptoir_sillage."
    stored = [one for one in found["resources"] if one["id"].startswith(start)]
    assert stored
    assert {one["reviewStatus"] for one in stored} == {"APPROVED"}
