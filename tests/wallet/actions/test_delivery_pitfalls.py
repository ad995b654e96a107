"""The known pitfalls of the web service and of pushes, by their numbers in the field's list: the real
registry behind the five endpoints, and real pushes to Apple's stand-in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from passes.apple.identity import AppleIdentity
from passes.apple.push import ApnsClient
from passes.apple.webservice import apple_web_service
from passes.simulate.apns import ApnsStandIn
from passes.simulate.faults import Fault
from tests.factories import Cast
from tests.fakes.simulators import apns, apple_identity, simulator_certs
from tests.wallet.actions.test_delivery_funnel import Scene, scene
from wallet.actions.issue_pass import issue_pass
from wallet.tables.wallet_pass import Device, Registration, WalletPass

__all__ = ["apns", "apple_identity", "scene", "simulator_certs"]

TYPE = "pass.dev.comptoir.loyalty"


@pytest.fixture
def web(scene: Scene) -> FlaskClient:
    """The endpoints over the real registry; a package is its version in plain text."""
    app = Flask(__name__)
    service = apple_web_service(
        scene.registry, lambda found: f"{found.serial} {found.version}".encode(), TYPE
    )
    app.register_blueprint(service, url_prefix="/apple")
    return app.test_client()


def holder(scene: Scene) -> dict[str, str]:
    return {"Authorization": f"ApplePass {scene.row().auth_token}"}


def register(web: FlaskClient, scene: Scene, device: str, token: str) -> int:
    path = f"/apple/v1/devices/{device}/registrations/{TYPE}/{scene.serial}"
    return web.post(path, json={"pushToken": token}, headers=holder(scene)).status_code


def listing(web: FlaskClient, device: str = "iphone", tag: str = "") -> Any:
    path = f"/apple/v1/devices/{device}/registrations/{TYPE}"
    return web.get(path, query_string={"passesUpdatedSince": tag} if tag else {})


def fetch(web: FlaskClient, scene: Scene, since: str = "") -> Any:
    headers = {**holder(scene), **({"If-Modified-Since": since} if since else {})}
    return web.get(f"/apple/v1/passes/{TYPE}/{scene.serial}", headers=headers)


@pytest.fixture
def push(
    scene: Scene, simulator_certs: Path, apple_identity: AppleIdentity, apns: ApnsStandIn
) -> Iterator[ApnsStandIn]:
    """The scene's pushes go to Apple's stand-in."""
    client = ApnsClient(apns.url, apple_identity, simulator_certs / "apple" / "root.pem")
    scene.apns.push_many = client.push_many  # type: ignore[method-assign]
    scene.registry.register("iphone", "ab" * 32, scene.serial)
    yield apns
    client.close()


def test_pitfall_09_type_and_caching_are_those_that_phones_and_proxies_need(
    web: FlaskClient, scene: Scene
) -> None:
    answer = fetch(web, scene)
    assert answer.headers["Content-Type"] == "application/vnd.apple.pkpass"
    for one in (answer, listing(web), fetch(web, scene, answer.headers["Last-Modified"])):
        assert one.headers["Cache-Control"] == "private, no-cache"


def test_pitfall_10_serials_are_random_and_never_used_again(cast: Cast) -> None:
    made = [
        cast.run(
            lambda session: issue_pass(
                session,
                cast.program,
                cast.member(session, name),  # noqa: B023
                "apple",
                cast.now,
            )
        ).serial
        for name in ("ada", "bruno", "ada")
    ]
    assert made[0] == made[2] != made[1]
    assert all(len(bytes.fromhex(serial)) == 16 for serial in made)


def test_pitfall_11_the_token_is_the_passs_own_and_never_changes(scene: Scene) -> None:
    before = scene.row()
    for _ in range(3):
        scene.buy()
        scene.deliver()
    after = scene.row()
    assert (after.serial, after.auth_token) == (before.serial, before.auth_token)
    assert len(after.auth_token) >= 43  # 256 random bits
    assert len({row.auth_token for row in scene.all(WalletPass)}) == len(scene.all(WalletPass))


def test_pitfall_12_list_and_log_never_want_a_token(web: FlaskClient, scene: Scene) -> None:
    scene.buy()
    scene.deliver()
    assert listing(web).status_code == 200
    assert web.post("/apple/v1/log", json={"logs": ["x"]}).status_code == 200
    stranger = web.get(
        f"/apple/v1/devices/iphone/registrations/{TYPE}", headers={"Authorization": "ApplePass no"}
    )
    assert stranger.status_code == 200


def test_pitfall_13_two_changes_in_one_moment_have_tags_in_order_and_none_is_missed(
    web: FlaskClient, scene: Scene
) -> None:
    tag = ""
    for _ in range(3):
        scene.cast.buy("ada")  # the clock stands still
        scene.deliver()
        answer = listing(web, tag=tag)
        assert answer.json["serialNumbers"] == [scene.serial]
        assert not tag or int(answer.json["lastUpdated"]) > int(tag)
        tag = answer.json["lastUpdated"]
        assert listing(web, tag=tag).status_code == 204


def test_pitfall_14_each_change_has_a_later_last_modified_and_the_same_is_304(
    web: FlaskClient, scene: Scene
) -> None:
    seen = fetch(web, scene).headers["Last-Modified"]
    for step in (0, 0, -3600):  # within a second, and with the clock put back
        scene.cast.now += timedelta(seconds=step)
        scene.cast.buy("ada")
        answer = fetch(web, scene, seen)
        assert answer.status_code == 200
        assert answer.headers["Last-Modified"] != seen
        seen = answer.headers["Last-Modified"]
        assert fetch(web, scene, seen).status_code == 304


def test_pitfall_15_nothing_new_is_neither_listed_nor_pushed(
    web: FlaskClient, scene: Scene
) -> None:
    scene.buy()
    scene.deliver()
    tag = listing(web).json["lastUpdated"]
    scene.cast.buy("ada", 60)  # less than a point: the card says the same
    assert scene.deliver() == 0
    assert listing(web, tag=tag).status_code == 204
    assert len(scene.apns.pushed) == 1


def test_pitfall_17_a_push_is_empty_and_of_the_pass_type(push: ApnsStandIn, scene: Scene) -> None:
    scene.buy()
    scene.deliver()
    (received,) = push.received
    assert received.answer.status == 200
    assert received.request.body == b"{}"
    assert received.request.headers["apns-topic"] == TYPE
    assert push.counters["ignored"] == 0
    (row,) = scene.deliveries()
    assert len(row.push_id) == 36


DEAD = {
    "BadDeviceToken": 400,
    "DeviceTokenNotForTopic": 400,
    "Unregistered": 410,
    "ExpiredToken": 410,
}
ALIVE = {
    "TopicDisallowed": 400,
    "BadTopic": 400,
    "BadCertificate": 403,
    "InvalidProviderToken": 403,
    "BadPath": 404,
    "MethodNotAllowed": 405,
    "PayloadTooLarge": 413,
    "TooManyRequests": 429,
    "TooManyProviderTokenUpdates": 429,
    "InternalServerError": 500,
    "Shutdown": 503,
}


def test_pitfall_18_only_a_dead_token_is_dropped(push: ApnsStandIn, scene: Scene) -> None:
    for reason, status in {**DEAD, **ALIVE}.items():
        scene.registry.register("iphone", "ab" * 32, scene.serial)
        scene.cast.later(hours=1)
        while scene.deliver():
            scene.cast.later(hours=1)
        push.faults.add(Fault(status, reason))
        scene.buy()
        scene.deliver()
        left = 0 if reason in DEAD else 1
        assert len(scene.all(Registration)) == left, reason
        push.faults.clear()
        scene.cast.later(hours=1)
        assert scene.deliver() == left, reason  # what was not told is told when all is well again
        assert scene.row().delivered_version == scene.row().wanted_version


def test_pitfall_19_registering_again_takes_the_new_token_and_one_token_is_pushed_once(
    web: FlaskClient, scene: Scene
) -> None:
    one, two = secrets.token_hex(32), secrets.token_hex(32)
    assert register(web, scene, "iphone", one) == 200
    assert register(web, scene, "watch", one) == 201  # the same token under another name
    assert register(web, scene, "ipad", two) == 201
    assert len(scene.all(Device)) == 3
    scene.buy()
    scene.deliver()
    assert sorted(scene.apns.pushed) == sorted([one, two])
