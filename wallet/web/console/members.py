"""Members: the list with its search, and one member's file."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.adjust import QUANTITY_MAX
from wallet.actions.delivery_report import Step
from wallet.actions.identify import REASON_LENGTH_MAX
from wallet.actions.list_members import WORDS_LENGTH_MAX, list_members
from wallet.actions.member_desk import MemberDesk, member_desk
from wallet.actions.member_file import HeldPass, Line, MemberFile, member_file
from wallet.actions.program_view import ProgramView
from wallet.actions.voucher_state import VoucherState
from wallet.doctor.google_words import why_kept
from wallet.ids import public_id
from wallet.rules.spell import spell_quantity
from wallet.rules.voucher_code import spoken_voucher
from wallet.web.console.acts import units_of
from wallet.web.console.delivery import spell_seconds
from wallet.web.console.frame import console_page, own_program
from wallet.web.console.journal import how_confirmed
from wallet.web.console.setup import spoken
from wallet.web.locale import current_language
from wallet.web.present import (
    MovementRow,
    channel_name,
    grouped,
    movement_row,
    spell_time,
    tier_progress,
)
from wallet.web.security import staff
from wallet.web.wiring import read


@dataclass(frozen=True, slots=True)
class LineRow:
    """A movement for staff."""

    row: MovementRow
    balance_after: str
    by: str
    line: Line
    reasons: list[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class WayRow:
    """One change on its way to the phone: when it was made, and (step, how much later, or nothing)."""

    at: str
    steps: list[tuple[str, str]]
    push_id: str


@dataclass(frozen=True, slots=True)
class PassRow:
    """A pass with its state in words. `kind` is the badge's colour."""

    provider: str
    state: str
    kind: str
    facts: list[tuple[str, str]]
    ways: list[WayRow]


def members() -> str:
    """The list."""
    program = own_program()
    words = request.args.get("q", "").strip()[:WORDS_LENGTH_MAX]
    before = request.args.get("before", "")
    found = read(lambda session: list_members(session, program, words, before))
    return console_page(
        "console/members.html",
        program,
        found=found,
        words=words,
        is_first=not before,
        words_length_max=WORDS_LENGTH_MAX,
        grouped=grouped,
        unit_name=program.text(program.ruleset.main_unit.name, current_language()),
    )


def member(member_id: str) -> str:
    """One member; 404 for another program's."""
    program = own_program()
    now = clock.now()
    before = request.args.get("before", "")

    def _read(session: Session) -> tuple[MemberFile, MemberDesk]:
        file = member_file(session, program, member_id, now, before)
        return file, member_desk(session, program, file.member.id, now)

    found, desk = read(_read)
    language = current_language()
    return console_page(
        "console/member.html",
        program,
        file=found,
        member=found.member,
        number=grouped(found.member.number),
        is_first=not before,
        balances=_balances(program, found, language),
        tier_sentence=(tier_progress(program, found.member, language) or ("",))[0],
        joined_where=channel_name(found.joined_channel),
        lines=[_line_row(program, line, language) for line in found.lines],
        passes=[_pass_row(program, held, language) for held in found.passes],
        purposes={"email": _("E-mail"), "sms": _("Text message")},
        desk=desk,
        vouchers=[_voucher_row(program, one, language) for one in desk.vouchers],
        units=units_of(program, language),
        can_pay_out=any(unit.kind == "credit" for unit in program.ruleset.units),
        most=QUANTITY_MAX.get(staff().role, 0),
        reason_length_max=REASON_LENGTH_MAX,
        plans=[(plan.key, program.text(plan.name, language)) for plan in program.ruleset.plans],
        request_id=uuid4(),
        public_id=public_id,
        grouped=grouped,
        how_confirmed=how_confirmed,
    )


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """A voucher for staff. `kind` is the badge's colour."""

    code: str
    spoken: str
    name: str
    state: str
    kind: str
    when: str
    is_open: bool


def _voucher_row(program: ProgramView, one: VoucherState, language: str) -> VoucherRow:
    state, kind = {
        "issued": (_("to be used"), "ok"),
        "used": (_("already used"), ""),
        "expired": (_("expired"), "warn"),
    }.get(one.status, (_("void"), "bad"))
    moment = one.used_at or one.expires_at or one.issued_at
    label = _("used on") if one.used_at else _("until") if one.expires_at else _("issued")
    return VoucherRow(
        code=one.code,
        spoken=spoken_voucher(one.code),
        name=program.text(one.reward.name, language),
        state=state,
        kind=kind,
        when=f"{label} {spell_time(moment, program.time_zone, language)}",
        is_open=one.status == "issued",
    )


def _balances(program: ProgramView, found: MemberFile, language: str) -> list[tuple[str, str, str]]:
    """(name of the unit, spendable, what else there is to say) of every unit."""
    rows = []
    for unit in program.ruleset.units:
        balance = found.member.balances[unit.key]
        notes = []
        if balance.pending:
            pending = spell_quantity(unit, balance.pending, program.currency, language)
            notes.append(_("%(quantity)s pending", quantity=pending))
        if balance.held:
            held = spell_quantity(unit, balance.held, program.currency, language)
            notes.append(_("%(quantity)s held by a till", quantity=held))
        if balance.owed:
            owed = spell_quantity(unit, balance.owed, program.currency, language)
            notes.append(_("%(quantity)s to make up for refunds", quantity=owed))
        spendable = spell_quantity(unit, balance.available, program.currency, language)
        rows.append((program.text(unit.name, language), spendable, " · ".join(notes)))
    return rows


def _line_row(program: ProgramView, line: Line, language: str) -> LineRow:
    unit = program.ruleset.unit(line.movement.unit)
    after = spell_quantity(unit, line.movement.balance_after, program.currency, language)
    reasons = [
        (program.text(said.text, language), said.rule, said.rule_version) for said in line.reasons
    ]
    row = movement_row(program, line.movement, language)
    return LineRow(row, after, actor_name(line.by), line, reasons)


def actor_name(label: str) -> str:
    """Who entered it, in words; names of staff come as they are."""
    kind = label.partition(":")[0]
    names = {
        "key": _("Web shop"),
        "system": _("System"),
        "self": _("The member"),
        "demo": _("Demo data"),
    }
    return names.get(kind, label)


def _pass_row(program: ProgramView, held: HeldPass, language: str) -> PassRow:
    state, kind = {
        "current": (_("Up to date"), "ok"),
        "waiting": (_("On its way"), "info"),
        "failing": (_("Delivery is failing"), "bad"),
        "not_installed": (_("Not on a phone"), ""),
    }[held.state]
    times = [
        (_("Issued"), held.issued_at),
        (_("Last change"), held.changed_at),
        (_("Announced"), held.delivered_at),
        (_("Fetched by a phone"), held.fetched_at),
    ]
    facts = [(label, spell_time(at, program.time_zone, language)) for label, at in times if at]
    if held.provider == "apple":
        facts.append((_("Phones"), str(held.phones)))
    if held.silent_since:
        since = spell_time(held.silent_since, program.time_zone, language)
        facts.append((_("No phone has come since"), since))
    if held.error:
        facts += _problem(held.error)
        facts.append((_("Attempts"), str(held.attempts)))
    facts.append((_("Serial number"), held.serial))
    name = {"apple": "Apple Wallet", "google": "Google Wallet"}.get(held.provider, held.provider)
    ways = [_way(step, program, language) for step in held.steps]
    return PassRow(name, state, kind, facts, ways)


def _problem(error: str) -> list[tuple[str, str]]:
    """What the provider said, in a sentence with what to do where we know it."""
    found = why_kept(error)
    if found is None:
        return [(_("Last error"), error)]
    (said,) = spoken([found])
    return [(_("Last error"), said.sentence), (_("What to do"), said.fix)]


def _way(step: Step, program: ProgramView, language: str) -> WayRow:
    times = [(_("pushed"), step.pushed_at)]
    if step.provider == "apple":
        times += [(_("asked for"), step.listed_at), (_("fetched"), step.fetched_at)]
    elif step.notified_at:
        times.append((_("notified"), step.notified_at))
    return WayRow(
        spell_time(step.wanted_at, program.time_zone, language),
        [
            (name, spell_seconds(max((at - step.wanted_at).total_seconds(), 0.0), language))
            if at
            else (name, "")
            for name, at in times
        ],
        step.push_id,
    )
