"""A sample of passes is opened before it leaves; what no phone would take is not sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from passes.apple.identity import make_development_identity
from passes.apple.keeper import IdentityKeeper
from passes.apple.package import Package, PassBuilder
from passes.errors import PackageError
from passes.google.identity import make_development_account
from passes.registry import StoredPass
from tests.databases import Sqlite
from tests.factories import SECRET_KEY, open_database
from tests.passes.cast import ADA, DESIGN, IDENTITY
from wallet.config import Settings
from wallet.parts import Parts
from wallet.web.pass_maker import PROVEN_EVERY, PassMaker


@pytest.fixture
def maker(tmp_path: Path, sqlite: Sqlite) -> PassMaker:
    """With a development identity and a database that holds no pictures."""
    url = sqlite.migrated()
    settings = Settings.read(data_dir=tmp_path, database_url=url, secret_key=SECRET_KEY)
    identity = make_development_identity(tmp_path)
    keeper = IdentityKeeper(lambda: identity, lambda: 0)
    account = make_development_account(tmp_path)
    return PassMaker(Parts(settings, open_database(url), keeper, account, lambda: None))


STORED = StoredPass(
    IDENTITY.serial,
    IDENTITY.auth_token,
    ADA.to_json(),
    DESIGN.model_dump(mode="json"),
    None,
    datetime(2026, 11, 22, tzinfo=UTC),
)


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("comptoir_passes_proven_total", {"outcome": outcome}) or 0.0


def test_a_package_that_no_phone_takes_is_logged_counted_and_not_sent(
    maker: PassMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, refused = counted("right"), counted("refused")
    maker.build(STORED)
    assert counted("right") == right + 1
    built = PassBuilder.parts

    def _spoiled(*args: object, **more: object) -> Package:
        pictures, rest = built(*args, **more)  # type: ignore[arg-type]
        return pictures, rest.replace(b'"formatVersion":1', b'"formatVersion":2')

    monkeypatch.setattr(PassBuilder, "parts", _spoiled)
    for _ in range(PROVEN_EVERY - 1):  # nobody looks at these
        maker.build(STORED)
    with capture_logs() as logs, pytest.raises(PackageError):
        maker.build(STORED)
    assert (counted("right"), counted("refused")) == (right + 1, refused + 1)
    (line,) = [one for one in logs if one["event"] == "pass_not_sent"]
    assert line["serial"] == IDENTITY.serial
    assert line["reason"]
    # The next sample is right again, once the fault is mended.
    monkeypatch.undo()
    for _ in range(PROVEN_EVERY):
        maker.build(STORED)
    assert counted("right") == right + 2
