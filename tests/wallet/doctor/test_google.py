"""Google's doctor: every link of the chain in a sentence, with what to do, and no secret in any."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response

from passes.design import Design
from passes.google.identity import GoogleIdentity
from passes.google.push import GoogleClient
from passes.google.refusal import REASONS, GoogleRefusal
from passes.google.schema import objections
from passes.images import media
from passes.simulate.faults import Fault
from passes.simulate.google import GoogleStandIn
from passes.simulate.google_save import Account
from tests.factories import NOW, SECRET_KEY, Cast
from tests.fakes.http import serve
from tests.fakes.simulators import google_identity, simulator_certs
from tests.passes.google.signer import Signer
from wallet.actions.google.classes import Classes
from wallet.actions.google.gate import Gate
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.media import image_store
from wallet.actions.program_view import all_programs
from wallet.config import Settings
from wallet.doctor import Installation, speak
from wallet.doctor.google import google_doctor
from wallet.doctor.google_words import why, why_kept
from wallet.doctor.language import translator

__all__ = ["google_identity", "simulator_certs"]


@dataclasses.dataclass
class World:
    """Google, and the shop's own public address, on one port."""

    cast: Cast
    stand_in: GoogleStandIn
    settings: Settings
    identity: GoogleIdentity
    robots: str = ""
    shows_pictures: bool = True
    has_keys: bool = True

    def examined(self, *, online: bool = True) -> dict[str, str]:
        """Code → state."""
        installation = Installation(self.settings, self.cast.database, NOW, online)
        return {one.code: one.state for one in google_doctor(installation)}

    def bring_classes(self) -> None:
        """What the worker does when it starts."""
        database, url = self.cast.database, self.settings.google_wallet_url
        client = GoogleClient(url, f"{url}/token", self.identity)
        classes = Classes(
            database,
            client,
            Gate(database, self.identity.issuer_id, lambda: NOW, sleep=lambda _: None),
            lambda: NOW,
        )
        objects = GoogleObjects(self.identity, self.settings.public_url)
        with database.reading() as session:
            wanted = [
                (program.id, one)
                for program in all_programs(session)
                for one in objects.classes_of(session, program)
            ]
        for program_id, one in wanted:
            assert classes.ensure(program_id, one).refusal is None
        client.close()


@pytest.fixture
def world(
    cast: Cast, tmp_path: Path, simulator_certs: Path, google_identity: GoogleIdentity
) -> Iterator[World]:
    account = Account(
        google_identity.email, google_identity.issuer_id, google_identity.public_key_pem
    )
    stand_in = GoogleStandIn(account, objections)
    app = Flask("world")
    app.register_blueprint(stand_in.blueprint())
    with cast.database.reading() as session:
        pictures: dict[str, bytes] = {}
        for program in all_programs(session):
            pictures |= media(Design.parse(program.design), image_store(session))
    with serve(app) as url:
        settings = Settings.read(
            data_dir=simulator_certs.parent / "none",
            secret_key=SECRET_KEY,
            public_url=url,
            google_issuer_id=google_identity.issuer_id,
            google_service_account=simulator_certs / "google" / "service-account.json",
            google_wallet_url=url,
            google_token_url=f"{url}/token",
            google_callback_keys_url=f"{url}/keys",
        )
        made = World(cast, stand_in, settings, google_identity)
        keys = Signer(NOW, google_identity.issuer_id).keys()

        def _picture(digest: str) -> Response:
            found = pictures.get(digest) if made.shows_pictures else None
            return Response(found, content_type="image/png") if found else Response("no", 404)

        app.add_url_rule("/media/<digest>.png", "picture", _picture)
        app.add_url_rule("/robots.txt", "robots", lambda: Response(made.robots))
        app.add_url_rule(
            "/keys", "keys", lambda: Response(keys) if made.has_keys else Response("", 503)
        )
        yield made


def test_all_is_well(world: World) -> None:
    world.bring_classes()
    found = world.examined()
    assert found.pop("google_development") == "warn"
    assert found.pop("google_pictures") == "ok"
    assert set(found) == {
        "google_link",
        "google_token",
        "google_issuer",
        "google_classes",
        "google_keys",
    }
    assert set(found.values()) == {"ok"}
    assert world.examined(online=False)["google_classes"] == "ok"


def test_pitfall_23_each_missing_link_is_named(world: World) -> None:
    assert world.examined()["google_class_missing_yet"] == "warn"
    assert world.examined(online=False)["google_class_waits"] == "warn"
    world.bring_classes()
    rows = world.stand_in.store._rows["loyaltyClass"]
    first = next(iter(rows))
    rows[first] = {**rows[first], "reviewStatus": "REJECTED"}
    assert world.examined()["google_class_not_approved"] == "fail"
    rows[first] = {**rows[first], "reviewStatus": "UNDER_REVIEW"}
    assert world.examined()["google_class_in_review"] == "warn"
    world.shows_pictures = False
    assert "google_picture_unreachable" in world.examined()
    world.has_keys = False
    assert "google_keys_unreachable" in world.examined()
    world.robots = "User-agent: *\nDisallow: /google/\n"
    assert world.examined()["google_robots"] == "fail"


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        (403, "permissionDenied", "google_not_permitted"),
        (403, "accessNotConfigured", "google_api_disabled"),
        (404, "notFound", "google_issuer_unknown"),
        (503, "backendError", "google_unavailable"),
    ],
)
def test_pitfall_24_what_google_refuses_is_said(
    world: World, status: int, reason: str, code: str
) -> None:
    world.bring_classes()
    world.stand_in.faults.add(Fault(status, reason))
    found = world.examined()
    assert code in found
    assert "google_issuer" not in found
    assert found["google_keys"] == "ok"  # the rest is examined all the same


def test_a_key_of_somebody_else_gets_no_token(world: World) -> None:
    world.stand_in.account = dataclasses.replace(world.stand_in.account, email="other@example.com")
    assert "google_no_token" in world.examined()


def test_an_unreadable_file_is_said_and_shows_nothing(world: World, tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    file.write_text('{"private_key": "-----SECRET-----"}')
    settings = world.settings.model_copy(update={"google_service_account": file})
    installation = Installation(settings, world.cast.database, NOW, online=True)
    (only,) = google_doctor(installation)
    assert (only.code, only.state) == ("google_account_unusable", "fail")
    assert "SECRET" not in json.dumps([only.sentence, dict(only.facts)])


def test_no_secret_is_ever_shown(world: World) -> None:
    world.bring_classes()
    account: dict[str, Any] = json.loads(
        (world.settings.google_service_account or Path()).read_bytes()
    )
    checks = google_doctor(Installation(world.settings, world.cast.database, NOW, online=True))
    said = "\n".join(
        f"{one.sentence} {one.fix}"
        for language in ("en", "fr")
        for one in (speak(check, translator(language), language) for check in checks)
    )
    for secret in (
        account["private_key"],
        account["private_key_id"],
        account["private_key"][40:90],
    ):
        assert secret not in said
    assert "{" not in said  # every hole is filled


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_has_a_sentence_in_both_languages(reason: Any) -> None:
    refusal = GoogleRefusal(reason, "The caller does not have permission (403)")
    assert why_kept(str(refusal)) == why(refusal)
    for language in ("en", "fr"):
        said = speak(why(refusal), translator(language), language)
        assert refusal.words in said.sentence
        assert said.fix
    assert (
        speak(why(refusal), translator("fr"), "fr").sentence
        != speak(why(refusal), translator("en"), "en").sentence
    )


def test_words_of_others_are_left_as_they_are() -> None:
    assert why_kept("410 Unregistered") is None
    assert why_kept("BadDeviceToken: x") is None
