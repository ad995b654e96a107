"""The program's rules in sentences, what is weak in them, and the numbers that people turn: tried on the past
before they are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any

from babel.numbers import format_percent
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.program_advice import program_advice, share_given_back
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.publish_rules import publish_rules
from wallet.actions.replay_rules import UnitReport
from wallet.actions.try_rules import Trial, rule_history, try_rules
from wallet.errors import Refusal
from wallet.rules.knobs import Knobs, TierKnob, has_own_expiry, knobs_of, turned
from wallet.rules.money import exponent, spell_money
from wallet.rules.ruleset import Ruleset, RulesetError, read_ruleset
from wallet.rules.sentences import Sentence, sentences
from wallet.rules.spell import spell_number, spell_quantity
from wallet.web.console.amounts import count_typed, minor_amount
from wallet.web.console.frame import console_page, own_program
from wallet.web.locale import current_language
from wallet.web.present import spell_time
from wallet.web.security import staff, staff_actor
from wallet.web.wiring import read, write

ROUNDINGS = ("down", "half_up", "up")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form says, and what is wrong with it by the names of fields."""

    typed: Mapping[str, str]
    rules: Ruleset | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


def rules() -> str:
    """GET /console/rules: how the program works, and the form."""
    program = own_program()
    return _page(program, Draft(_typed(program, knobs_of(program.ruleset))))


def try_draft() -> str | tuple[str, int]:
    """POST /console/rules/try: the same form with what it would have done, or with its errors."""
    program = own_program()
    draft = _draft(program)
    if draft.rules is None:
        return _page(program, draft), 422
    tried = draft.rules
    trial = read(lambda session: try_rules(session, program, tried, clock.now()))
    return _page(program, draft, trial)


def publish() -> Response | tuple[str, int]:
    """POST /console/rules: in force for everything that comes."""
    program = own_program()
    draft = _draft(program)
    if draft.rules is None:
        return _page(program, draft), 422
    after = count_typed(request.form.get("after", ""))

    def _publish(session: Session) -> int:
        # The form's numbers go onto the rules of this very moment: `after` says whether they are still
        # those that were shown.
        view = program_view(session, program.id)
        if after != view.rule_version:
            raise Refusal("rules_changed", version=view.rule_version)
        document = turned(view.ruleset, _knobs(view, draft.typed, {}))
        now = clock.now()
        return publish_rules(
            session, view.id, document, staff_actor().label, now, after_version=after
        )

    try:
        version = write(_publish)
    except Refusal as refusal:
        text = " ".join([refusal.sentence, *refusal.facts.get("problems", ())])
        if refusal.code == "rules_changed":
            text = _("Somebody else published rules meanwhile. Look at them, then try yours again.")
        return _page(own_program(), replace(draft, errors={"form": text})), refusal.status
    flash(_("Version %(number)s of the rules is in force.", number=version), "ok")
    return redirect(url_for("console.rules"), 303)


def _page(program: ProgramView, draft: Draft, trial: Trial | None = None) -> str:
    language, now = current_language(), clock.now()
    live = program.ruleset
    shown = draft.rules or live
    history = read(lambda session: rule_history(session, program.id))
    advice = read(lambda session: program_advice(session, program, shown, now))
    said = sentences(live, program.currency, language)
    return console_page(
        "console/rules.html",
        program,
        language=language,
        topics=_topics(said),
        topic_names=_topic_names(),
        changes=_changes(said, sentences(shown, program.currency, language)),
        advice=advice,
        given_back=_percent(share_given_back(program, shown), language),
        typed=draft.typed,
        errors=draft.errors,
        is_draft=draft.rules is not None,
        trial=trial,
        units=_units(program, trial, language) if trial else [],
        live=live,
        own_expiry=has_own_expiry(live),
        has_rate=knobs_of(live).quantity is not None,
        roundings=_rounding_names(),
        tiers=[(tier.key, program.text(tier.name, language)) for tier in live.tiers],
        tier_unit=_tier_unit(program, language),
        unit_name=program.text(live.main_unit.many, language),
        history=[
            (
                one.number,
                spell_time(one.published_at, program.time_zone, language),
                one.by or _("Set-up"),
            )
            for one in history
        ],
        may_see_members=staff().role in ("owner", "manager"),
    )


# --- The form -------------------------------------------------------------------------------------


def _typed(program: ProgramView, knobs: Knobs) -> dict[str, str]:
    """The numbers as people type them."""
    typed = {
        "quantity": str(knobs.quantity or ""),
        "per": _money(program, knobs.per_minor) if knobs.per_minor else "",
        "welcome": str(knobs.welcome or ""),
        "expiry": str(knobs.expiry_months or ""),
        "pending": str(knobs.pending_days or ""),
        "rounding": knobs.rounding,
    }
    for key, tier in knobs.tiers.items():
        need = str(tier.need) if program.ruleset.tier_unit else _money(program, tier.need)
        typed |= {f"need_{key}": need, f"times_{key}": _decimal(tier.multiplier)}
    return typed


def _draft(program: ProgramView) -> Draft:
    names = _typed(program, knobs_of(program.ruleset))
    typed = {name: request.form.get(name, "").strip() for name in names}
    errors: dict[str, str] = {}
    knobs = _knobs(program, typed, errors)
    if errors:
        return Draft(typed, None, errors)
    try:
        return Draft(typed, read_ruleset(turned(program.ruleset, knobs)))
    except RulesetError as error:
        return Draft(typed, None, {"form": " ".join(error.problems)})


def _knobs(program: ProgramView, typed: Mapping[str, str], errors: dict[str, str]) -> Knobs:
    """The numbers that were typed; what cannot be read is named in `errors` and stays as it was."""
    now = knobs_of(program.ruleset)

    def _count(
        name: str, least: int, most: int, empty: int | None, before: int | None
    ) -> int | None:
        text = typed[name]
        if not text:
            return empty
        found = count_typed(text)
        if found is None or not least <= found <= most:
            errors[name] = _(
                "A whole number from %(least)s to %(most)s, please.",
                least=least,
                most=spell_number(most, current_language()),
            )
            return before
        return found

    per = now.per_minor
    if now.per_minor is not None:
        per = minor_amount(program.currency, typed["per"])
        if per is None or not 0 < per <= 10**9:
            errors["per"] = _("An amount of money, please, like 1 or 2.50.")
            per = now.per_minor
    rounding = typed["rounding"] if typed["rounding"] in ROUNDINGS else now.rounding
    quantity = now.quantity
    if quantity is not None:
        quantity = _count("quantity", 1, 100_000, quantity, quantity)
    return Knobs(
        quantity=quantity,
        per_minor=per,
        welcome=_count("welcome", 0, 100_000, 0, now.welcome) or 0,
        expiry_months=_count("expiry", 1, 120, None, now.expiry_months),
        pending_days=_count("pending", 0, 365, 0, now.pending_days) or 0,
        rounding=rounding,
        tiers={
            key: _tier_knob(program, typed, errors, key, tier) for key, tier in now.tiers.items()
        },
    )


def _tier_knob(
    program: ProgramView,
    typed: Mapping[str, str],
    errors: dict[str, str],
    key: str,
    before: TierKnob,
) -> TierKnob:
    text = typed[f"need_{key}"] or "0"
    by_points = program.ruleset.tier_unit is not None
    need = count_typed(text) if by_points else minor_amount(program.currency, text)
    if need is None or need < 0:
        errors[f"need_{key}"] = _("A number of 0 or more, please.")
        need = before.need
    factor = _factor(typed[f"times_{key}"] or "1")
    if factor is None:
        errors[f"times_{key}"] = _("A number from 1 to 100, please, like 1.25.")
        factor = before.multiplier
    return TierKnob(need, factor)


def _factor(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 1 <= found <= 100 else None


def _money(program: ProgramView, minor: int) -> str:
    """As it is typed: `2,50` in French, `2.50` in English, no decimals where there are none."""
    digits = exponent(program.currency)
    amount = Decimal(minor).scaleb(-digits)
    text = f"{amount:.{digits}f}" if minor % 10**digits else f"{amount:.0f}"
    return text.replace(".", ",") if current_language() == "fr" else text


def _decimal(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    return text.replace(".", ",") if current_language() == "fr" else text


# --- What is shown ----------------------------------------------------------------------------------


def _topics(said: tuple[Sentence, ...]) -> list[tuple[str, list[str]]]:
    return [
        (topic, [one.text for one in group])
        for topic, group in groupby(said, key=lambda one: one.topic)
    ]


def _percent(share: float | None, language: str) -> str:
    return "" if share is None else str(format_percent(share, "#,##0.#%", locale=language))


def _changes(
    live: tuple[Sentence, ...], draft: tuple[Sentence, ...]
) -> tuple[list[str], list[str]]:
    """(sentences that would go, sentences that would come)."""
    before, after = [one.text for one in live], [one.text for one in draft]
    return (
        [text for text in before if text not in after],
        [text for text in after if text not in before],
    )


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit's line of the trial, in words."""

    name: str
    before: str
    after: str
    percent: float | None
    cost: str
    winners: int
    losers: int


def _units(program: ProgramView, trial: Trial, language: str) -> list[UnitLine]:
    if trial.report is None:
        return []
    return [_unit_line(program, unit, language) for unit in trial.report.units]


def _unit_line(program: ProgramView, found: UnitReport, language: str) -> UnitLine:
    unit = program.ruleset.unit(found.unit)
    before, after = (
        spell_quantity(unit, quantity, program.currency, language)
        for quantity in (found.before, found.after)
    )
    cost = ""
    if found.cost_before_minor is not None and found.cost_after_minor is not None:
        more = found.cost_after_minor - found.cost_before_minor
        spelt = spell_money(abs(more), program.currency, language)
        cost = f"{'+' if more > 0 else '−' if more < 0 else ''}{spelt}"
    return UnitLine(
        name=program.text(unit.name, language),
        before=before,
        after=after,
        percent=(found.after - found.before) / found.before if found.before else None,
        cost=cost,
        winners=found.winners,
        losers=found.losers,
    )


def _tier_unit(program: ProgramView, language: str) -> str:
    unit = program.ruleset.tier_unit
    return program.text(program.ruleset.unit(unit).many, language) if unit else program.currency


def _topic_names() -> dict[str, str]:
    return {
        "earning": _("What is earned"),
        "multipliers": _("What counts more"),
        "limits": _("Limits"),
        "tiers": _("Statuses"),
        "welcome": _("Welcome and referral"),
        "life": _("How long it lasts"),
        "spending": _("Paying with it"),
    }


def _rounding_names() -> dict[str, Any]:
    return {
        "down": _("Down, in the shop's favour"),
        "half_up": _("To the nearest"),
        "up": _("Up, in the member's favour"),
    }
