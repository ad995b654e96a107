"""The console's first page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from flask import url_for
from flask_babel import gettext as _

from wallet import clock
from wallet.actions.first_steps import first_steps
from wallet.actions.program_overview import ACTIVE_DAYS, Month, Overview, program_overview
from wallet.actions.program_view import ProgramView
from wallet.rules.spell import spell_number, spell_quantity
from wallet.web.console.frame import SEES_PEOPLE, console_page, own_program
from wallet.web.locale import current_language
from wallet.web.present import MovementRow, code_picture, movement_row
from wallet.web.security import staff
from wallet.web.wiring import read, settings

CHART_HEIGHT = 160  # units of the drawing; the page scales it
BAR_WIDTH = 14
MONTH_WIDTH = 48


@dataclass(frozen=True, slots=True)
class Bar:
    """One month of the chart: two bars in units of the drawing, and the numbers in words."""

    x: int
    given_height: int
    used_height: int
    short: str
    long: str
    given: str
    used: str
    is_running: bool


@dataclass(frozen=True, slots=True)
class PersonMovement:
    """A movement with its member."""

    member_id: str
    who: str
    row: MovementRow


def overview() -> str:
    """Members, activity, points and cards; the newest movements for those who may see them."""
    program = own_program()
    with_people = staff().role in SEES_PEOPLE
    now = clock.now()
    found = read(lambda session: program_overview(session, program, now, with_people=with_people))
    language = current_language()
    join_url = settings().public_url + url_for("shopper.join", slug=program.slug)
    return console_page(
        "console/overview.html",
        program,
        overview=found,
        steps=_steps(program, read(lambda session: first_steps(session, program.id))),
        active_days=ACTIVE_DAYS,
        active_share=round(100 * found.active / found.members) if found.members else 0,
        month_name=format_skeleton("yMMMM", found.month.first_day, locale=language),
        today=format_date(now.astimezone(ZoneInfo(program.time_zone)), "full", locale=language),
        given=spell_number(found.month.given, language),
        used=spell_number(found.month.used, language),
        unit_name=program.text(program.ruleset.main_unit.name, language),
        bars=bars(program, found.months, language),
        chart_width=MONTH_WIDTH * len(found.months),
        chart_height=CHART_HEIGHT,
        bar_width=BAR_WIDTH,
        movements=_movements(program, found, language),
        join_url=join_url,
        join_code=code_picture(join_url, join_url),
    )


def bars(program: ProgramView, months: Sequence[Month], language: str) -> list[Bar]:
    """The chart's bars, scaled to the tallest of them."""
    tallest = max([1, *(month.given for month in months), *(month.used for month in months)])
    unit = program.ruleset.main_unit
    return [
        Bar(
            x=index * MONTH_WIDTH,
            given_height=round(max(month.given, 0) * CHART_HEIGHT / tallest),
            used_height=round(max(month.used, 0) * CHART_HEIGHT / tallest),
            short=str(format_date(month.first_day, "LLL", locale=language)),
            long=str(format_skeleton("yMMMM", month.first_day, locale=language)),
            given=spell_quantity(unit, month.given, program.currency, language),
            used=spell_quantity(unit, month.used, program.currency, language),
            is_running=month is months[-1],
        )
        for index, month in enumerate(months)
    ]


def _movements(program: ProgramView, found: Overview, language: str) -> list[PersonMovement]:
    return [
        PersonMovement(
            item.member_id,
            item.member_name or item.member_number,
            movement_row(program, item.movement, language),
        )
        for item in found.movements
    ]


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One line of what a new program still has before it."""

    name: str
    hint: str
    href: str
    is_done: bool


def _steps(program: ProgramView, found: Mapping[str, bool]) -> list[FirstStep]:
    join = url_for("shopper.join", slug=program.slug)
    phones = "/simulate/" if settings().simulator_url else join
    said = {
        "design": (
            _("Make the card yours"),
            _("Colours, logo, texts: both wallets as your customers will see them."),
            url_for("console.design"),
        ),
        "rules": (
            _("Look at what is earned"),
            _("What a sale gives and a reward costs, in sentences; try a change before it counts."),
            url_for("console.rules"),
        ),
        "place": (
            _("Say where the store is"),
            _("Paste the address of a map: phones nearby then show the card by themselves."),
            url_for("console.stores"),
        ),
        "pin": (
            _("Give yourself a PIN"),
            _("With it a till knows in two seconds who is there."),
            url_for("console.team"),
        ),
        "till": (
            _("Pair a till"),
            _("A phone, a tablet or a counter becomes one with a code from here."),
            url_for("console.tills"),
        ),
        "join": (
            _("Join your own program"),
            _("As a customer would, or print the poster for the counter."),
            join,
        ),
        "phone": (
            _("Put the card into a phone"),
            _("From the page that follows the join; the simulated phones take it too."),
            phones,
        ),
        "sale": (
            _("Scan it at the till"),
            _("Any browser with a camera is a till. Add points, and watch the card change."),
            url_for("till.page"),
        ),
    }
    return [FirstStep(*said[key], is_done) for key, is_done in found.items()]
