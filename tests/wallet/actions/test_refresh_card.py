"""The stored card: brought up to date with the account, and left alone when nothing shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from passes.card import Card
from tests.factories import NOW, Cast
from wallet.actions.issue_pass import issue_pass
from wallet.actions.refresh_card import refresh_card
from wallet.tables.member import Member
from wallet.tables.wallet_pass import WalletPass, pass_at


def issue(cast: Cast, who: str = "ada", provider: str = "apple") -> WalletPass:
    """The shopper taps the wallet button."""
    return cast.run(
        lambda session: issue_pass(
            session, cast.program, cast.member(session, who), provider, cast.now
        )
    )


def stored(cast: Cast, who: str = "ada", provider: str = "apple") -> WalletPass:
    """The pass as it is now."""
    with cast.database.reading() as session:
        found = pass_at(session, cast.people[who], provider)
        assert found is not None
        return found


def refresh(cast: Cast, who: str = "ada", **said: Any) -> tuple[bool, bool]:
    """(whether something changed, whether the worker is woken)."""

    def work(session: Session) -> tuple[bool, bool]:
        member = cast.member(session, who)
        changed = refresh_card(session, cast.program, member, cast.now, **said)
        return changed, bool(session.info.get("nudge"))

    return cast.run(work)


def test_a_pass_is_issued_once_and_keeps_its_secrets(cast: Cast) -> None:
    first = issue(cast)
    cast.buy("ada")
    again = issue(cast)
    assert (again.id, again.serial, again.auth_token) == (
        first.id,
        first.serial,
        first.auth_token,
    )
    google = issue(cast, provider="google")
    assert len({first.serial, google.serial, issue(cast, "bruno").serial}) == 3
    assert len(first.serial) == 32
    assert len(first.auth_token) >= 43


def test_a_new_apple_pass_is_in_the_hand_and_a_new_google_object_must_be_made(cast: Cast) -> None:
    apple, google = issue(cast), issue(cast, provider="google")
    assert apple.wanted_version == apple.delivered_version == 1
    assert (google.wanted_version, google.delivered_version) == (1, 0)
    assert apple.modified_at == NOW.replace(microsecond=0)


def test_a_card_says_what_the_account_holds_in_every_language(cast: Cast) -> None:
    card = Card.from_json(issue(cast).card)
    assert card.balance.number == 600
    assert card.languages == ("fr", "en")
    assert card.tier is not None
    assert card.tier.value == {"fr": "Or", "en": "Gold"}
    assert card.member_name == "Ada"
    assert card.code == cast.view("ada").code
    assert not card.voided


def test_a_sale_changes_every_pass_of_the_member_and_nobody_elses(cast: Cast) -> None:
    issue(cast), issue(cast, provider="google"), issue(cast, "bruno")
    cast.later(seconds=2)
    cast.buy("ada", 4000)
    for provider, wanted in (("apple", 2), ("google", 2)):
        found = stored(cast, provider=provider)
        assert found.wanted_version == wanted
        assert found.card["balance"]["number"] == 660
        assert found.card_hash == Card.from_json(found.card).content_hash
    assert stored(cast, "bruno").wanted_version == 1


def test_when_nothing_shows_nothing_is_written_and_nobody_is_told(cast: Cast) -> None:
    before = issue(cast)
    cast.later(days=1)
    assert refresh(cast) == (False, False)
    after = stored(cast)
    for name in ("wanted_version", "card_hash", "modified_at", "changed_at", "update_tag"):
        assert getattr(after, name) == getattr(before, name), name
    cast.buy("ada", 60)  # no point, no tier: nothing that the card shows
    assert stored(cast).wanted_version == before.wanted_version


def test_two_changes_within_a_second_have_two_times(cast: Cast) -> None:
    issue(cast)
    times = [stored(cast).modified_at]
    for step in (0.0, 0.2, 0.2, 5.0):
        cast.later(seconds=step)
        cast.buy("ada", 4000)
        times.append(stored(cast).modified_at)
    assert times == sorted(set(times))
    assert all(moment.microsecond == 0 for moment in times)


def test_a_clock_that_steps_back_does_not_turn_the_time_of_a_card(cast: Cast) -> None:
    issue(cast)
    before = stored(cast).modified_at
    cast.now -= timedelta(hours=1)
    cast.buy("ada", 4000)
    assert stored(cast).modified_at == before + timedelta(seconds=1)


def test_a_refresh_of_many_waits_behind_a_scan(cast: Cast) -> None:
    issue(cast)
    cast.run(lambda session: setattr(_pass(session, cast), "is_urgent", False))
    cast.run(lambda session: setattr(cast.member(session, "ada"), "name", "Ada L."))
    assert refresh(cast, is_urgent=False) == (True, True)
    assert not stored(cast).is_urgent
    cast.buy("ada")
    assert stored(cast).is_urgent
    cast.run(lambda session: setattr(cast.member(session, "ada"), "name", "Ada"))
    refresh(cast, is_urgent=False)
    assert stored(cast).is_urgent  # what a shopper waits for stays in front


def test_the_tier_follows_the_same_state_and_remembers_since_when(cast: Cast) -> None:
    issue(cast, "bruno")
    cast.later(hours=1)
    reached = cast.now
    cast.buy("bruno", 26_000)
    assert _tier(cast) == ("silver", reached)
    assert stored(cast, "bruno").tier_key == "silver"
    cast.later(hours=1)
    cast.buy("bruno", 100)
    assert _tier(cast) == ("silver", reached)
    cast.later(days=400)
    refresh(cast, "bruno")
    assert _tier(cast) == ("bronze", cast.now)
    assert stored(cast, "bruno").tier_key == "bronze"


@pytest.mark.parametrize("provider", ["apple", "google"])
def test_a_closed_membership_voids_the_card(cast: Cast, provider: str) -> None:
    issue(cast, provider=provider)
    cast.run(lambda session: setattr(cast.member(session, "ada"), "status", "closed"))
    assert refresh(cast)[0]
    assert Card.from_json(stored(cast, provider=provider).card).voided


def _pass(session: Session, cast: Cast) -> WalletPass:
    found = pass_at(session, cast.people["ada"], "apple")
    assert found is not None
    return found


def _tier(cast: Cast) -> tuple[str | None, datetime | None]:
    with cast.database.reading() as session:
        member = session.get_one(Member, cast.people["bruno"])
        return member.tier_key, member.tier_since
