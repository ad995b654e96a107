"""Delivery: how changes come to phones, what waits, and phones that fell silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from babel.numbers import format_decimal, format_percent
from flask_babel import gettext as _
from flask_babel import ngettext

from wallet import clock
from wallet.actions.delivery_report import (
    PERIOD,
    SILENT_AFTER,
    DeliveryReport,
    Funnel,
    Waiting,
    delivery_report,
)
from wallet.web.console.frame import SEES_PEOPLE, console_page, own_program
from wallet.web.locale import current_language
from wallet.web.present import grouped
from wallet.web.security import staff
from wallet.web.wiring import read

PROVIDER_NAMES = {"apple": "Apple Wallet", "google": "Google Wallet"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the funnel: its name, how many came so far, and that as a share of all."""

    name: str
    explained: str
    count: int
    share: int
    percent: str


@dataclass(frozen=True, slots=True)
class FunnelView:
    """One provider's funnel in words."""

    name: str
    wanted: int
    stages: Sequence[Stage]
    medians: Sequence[tuple[str, str]]


def delivery() -> str:
    """The last week of this program."""
    program, now, language = own_program(), clock.now(), current_language()
    with_people = staff().role in SEES_PEOPLE
    found = read(lambda session: delivery_report(session, now, program.id, with_people=with_people))
    return console_page(
        "console/delivery.html",
        program,
        report=found,
        days=PERIOD.days,
        silent_days=SILENT_AFTER.days,
        funnels=[_funnel(one, language) for one in found.funnels],
        waiting=_waiting(found),
        names=PROVIDER_NAMES,
        grouped=grouped,
    )


def _funnel(funnel: Funnel, language: str) -> FunnelView:
    if funnel.provider == "apple":
        steps = [
            (_("Pushed"), _("Apple took the message for at least one phone"), funnel.pushed),
            (
                _("Asked for by a phone"),
                _("A phone asked what changed and was told"),
                funnel.listed,
            ),
            (_("Fetched by the phone"), _("A phone has the new card"), funnel.fetched),
        ]
    else:
        steps = [
            (_("Written"), _("Google has the new card and brings it to the phone"), funnel.pushed),
            (_("With a message"), _("Google tells the holder of the change"), funnel.notified),
        ]
    medians = [
        (_("From the sale to the push"), funnel.push_seconds),
        (_("From the sale to the phone"), funnel.fetch_seconds),
    ]
    return FunnelView(
        PROVIDER_NAMES[funnel.provider],
        funnel.wanted,
        [
            _stage(name, explained, count, funnel.wanted, language)
            for name, explained, count in steps
        ],
        [(name, spell_seconds(value, language)) for name, value in medians if value is not None],
    )


def _stage(name: str, explained: str, count: int, wanted: int, language: str) -> Stage:
    share = round(100 * count / wanted) if wanted else 0
    return Stage(name, explained, count, share, format_percent(share / 100, locale=language))


def spell_seconds(seconds: float, language: str) -> str:
    """A duration as people say it: tenths of a second, minutes from two minutes on."""
    if seconds >= 120:
        minutes = round(seconds / 60)
        return ngettext("%(num)s minute", "%(num)s minutes", minutes)
    return _("%(seconds)s s", seconds=format_decimal(round(seconds, 1), locale=language))


def _waiting(found: DeliveryReport) -> list[tuple[str, Waiting]]:
    lanes = {"scan": _("after a sale"), "refresh": _("refresh of many cards")}
    return [
        (f"{PROVIDER_NAMES.get(one.provider, one.provider)}, {lanes[one.lane]}", one)
        for one in found.waiting
    ]
