"""`comptoir till …` and `comptoir staff pin`: tills, their screens and PINs from the machine itself."""

from __future__ import annotations

from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner, Result

from tests.factories import Cast
from wallet import clock
from wallet.actions.tills.pair import CODE_LIFE, pair, till_behind
from wallet.actions.tills.pin import Spot, prove_pin
from wallet.actions.tills.screens import pair_screen, screen_behind
from wallet.commands.programs import staff_group
from wallet.commands.tills import till_group
from wallet.errors import Refusal

Run = Callable[..., Result]


@pytest.fixture
def run(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on the test's database, at its time."""
    monkeypatch.setattr(clock, "now", lambda: cast.now)
    for module in ("tills", "programs"):
        monkeypatch.setattr(f"wallet.commands.{module}.open_database", lambda: cast.database)

    def _run(
        *said: str, group: click.Group = till_group, program: str = cast.program.slug
    ) -> Result:
        return CliRunner().invoke(group, [*said, "--program", program])

    return _run


def test_a_till_and_its_screen_from_the_code_to_the_end(cast: Cast, run: Run) -> None:
    assert run("list").output == ""
    made = run("pair", "--name", "Counter 1", "--store", "place du MODÈLE")
    assert made.exit_code == 0, made.output
    code = made.stdout.splitlines()[-1]
    assert made.stdout == f"{code}\n"
    minutes = int(CODE_LIFE.total_seconds() // 60)
    assert f"/till/pair on the device within {minutes} minutes." in made.stderr
    assert " waiting " in run("list").stdout
    token, _till = pair(cast.database, code, "127.0.0.1", cast.now)
    listed = run("list").stdout
    till = listed.split()[0]
    assert " paired " in listed
    assert "Counter 1 (Place du Modèle)" in listed

    asked = run("screen", till)
    spoken = asked.stdout.splitlines()[-1]
    assert "/till/screen/pair on the device" in asked.stderr
    screen_token = pair_screen(cast.database, spoken, "127.0.0.1", cast.now)
    first, second = run("list").stdout.splitlines()
    assert first.startswith(till)
    assert second.endswith("customer's screen")
    screen = second.split()[0]
    assert run("revoke", screen).output == f"{screen} is revoked.\n"
    assert run("list").stdout.splitlines() == [first]
    with cast.database.reading() as session:
        known = screen_behind(session, screen_token, cast.now)
    assert known is not None
    assert not known.is_open

    assert run("revoke", till).output == "Counter 1 is revoked.\n"
    assert run("revoke", till).exit_code == 0  # twice changes nothing
    with cast.database.reading() as session:
        found = till_behind(session, token, cast.now)
    assert found is not None
    assert not found.is_open
    assert " revoked " in run("list").stdout


def test_a_pin_is_given_typed_or_drawn(cast: Cast, run: Run) -> None:
    given = run("pin", "--email", "dora@exemple.test", group=staff_group)
    assert given.exit_code == 0, given.output
    pin = given.stdout.splitlines()[-1]
    assert pin.isdigit()
    spot = Spot(cast.program.id, "test")
    assert prove_pin(cast.database, spot, cast.staff["dora"], pin, cast.now).name == "Dora"
    wrong = "9182" if pin != "9182" else "8291"
    with pytest.raises(Refusal, match="pin_wrong"):
        prove_pin(cast.database, spot, cast.staff["dora"], wrong, cast.now)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (("pair", "--name", " "), "Please give the till a name."),
        (("pair", "--name", "Counter", "--store", "nowhere"), "No such store."),
        (("revoke", "til_0000000000000"), "There is no such till."),
        (("revoke", "scr_0000000000001"), "There is no such screen."),
        (("screen", "nonsense"), "There is no such till."),
    ],
)
def test_what_cannot_be_done_is_one_line(run: Run, said: tuple[str, ...], sentence: str) -> None:
    done = run(*said)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"Error: {sentence}\n"


def test_another_program_is_another_house(cast: Cast, run: Run) -> None:
    run("pair", "--name", "Counter 1")
    till = run("list").stdout.split()[0]
    elsewhere = cast.other.program.slug
    assert run("list", program=elsewhere).stdout == ""
    assert run("revoke", till, program=elsewhere).stderr == "Error: There is no such till.\n"
    assert run("list", program="nobody").stderr == "Error: No such program.\n"
