"""The iPhone against PassKit's web service of our own, over real HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Response, request

from passes.apple.identity import AppleIdentity, make_development_identity
from passes.apple.verify import load_roots, read_pkpass
from passes.card import PassIdentity
from passes.simulate.iphone import IPhone, PassRefused
from tests.passes.cast import ADA, IDENTITY
from tests.passes.simulate.shop import Shop

SERIAL = IDENTITY.serial
TOKEN = "cd" * 32


@pytest.fixture
def shop(apple_identity: AppleIdentity) -> Iterator[Shop]:
    with Shop(apple_identity) as one:
        yield one


@pytest.fixture
def iphone(simulator_certs: Path) -> Iterator[IPhone]:
    roots = load_roots(simulator_certs / "apple" / "root.pem")
    phone = IPhone(
        lambda data: read_pkpass(data, roots).files,
        lambda: TOKEN,
        retry_delays_seconds=(0.05, 0.05),
    )
    phone.start()
    yield phone
    phone.stop()


def settle(phone: IPhone) -> None:
    assert phone.tasks.settle(), phone.activity.lines


@pytest.fixture
def registered(iphone: IPhone, shop: Shop) -> IPhone:
    """A phone that holds the card, is registered and up to date."""
    iphone.install(shop.package())
    settle(iphone)
    iphone.push(TOKEN)
    settle(iphone)
    return iphone


def answers(shop: Shop, method: str, answer: Callable[[], Response | None]) -> None:
    """Let the shop answer PassKit's calls of this method in another way; None: as usual."""
    shop.web.before_request_funcs.setdefault(None, []).insert(
        0, lambda: answer() if request.method == method and "/apple/" in request.path else None
    )


def repacked(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    files[name] = change(files[name])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one, content in files.items():
            archive.writestr(one, content)
    return out.getvalue()


def test_a_signed_pass_is_installed_and_registered(iphone: IPhone, shop: Shop) -> None:
    assert iphone.install(shop.package()) == SERIAL
    settle(iphone)
    assert shop.registrations == {iphone.device: TOKEN}
    assert iphone.activity.codes == ["installed", "registered"]
    assert iphone.cards()[0]["registered"] is True


def test_a_changed_file_is_refused(iphone: IPhone, shop: Shop) -> None:
    broken = repacked(shop.package(), "pass.json", lambda data: data.replace(b"1240", b"9999"))
    with pytest.raises(PassRefused, match=r"pass\.json"):
        iphone.install(broken)
    assert iphone.cards() == []


def test_a_pass_signed_by_somebody_else_is_refused(iphone: IPhone, tmp_path: Path) -> None:
    with Shop(make_development_identity(tmp_path)) as stranger, pytest.raises(PassRefused):
        iphone.install(stranger.package())


def test_a_push_brings_the_new_balance_and_its_announcement(registered: IPhone, shop: Shop) -> None:
    shop.credit(1300)
    registered.push(TOKEN)
    settle(registered)
    header = registered.cards()[0]["face"]["header"]
    assert "1\u202f300" in header[0]["value"]
    assert [one["text"] for one in registered.activity.notifications] == [
        "Votre solde : 1\u202f300 points"
    ]
    assert registered.activity.codes[-5:] == ["push", "listed", "fetched", "verified", "shown"]
    assert shop.complaints == []


def test_announcements_speak_the_phones_language(registered: IPhone, shop: Shop) -> None:
    registered.speak("en")
    shop.credit(1300)
    registered.push(TOKEN)
    settle(registered)
    assert registered.activity.notifications[-1]["text"] == "You now have 1,300 points"


def test_of_two_changes_one_is_announced(registered: IPhone, shop: Shop) -> None:
    assert ADA.tier is not None
    tier = replace(
        ADA.tier, value={"fr": "Argent", "en": "Silver"}, announce={"fr": "%@ !", "en": "%@!"}
    )
    balance = replace(shop.card.balance, number=1300)
    shop.change(replace(shop.card, tier=tier, balance=balance))
    registered.push(TOKEN)
    settle(registered)
    assert [one["text"] for one in registered.activity.notifications] == ["Argent !"]


def test_a_push_for_another_token_does_nothing(registered: IPhone) -> None:
    before = registered.activity.codes
    registered.push("ef" * 32)
    settle(registered)
    assert registered.activity.codes == before


def test_nothing_newer_is_no_reason_to_complain(registered: IPhone, shop: Shop) -> None:
    registered.push(TOKEN)
    settle(registered)
    assert registered.activity.codes[-1] == "nothing_new"
    assert shop.complaints == []


def test_a_listed_but_unchanged_pass_is_complained_of(registered: IPhone, shop: Shop) -> None:
    shop.tag += 1
    registered.push(TOKEN)
    settle(registered)
    assert "but the pass was unchanged" in shop.complaints[-1]


def test_a_missing_last_modified_is_complained_of(registered: IPhone, shop: Shop) -> None:
    def without_date(response: Response) -> Response:
        response.headers.pop("Last-Modified", None)
        return response

    shop.web.after_request_funcs.setdefault(None, []).append(without_date)
    shop.credit(1300)
    registered.push(TOKEN)
    settle(registered)
    assert any("missing the 'last-modified' header" in one for one in shop.complaints)
    assert registered.activity.codes[-1] == "shown"


def test_an_ignored_if_modified_since_is_complained_of(registered: IPhone, shop: Shop) -> None:
    def same_date(response: Response) -> Response:
        if "Last-Modified" in response.headers:
            response.headers["Last-Modified"] = "Thu, 01 Jan 2026 12:00:00 GMT"
        return response

    shop.web.after_request_funcs.setdefault(None, []).append(same_date)
    shop.credit(1300)
    registered.push(TOKEN)
    settle(registered)
    assert any("ignored the 'if-modified-since' header" in one for one in shop.complaints)


def test_the_same_tag_with_serials_is_complained_of(registered: IPhone, shop: Shop) -> None:
    listing = json.dumps({"lastUpdated": str(shop.tag), "serialNumbers": [SERIAL]})
    answers(
        shop,
        "GET",
        lambda: (
            Response(listing, mimetype="application/json")
            if "/registrations/" in request.path
            else None
        ),
    )
    registered.push(TOKEN)
    settle(registered)
    assert any("remained the same" in one for one in shop.complaints)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('{"lastUpdated": 7, "serialNumbers": ["x"]}', "lastUpdated is not a string"),
        ('{"lastUpdated": "7", "serialNumbers": "x"}', "not a list of strings"),
        ('{"lastUpdated": "7", "serialNumbers": []}', "nothing newer is a 204"),
        ("soon", "not JSON"),
    ],
)
def test_a_listing_of_another_shape_is_an_error(
    registered: IPhone, shop: Shop, body: str, problem: str
) -> None:
    answers(shop, "GET", lambda: Response(body, mimetype="application/json"))
    registered.push(TOKEN)
    settle(registered)
    assert any(problem in one for one in shop.complaints)


def test_a_401_on_the_list_is_told_and_not_tried_again(registered: IPhone, shop: Shop) -> None:
    asked: list[str] = []

    def unauthorized() -> Response:
        asked.append(request.path)
        return Response(status=401)

    answers(shop, "GET", unauthorized)
    registered.push(TOKEN)
    settle(registered)
    assert len(asked) == 1
    assert "Unexpected response code 401" in shop.complaints[-1]


def test_a_server_in_trouble_is_asked_again(registered: IPhone, shop: Shop) -> None:
    troubles = iter([503, 500])

    def trouble() -> Response | None:
        status = next(troubles, None)
        return Response(status=status) if status else None

    answers(shop, "GET", trouble)
    shop.credit(1300)
    registered.push(TOKEN)
    settle(registered)
    assert registered.activity.codes.count("failed") == 2
    assert registered.activity.codes[-1] == "shown"


def test_a_failed_fetch_keeps_the_old_tag(registered: IPhone, shop: Shop) -> None:
    answers(shop, "GET", lambda: Response(status=500) if "/passes/" in request.path else None)
    shop.credit(1300)
    registered.push(TOKEN)
    settle(registered)
    shop.web.before_request_funcs.clear()
    registered.push(TOKEN)
    settle(registered)
    assert registered.activity.codes[-1] == "shown"


def test_an_update_may_not_change_the_token(registered: IPhone, shop: Shop) -> None:
    other = PassIdentity(SERIAL, "another-token-of-the-same-pass")
    answers(
        shop,
        "GET",
        lambda: (
            Response(shop.package(issued=other), mimetype="application/vnd.apple.pkpass")
            if "/passes/" in request.path
            else None
        ),
    )
    before = registered.cards()[0]["face"]
    shop.credit(1300)
    registered.push(TOKEN)
    settle(registered)
    assert "refused" in registered.activity.codes
    assert registered.cards()[0]["face"] == before


def test_another_content_type_is_an_error(registered: IPhone, shop: Shop) -> None:
    answers(
        shop,
        "GET",
        lambda: Response(shop.package()) if "/passes/" in request.path else None,
    )
    shop.credit(1300)
    registered.push(TOKEN)
    settle(registered)
    assert any("Unexpected content type" in one for one in shop.complaints)


def test_pull_to_refresh_asks_for_the_pass_itself(registered: IPhone, shop: Shop) -> None:
    registered.refresh(SERIAL)
    settle(registered)
    assert registered.activity.codes[-1] == "unchanged"
    shop.credit(1300)
    registered.refresh(SERIAL)
    settle(registered)
    assert registered.activity.codes[-1] == "shown"
    assert shop.complaints == []


def test_removing_the_pass_unregisters(registered: IPhone, shop: Shop) -> None:
    registered.delete(SERIAL)
    settle(registered)
    assert shop.registrations == {}
    assert registered.cards() == []


def test_http_is_for_developers_only(simulator_certs: Path, shop: Shop) -> None:
    roots = load_roots(simulator_certs / "apple" / "root.pem")
    phone = IPhone(lambda data: read_pkpass(data, roots).files, lambda: TOKEN, allow_http=False)
    phone.start()
    phone.install(shop.package())
    settle(phone)
    phone.stop()
    assert shop.registrations == {}
    assert "must be https" in phone.activity.lines[-1]["facts"]["problem"]


def test_a_restart_keeps_the_phone_and_asks_what_it_missed(
    registered: IPhone, shop: Shop, simulator_certs: Path
) -> None:
    kept = json.loads(json.dumps(registered.dump()))
    registered.tasks.stop()
    shop.credit(1300)
    roots = load_roots(simulator_certs / "apple" / "root.pem")
    phone = IPhone(lambda data: read_pkpass(data, roots).files, lambda: "00" * 32)
    phone.load(kept)
    phone.start()
    settle(phone)
    phone.stop()
    assert phone.device == registered.device
    assert "1\u202f300" in phone.cards()[0]["face"]["header"][0]["value"]
