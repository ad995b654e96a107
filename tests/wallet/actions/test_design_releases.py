"""A design reaches a share of the cards, then all, and goes back; who sees which is settled once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.factories import Cast
from wallet.actions.design_draft import design_draft, draft_to_publish, drop_draft, save_draft
from wallet.actions.design_releases import blocking_findings, effect_of, releases
from wallet.actions.design_test_card import LIFETIME, make_test_card
from wallet.actions.find_member import MemberRef, find_member, look_up
from wallet.actions.issue_pass import issue_pass
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.publish_design import (
    Release,
    publish_design,
    roll_back_design,
    widen_design,
    withdraw_design,
)
from wallet.actions.recompose_cards import recompose_cards_job
from wallet.actions.refresh_card import refresh_card
from wallet.actions.refresh_cards import refresh_cards_job
from wallet.actions.registry import Registry
from wallet.errors import Refusal
from wallet.rules.rollout import is_reached
from wallet.tables.google import count_install
from wallet.tables.member import TRIAL, Member
from wallet.tables.wallet_pass import WalletPass

MEMBERS = 24


@pytest.fixture
def crowd(cast: Cast) -> Cast:
    """More members, each with a card on both phones."""
    for number in range(MEMBERS):
        cast.enrol(f"crowd{number}", email=f"crowd{number}@exemple.test")

    def issue(session: Any) -> None:
        for who in cast.people:
            member = cast.member(session, who)
            for provider in ("apple", "google"):
                if member.status == "active":
                    issue_pass(session, cast.program, member, provider, cast.now)

    cast.run(issue)
    return cast


def fresh(cast: Cast) -> ProgramView:
    return cast.run(lambda session: program_view(session, cast.program.id))


def designs(cast: Cast) -> dict[int, set[int]]:
    """Design id → members whose cards show it."""

    def work(session: Any) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for row in session.query(WalletPass).filter_by(program_id=cast.program.id):
            found.setdefault(row.design_id, set()).add(row.member_id)
        return found

    return cast.run(work)


def spread(cast: Cast, design_id: int) -> None:
    payload = {"program_id": cast.program.id, "design_id": design_id}
    refresh_cards_job(cast.database, payload, cast.now)


def publish(cast: Cast, share: int = 100, **changes: str) -> int:
    document = {**cast.program.design, **changes}
    release = Release(share, "because")
    return cast.run(
        lambda session: publish_design(
            session, cast.program.id, document, "Emil", cast.now, release
        )
    )


def test_a_share_then_all_then_back(crowd: Cast) -> None:
    before = crowd.program.design_id
    version = publish(crowd, share=50, background="#112233")
    program = fresh(crowd)
    staged = program.staged
    assert staged is not None
    assert program.design_id == before
    spread(crowd, staged.id)
    shown = designs(crowd)
    assert shown[staged.id] == {
        one for one in crowd.people.values() if is_reached(one, staged.id, 50)
    } & {one for members in shown.values() for one in members}
    assert 3 <= len(shown[staged.id]) <= 23, "about half"
    assert not shown[staged.id] & shown[before], "both wallets of a member show the same"

    crowd.run(lambda session: widen_design(session, crowd.program.id, version, 100, crowd.now))
    assert fresh(crowd).staged is None
    spread(crowd, staged.id)
    assert set(designs(crowd)) == {staged.id}

    crowd.run(
        lambda session: roll_back_design(session, crowd.program.id, 1, "Emil", crowd.now, "no")
    )
    program = fresh(crowd)
    spread(crowd, program.design_id)
    assert set(designs(crowd)) == {program.design_id}
    assert program.design["background"] == crowd.program.design["background"]
    told = crowd.run(lambda session: releases(session, program))
    assert [(one.number, one.status, one.note) for one in told] == [
        (3, "published", "no"),
        (2, "retired", "because"),
        (1, "retired", ""),
    ]


def test_a_sale_during_the_roll_out_keeps_to_the_share(crowd: Cast) -> None:
    publish(crowd, share=5, background="#112233")
    program = fresh(crowd)
    assert program.staged is not None

    def sell(session: Any, who: str) -> bool:
        return refresh_card(session, program, crowd.member(session, who), crowd.now)

    for who in ("crowd1", "crowd2", "crowd3"):
        crowd.run(partial(sell, who=who))
    shown = designs(crowd)
    for who in ("crowd1", "crowd2", "crowd3"):
        member = crowd.people[who]
        assert member in shown[program.design_for(member)]


def test_what_was_staged_can_be_withdrawn(crowd: Cast) -> None:
    version = publish(crowd, share=50, background="#112233")
    staged = fresh(crowd).staged
    assert staged is not None
    spread(crowd, staged.id)
    crowd.run(lambda session: withdraw_design(session, crowd.program.id, version, crowd.now))
    spread(crowd, staged.id)  # a job that was late finds that its version is gone
    spread(crowd, crowd.program.design_id)
    assert set(designs(crowd)) == {crowd.program.design_id}
    for act in (
        lambda session: withdraw_design(session, crowd.program.id, version, crowd.now),
        lambda session: widen_design(session, crowd.program.id, version, 100, crowd.now),
        lambda session: roll_back_design(session, crowd.program.id, 99, "Emil", crowd.now, ""),
    ):
        with pytest.raises(Refusal, match="design_not_found"):
            crowd.run(act)


def test_the_page_is_told_how_far_it_is_and_what_it_will_do(crowd: Cast) -> None:
    crowd.run(
        lambda session: session.query(WalletPass).update(
            {"saved_at": crowd.now, "fetched_at": None}
        )
    )
    effect = crowd.run(
        lambda session: effect_of(
            session, crowd.program, {**crowd.program.design, "background": "#112233"}
        )
    )
    assert effect.changes == ["background"]
    assert effect.on_phones["google"] == effect.on_phones["apple"] > MEMBERS
    assert effect.blocking == []
    publish(crowd, background="#112233")
    program = fresh(crowd)
    newest = crowd.run(lambda session: releases(session, program))[0]
    assert [way.assigned for way in newest.ways] == [0, 0]
    assert newest.is_under_way
    spread(crowd, program.design_id)
    newest = crowd.run(lambda session: releases(session, program))[0]
    assert [way.assigned for way in newest.ways] == [way.wanted for way in newest.ways]
    assert [way.arrived for way in newest.ways] == [0, 0], "no phone was told yet"


def test_only_what_a_wallet_would_refuse_blocks(cast: Cast) -> None:
    hint = {**cast.program.design, "foreground": cast.program.design["background"]}
    found = cast.run(lambda session: blocking_findings(session, cast.program, hint))
    assert found == []

    def spoil(session: Any) -> None:
        held = issue_pass(session, cast.program, cast.member(session, "ada"), "apple", cast.now)
        held.card = {**held.card, "expires_at": "2099-01-01T10:00:00"}

    cast.run(spoil)
    found = cast.run(lambda session: blocking_findings(session, cast.program, hint))
    assert [one.code for one in found] == ["apple.time_without_zone"]


def test_a_draft_is_published_as_it_was_last_seen(cast: Cast) -> None:
    def save(session: Any) -> int:
        document = {**cast.program.design, "background": "#112233"}
        return save_draft(session, cast.program.id, document, 0, "Emil", cast.now).revision

    revision = cast.run(save)
    document = cast.run(lambda session: draft_to_publish(session, cast.program.id, revision))
    assert document["background"] == "#112233"
    with pytest.raises(Refusal, match="draft_conflict"):
        cast.run(lambda session: draft_to_publish(session, cast.program.id, revision + 1))
    cast.run(lambda session: drop_draft(session, cast.program.id))
    with pytest.raises(Refusal, match="draft_conflict"):
        cast.run(lambda session: draft_to_publish(session, cast.program.id, revision + 1))
    kept = cast.run(lambda session: design_draft(session, cast.program))
    assert kept.document["background"] == cast.program.design["background"]


def test_tills_refuse_the_test_card_and_it_ends(cast: Cast) -> None:
    def make(session: Any) -> str:
        document = {**cast.program.design, "background": "#112233"}
        return make_test_card(session, cast.program, document, cast.now)

    address = cast.run(make)
    assert "/card/" in address

    def tested(session: Any) -> Member:
        member: Member = session.query(Member).filter_by(status=TRIAL).one()
        held = session.query(WalletPass).filter_by(member_id=member.id).all()
        assert {one.provider for one in held} == {"apple", "google"}
        assert {one.card["member_name"] for one in held} == {"TEST"}
        assert {one.card["code"] for one in held} == {member.code}
        assert all(one.design_id != cast.program.design_id for one in held)
        return member

    member = cast.run(tested)
    for ask in (
        lambda session: find_member(session, cast.program, MemberRef(code=member.code)),
        lambda session: look_up(session, cast.program, member.code),
    ):
        with pytest.raises(Refusal, match="card_is_test"):
            cast.run(ask)
    cast.later(days=LIFETIME.days + 1)
    cast.run(make)
    assert cast.run(lambda session: session.query(Member).filter_by(status=TRIAL).count()) == 1


def test_the_test_card_stays_what_it_was_made_as(crowd: Cast) -> None:
    """Neither a new design nor another change of the program makes a real card of it."""
    document = {**crowd.program.design, "background": "#112233"}
    crowd.run(lambda session: make_test_card(session, crowd.program, document, crowd.now))

    def tests(session: Any) -> list[tuple[str, int, Any]]:
        member = session.query(Member).filter_by(status=TRIAL).one()
        held = session.query(WalletPass).filter_by(member_id=member.id)
        return sorted((one.provider, one.design_id, one.card) for one in held)

    made = crowd.run(tests)
    spread(crowd, publish(crowd, background="#445566"))
    program = fresh(crowd)
    payload = {"program_id": program.id, "revision": program.revision}
    recompose_cards_job(crowd.database, payload, crowd.now)
    assert crowd.run(tests) == made


def test_cards_taken_off_phones_are_counted_from_the_moment_of_publishing(cast: Cast) -> None:
    registry = Registry(cast.database, lambda: cast.now)

    def issue(session: Any) -> list[str]:
        people = [cast.member(session, who) for who in ("ada", "bruno")]
        return [issue_pass(session, cast.program, one, "apple", cast.now).serial for one in people]

    serials = cast.run(issue)
    for number, serial in enumerate(serials):
        registry.register(f"phone{number}", f"{number:064x}", serial)
    registry.unregister("phone0", serials[0])
    registry.unregister("phone0", serials[0])  # said twice, gone once

    def published(session: Any) -> None:
        design = {**cast.program.design, "background": "#112233"}
        publish_design(session, cast.program.id, design, "x", cast.now)

    cast.run(published)

    def removed() -> dict[str, int]:
        program = fresh(cast)
        newest = cast.run(lambda session: releases(session, program))[0]
        return {way.provider: way.removed for way in newest.ways}

    assert removed() == {"apple": 0, "google": 0}
    registry.unregister("phone1", serials[1])
    cast.run(lambda session: count_install(session, cast.program.id, "google", "del", "2026-01-01"))
    assert removed() == {"apple": 1, "google": 1}
