"""Complaints of phones are grouped, counted, and shown to nobody whose cards they are not about."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from tests.factories import Cast
from tests.passes.apple.test_device_log import LINES
from wallet.actions.issue_pass import issue_pass
from wallet.actions.phone_complaints import EXAMPLES_OF_OTHERS, LOOK_BACK, phone_complaints
from wallet.tables.wallet_pass import PhoneLog


def write(cast: Cast, *lines: str, days_ago: float = 0) -> None:
    at = cast.now - timedelta(days=days_ago)

    def _write(session: Session) -> None:
        session.add_all(PhoneLog(at=at, message=line) for line in lines)

    cast.run(_write)


def test_lines_are_grouped_worst_first(cast: Cast) -> None:
    write(cast, *[LINES["unchanged"]] * 5, days_ago=3)
    write(cast, LINES["list_unauthorized"], LINES["list_unauthorized"].replace("6ae1", "7bf2"))
    write(cast, LINES["not_found"], days_ago=LOOK_BACK.days + 1)
    with cast.database.reading() as session:
        found = phone_complaints(session, cast.now)
    assert [(group.code, group.count) for group in found.groups] == [
        ("list_unauthorized", 2),
        ("unchanged", 5),
    ]
    worst = found.groups[0]
    assert (worst.phones, worst.last_at) == (2, cast.now)
    assert worst.kind is not None
    assert len(worst.examples) == 1
    assert not found.is_cut


def test_what_is_not_known_is_shown_as_it_came(cast: Cast) -> None:
    write(cast, *[f"Wallet says {number}" for number in range(20)])
    with cast.database.reading() as session:
        (group,) = phone_complaints(session, cast.now).groups
    assert (group.kind, group.count) == (None, 20)
    assert list(group.examples) == [
        f"Wallet says {n}" for n in range(19, 19 - EXAMPLES_OF_OTHERS, -1)
    ]


def test_other_programs_do_not_see_what_names_a_card(cast: Cast) -> None:
    issued = cast.run(
        lambda session: issue_pass(
            session, cast.program, cast.member(session, "ada"), "apple", cast.now
        )
    )
    about_ada = (
        f"Server requested update to serial number '{issued.serial}', but the pass was unchanged."
    )
    write(cast, about_ada, "Wallet has a cold today", LINES["list_unauthorized"])
    with cast.database.reading() as session:
        own = phone_complaints(session, cast.now, cast.program.id)
        others = phone_complaints(session, cast.now, cast.other.program.id)
    assert {group.code for group in own.groups} == {"unchanged", "other", "list_unauthorized"}
    assert {group.code for group in others.groups} == {"other", "list_unauthorized"}
