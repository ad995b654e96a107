"""A renewed certificate is taken while the process runs; the old one signs until then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from passes.apple.identity import AppleIdentity, make_development_identity
from passes.apple.keeper import LOOK_SECONDS, IdentityKeeper
from passes.errors import IdentityError


class Files:
    """What a process would read, and its clock."""

    def __init__(self, identity: AppleIdentity) -> None:
        self.identity: AppleIdentity | None = identity
        self.mark = 0
        self.time = 0.0

    def put(self, identity: AppleIdentity | None) -> None:
        self.identity = identity
        self.mark += 1

    def load(self) -> AppleIdentity:
        if self.identity is None:
            raise IdentityError("half written")
        return self.identity

    def keeper(self) -> IdentityKeeper:
        return IdentityKeeper(self.load, lambda: self.mark, lambda: self.time)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], AppleIdentity]:
    return lambda type_id: make_development_identity(tmp_path_factory.mktemp("keeper"), type_id)


def test_the_new_one_signs_after_the_next_look(
    identity: AppleIdentity, make: Callable[[str], AppleIdentity]
) -> None:
    files = Files(identity)
    keeper = files.keeper()
    renewed = make(identity.pass_type_id)
    files.put(renewed)
    assert keeper.current is identity, "not at each call: a look costs system calls"
    files.time += LOOK_SECONDS
    assert keeper.current is renewed
    assert not keeper.needs_restart


def test_the_old_one_signs_while_the_new_one_cannot_be_read(identity: AppleIdentity) -> None:
    files = Files(identity)
    keeper = files.keeper()
    files.put(None)
    files.time += LOOK_SECONDS
    assert keeper.current is identity
    files.identity = identity
    files.time += LOOK_SECONDS
    assert keeper.current is identity
    assert not keeper.needs_restart


def test_another_pass_type_needs_a_restart(
    identity: AppleIdentity, make: Callable[[str], AppleIdentity]
) -> None:
    files = Files(identity)
    keeper = files.keeper()
    files.put(make("pass.dev.other"))
    files.time += LOOK_SECONDS
    assert keeper.current is identity
    assert keeper.needs_restart
    files.put(identity)
    files.time += LOOK_SECONDS
    assert keeper.current is identity
    assert not keeper.needs_restart


def test_files_that_vanish_are_looked_for_again(identity: AppleIdentity, tmp_path: Path) -> None:
    gone = tmp_path / "pass.pem"
    time = [0.0]
    keeper = IdentityKeeper(
        lambda: identity, lambda: gone.stat().st_mtime_ns if time[0] else 0, lambda: time[0]
    )
    time[0] = LOOK_SECONDS
    assert keeper.current is identity
