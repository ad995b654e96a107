"""What several doors show alike: a movement, a status in sight, a time, a code, a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask_babel import gettext as _
from markupsafe import Markup

from passes.qr import qr_svg
from wallet.actions.card_page import Movement
from wallet.actions.member_view import MemberView
from wallet.actions.program_view import ProgramView
from wallet.rules.lots import last_day
from wallet.rules.money import spell_money
from wallet.rules.spell import spell_quantity


@dataclass(frozen=True, slots=True)
class MovementRow:
    """One movement with its reason."""

    what: str
    quantity: str
    is_in: bool
    why: str
    when: str


def movement_row(program: ProgramView, movement: Movement, locale: str) -> MovementRow:
    """One movement for people."""
    unit = program.ruleset.unit(movement.unit)
    amount = spell_quantity(unit, abs(movement.quantity), program.currency, locale)
    sign = "+" if movement.quantity > 0 else "\u2212"
    place = movement.store_name or channel_name(movement.channel)
    when = spell_time(movement.occurred_at, program.time_zone, locale)
    return MovementRow(
        what=kind_name(movement.kind)
        if movement.is_sale or movement.kind != "accrual"
        else _("Earned"),
        quantity=f"{sign}{amount}",
        is_in=movement.quantity > 0,
        why=" · ".join(program.text(text, locale) for text in movement.why),
        when=" · ".join(part for part in (when, place) if part),
    )


def kind_name(kind: str) -> str:
    """What an entry is called on a page."""
    names = {
        "accrual": _("Purchase"),
        "redemption": _("Reward used"),
        "refund": _("Refund"),
        "reversal": _("Correction"),
        "recovery": _("Set off"),
        "expiry": _("Expired"),
        "adjustment": _("Adjustment"),
        "transfer": _("Transfer"),
    }
    return names.get(kind, kind)


def channel_name(channel: str) -> str:
    """Where it happened, when no store is known."""
    return {"online": _("Online"), "phone": _("By phone"), "store": _("In the shop")}.get(
        channel, ""
    )


def tier_progress(
    program: ProgramView, member: MemberView, locale: str
) -> tuple[str, int, int] | None:
    """(sentence, reached, needed) towards keeping a status that is about to go, else towards the
    next one; both in what the program counts: minor units, or units."""
    standing, rules = member.standing, program.ruleset
    held = rules.tier(standing.held.tier_key)
    wanted = standing.next_tier
    if standing.held.kept_until is not None and held is not None and held is standing.tier:
        wanted = held
    if wanted is None:
        return None
    needed, reached = rules.threshold(wanted), max(standing.figure, 0)
    missing = spell_figure(program, max(needed - standing.figure, 0), locale)
    name = program.text(wanted.name, locale)
    if wanted is held and standing.held.kept_until is not None:
        day = last_day(standing.held.kept_until, program.time_zone)
        sentence = _to_keep(program, missing, format_date(day, "long", locale=locale), name)
    elif rules.tier_unit is None:
        sentence = _("%(amount)s more to reach %(tier)s", amount=missing, tier=name)
    else:
        sentence = _("%(quantity)s more for %(tier)s", quantity=missing, tier=name)
    return sentence, min(reached, needed), needed


def _to_keep(program: ProgramView, missing: str, day: str, tier: str) -> str:
    if program.ruleset.tier_unit is None:
        return _("%(amount)s more by %(day)s to keep %(tier)s", amount=missing, day=day, tier=tier)
    return _("%(quantity)s more by %(day)s for %(tier)s", quantity=missing, day=day, tier=tier)


def spell_figure(program: ProgramView, figure: int, locale: str) -> str:
    """An amount of what makes the status: money, or units where they count."""
    rules = program.ruleset
    if rules.tier_unit is None:
        return spell_money(figure, program.currency, locale)
    return spell_quantity(rules.unit(rules.tier_unit), figure, program.currency, locale)


def spell_time(moment: datetime, time_zone: str, locale: str) -> str:
    """Day and time where the program lives."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{format_date(local, 'medium', locale=locale)}, {format_time(local, 'short', locale=locale)}"


def code_picture(payload: str, label: str) -> Markup:
    """A QR code inline, named for those who cannot see it."""
    named = Markup('<svg role="img" aria-label="{}" focusable="false" ').format(label)
    # qr_svg draws shapes only; nothing of the payload is in its text.
    return named + Markup(qr_svg(payload)[len("<svg ") :])  # noqa: S704


def grouped(number: str) -> str:
    """123 456 789: as people read numbers aloud."""
    return " ".join(number[at : at + 3] for at in range(0, len(number), 3))
