"""What a replay found, as JSON and as lines for an operator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from wallet.actions.program_view import ProgramView
from wallet.actions.replay_rules import MemberChange, Period, ReplayReport, UnitReport
from wallet.rules.lots import months_before
from wallet.rules.money import exponent, spell_money
from wallet.rules.replay import start_of_day
from wallet.rules.ruleset import Ruleset

MONTHS = 12  # replayed where nobody says from when
LINES_OF_MEMBERS = 5  # winners and losers printed; the JSON has more


def days_between(first: date | None, last: date | None, time_zone: str, now: datetime) -> Period:
    """From the first to the last day, both included, in the program's zone; the last year where
    nothing is said. ValueError when there is no day between them."""
    last = last or now.astimezone(ZoneInfo(time_zone)).date()
    first = first or months_before(last, MONTHS)
    if first > last:
        raise ValueError("the first day is after the last one")
    return Period(start_of_day(first, time_zone), start_of_day(last + timedelta(days=1), time_zone))


def minor_value(value: float | None, currency: str) -> Fraction | None:
    """What somebody typed for one point, in minor units."""
    if value is None:
        return None
    if not 0 <= value < 10**6:
        raise ValueError("the value of a point must be a sum of money")
    return Fraction(Decimal(str(value))) * int(10 ** exponent(currency))


def report_lines(program: ProgramView, rules: Ruleset, report: ReplayReport) -> list[str]:
    """The report for people, in English."""
    return list(_lines(program, rules, report))


def _lines(program: ProgramView, rules: Ruleset, report: ReplayReport) -> Iterator[str]:
    yield f"{report.sales:,} purchases of {report.members:,} members"
    for unit in report.units:
        yield from _unit_lines(program, unit)
    for key, (before, after) in report.tiers.items():
        tier = rules.tier(key) or program.ruleset.tier(key)
        name = program.text(tier.name, "en") if tier else key
        yield f"  {name:<18}{before:>14,} -> {after:<14,} members"
    for title, changes in (("Win most", report.winners), ("Lose most", report.losers)):
        if changes:
            yield title
            for change in changes[:LINES_OF_MEMBERS]:
                yield _change_line(change)


def _unit_lines(program: ProgramView, unit: UnitReport) -> Iterator[str]:
    share = f" ({(unit.after - unit.before) / unit.before:+.1%})" if unit.before else ""
    yield f"{unit.unit}: {unit.before:,} -> {unit.after:,}{share}"
    if unit.cost_before_minor is not None and unit.cost_after_minor is not None:
        before, after = (
            spell_money(cost, program.currency, "en")
            for cost in (unit.cost_before_minor, unit.cost_after_minor)
        )
        more = spell_money(unit.cost_after_minor - unit.cost_before_minor, program.currency, "en")
        yield f"  liability {before} -> {after}, a difference of {more}"
    yield (
        f"  {unit.winners:,} members win, {unit.losers:,} lose, {unit.unchanged:,} stay the same"
    )


def _change_line(change: MemberChange) -> str:
    return (
        f"  {change.number:<12}{change.name:<24}{change.before:>10,} -> {change.after:<10,}"
        f" {change.after - change.before:+,}"
    )


def report_json(report: ReplayReport) -> dict[str, Any]:
    """The report as plain JSON data."""
    return {
        "from": report.period.since.isoformat(),
        "to": report.period.until.isoformat(),
        "purchases": report.sales,
        "members": report.members,
        "units": {
            unit.unit: {
                "actual": unit.before,
                "draft": unit.after,
                "difference": unit.after - unit.before,
                "value_minor": float(unit.unit_value) if unit.unit_value is not None else None,
                "actual_cost_minor": unit.cost_before_minor,
                "draft_cost_minor": unit.cost_after_minor,
                "winners": unit.winners,
                "losers": unit.losers,
                "unchanged": unit.unchanged,
            }
            for unit in report.units
        },
        "tiers": {
            key: {"actual": before, "draft": after} for key, (before, after) in report.tiers.items()
        },
        "rules": dict(report.by_rule),
        "winners": [_change_json(change) for change in report.winners],
        "losers": [_change_json(change) for change in report.losers],
    }


def _change_json(change: MemberChange) -> dict[str, Any]:
    return {
        "member": change.member_id,
        "number": change.number,
        "name": change.name,
        "actual": change.before,
        "draft": change.after,
        "difference": change.after - change.before,
    }
