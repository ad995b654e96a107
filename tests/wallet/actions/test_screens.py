"""What a till shows its customer, on both databases: one row, overwritten, gone when nobody repeats it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from tests.factories import Cast
from wallet.actions.actor import SYSTEM
from wallet.actions.tills.pair import NewTill, add_till, pair
from wallet.actions.tills.screens import (
    FACE_LIFE,
    PairedScreen,
    add_screen,
    face_shown,
    pair_screen,
    screen_behind,
    show_face,
)
from wallet.ids import private_id


def paired_screen(cast: Cast) -> PairedScreen:
    new = NewTill("Counter 1", cast.program.stores[0].id)
    till, code = cast.run(lambda s: add_till(s, cast.program, new, SYSTEM, cast.now))
    pair(cast.database, code, "127.0.0.1", cast.now)
    number = private_id("til", till.id) or 0
    assert cast.run(lambda s: show_face(s, number, {"kind": "welcome"}, cast.now)) == 0
    _view, code = cast.run(lambda s: add_screen(s, cast.program, number, SYSTEM, cast.now))
    token = pair_screen(cast.database, code, "127.0.0.1", cast.now)
    with cast.database.reading() as session:
        found = screen_behind(session, token, cast.now)
    assert found is not None
    assert found.is_open
    return found


def tell(cast: Cast, screen: PairedScreen, face: dict[str, Any]) -> int:
    return cast.run(lambda session: show_face(session, screen.till_id, face, cast.now))


def shown(cast: Cast, screen: PairedScreen) -> tuple[int, dict[str, Any] | None]:
    with cast.database.reading() as session:
        found = face_shown(session, screen, cast.now)
    return found.version, found.face


def test_a_face_has_a_version_that_changes_with_it(cast: Cast) -> None:
    screen = paired_screen(cast)
    assert shown(cast, screen) == (0, None)
    faces = [{"kind": "member", "title": name} for name in ("Ada", "Ada", "Zoé 🎁", "علي")]
    seen = []
    for face in faces:
        assert tell(cast, screen, face) == 1
        version, kept = shown(cast, screen)
        assert kept == face
        seen.append(version)
    assert seen == [1, 1, 2, 3]
    cast.now += FACE_LIFE - timedelta(seconds=1)
    assert shown(cast, screen) == (3, faces[-1])
    cast.now += timedelta(seconds=1)
    assert shown(cast, screen) == (0, None)


def test_two_tabs_of_one_till_that_tell_at_once_end_in_one_row(cast: Cast) -> None:
    screen = paired_screen(cast)
    failed: list[BaseException] = []

    def _tell(name: str) -> None:
        face = {"kind": "member", "title": name}
        try:
            for _ in range(5):
                cast.database.run(lambda s: show_face(s, screen.till_id, face, cast.now))
        except BaseException as error:  # noqa: BLE001  told below
            failed.append(error)

    tabs = [threading.Thread(target=_tell, args=(name,)) for name in ("Ada", "Bruno")]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert failed == []
    _version, face = shown(cast, screen)
    assert face is not None
    assert face["title"] in ("Ada", "Bruno")
