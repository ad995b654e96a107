"""Rewards: the catalogue, and one reward's form to make, change, pause or offer it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wallet.actions.create_reward import NewReward, check_reward
from wallet.actions.program.catalogue import (
    change_reward,
    offer_reward,
    shown_of_reward,
    turn_reward,
)
from wallet.actions.program.changes import fingerprint
from wallet.actions.program_advice import economy_of_reward
from wallet.actions.program_view import ProgramView
from wallet.actions.rewards_list import ListedReward, list_rewards, listed_reward
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.rules.money import spell_money
from wallet.rules.redemption import KINDS, lacks_emotion, moment_of
from wallet.rules.spell import spell_quantity
from wallet.web.console.amounts import (
    count_typed,
    minor_amount,
    spell_share,
    tags_typed,
    whole_number,
)
from wallet.web.console.frame import console_page, own_program
from wallet.web.console.wish import new_form_id, wish
from wallet.web.locale import current_language
from wallet.web.problems import sentence
from wallet.web.wiring import read, write

_MOMENTS = ("opens_at", "closes_at")
# What the form says of a reward's value.
_VALUES = {"percent", "url", "code", "amount_minor", "max_minor", "choice", "choice_max", *_MOMENTS}
_NUMBERS = ("stock", "per_member", "per_member_days", "voucher_days")


@dataclass(frozen=True, slots=True)
class RewardLine:
    """One reward in the list."""

    id: str
    name: str
    kind: str
    kind_name: str
    cost: str
    conditions: str
    economy: str
    stock: int | None
    taken: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong with a form: sentences by the names of fields, as typed values stay in it."""

    fields: Mapping[str, str] = field(default_factory=dict)


def rewards() -> str:
    """The list."""
    program = own_program()
    found = read(lambda session: list_rewards(session, program.id))
    language = current_language()
    return console_page(
        "console/rewards.html",
        program,
        lines=[_line(program, one, language) for one in found],
        lacks_emotion=lacks_emotion([one.said.kind for one in found if one.is_active]),
    )


def new_reward() -> str:
    """An empty form."""
    return _form(own_program(), "", {"kind": "product", "mode": "instant"}, Problems())


def reward(reward_id: str) -> str:
    """The form of one reward."""
    program = own_program()
    found = read(lambda session: listed_reward(session, program.id, reward_id))
    return _form(program, reward_id, _typed(program, found), Problems(), found)


def save_new_reward() -> Response | tuple[str, int]:
    """POST: into the catalogue, or the form again with the reasons."""
    program, asked = own_program(), wish()
    typed = _all_typed()
    try:
        said, wrong = _said(program, typed, {})
        if wrong:
            return _form(program, "", typed, _all_wrong(program, said, wrong)), 422
        made = write(lambda session: offer_reward(session, program.id, said, asked))
    except Refusal as refusal:
        return _form(program, "", typed, _problems(refusal)), refusal.status
    flash(_("The reward is offered from now on."), "ok")
    if made is None:  # pressed twice: it is there already
        return redirect(url_for("console.rewards"), 303)
    return redirect(url_for("console.reward", reward_id=public_id("rwd", made)), 303)


def save_reward(reward_id: str) -> Response | tuple[str, int]:
    """POST: changed, paused or offered again."""
    program, asked = own_program(), wish()
    found = read(lambda session: listed_reward(session, program.id, reward_id))
    if request.form.get("act") in ("pause", "offer"):
        is_active = request.form["act"] == "offer"
        write(lambda s: turn_reward(s, program.id, found.id, asked, is_active=is_active))
        flash(
            _("It is offered again.") if is_active else _("It is paused: nobody can take it."), "ok"
        )
        return redirect(url_for("console.rewards"), 303)
    typed = _all_typed()
    try:
        said, wrong = _said(program, typed, found.said.value)
        if wrong:
            problems = _all_wrong(program, said, wrong)
            return _form(program, reward_id, typed, problems, found), 422
        changes = {name: getattr(said, name) for name in _changed(found.said, said)}
        write(lambda session: change_reward(session, program.id, found.id, changes, asked))
    except Refusal as refusal:
        return _form(program, reward_id, typed, _problems(refusal), found), refusal.status
    flash(_("Saved. What was taken before stays as it was."), "ok")
    return redirect(url_for("console.reward", reward_id=reward_id), 303)


def kind_names() -> dict[str, str]:
    """What kinds of rewards are called on pages."""
    return {
        "product": _("Free product"),
        "percent": _("Percentage off"),
        "amount": _("Amount off"),
        "shipping": _("Free shipping"),
        "gift": _("Gift"),
        "experience": _("Experience"),
        "event": _("Event with places"),
        "access": _("Early or private access"),
        "content": _("Exclusive content"),
        "partner": _("Partner's offer"),
        "donation": _("Donation"),
    }


def reward_economy(program: ProgramView, said: NewReward, language: str) -> str:
    """`Earned by €30 of sales · gives back 13.3% of them · costs you 2.7%`; empty where unknown."""
    found = economy_of_reward(program, said)
    if found is None:
        return ""
    sales = spell_money(math.ceil(found.sales_minor), program.currency, language)
    parts = [_("Earned by %(money)s of sales", money=sales)]
    if found.worth_share is not None:
        parts.append(_("gives back %(share)s of them", share=spell_share(found.worth_share)))
    if found.cost_share is not None:
        parts.append(_("costs you %(share)s of them", share=spell_share(found.cost_share)))
    return " · ".join(parts)


def _line(program: ProgramView, one: ListedReward, language: str) -> RewardLine:
    said = one.said
    names = [
        program.text(tier.name, language)
        for tier in program.ruleset.tiers
        if tier.key in said.tier_keys
    ]
    ends = [_("voucher") if said.mode == "voucher" else "", ", ".join(names)]
    return RewardLine(
        id=public_id("rwd", one.id),
        name=program.text(said.name, language),
        kind=said.kind,
        kind_name=kind_names().get(said.kind, said.kind),
        cost=spell_quantity(program.ruleset.unit(said.unit), said.cost, program.currency, language),
        conditions=" · ".join(part for part in ends if part),
        economy=reward_economy(program, said, language),
        stock=said.stock,
        taken=one.taken,
        is_active=one.is_active,
    )


def _form(
    program: ProgramView,
    reward_id: str,
    typed: Mapping[str, Any],
    problems: Problems,
    found: ListedReward | None = None,
) -> str:
    language = current_language()
    names = kind_names()
    return console_page(
        "console/reward.html",
        program,
        reward_id=reward_id,
        typed=typed,
        errors=problems.fields,
        kinds=[(kind, names[kind]) for kind in names if kind in KINDS],
        units=[(unit.key, program.text(unit.name, language)) for unit in program.ruleset.units],
        tiers=[(tier.key, program.text(tier.name, language)) for tier in program.ruleset.tiers],
        is_active=found.is_active if found else True,
        form_id=new_form_id(),
        seen=fingerprint(shown_of_reward(found.said)) if found else "",
        economy=reward_economy(program, found.said, language) if found else "",
        taken=found.taken if found else 0,
    )


def _all_typed() -> dict[str, Any]:
    typed: dict[str, Any] = dict(request.form.items())
    typed["tier_keys"] = request.form.getlist("tier_keys")
    return typed


def _typed(program: ProgramView, found: ListedReward) -> dict[str, Any]:
    """The reward as it would have been typed."""
    said, zone = found.said, ZoneInfo(program.time_zone)
    typed: dict[str, Any] = {
        "kind": said.kind,
        "mode": said.mode,
        "unit": said.unit,
        "cost": _spelled(program, said.unit, said.cost),
        "tier_keys": list(said.tier_keys),
        "tags": ", ".join(said.tags),
        "key": said.key or "",
        "choice": said.value.get("choice", ""),
        "choice_max": str(said.value.get("choice_max", "")),
        "opens_at": _clock_time(said.value, "opens_at", zone),
        "closes_at": _clock_time(said.value, "closes_at", zone),
        "percent": str(said.value.get("percent", "")),
        "url": said.value.get("url", ""),
        "code": said.value.get("code", ""),
        "amount": _money(program, said.value.get("amount_minor")),
        "max": _money(program, said.value.get("max_minor")),
        "worth": _money(program, said.worth_minor),
        "own_cost": _money(program, said.own_cost_minor),
        "starts_on": said.starts_at.astimezone(zone).date().isoformat() if said.starts_at else "",
        "ends_on": (said.ends_at.astimezone(zone) - timedelta(seconds=1)).date().isoformat()
        if said.ends_at
        else "",
    }
    for locale in program.locales:
        typed[f"name_{locale}"] = said.name.get(locale, "")
        typed[f"description_{locale}"] = said.description.get(locale, "")
    for name in _NUMBERS:
        number = getattr(said, name)
        typed[name] = "" if number is None else str(number)
    return typed


def _spelled(program: ProgramView, unit: str, quantity: int) -> str:
    is_money = program.ruleset.unit(unit).kind == "credit"
    return _money(program, quantity) if is_money else str(quantity)


def _money(program: ProgramView, amount_minor: int | None) -> str:
    if amount_minor is None:
        return ""
    digits = 2 if minor_amount(program.currency, "0.01") else 0
    text = f"{amount_minor / 10**digits:.{digits}f}"
    return text.replace(".", ",") if current_language() == "fr" else text


def _said(
    program: ProgramView, typed: Mapping[str, Any], known: Mapping[str, Any]
) -> tuple[NewReward, dict[str, str]]:
    """The reward that was typed, and sentences for fields that cannot be read."""
    wrong: dict[str, str] = {}
    unit = typed.get("unit") or program.ruleset.main_unit.key
    cost = whole_number(program, unit, typed.get("cost", ""))
    if cost is None:
        wrong["cost"] = _("Please type a whole number.")
    numbers: dict[str, int | None] = {}
    for name in _NUMBERS:
        text = typed.get(name, "").strip()
        numbers[name] = count_typed(text) if text else None
        if text and numbers[name] is None:
            wrong[name] = _("Please type a whole number.")
    times = {
        "starts_at": _day(program, typed.get("starts_on", ""), "starts_on", wrong, 0),
        "ends_at": _day(program, typed.get("ends_on", ""), "ends_on", wrong, 1),
    }
    said = NewReward(
        key=typed.get("key", "").strip() or None,
        name={at: text for at in program.locales if (text := typed.get(f"name_{at}", "").strip())},
        description={
            at: text
            for at in program.locales
            if (text := typed.get(f"description_{at}", "").strip())
        },
        kind=typed.get("kind", ""),
        cost=cost or 0,
        unit=unit,
        mode=typed.get("mode", "instant"),
        value=_value(program, typed, known, wrong),
        tier_keys=tuple(typed.get("tier_keys", ())),
        tags=tuple(tags_typed(typed.get("tags", ""))),
        worth_minor=_sum(program, typed, "worth", wrong),
        own_cost_minor=_sum(program, typed, "own_cost", wrong),
        **numbers,  # type: ignore[arg-type]
    )
    return replace(said, **times), wrong  # type: ignore[arg-type]


def _value(
    program: ProgramView, typed: Mapping[str, Any], known: Mapping[str, Any], wrong: dict[str, str]
) -> dict[str, Any]:
    """What the kind needs; what other doors said of the reward stays."""
    value = {name: said for name, said in known.items() if name not in _VALUES}
    value |= _ties(program, typed, wrong)
    kind = typed.get("kind", "")
    if kind == "percent":
        value["percent"] = typed.get("percent", "").strip().replace(",", ".").rstrip("% ")
        if typed.get("max", "").strip():
            value["max_minor"] = _amount(program, typed, "max", wrong)
    elif kind in ("amount", "donation"):
        value["amount_minor"] = _amount(program, typed, "amount", wrong)
    elif kind == "content":
        value["url"] = typed.get("url", "").strip()
    elif kind == "partner":
        value["code"] = typed.get("code", "").strip()
    return value


def _ties(program: ProgramView, typed: Mapping[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
    """When it is good, and the set that it is one of."""
    value: dict[str, Any] = {
        name: _moment(program, typed[name], name, wrong)
        for name in _MOMENTS
        if typed.get(name, "").strip()
    }
    if typed.get("choice", "").strip():
        value["choice"] = typed["choice"].strip()
        value["choice_max"] = count_typed(typed.get("choice_max", ""))
    return value


def _sum(
    program: ProgramView, typed: Mapping[str, Any], name: str, wrong: dict[str, str]
) -> int | None:
    """An amount that may be left out, and is not below nothing."""
    if not typed.get(name, "").strip():
        return None
    amount = _amount(program, typed, name, wrong)
    if amount is not None and amount < 0:
        wrong[name] = _("Please type an amount like 12.50.")
    return amount


def _amount(
    program: ProgramView, typed: Mapping[str, Any], name: str, wrong: dict[str, str]
) -> int | None:
    amount = minor_amount(program.currency, typed.get(name, ""))
    if amount is None:
        wrong[name] = _("Please type an amount like 12.50.")
    return amount


def _day(
    program: ProgramView, text: str, name: str, wrong: dict[str, str], more_days: int
) -> datetime | None:
    """The beginning of a day where the program lives, or of the one after it."""
    if not text.strip():
        return None
    try:
        day = datetime.fromisoformat(text.strip()).date() + timedelta(days=more_days)
        return datetime.combine(day, time(), ZoneInfo(program.time_zone))
    except (ValueError, OverflowError):
        wrong[name] = _("Please type a date.")
        return None


def _clock_time(value: Mapping[str, Any], name: str, zone: ZoneInfo) -> str:
    """A moment as the browser's field for times has it: where the program lives."""
    at = moment_of(value, name)
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" if at else ""


def _moment(program: ProgramView, text: str, name: str, wrong: dict[str, str]) -> str | None:
    """The same on the way back, as a reward's value has it."""
    try:
        at = datetime.fromisoformat(text.strip())
        return at.replace(tzinfo=ZoneInfo(program.time_zone)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        wrong[name] = _("Please type a date and a time.")
        return None


def _changed(before: NewReward, after: NewReward) -> list[str]:
    """Names of what differs: what nobody touched is not written again."""
    return [
        name
        for name in NewReward.__dataclass_fields__
        if _plain(getattr(before, name)) != _plain(getattr(after, name))
    ]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value


def _all_wrong(program: ProgramView, said: NewReward, wrong: Mapping[str, str]) -> Problems:
    """What cannot be read, and what of the rest cannot be offered: nobody is sent back twice."""
    try:
        check_reward(program.ruleset, program.locale, said)
    except Refusal as refusal:
        return Problems({**_problems(refusal).fields, **wrong})
    return Problems(wrong)


def _problems(refusal: Refusal) -> Problems:
    """The fields that the action names, under the names of the form."""
    if refusal.code == "changed_meanwhile":
        return Problems({"form": sentence(refusal.code)})
    names = {
        "name": f"name_{own_program().locale}",
        "amount_minor": "amount",
        "max_minor": "max",
        "ends_at": "ends_on",
        "worth_minor": "worth",
        "own_cost_minor": "own_cost",
    }
    wrong: dict[str, str] = {}
    for said in refusal.facts.get("fields", ()):
        short = str(said).removeprefix("value.")
        wrong[names.get(short, short)] = _("Please check this.")
    return Problems(wrong or {"form": sentence(refusal.code)})
