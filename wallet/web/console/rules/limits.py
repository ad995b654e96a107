"""How often tills hand out rewards, and whether they do without a connection: `redemption_limits` and
`offline_redemption`, as the form of paying asks them."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from wallet.rules.offline_redemption import (
    MINUTES_DEFAULT,
    MINUTES_MIN,
)
from wallet.rules.offline_redemption import MINUTES_MAX as HOLD_MINUTES_MAX
from wallet.rules.redemption_limits import (
    CARD_HOURS_MAX,
    MINUTES_MAX,
    TIMES_MAX,
    RedemptionLimits,
)
from wallet.web.console.forms.ask import Ask, Section
from wallet.web.console.rules.part import Here, Values


def limit_section() -> Section:
    """The questions, in pairs of how often and in how long."""
    asked = (
        ("card_times", _("Rewards of one card"), 0, TIMES_MAX),
        ("card_hours", _("The card's: in so many hours"), 1, CARD_HOURS_MAX),
        ("staff_times", _("Rewards that one person hands out"), 0, TIMES_MAX),
        ("staff_minutes", _("The person's: in so many minutes"), 1, MINUTES_MAX),
        ("till_times", _("Rewards that one till hands out"), 0, TIMES_MAX),
        ("till_minutes", _("The till's: in so many minutes"), 1, MINUTES_MAX),
        ("card_minutes_between", _("Minutes between two rewards of one card"), 0, MINUTES_MAX),
    )
    return Section(
        _("How often tills hand out rewards"),
        [
            Ask(name, words, "count", least=least, most=most, longest=4)
            for name, words, least, most in asked
        ],
        note=_("0 is no limit. Whoever meets one asks a manager, who can allow one more."),
    )


def limit_values(here: Here) -> dict[str, Any]:
    """As they stand."""
    return here.rules.redemption_limits.model_dump()


def limits_said(values: Values) -> dict[str, int]:
    """For the document; what was left empty is as usual."""
    usual = RedemptionLimits().model_dump()
    return {
        name: default if values[name] is None else values[name] for name, default in usual.items()
    }


def offline_section() -> Section:
    """Rewards without a connection."""
    return Section(
        _("Rewards without a connection"),
        [
            Ask("offline", _("Tills may give rewards while they have no connection"), "yes"),
            Ask(
                "hold_minutes",
                _("A till holds the points for so many minutes"),
                "count",
                least=MINUTES_MIN,
                most=HOLD_MINUTES_MAX,
                longest=2,
            ),
            Ask(
                "hold_below_zero",
                _("What arrives later may take the balance below zero"),
                "yes",
            ),
        ],
        note=_(
            "Only against points that the till held while it had a connection; nobody else can spend"
            " them meanwhile. What arrives after that time waits for a manager, unless the balance may"
            " go below zero."
        ),
    )


def offline_values(here: Here) -> dict[str, Any]:
    """As it stands."""
    rules = here.rules.offline_redemption
    return {
        "offline": rules is not None,
        "hold_minutes": rules.minutes if rules else MINUTES_DEFAULT,
        "hold_below_zero": rules is not None and rules.below_zero,
    }


def offline_said(values: Values) -> dict[str, Any] | None:
    """For the document; nothing where it is off."""
    if not values["offline"]:
        return None
    minutes = values["hold_minutes"]
    return {
        "minutes": MINUTES_DEFAULT if minutes is None else minutes,
        "below_zero": values["hold_below_zero"],
    }
