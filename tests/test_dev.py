"""`dev.py run` knows, with nothing but Python, whether anything has to be made before the pages open."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from tests.databases import Sqlite
from tests.factories import SECRET_KEY
from wallet.actions.schema_state import head_revision
from wallet.config import ROOT, Settings


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    """dev.py, read as a module."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_database_of_this_release_is_known(
    dev: ModuleType, sqlite: Sqlite, tmp_path: Path
) -> None:
    file = Path(sqlite.migrated().removeprefix("sqlite:///"))
    file.rename(tmp_path / dev.DATABASE)
    assert dev.is_set_up(tmp_path, {})
    assert Settings.read(data_dir=tmp_path, secret_key=SECRET_KEY).database.endswith(dev.DATABASE)
    assert not dev.is_set_up(tmp_path, {"COMPTOIR_DATABASE_URL": "postgresql:///elsewhere"})


@pytest.mark.parametrize("revision", ["0001", head_revision() + "9", None])
def test_any_other_database_is_made_ready_first(
    dev: ModuleType, tmp_path: Path, revision: str | None
) -> None:
    with closing(sqlite3.connect(tmp_path / dev.DATABASE)) as database:
        if revision:
            database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
            database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
            database.commit()
    assert not dev.is_set_up(tmp_path, {})


def test_what_is_no_database_is_made_ready_first(dev: ModuleType, tmp_path: Path) -> None:
    assert not dev.is_set_up(tmp_path, {})
    (tmp_path / dev.DATABASE).write_text("no database at all")
    assert not dev.is_set_up(tmp_path, {})


def test_translations_are_compiled_again_after_an_update(dev: ModuleType, tmp_path: Path) -> None:
    words = tmp_path / "translations/fr/LC_MESSAGES/messages.po"
    words.parent.mkdir(parents=True)
    words.write_text("")
    assert not dev.is_translated(tmp_path)
    compiled = words.with_suffix(".mo")
    compiled.write_bytes(b"")
    os.utime(words, (1000, 1000))
    os.utime(compiled, (1000, 1000))
    assert dev.is_translated(tmp_path)
    os.utime(words, (2000, 2000))
    assert not dev.is_translated(tmp_path)
