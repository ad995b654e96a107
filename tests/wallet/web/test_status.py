"""What the card page says of a status: by spend or points, in which window, and when it would go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from tests.factories import Cast
from tests.wallet.web.conftest import Browser
from wallet.actions.load_demo import RULES
from wallet.actions.program_view import program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.refresh_card import refresh_card

POINTS_TIERS = [
    {"key": "seed", "name": {"fr": "Graine", "en": "Seed"}},
    {"key": "tree", "name": {"fr": "Arbre", "en": "Tree"}, "threshold_points": 1_500},
]


def card_after(cast: Cast, browser: Browser, who: str, **changes: Any) -> str:
    """The card page under other rules, with plain spaces."""

    def _publish(session: Session) -> None:
        publish_rules(session, cast.program.id, {**RULES, **changes}, "staff:1", cast.now)
        cast.program = program_view(session, cast.program.id)
        refresh_card(session, cast.program, cast.member(session, who), cast.now)

    cast.run(_publish)
    page = browser.get(cast.view(who).card_url).text
    return page.replace("\u202f", " ").replace("\u00a0", " ")


def test_thresholds_are_told_with_their_window(
    open_browser: Callable[..., Browser], web_cast: Cast
) -> None:
    english = open_browser("en")
    for policy, said in (
        (None, "from €250 of purchases in a year"),
        ({"window": "calendar_year"}, "from €250 of purchases in a calendar year"),
        ({"window": "lifetime"}, "from €250 of purchases in all"),
        ({"window": "rolling_months", "months": 6}, "from €250 of purchases in 6 months"),
    ):
        assert said in card_after(web_cast, english, "bruno", tier_policy=policy)


def test_a_status_by_points_counts_points(
    open_browser: Callable[..., Browser], web_cast: Cast
) -> None:
    page = card_after(
        web_cast,
        open_browser("en"),
        "ada",
        tiers=POINTS_TIERS,
        tier_policy={"basis": "points", "window": "lifetime"},
    )
    assert "from 1,500 points in all" in page
    assert "900 points more for Tree" in page


def test_a_status_that_would_go_says_until_when_and_what_keeps_it(
    open_browser: Callable[..., Browser], web_cast: Cast
) -> None:
    policy = {"window": "calendar_year", "grace_days": 31}
    web_cast.now = datetime(2027, 1, 10, 12, tzinfo=UTC)
    page = card_after(web_cast, open_browser("en"), "ada", tier_policy=policy)
    assert "€500 more by January 31, 2027 to keep Gold" in page
