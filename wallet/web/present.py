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
        what=kind_name(movement.kind),
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
    """(sentence, spent, needed) towards the next status, both in minor units."""
    following = member.standing.next_tier
    if following is None:
        return None
    sentence = _(
        "%(amount)s more to reach %(tier)s",
        amount=spell_money(member.standing.missing_minor, program.currency, locale),
        tier=program.text(following.name, locale),
    )
    needed = following.threshold_minor
    return sentence, max(needed - member.standing.missing_minor, 0), needed


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
