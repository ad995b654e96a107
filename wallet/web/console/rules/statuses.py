"""Statuses, how they are kept, and paid memberships."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from wallet.rules.money import exponent
from wallet.rules.rule_parts import Plan, Tier, TierPolicy
from wallet.rules.terms import DAYS_MAX, MONTHS_MAX
from wallet.web.console.forms.ask import Ask, Section
from wallet.web.console.rules.part import (
    Document,
    Here,
    Part,
    Values,
    WrongError,
    named,
    new_key,
    only_one,
    without,
)
from wallet.web.locale import currency_sign

NEED_MAX = 10**9  # minor units or points in a window: more is nobody's
GRACE_DAYS_MAX = 1_100  # three years


def _perks_ask() -> Ask:
    return Ask(
        "perks",
        _("What it brings besides, in words"),
        "lists",
        hint=_("One perk a line: on the card, in the shopper's page and at the till."),
        rows=3,
    )


# --- statuses ---------------------------------------------------------------------------------------


def _tier_sections(here: Here) -> list[Section]:
    by_points = here.rules.tier_unit
    if by_points:
        unit = here.say(here.rules.unit(by_points).many)
        need = Ask(
            "need",
            _("from (%(unit)s)", unit=unit),
            "count",
            least=0,
            most=NEED_MAX,
            required=True,
            longest=12,
        )
    else:
        need = Ask(
            "need",
            _("from sales of (%(currency)s)", currency=currency_sign(here.program.currency)),
            "money",
            least=0,
            most=NEED_MAX,
            required=True,
            longest=20,
            hint=_("0 for the status that everybody begins with."),
        )
    return [
        Section(
            "",
            [
                Ask("name", _("What it is called"), "words", required=True, longest=40),
                need,
                Ask(
                    "multiplier",
                    _("counts times"),
                    "decimal",
                    least=1,
                    most=100,
                    required=True,
                    longest=8,
                    hint=_("1 as for everybody, 1.5 half as much again."),
                ),
                _perks_ask(),
            ],
        )
    ]


def _tier(here: Here) -> Tier | None:
    return here.rules.tier(here.key)


def _tier_values(here: Here) -> dict[str, Any]:
    tier = _tier(here)
    if tier is None:
        return {"multiplier": 1, "need": None if here.rules.tiers else 0}
    return {
        "name": tier.name,
        "need": here.rules.threshold(tier),
        "multiplier": tier.multiplier,
        "perks": tier.perks,
    }


def _keep_tier(here: Here, document: Document, values: Values) -> None:
    taken = [tier["key"] for tier in document["tiers"]]
    key = here.key if _tier(here) else new_key(values["name"], taken, "status")
    field = "threshold_points" if here.rules.tier_unit else "threshold_minor"
    others = [tier[field] for tier in document["tiers"] if tier["key"] != key]
    if values["need"] in others:
        raise WrongError("need", _("Another status begins at the same: they need a distance."))
    if values["need"] and not others:
        raise WrongError("need", _("The first status begins at 0: everybody has it."))
    if others and min(others) > 0 and values["need"]:
        raise WrongError("need", _("This is the status that everybody begins with: it stays at 0."))
    tier = named(document, "tiers", key)
    tier.update(
        {
            "name": values["name"],
            field: values["need"],
            "multiplier": values["multiplier"],
            "perks": values["perks"],
        }
    )
    document["tiers"].sort(key=lambda one: one.get(field, 0))


def _remove_tier(here: Here, document: Document) -> None:
    tier = _tier(here)
    assert tier is not None
    if not here.rules.threshold(tier) and len(here.rules.tiers) > 1:
        raise WrongError("form", _("Everybody begins with this one: take the others away first."))
    for part in (*here.rules.earning, *here.rules.multipliers):
        if part.when and here.key in (part.when.tiers or ()):
            raise WrongError("form", _("“%(rule)s” is for this status.", rule=here.say(part.name)))
    for plan in here.rules.plans:
        if plan.tier == here.key:
            raise WrongError("form", _("“%(rule)s” is for this status.", rule=here.say(plan.name)))
    for reward in here.program.rewards:
        if here.key in reward.tier_keys:
            raise WrongError(
                "form", _("“%(rule)s” is for this status.", rule=here.say(reward.name))
            )
    without(document, "tiers", here.key)


def _tier_title(here: Here) -> str:
    tier = _tier(here)
    return here.say(tier.name) if tier else _("Another status")


TIERS = Part(
    _tier_title,
    _tier_sections,
    _tier_values,
    _keep_tier,
    lambda here: _tier(here) is not None,
    _remove_tier,
)


# --- how they are kept ------------------------------------------------------------------------------


def _policy_sections(here: Here) -> list[Section]:
    return [
        Section(
            "",
            [
                Ask(
                    "basis",
                    _("A status is reached by"),
                    "choice",
                    choices=[
                        ("spend", _("what somebody spends")),
                        ("points", _("what somebody earns")),
                    ],
                ),
                Ask("unit", _("counted in"), "choice", choices=here.units),
                Ask(
                    "window",
                    _("within"),
                    "choice",
                    choices=[
                        ("rolling_months", _("the last months")),
                        ("calendar_year", _("the calendar year")),
                        ("lifetime", _("all the time")),
                    ],
                ),
                Ask(
                    "months",
                    _("how many months"),
                    "count",
                    least=1,
                    most=MONTHS_MAX,
                    required=True,
                    longest=3,
                ),
                Ask(
                    "downgrade",
                    _("When somebody falls below"),
                    "choice",
                    choices=[
                        ("immediate", _("the status follows at once")),
                        ("one_level", _("it goes down one level at a time")),
                        ("never", _("a status stays for ever")),
                    ],
                ),
                Ask(
                    "grace_days",
                    _("after so many days of grace"),
                    "count",
                    least=0,
                    most=GRACE_DAYS_MAX,
                    longest=4,
                ),
            ],
        )
    ]


def _policy_values(here: Here) -> dict[str, Any]:
    policy = here.rules.tier_policy or TierPolicy()
    return {
        **policy.model_dump(),
        "unit": policy.unit or here.rules.main_unit.key,
    }


def _keep_policy(here: Here, document: Document, values: Values) -> None:
    """Where the basis changes, thresholds go along: a status from €250 becomes one from 250 points."""
    by_points = values["basis"] == "points"
    document["tier_policy"] = {
        "basis": values["basis"],
        "unit": values["unit"] if by_points else None,
        "window": values["window"],
        "months": values["months"],
        "grace_days": values["grace_days"] or 0,
        "downgrade": values["downgrade"],
    }
    one = 10 ** exponent(here.program.currency)
    was_by_points = here.rules.tier_unit is not None
    for tier in document["tiers"]:
        if by_points and not was_by_points and not tier["threshold_points"]:
            tier["threshold_points"] = tier["threshold_minor"] // one
        if was_by_points and not by_points and not tier["threshold_minor"]:
            tier["threshold_minor"] = tier["threshold_points"] * one


POLICY = Part(
    lambda here: _("How statuses are reached and kept"),
    _policy_sections,
    _policy_values,
    _keep_policy,
    only_one,
)


# --- paid memberships -------------------------------------------------------------------------------


def _plan(here: Here) -> Plan | None:
    return here.rules.plan(here.key)


def _plan_sections(here: Here) -> list[Section]:
    return [
        Section(
            "",
            [
                Ask("name", _("What it is called"), "words", required=True, longest=40),
                Ask(
                    "tier",
                    _("With the perks of"),
                    "choice",
                    choices=[("", _("no status")), *here.tiers],
                ),
                Ask(
                    "length",
                    _("How long one payment lasts"),
                    "count",
                    least=1,
                    most=DAYS_MAX,
                    required=True,
                    longest=4,
                ),
                Ask(
                    "measure",
                    _("in"),
                    "choice",
                    choices=[("months", _("months")), ("days", _("days"))],
                ),
                _perks_ask(),
            ],
        )
    ]


def _plan_values(here: Here) -> dict[str, Any]:
    plan = _plan(here)
    if plan is None:
        return {"tier": "", "length": 12, "measure": "months"}
    return {
        "name": plan.name,
        "tier": plan.tier or "",
        "length": plan.months or plan.days,
        "measure": "months" if plan.months else "days",
        "perks": plan.perks,
    }


def _keep_plan(here: Here, document: Document, values: Values) -> None:
    taken = [plan["key"] for plan in document["plans"]]
    key = here.key if _plan(here) else new_key(values["name"], taken, "plan")
    in_months = values["measure"] == "months"
    if in_months and values["length"] > MONTHS_MAX:
        raise WrongError("length", _("At most %(count)s months, please.", count=MONTHS_MAX))
    named(document, "plans", key).update(
        name=values["name"],
        tier=values["tier"] or None,
        months=values["length"] if in_months else None,
        days=None if in_months else values["length"],
        perks=values["perks"],
    )


def _remove_plan(here: Here, document: Document) -> None:
    for part in (*here.rules.earning, *here.rules.multipliers):
        if part.when and here.key in (part.when.plans or ()):
            raise WrongError(
                "form", _("“%(rule)s” is for this membership.", rule=here.say(part.name))
            )
    without(document, "plans", here.key)


def _plan_title(here: Here) -> str:
    plan = _plan(here)
    return here.say(plan.name) if plan else _("A paid membership")


PLANS = Part(
    _plan_title,
    _plan_sections,
    _plan_values,
    _keep_plan,
    lambda here: _plan(here) is not None,
    _remove_plan,
)
