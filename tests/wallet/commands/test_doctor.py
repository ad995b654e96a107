"""`comptoir doctor` as operators run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.databases import Sqlite
from tests.factories import SECRET_KEY
from wallet.cli import main


@pytest.fixture
def environment(sqlite: Sqlite, tmp_path: Path) -> dict[str, str]:
    """A fresh installation whose tables are there."""
    return {
        "COMPTOIR_DATA_DIR": str(tmp_path),
        "COMPTOIR_DATABASE_URL": sqlite.migrated(),
        "COMPTOIR_SECRET_KEY": SECRET_KEY,
        "LC_ALL": "C",
    }


def doctor(environment: dict[str, str], *words: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *words], env=environment)


def test_a_new_installation_is_sound_and_told_what_is_missing(environment: dict[str, str]) -> None:
    told = doctor(environment)
    assert told.exit_code == 0, told.output
    assert "ok    The tables are those of this release" in told.output
    assert "warn  Cards are signed with a development certificate" in told.output
    assert "→ certs/README.md shows the way" in told.output


def test_programs_get_codes_and_french_merchants_french(environment: dict[str, str]) -> None:
    told = doctor(environment, "apple", "--json", "--lang", "fr")
    assert told.exit_code == 0, told.output
    found = json.loads(told.output)
    assert list(found) == ["apple"]
    assert found["apple"][0]["code"] == "apple_development"
    assert "certificat de développement" in found["apple"][0]["sentence"]


def test_what_does_not_work_is_an_error(environment: dict[str, str], tmp_path: Path) -> None:
    environment["COMPTOIR_DATABASE_URL"] = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    told = doctor(environment, "service")
    assert told.exit_code == 1
    assert "FAIL  The tables are not those of this release" in told.output
    assert "Run `comptoir db upgrade`." in told.output


def test_an_unusable_certificate_is_told_in_a_sentence(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"COMPTOIR_APPLE_CERT": str(tmp_path / "pass.pem")}
    told = doctor(environment, "apple")
    assert told.exit_code == 1
    assert "No card can be signed: COMPTOIR_APPLE_CERT also needs COMPTOIR_APPLE_KEY" in told.output


def test_online_it_asks_apple_and_says_when_nobody_answers(environment: dict[str, str]) -> None:
    environment |= {"COMPTOIR_APNS_URL": "https://127.0.0.1:1"}
    told = doctor(environment, "apple", "--online", "--json")
    assert told.exit_code == 0, told.output
    found = {one["code"]: one for one in json.loads(told.output)["apple"]}
    assert found["apple_push_skip"]["state"] == "warn"
    assert "cannot be reached from here" in found["apple_push_skip"]["sentence"]
