"""`comptoir members …`: who may be one person, merged and parted from the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from tests.factories import Cast
from wallet.commands.members import members_group
from wallet.ids import public_id


@pytest.fixture
def twins(cast: Cast) -> Cast:
    """Ada came twice: the same address in another spelling."""
    cast.enrol("zoe", email="zoe@exemple.test", phone="+33611223344")
    cast.enrol("zoe2", email="Zoe+carte@exemple.test")
    cast.buy("zoe2", 4_000)
    return cast


def run(cast: Cast, *said: str) -> Result:
    """The command on the test's database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wallet.commands.members.open_database", lambda: cast.database)
        return CliRunner().invoke(members_group, [*said, "--program", cast.program.slug])


def test_doubles_are_named_merged_and_parted(twins: Cast) -> None:
    said = run(twins, "duplicates")
    assert said.exit_code == 0
    older, newer = (public_id("mbr", twins.people[name]) for name in ("zoe", "zoe2"))
    line = said.stdout.splitlines()[0]
    assert line.startswith(f"{newer} {older}  90 %")
    assert "Same e-mail address" in line
    assert run(twins, "merge", newer, older).output == f"{newer} is {older} now.\n"
    assert twins.balance("zoe").available == 40
    assert run(twins, "merge", newer, older).exit_code == 0  # twice changes nothing
    assert run(twins, "part", newer).output == f"{newer} stands alone again.\n"
    assert (twins.balance("zoe").available, twins.balance("zoe2").available) == (0, 40)
    assert run(twins, "duplicates").stdout == ""  # somebody said that they are two


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (("merge", "mbr_0", "mbr_1"), "No member was found."),
        (("part", "nonsense"), "No member was found."),
    ],
)
def test_what_cannot_be_done_is_one_line(cast: Cast, said: tuple[str, ...], sentence: str) -> None:
    done = run(cast, *said)
    assert (done.exit_code, done.stderr) == (1, f"Error: {sentence}\n")


def test_a_member_who_was_never_merged_cannot_be_parted(cast: Cast) -> None:
    done = run(cast, "part", public_id("mbr", cast.people["ada"]))
    assert (done.exit_code, done.stderr) == (1, "Error: This member was not merged.\n")
