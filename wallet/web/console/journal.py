"""What was done at the tills, and what is worth a look."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.program_view import ProgramView
from wallet.actions.tills.flags import see_flag
from wallet.actions.tills.journal_views import ActView, FlagView, flags_shown, journal
from wallet.ids import private_id
from wallet.rules.money import spell_money
from wallet.rules.spell import spell_quantity
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.present import spell_time
from wallet.web.security import staff_actor
from wallet.web.wiring import read, write


@dataclass(frozen=True, slots=True)
class ActRow:
    """An act in words."""

    act: ActView
    what: str
    how_much: str
    where: str
    when: str
    word: str


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag in words."""

    flag: FlagView
    sentence: str
    when: str


def journal_page() -> str:
    """GET /console/journal."""
    program = own_program()
    before = request.args.get("before", "")
    acts, next_before = read(lambda session: journal(session, program, before))
    flags = [] if before else read(lambda session: flags_shown(session, program))
    return console_page(
        "console/journal.html",
        program,
        acts=[_row(program, act) for act in acts],
        flags=[_flag(program, flag) for flag in flags],
        next_before=next_before,
        is_first=not before,
    )


def see(flag_id: str) -> Response:
    """POST /console/flags/ID: somebody looked at it."""
    program = own_program()
    number = private_id("flg", flag_id) or 0
    write(lambda session: see_flag(session, program, number, staff_actor(), clock.now()))
    return redirect(url_for("console.journal"), 303)


def how_confirmed(how: str) -> str:
    """Where the customer said yes."""
    return {
        "card": _("the customer agreed on their card"),
        "pin": _("the customer agreed by PIN"),
        "screen": _("the customer agreed on the screen"),
    }.get(how, "")


def _row(program: ProgramView, act: ActView) -> ActRow:
    language = current_language()
    parts = [
        spell_quantity(program.ruleset.unit(unit), quantity, program.currency, language)
        for unit, quantity in act.changes
        if unit in {each.key for each in program.ruleset.units}
    ]
    if act.amount_minor is not None:
        parts.insert(0, spell_money(act.amount_minor, program.currency, language))
    words = [how_confirmed(act.confirmed)]
    if act.approved_by:
        words.append(_("allowed by %(name)s", name=act.approved_by))
    if act.reason and act.verb != "pin":
        words.append(f"“{act.reason}”")
    return ActRow(
        act,
        verb_names().get(act.verb, act.verb),
        " · ".join(parts),
        " · ".join(part for part in (act.till, act.store) if part),
        spell_time(act.at, program.time_zone, language),
        " · ".join(word for word in words if word),
    )


def verb_names() -> dict[str, str]:
    """What acts are called."""
    return {
        "sale": _("Sale"),
        "redemption": _("Reward"),
        "voucher": _("Voucher used"),
        "activity": _("Activity"),
        "undo": _("Undo"),
        "reversal": _("Taken back later"),
        "adjustment": _("By hand"),
        "pair": _("Till paired"),
        "revoke": _("Till revoked"),
        "switch": _("Took over the till"),
        "lock_out": _("PIN closed after wrong tries"),
        "pin": _("New PIN"),
        "member_pin": _("Customer's PIN removed"),
        "screen_pair": _("Customer's screen connected"),
        "screen_revoke": _("Customer's screen disconnected"),
    }


def _flag(program: ProgramView, flag: FlagView) -> FlagRow:
    count = flag.facts.get("count", 0)
    sentence = {
        "card_often": _(
            "%(count)s sales on one card in a day: %(name)s", count=count, name=flag.about
        ),
        "pin_locked": _("The PIN of %(name)s was tried too often and is closed.", name=flag.about),
        "revoked_till": _("“%(name)s” was revoked and still sent saved sales.", name=flag.about),
        "card_used_often": _(
            "The card of %(name)s reached its limit for rewards at tills.", name=flag.about
        ),
        "staff_redeems_often": _(
            "%(name)s reached the limit for handing out rewards.", name=flag.about
        ),
        "till_redeems_often": _(
            "“%(name)s” reached the limit for handing out rewards.", name=flag.about
        ),
    }.get(flag.kind, flag.about)
    return FlagRow(flag, sentence, spell_time(flag.at, program.time_zone, current_language()))
