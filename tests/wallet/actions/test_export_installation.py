"""Export, import, backup, restore: nothing lost, on either database, and nothing believed unseen."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tests.databases import Postgres, Sqlite
from tests.factories import SECRET_KEY, Cast, make_cast, open_database
from wallet.actions.archive import MANIFEST, ArchiveError, ArchiveReader
from wallet.actions.audit import audit
from wallet.actions.export_installation import LEFT_OUT, export_installation
from wallet.actions.import_installation import import_installation
from wallet.actions.merge_members import merge_members
from wallet.actions.schema_state import schema_state
from wallet.actions.upgrade_database import upgrade_database
from wallet.cli import main
from wallet.context import Context, Vault
from wallet.db import Base, Database
from wallet.tables.wallet_pass import passes_of


@contextmanager
def new(engine: Sqlite | Postgres) -> Iterator[Database]:
    """A database without any table."""
    url = engine.blank()
    opened = open_database(url)
    yield opened
    opened.dispose()
    engine.drop(url)


def lived(cast: Cast) -> None:
    """A sale, a part of it given back, a reward, two members made one, a card."""
    sale = cast.buy("ada", 12_345)
    cast.refund(sale, 2_345)
    cast.buy("bruno", 5_000)
    cast.run(
        lambda session: merge_members(
            session,
            cast.program,
            cast.member(session, "bruno"),
            cast.member(session, "ada"),
            cast.actor,
            cast.now,
        )
    )


def test_what_goes_from_one_database_to_the_other_and_back_is_the_same_to_the_byte(
    cast: Cast, engine: Sqlite | Postgres, sqlite: Sqlite, postgres: Postgres, tmp_path: Path
) -> None:
    lived(cast)
    other: Sqlite | Postgres = postgres if engine is sqlite else sqlite
    first, second, third = (tmp_path / name for name in ("1.zip", "2.zip", "3.zip"))
    export_installation(cast.database, first)
    assert first.stat().st_mode & 0o777 == 0o600
    with new(other) as there, new(engine) as back:
        import_installation(there, ArchiveReader(first))
        export_installation(there, second)
        import_installation(back, ArchiveReader(second))
        export_installation(back, third)
        with there.reading() as session:
            assert audit(session).findings == []
        # Cards already on phones go on being known: same serial, same token.
        for held in (there, back):
            with cast.database.reading() as old, held.reading() as found:
                ours = [(one.serial, one.auth_token) for one in passes_of(old, cast.people["ada"])]
                theirs = [
                    (one.serial, one.auth_token) for one in passes_of(found, cast.people["ada"])
                ]
            assert ours == theirs
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()


def test_every_table_goes_along_but_what_lets_somebody_in(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "all.zip"
    manifest = export_installation(cast.database, file)
    assert set(manifest.tables) == set(Base.metadata.tables) - LEFT_OUT
    assert manifest.tables["staff"]["rows"] > 0
    reader = ArchiveReader(file)
    assert not [name for name in LEFT_OUT if f"tables/{name}.jsonl" in file.read_text("latin-1")]
    reader.close()


@pytest.fixture(scope="module")
def exported(sqlite: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a small café exports."""
    folder = tmp_path_factory.mktemp("exported")
    url = sqlite.migrated()
    database = open_database(url)
    lived(make_cast(database))
    export_installation(database, folder / "good.zip")
    database.dispose()
    sqlite.drop(url)
    return folder / "good.zip"


def rewrite(file: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The archive with its entries changed; None leaves one out."""
    target = file.with_name("changed.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as made:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                made.writestr(name, content)
    return target


def _more_points(name: str, content: bytes) -> bytes:
    return (
        content.replace(b'"balance":', b'"balance":9')
        if name == "tables/account.jsonl"
        else content
    )


def _without_entries(name: str, content: bytes) -> bytes | None:
    return None if name == "tables/entry.jsonl" else content


def _from_later(name: str, content: bytes) -> bytes:
    return content.replace(b'"revision": "', b'"revision": "9') if name == MANIFEST else content


def _other_format(name: str, content: bytes) -> bytes:
    return content.replace(b'"format": 1', b'"format": 2') if name == MANIFEST else content


def _escapes(name: str, content: bytes) -> bytes:
    if name != MANIFEST:
        return content
    told = json.loads(content)
    told["files"]["../evil"] = {"bytes": 0, "sha256": ""}
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_more_points, r"tables/account.jsonl in the archive is damaged"),
        (_without_entries, r"tables/entry.jsonl is missing"),
        (_from_later, r"later release"),
        (_other_format, r"format 2"),
        (_escapes, r"would leave the data folder"),
    ],
)
def test_an_archive_that_was_touched_is_refused_and_nothing_written(
    change: Callable[[str, bytes], bytes | None],
    sentence: str,
    exported: Path,
    sqlite: Sqlite,
) -> None:
    with new(sqlite) as there:
        with pytest.raises(ArchiveError, match=sentence):
            import_installation(there, ArchiveReader(rewrite(exported, change)))
        assert schema_state(there)[0] is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip", b"\0" * 4096])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other.zip"
    file.write_bytes(content)
    with pytest.raises(ArchiveError, match="no export of Comptoir"):
        ArchiveReader(file)


def test_without_the_same_secret_key_nothing_is_taken_in(exported: Path, sqlite: Sqlite) -> None:
    url = sqlite.blank()
    stranger = Database(url, info={"context": Context(Vault("k" * 20 + "another key"), "http://x")})
    with pytest.raises(ArchiveError, match="another COMPTOIR_SECRET_KEY"):
        import_installation(stranger, ArchiveReader(exported))
    stranger.dispose()
    sqlite.drop(url)


def test_a_database_that_holds_a_program_takes_nothing_in(cast: Cast, exported: Path) -> None:
    with pytest.raises(ArchiveError, match="already holds a program"):
        import_installation(cast.database, ArchiveReader(exported))


def test_an_export_of_an_earlier_release_is_brought_to_this_one(
    exported: Path, sqlite: Sqlite
) -> None:
    """As that release would have written it: without what came since."""
    old_tables = _tables_at(sqlite, "0002")

    def as_then(name: str, content: bytes) -> bytes | None:
        if name == MANIFEST:
            return content
        table = name.removeprefix("tables/").removesuffix(".jsonl")
        if table not in old_tables:
            return None
        rows = [json.loads(line) for line in content.splitlines()]
        kept = [{key: row[key] for key in row if key in old_tables[table]} for row in rows]
        return b"".join(json.dumps(row).encode() + b"\n" for row in kept)

    old = rewrite(exported, as_then)
    _seal_again(old, "0002")
    with new(sqlite) as there:
        import_installation(there, ArchiveReader(old))
        assert schema_state(there)[0] == schema_state(there)[1]
        with there.reading() as session:
            assert audit(session).findings == []
            assert audit(session).entries > 0


def _tables_at(sqlite: Sqlite, revision: str) -> dict[str, set[str]]:
    with new(sqlite) as then:
        upgrade_database(then, revision)
        with then.engine.connect() as connection:
            names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
            return {
                name: {row[1] for row in connection.execute(text(f'PRAGMA table_info("{name}")'))}
                for name in names
            }


def _seal_again(file: Path, revision: str) -> None:
    with zipfile.ZipFile(file) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    told = json.loads(entries.pop(MANIFEST))
    told["revision"] = revision
    told["tables"] = {
        name.removeprefix("tables/").removesuffix(".jsonl"): {
            "rows": content.count(b"\n"),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for name, content in entries.items()
    }
    with zipfile.ZipFile(file, "w") as made:
        for name, content in entries.items():
            made.writestr(name, content)
        made.writestr(MANIFEST, json.dumps(told))


def test_a_backup_brings_back_rows_and_files_in_a_new_place(tmp_path: Path) -> None:
    old, new_place = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (old / "secret_key").write_text(SECRET_KEY)
    (old / "certs").mkdir()
    (old / "certs" / "key.txt").write_text("sealed")
    (old / "mail").mkdir()
    (old / "mail" / "1.eml").write_text("already sent")

    def comptoir(folder: Path, *words: str) -> str:
        env = {"COMPTOIR_DATA_DIR": str(folder), "COMPTOIR_SECRET_KEY": "", "COMPTOIR_DEMO": "0"}
        done = CliRunner().invoke(main, list(words), env=env)
        assert done.exit_code == 0, done.output
        return done.output

    comptoir(old, "db", "upgrade")
    comptoir(old, "program", "create", "cafe", "--name", "Café")
    comptoir(old, "backup")
    comptoir(old, "backup", "--to", str(tmp_path / "elsewhere"), "--keep", "1")
    (made,) = (old / "backups").iterdir()
    assert "1 files" not in comptoir(new_place, "restore", str(made))
    assert (new_place / "certs" / "key.txt").read_text() == "sealed"
    assert (new_place / "secret_key").stat().st_mode & 0o777 == 0o600
    assert not (new_place / "mail").exists()
    again, back = tmp_path / "a.zip", tmp_path / "b.zip"
    comptoir(old, "export", str(again))
    comptoir(new_place, "export", str(back))
    assert again.read_bytes() == back.read_bytes()
    refused = CliRunner().invoke(
        main, ["restore", str(made)], env={"COMPTOIR_DATA_DIR": str(new_place)}
    )
    assert (refused.exit_code, "already holds a program" in refused.output) == (1, True)
