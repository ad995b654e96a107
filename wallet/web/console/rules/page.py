"""The program's rules in sentences, what is weak in them, a draft of them: changed part by part or by a few
numbers, tried on the past, then published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.program.carry_draft import Overtaken, carry_draft, overtaken
from wallet.actions.program.frame import margin_of
from wallet.actions.program.rule_draft import (
    DraftView,
    discard_draft,
    draft_of,
    edit_draft,
    publish_draft,
)
from wallet.actions.program_advice import program_advice, shares_of
from wallet.actions.program_view import ProgramView
from wallet.actions.replay_rules import UnitReport
from wallet.actions.try_rules import Trial, rule_history, try_rules
from wallet.errors import Refusal
from wallet.rules.knobs import Knobs, TierKnob, has_own_expiry, knobs_of, turned
from wallet.rules.money import spell_money
from wallet.rules.ruleset import Ruleset, RulesetError, read_ruleset
from wallet.rules.sentences import Sentence, sentences
from wallet.rules.spell import spell_number, spell_quantity
from wallet.web.console.amounts import count_typed, minor_amount, spell_share
from wallet.web.console.forms.reading import shown_money
from wallet.web.console.frame import console_page, own_program
from wallet.web.console.rules.general import ROUNDINGS, rounding_names
from wallet.web.console.rules.part import NEW
from wallet.web.console.rules.words import problem_sentences
from wallet.web.console.wish import new_form_id, wish
from wallet.web.locale import currency_sign, current_language
from wallet.web.present import spell_time
from wallet.web.problems import sentence
from wallet.web.security import staff
from wallet.web.wiring import read, write

# Topic of a sentence → the part whose form changes it; the part of what has no key of its own.
_PART_OF = {
    "earning": ("earning", "counting"),
    "multipliers": ("multipliers", "multipliers"),
    "limits": ("counting", "counting"),
    "tiers": ("tiers", "statuses"),
    "plans": ("plans", "plans"),
    "welcome": ("gifts", "gifts"),
    "life": ("units", "counting"),
    "spending": ("spending", "spending"),
}
TAKE = "take:"  # before the place of a collision, in the names of its choice
# Part of the rules → the topic under which the page tells it.
_TOPIC_OF = {
    **dict.fromkeys(("earning", "basis", "rounding"), "earning"),
    "multipliers": "multipliers",
    **dict.fromkeys(("caps", "redemption_limits", "offline_redemption"), "limits"),
    **dict.fromkeys(("tiers", "tier_policy", "tier_window_days"), "tiers"),
    "plans": "plans",
    **dict.fromkeys(("referral", "welcome", "donation", "vouchers"), "welcome"),
    **dict.fromkeys(("units", "pending_days", "expiry_months"), "life"),
}
_ONE_OF_A_KIND = ("gifts", "counting", "spending", "statuses")


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form of numbers says, and what is wrong with it by the names of fields; `takes` is what
    was chosen where a draft collides with newer rules."""

    said: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence, and where it is changed (empty: nowhere)."""

    text: str
    href: str


def rules() -> str:
    """GET /console/rules: how the program works, and what is being prepared."""
    program = own_program()
    return _page(program, _draft(program))


def trial() -> str:
    """GET /console/rules/trial: the same, with what the draft would have done."""
    program = own_program()
    draft = _draft(program)
    if not draft.revision:
        return _page(program, draft)
    found = read(lambda session: try_rules(session, program, draft.rules, clock.now()))
    return _page(program, draft, trial=found)


def try_draft() -> Response | tuple[str, int]:
    """POST /console/rules/try: the numbers go into the draft; then the past once more with it."""
    program = own_program()
    draft = _draft(program)
    names = _typed(program, draft.rules)
    typed = {name: request.form.get(name, "").strip() for name in names}
    errors: dict[str, str] = {}
    knobs = _knobs(program, draft.rules, typed, errors)
    if not errors and typed != names:
        errors |= _turn(program, draft, knobs)
    if errors:
        status = 409 if errors.get("form") == sentence("draft_conflict") else 422
        return _page(program, draft, Typed(typed, errors)), status
    return redirect(url_for("console.trial"), 303)


def _turn(program: ProgramView, draft: DraftView, knobs: Knobs) -> dict[str, str]:
    """Sentences where the numbers do not go into the draft."""
    document = turned(draft.rules, knobs)
    try:
        read_ruleset(document)
    except RulesetError as error:
        return {"form": problem_sentences(error.problems)}
    seen, asked = _revision(), wish()
    try:
        write(
            lambda session: edit_draft(
                session, program.id, lambda kept: kept.update(document), seen, asked
            )
        )
    except Refusal as refusal:
        if refusal.code != "draft_conflict":
            raise
        return {"form": sentence(refusal.code)}
    return {}


def publish() -> Response | tuple[str, int]:
    """POST /console/rules/publish: in force for everything that comes."""
    program, seen, asked = own_program(), _revision(), wish()
    try:
        version = write(lambda session: publish_draft(session, program.id, seen, asked))
    except Refusal as refusal:
        now = own_program()
        draft = _draft(now)
        typed = Typed(_typed(now, draft.rules), {"form": _why_not(refusal)})
        return _page(now, draft, typed), refusal.status
    if version is not None:
        flash(_("Version %(number)s of the rules is in force.", number=version), "ok")
    return redirect(url_for("console.rules"), 303)


def discard() -> Response:
    """POST /console/rules/discard: back to the rules in force."""
    program, asked = own_program(), wish()
    write(lambda session: discard_draft(session, program.id, asked))
    flash(_("The draft is gone: the rules in force go on."), "ok")
    return redirect(url_for("console.rules"), 303)


def carry() -> Response | tuple[str, int]:
    """POST /console/rules/carry: the draft onto the rules that were published since it began."""
    program, asked = own_program(), wish()
    version = count_typed(request.form.get("version", ""))
    seen = (_revision(), -1 if version is None else version)
    takes = {
        name.removeprefix(TAKE): said
        for name, said in request.form.items()
        if name.startswith(TAKE)
    }
    try:
        left = write(lambda session: carry_draft(session, program.id, seen, takes, asked))
    except Refusal as refusal:
        now = own_program()
        draft = _draft(now)
        typed = Typed(_typed(now, draft.rules), {"form": _why_not(refusal)}, takes)
        return _page(now, draft, typed), refusal.status
    if left:
        draft = _draft(program)
        errors = {"form": _("Please say for each of these what counts."), **dict.fromkeys(left, "")}
        return _page(program, draft, Typed(_typed(program, draft.rules), errors, takes)), 422
    flash(
        _("Your draft stands on the rules in force now. Try it once more, then publish it."), "ok"
    )
    return redirect(url_for("console.rules"), 303)


def _why_not(refusal: Refusal) -> str:
    if refusal.code == "rules_invalid":
        return problem_sentences(refusal.facts.get("problems", ()))
    if refusal.code == "rules_changed":
        return _("Somebody else published rules meanwhile. Look at them, then try yours again.")
    if refusal.code == "draft_conflict":
        return sentence(refusal.code)
    raise refusal


def _revision() -> int:
    """The draft that the form was made for; -1 (there is none such) where it does not say."""
    found = count_typed(request.form.get("revision", ""))
    return -1 if found is None else found


def _draft(program: ProgramView) -> DraftView:
    return read(lambda session: draft_of(session, program))


def _page(
    program: ProgramView,
    draft: DraftView,
    typed: Typed | None = None,
    trial: Trial | None = None,
) -> str:
    language, now = current_language(), clock.now()
    live, shown = program.ruleset, draft.rules
    typed = typed or Typed(_typed(program, shown))
    history = read(lambda session: rule_history(session, program.id))
    said, meant = (sentences(each, program.currency, language) for each in (live, shown))
    return console_page(
        "console/rules.html",
        program,
        language=language,
        topics=_topics(meant),
        topic_names=_topic_names(),
        changes=_changes(said, meant),
        advice=read(lambda session: program_advice(session, program, shown, now)),
        shares=_shares(program, shown),
        typed=typed.said,
        errors=typed.errors,
        draft=draft,
        **_overtaken(program, draft),
        takes=typed.takes,
        draft_at=spell_time(draft.at, program.time_zone, language) if draft.at else "",
        form_id=new_form_id(),
        trial=trial,
        units=_units(program, shown, trial, language) if trial else [],
        own_expiry=has_own_expiry(shown),
        has_rate=knobs_of(shown).quantity is not None,
        roundings=rounding_names(),
        tiers=[(tier.key, program.text(tier.name, language)) for tier in shown.tiers],
        tier_unit=_tier_unit(program, shown, language),
        unit_name=program.text(shown.main_unit.many, language),
        new=NEW,
        add_names=_add_names(),
        change_all=_change_all(),
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


def _overtaken(program: ProgramView, draft: DraftView) -> dict[str, Any]:
    """What was published since the draft began, and where it collides."""
    language = current_language()
    late = read(lambda session: overtaken(session, program, language)) if draft.is_late else None
    if late is None:
        return {"late": None}
    return {
        "late": late,
        "late_at": spell_time(late.at, program.time_zone, language),
        "clashes": [_collision(program, late, at) for at in range(len(late.clashes))],
    }


@dataclass(frozen=True, slots=True)
class Collision:
    """A place that the draft and the newer rules both changed, in words. `field` names its choice."""

    field: str
    place: str
    name: str
    live: tuple[str, ...]
    draft: tuple[str, ...]


def _collision(program: ProgramView, late: Overtaken, at: int) -> Collision:
    one = late.clashes[at]
    part = one.place.split(".")[0]
    topic = _topic_names()[_TOPIC_OF.get(part, "spending")]
    name = program.text(one.name, current_language()) if one.name else ""
    gone, other = _("Taken out"), _("Said in no sentence: changed all the same")
    return Collision(
        f"{TAKE}{one.place}",
        one.place,
        f"{topic} · {name}" if name else topic,
        (gone,) if one.live_is_gone else one.live or (other,),
        (gone,) if one.draft_is_gone else one.draft or (other,),
    )


# --- The form of numbers ----------------------------------------------------------------------------


def _typed(program: ProgramView, rules: Ruleset) -> dict[str, str]:
    """The numbers as people type them."""
    knobs = knobs_of(rules)
    typed = {
        "quantity": str(knobs.quantity or ""),
        "per": shown_money(knobs.per_minor, program.currency) if knobs.per_minor else "",
        "welcome": str(knobs.welcome or ""),
        "expiry": str(knobs.expiry_months or ""),
        "pending": str(knobs.pending_days or ""),
        "rounding": knobs.rounding,
    }
    for key, tier in knobs.tiers.items():
        need = str(tier.need) if rules.tier_unit else shown_money(tier.need, program.currency)
        typed |= {f"need_{key}": need, f"times_{key}": _decimal(tier.multiplier)}
    return typed


def _knobs(
    program: ProgramView, rules: Ruleset, typed: Mapping[str, str], errors: dict[str, str]
) -> Knobs:
    """The numbers that were typed; what cannot be read is named in `errors` and stays as it was."""
    now = knobs_of(rules)

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
    quantity = now.quantity
    if quantity is not None:
        quantity = _count("quantity", 1, 100_000, quantity, quantity)
    return replace(
        now,
        quantity=quantity,
        per_minor=per,
        welcome=_count("welcome", 0, 100_000, 0, now.welcome) or 0,
        expiry_months=_count("expiry", 1, 120, None, now.expiry_months),
        pending_days=_count("pending", 0, 365, 0, now.pending_days) or 0,
        rounding=typed["rounding"] if typed["rounding"] in ROUNDINGS else now.rounding,
        tiers={key: _tier_knob(program, rules, typed, errors, key) for key in now.tiers},
    )


def _tier_knob(
    program: ProgramView,
    rules: Ruleset,
    typed: Mapping[str, str],
    errors: dict[str, str],
    key: str,
) -> TierKnob:
    before = knobs_of(rules).tiers[key]
    text = typed[f"need_{key}"] or "0"
    need = count_typed(text) if rules.tier_unit else minor_amount(program.currency, text)
    if need is None or not 0 <= need <= 10**9:
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


def _decimal(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    return text.replace(".", ",") if current_language() == "fr" else text


# --- What is shown ----------------------------------------------------------------------------------


def _topics(said: tuple[Sentence, ...]) -> list[tuple[str, list[Told]]]:
    found = {topic: list(group) for topic, group in groupby(said, key=lambda one: one.topic)}
    return [
        (topic, [Told(one.text, _where(one)) for one in found.get(topic, [])])
        for topic in _topic_names()
    ]


def _where(one: Sentence) -> str:
    """The form that changes what the sentence says."""
    own, general = _PART_OF[one.topic]
    part = own if one.key else general
    if part not in _ONE_OF_A_KIND and not one.key:
        return ""
    key = "all" if part in _ONE_OF_A_KIND else one.key
    return url_for("console.rule_part", part=part, key=key)


def _shares(program: ProgramView, rules: Ruleset) -> list[str]:
    """What rewards do to a sale, in sentences."""
    found = shares_of(program, rules)
    said = []
    if found.worth is not None:
        share = spell_share(found.worth)
        said.append(
            _("%(percent)s of each sale comes back as rewards, before multipliers.", percent=share)
        )
    if found.cost is not None:
        said.append(_("That costs you %(percent)s of it at most.", percent=spell_share(found.cost)))
    margin = margin_of(program)
    if found.left is not None and margin is not None:
        said.append(
            _(
                "Of a margin of %(margin)s, %(left)s is left.",
                margin=spell_share(float(margin) / 100),
                left=spell_share(found.left),
            )
        )
    return said


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


def _units(program: ProgramView, rules: Ruleset, trial: Trial, language: str) -> list[UnitLine]:
    if trial.report is None:
        return []
    return [_unit_line(program, rules, unit, language) for unit in trial.report.units]


def _unit_line(program: ProgramView, rules: Ruleset, found: UnitReport, language: str) -> UnitLine:
    """The unit is one of the draft's, or one that the draft has no more."""
    known = {unit.key: unit for unit in (*program.ruleset.units, *rules.units)}
    unit = known[found.unit]
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


def _tier_unit(program: ProgramView, rules: Ruleset, language: str) -> str:
    unit = rules.tier_unit
    return (
        program.text(rules.unit(unit).many, language) if unit else currency_sign(program.currency)
    )


def _topic_names() -> dict[str, str]:
    return {
        "earning": _("What is earned"),
        "multipliers": _("What counts more"),
        "limits": _("Limits"),
        "tiers": _("Statuses"),
        "plans": _("Paid memberships"),
        "welcome": _("Gifts and referral"),
        "life": _("How long it lasts"),
        "spending": _("Taking and paying"),
    }


def _add_names() -> dict[str, tuple[str, str]]:
    """Topic → (part, words) of what can be added to it."""
    return {
        "earning": ("earning", _("Add a way of earning")),
        "multipliers": ("multipliers", _("Add a multiplier")),
        "tiers": ("tiers", _("Add a status")),
        "plans": ("plans", _("Add a paid membership")),
        "life": ("units", _("Collect something else too")),
    }


def _change_all() -> dict[str, tuple[str, str]]:
    """Topic → (part, words) of the form that says the rest of it."""
    return {
        "limits": ("counting", _("Set limits")),
        "tiers": ("statuses", _("How they are reached and kept")),
        "welcome": ("gifts", _("Change gifts")),
        "spending": ("spending", _("Change")),
    }
