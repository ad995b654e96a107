"""`comptoir key …`: made, listed and revoked from the machine itself."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from tests.factories import Cast
from wallet import clock
from wallet.actions.api_access import key_holder
from wallet.commands.programs import key_group


def test_a_key_from_its_making_to_its_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: cast.now)
    monkeypatch.setattr("wallet.commands.programs.open_database", lambda: cast.database)

    def _run(*said: str) -> Result:
        return CliRunner().invoke(key_group, [*said, "--program", cast.program.slug])

    key = _run("create", "--name", "Web shop").stdout.splitlines()[-1]
    holder = key_holder(cast.database, key, cast.now)
    assert holder is not None
    assert (holder.program_id, holder.name) == (cast.program.id, "Web shop")
    (line,) = [line for line in _run("list").stdout.splitlines() if line.endswith("Web shop")]
    assert line.split()[:3] == ["valid", "-", "shop"]

    for _ in range(2):
        assert _run("revoke", "Web shop").stdout == "Web shop is revoked.\n"
    assert key_holder(cast.database, key, cast.now) is None
    (line,) = [line for line in _run("list").stdout.splitlines() if line.endswith("Web shop")]
    assert line.startswith("revoked")
    assert key not in _run("list").stdout

    nobody = _run("revoke", "Other shop")
    assert nobody.exit_code == 1
    assert "No such key" in nobody.output
