"""What commands open, they close."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.factories import SECRET_KEY
from wallet import parts
from wallet.cli import main
from wallet.config import Settings
from wallet.db import Database


def test_a_command_closes_what_it_opened(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Database] = []

    def _make(settings: Settings) -> Database:
        opened.append(parts.make_database(settings))
        return opened[-1]

    monkeypatch.setattr("wallet.commands.installation.make_database", _make)
    env = {
        "COMPTOIR_DATABASE_URL": database.url,
        "COMPTOIR_DATA_DIR": str(tmp_path),
        "COMPTOIR_SECRET_KEY": SECRET_KEY,
    }
    for words in (["audit"], ["db", "upgrade"], ["audit", "--program", "nobody"]):
        CliRunner().invoke(main, words, env=env)
    assert len(opened) == 3
    assert [one.engine.pool.checkedin() for one in opened] == [0, 0, 0]  # type: ignore[attr-defined]
