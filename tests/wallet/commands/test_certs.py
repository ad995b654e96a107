"""`comptoir certs` as a shop owner types it, and what running processes make of it."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from passes.apple.certificates import key_pem
from passes.apple.identity import AppleIdentity
from passes.apple.verify import read_pkpass
from tests.databases import Sqlite
from tests.doors import open_house
from tests.factories import PUBLIC_URL, SECRET_KEY, make_cast, open_database
from tests.passes.apple.certs.cases import der, p12, pem
from tests.passes.apple.certs.cast import TEAM, TYPE_ID, key, leaf, wwdr
from wallet.cli import main
from wallet.config import Settings
from wallet.parts import apple_keeper, certificate_store


class Desk:
    """A shop owner at the terminal, with a data folder and a folder of downloads."""

    def __init__(self, folder: Path) -> None:
        self.data, self.downloads = folder / "data", folder / "downloads"
        self.downloads.mkdir()

    def type(self, *words: str, **environment: str) -> Result:
        env = {
            "COMPTOIR_DATA_DIR": str(self.data),
            "COMPTOIR_SECRET_KEY": SECRET_KEY,
            "COMPTOIR_PUBLIC_URL": PUBLIC_URL,
            "LC_ALL": "C",
        }
        return CliRunner().invoke(main, ["certs", *words], env={**env, **environment})

    def download(self, name: str, data: bytes) -> str:
        path = self.downloads / name
        path.write_bytes(data)
        return str(path)

    def install(self, certificate: x509.Certificate, *words: str, **environment: str) -> Result:
        given = self.download("pass.pem", pem(certificate) + key_pem(key(1)))
        return self.type("install", given, *words, **environment)

    @property
    def settings(self) -> Settings:
        return Settings.read(data_dir=self.data, secret_key=SECRET_KEY, public_url=PUBLIC_URL)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def furnished(desk: Desk) -> Desk:
    """Apple's intermediate is here already."""
    certificate_store(desk.settings).put_intermediate(wwdr().certificate)
    return desk


def test_from_nothing_to_a_certificate_in_use(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passes.apple.certs.request.new_key", lambda: key(1))
    assert "--pass-type-id is needed" in desk.type("request").output
    asked = desk.type("request", "--pass-type-id", TYPE_ID, "--organization", "Café Lumière")
    assert asked.exit_code == 0, asked.output
    assert str(desk.data / "certs" / "pass" / "request" / "pass.csr") in asked.output
    assert "leave the certificate name empty" in asked.output.lower()
    assert "still waiting" in desk.type("request", "--pass-type-id", TYPE_ID).output
    assert "waits for Apple's answer" in desk.type("status").output

    early = desk.type("install", desk.download("pass.cer", der(leaf())))
    assert early.exit_code == 1
    assert "download AppleWWDRCAG4.cer from https://www.apple.com/" in early.output
    assert len(early.output.strip().splitlines()) == 1

    done = desk.type("install", desk.download("AppleWWDRCAG4.cer", der(wwdr().certificate)))
    assert done.exit_code == 0, done.output
    assert f"In use: {TYPE_ID}" in done.output
    assert "Restart `comptoir serve` and `comptoir worker` now" in done.output

    status = desk.type("status", LC_ALL="fr_FR.UTF-8")
    assert status.exit_code == 0
    assert f"Apple     {TYPE_ID} (équipe {TEAM})" in status.output
    assert "chaîne\u00a0: Apple Worldwide Developer Relations" in status.output
    assert "Demande" not in status.output


def test_a_p12_asks_for_its_password(furnished: Desk) -> None:
    given = furnished.download("pass.p12", p12(leaf(), key(1), b"open sesame"))
    refused = furnished.type("install", given)
    assert refused.exit_code == 1
    assert "is protected: give its password" in refused.output
    wrong = furnished.type("install", given, COMPTOIR_CERTS_PASSWORD="close sesame")
    assert "does not open pass.p12" in wrong.output
    assert furnished.type("install", given, COMPTOIR_CERTS_PASSWORD="open sesame").exit_code == 0


def test_a_renewal_is_staged_switched_and_taken_back(furnished: Desk) -> None:
    furnished.install(leaf(ends_days=20))
    asked = furnished.type("request")
    assert TYPE_ID in asked.output, "the type is that of the certificate in use"
    staged = furnished.install(leaf(ends_days=400), "--stage")
    assert "Checked and staged" in staged.output
    assert "`comptoir certs switch` puts it in use" in furnished.type("status").output
    switched = furnished.type("switch")
    assert "no restart is needed" in switched.output
    assert furnished.type("switch").exit_code == 1
    assert furnished.type("switch", "--back").exit_code == 0


def test_another_pass_type_is_refused_because_cards_would_die(furnished: Desk) -> None:
    furnished.install(leaf())
    other = leaf(type_id="pass.com.example.new")
    refused = furnished.install(other)
    assert refused.exit_code == 1
    assert "they would never be updated again" in refused.output
    asked = furnished.type("request", "--pass-type-id", "pass.com.example.new")
    assert "they would never be updated again" in asked.output
    assert furnished.install(other, "--abandon-cards", TYPE_ID).exit_code == 0


def test_settings_that_name_files_go_on_winning_and_say_so(furnished: Desk) -> None:
    furnished.install(leaf())
    version = certificate_store(furnished.settings).version("current")
    assert version is not None
    names = {"CERT": "pass.pem", "KEY": "pass.key", "WWDR": "wwdr.pem"}
    kept = shutil.copytree(version.folder, furnished.downloads / "kept")
    said = {f"COMPTOIR_APPLE_{name}": str(kept / file) for name, file in names.items()}
    assert "from the files that COMPTOIR_APPLE_CERT" in furnished.type("status", **said).output
    renewed = furnished.install(leaf(ends_days=500), **said)
    assert "COMPTOIR_APPLE_CERT is set and still wins" in renewed.output


def test_running_processes_sign_with_the_renewed_one(
    furnished: Desk, sqlite: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passes.apple.keeper.LOOK_SECONDS", 0.0)
    old, new = leaf(ends_days=20), leaf(ends_days=400)
    furnished.install(old)
    database = open_database(sqlite.migrated())
    with open_house(make_cast(database), furnished.data) as house:

        def signed_by() -> int:
            answer = house.caller("anonymous").send("GET", f"{house.card_path()}/apple.pkpass")
            opened = read_pkpass(io.BytesIO(answer.data).read(), [wwdr().certificate])
            return opened.certificate.serial_number

        assert house.pass_type_id == TYPE_ID
        assert signed_by() == old.serial_number
        assert furnished.install(new).exit_code == 0
        assert signed_by() == new.serial_number
    database.dispose()


def test_a_first_certificate_needs_a_restart_and_the_process_knows(
    furnished: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passes.apple.keeper.LOOK_SECONDS", 0.0)
    keeper = apple_keeper(furnished.settings)
    assert keeper.current.is_development
    furnished.install(leaf())
    assert isinstance(keeper.current, AppleIdentity)
    assert keeper.current.is_development
    assert keeper.needs_restart


def test_the_key_never_leaves_in_what_is_printed(furnished: Desk) -> None:
    furnished.type("request", "--pass-type-id", TYPE_ID)
    made = furnished.data / "certs" / "pass" / "request" / "pass.key"
    load_pem_private_key(made.read_bytes(), None)
    secret = made.read_text().splitlines()[1]
    for words in (("request", "--pass-type-id", TYPE_ID), ("status",)):
        assert secret not in furnished.type(*words).output


def test_the_first_step_needs_no_secret_key(desk: Desk) -> None:
    """Whoever begins with Apple, days before the service starts for the first time."""
    asked = desk.type("request", "--pass-type-id", TYPE_ID, COMPTOIR_SECRET_KEY="")
    assert asked.exit_code == 0, asked.output
    assert (desk.data / "certs" / "pass" / "request" / "pass.csr").is_file()
    assert desk.type("status", COMPTOIR_SECRET_KEY="").exit_code == 0
    assert not (desk.data / "secret_key").exists()
