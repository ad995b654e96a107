"""When a rule counts: for whom, on which days, in which channel. The same fields for every rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_day_names
from flask_babel import gettext as _

from wallet.rules.terms import SENIORITY_YEARS_MAX, WEEKDAYS, When
from wallet.web.console.forms.ask import Ask, Choices, Section
from wallet.web.console.rules.part import Here, Values, WrongError
from wallet.web.locale import currency_sign, current_language

MONEY_MAX = 10**9  # minor units


def channels() -> Choices:
    """Where a sale is made."""
    return [("store", _("in store")), ("online", _("online")), ("phone", _("by phone"))]


def condition_sections(here: Here, clocked: str = "") -> list[Section]:
    """`clocked` names the kinds of rule that may depend on hours and days (empty: the form's only)."""
    who = [
        Ask("tiers", _("Only for these statuses"), "ticks", choices=here.tiers),
        Ask(
            "plans",
            _("Only with these memberships"),
            "ticks",
            choices=[(plan.key, here.say(plan.name)) for plan in here.rules.plans],
        ),
        Ask(
            "tags",
            _("Only for these segments"),
            "names",
            hint=_("Tags of members, one a line, as your shop or your files give them."),
            rows=2,
        ),
        Ask(
            "seniority",
            _("After how many years of membership"),
            "count",
            least=1,
            most=SENIORITY_YEARS_MAX,
            longest=3,
        ),
    ]
    names = get_day_names("wide", locale=current_language())
    days = [(day, names[number]) for number, day in enumerate(WEEKDAYS)]
    times = [
        Ask("weekdays", _("Only on these days"), "ticks", choices=days, only=clocked),
        Ask("from_time", _("From what time"), "clock", only=clocked),
        Ask("to_time", _("Until what time"), "clock", only=clocked),
        Ask("starts_on", _("First day"), "day"),
        Ask("ends_on", _("Last day"), "day"),
        Ask(
            "birthday",
            _("Birthday"),
            "choice",
            choices=[
                ("", _("on any day")),
                ("day", _("on the birthday")),
                ("month", _("in the month of the birthday")),
            ],
            only=clocked,
        ),
        Ask(
            "purchase_min",
            _("From a purchase of (%(currency)s)", currency=currency_sign(here.program.currency)),
            "money",
            least=1,
            most=MONEY_MAX,
            longest=20,
        ),
    ]
    asked = [ask for ask in who if ask.kind != "ticks" or ask.choices]
    return [
        Section(_("For whom"), asked, folded=True),
        Section(_("When"), times, folded=True),
    ]


def condition_values(when: When | None, here: Here) -> dict[str, Any]:
    """The condition as the fields show it."""
    if when is None:
        return {"birthday": ""}
    first, last = _days(when, here)
    return {
        "tiers": when.tiers,
        "plans": when.plans,
        "tags": when.tags,
        "seniority": when.seniority_years_min,
        "weekdays": when.weekdays,
        "from_time": when.from_time,
        "to_time": when.to_time,
        "starts_on": first,
        "ends_on": last,
        "birthday": when.birthday or "",
        "purchase_min": when.purchase_min_minor,
    }


def condition_of(values: Values, before: When | None, here: Here) -> dict[str, Any] | None:
    """The condition that was typed, or None for always. What the fields do not show stays."""
    start, end = values.get("from_time"), values.get("to_time")
    if (start is None) != (end is None):
        raise WrongError("to_time" if start else "from_time", _("Both times, please, or none."))
    if start is not None and start == end:
        raise WrongError("to_time", _("It has to end at another time than it begins."))
    first, last = values.get("starts_on"), values.get("ends_on")
    if first and last and last < first:
        raise WrongError("ends_on", _("The last day comes before the first one."))
    said = {
        "tiers": values.get("tiers") or None,
        "plans": values.get("plans") or None,
        "tags": values.get("tags") or None,
        "seniority_years_min": values.get("seniority"),
        "weekdays": values.get("weekdays") or None,
        "from_time": start,
        "to_time": end,
        "birthday": values.get("birthday") or None,
        "purchase_min_minor": values.get("purchase_min"),
        "channels": list(before.channels) if before and before.channels else None,
        **_moments(first, last, before, here),
    }
    return said if any(value is not None for value in said.values()) else None


def _days(when: When, here: Here) -> tuple[date | None, date | None]:
    """First and last day, where the program lives. An end at midnight is the end of the day before."""
    zone = ZoneInfo(here.program.time_zone)

    def _local(moment: datetime) -> datetime:
        return moment if moment.tzinfo is None else moment.astimezone(zone)

    first = _local(when.starts_at).date() if when.starts_at else None
    last = (_local(when.ends_at) - timedelta(microseconds=1)).date() if when.ends_at else None
    return first, last


def _moments(
    first: date | None, last: date | None, before: When | None, here: Here
) -> Mapping[str, str | None]:
    """A day that nobody touched keeps its exact moment, which an API may have set to the minute."""
    shown = _days(before, here) if before else (None, None)
    kept = before.model_dump(mode="json") if before else {}
    starts = kept.get("starts_at") if first == shown[0] else _midnight(first, 0)
    ends = kept.get("ends_at") if last == shown[1] else _midnight(last, 1)
    if starts and ends and (("+" in starts or "Z" in starts) != ("+" in ends or "Z" in ends)):
        starts, ends = _midnight(first, 0), _midnight(last, 1)
    return {"starts_at": starts, "ends_at": ends}


def _midnight(day: date | None, more_days: int) -> str | None:
    """The beginning of a day on the program's own clock."""
    if day is None:
        return None
    try:
        return datetime.combine(day + timedelta(days=more_days), time()).isoformat()
    except OverflowError:
        raise WrongError("ends_on", _("Please type a date.")) from None
