"""A card for nobody comes, changes and goes, on both databases, and takes nothing real with it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from passes.apple.probe import probe_token
from tests.doors import everything_in
from tests.factories import Cast
from wallet.actions.issue_pass import issue_pass, may_hold
from wallet.actions.list_members import list_members
from wallet.actions.registry import Registry
from wallet.actions.trial_card import (
    LEFT_BEHIND,
    TrialCard,
    change_trial_card,
    drop_trial_cards,
    make_trial_card,
)
from wallet.tables.member import Member

DEVICE = "5e7a" * 8


def begun(cast: Cast) -> tuple[TrialCard, str]:
    """A card on a phone that does not exist, changed since; and its serial number."""
    card = cast.run(lambda session: make_trial_card(session, cast.program, cast.now))

    def _issue(session: Session) -> str:
        member = session.get_one(Member, card.member_id)
        assert may_hold(member)
        return issue_pass(session, cast.program, member, "apple", cast.now).serial

    serial = cast.run(_issue)
    assert Registry(cast.database, lambda: cast.now).register(DEVICE, probe_token(), serial)
    assert cast.run(lambda session: change_trial_card(session, cast.program, card, cast.now))
    return card, serial


def test_nothing_stays(cast: Cast) -> None:
    cast.buy("ada", 4000)
    before = everything_in(cast.database)
    card, serial = begun(cast)
    registry = Registry(cast.database, lambda: cast.now)
    assert registry.find(serial) is not None
    with cast.database.reading() as session:
        shown = [member.name for member in list_members(session, cast.program).members]
    assert sorted(shown) == ["Ada", "Bruno", "Chloe"]
    cast.run(lambda session: drop_trial_cards(session, [card.member_id], DEVICE))
    assert everything_in(cast.database) == before
    assert cast.audit().findings == []


def test_real_members_and_phones_cannot_be_dropped(cast: Cast) -> None:
    issued = cast.run(
        lambda session: issue_pass(
            session, cast.program, cast.member(session, "ada"), "apple", cast.now
        )
    )
    Registry(cast.database, lambda: cast.now).register("phone-of-ada", "ab" * 32, issued.serial)
    before = everything_in(cast.database)
    cast.run(lambda session: drop_trial_cards(session, [cast.people["ada"]], "phone-of-ada"))
    assert everything_in(cast.database) == before


def test_only_old_leftovers_are_cleared_away(cast: Cast) -> None:
    running, _ = begun(cast)
    cast.now += LEFT_BEHIND - timedelta(seconds=1)
    second = cast.run(lambda session: make_trial_card(session, cast.program, cast.now))
    with cast.database.reading() as session:
        assert session.get(Member, running.member_id) is not None
    cast.now += timedelta(seconds=2)
    cast.run(lambda session: make_trial_card(session, cast.program, cast.now))
    with cast.database.reading() as session:
        assert session.get(Member, running.member_id) is None
        assert session.get(Member, second.member_id) is not None
