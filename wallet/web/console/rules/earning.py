"""Ways of earning and multipliers, each with a form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from wallet.rules.rule_parts import Multiplier, PerAmount, PerItem, VisitGoal
from wallet.rules.ruleset import ActivityRule, EarnRule
from wallet.rules.terms import RULE_QUANTITY_MAX, Cap, Match
from wallet.web.console.forms.ask import Ask, Choices, Section
from wallet.web.console.forms.reading import shown_money
from wallet.web.console.rules.conditions import (
    MONEY_MAX,
    channels,
    condition_of,
    condition_sections,
    condition_values,
)
from wallet.web.console.rules.part import (
    Document,
    Here,
    Part,
    Values,
    WrongError,
    keys_taken,
    named,
    new_key,
    without,
)
from wallet.web.console.rules.words import kind_names, period_names
from wallet.web.locale import currency_sign

CAPS_SHOWN = 2  # of one rule; further ones, set through the API, stay as they are
SALES = "per_amount per_visit per_item visits"
CLOCKED = "per_amount per_visit per_item activity"  # a goal of visits looks at no clock
KNOWN_ACTIVITIES = ("newsletter", "profile", "birthday", "anniversary", "review", "recycling")


def _rule(here: Here) -> EarnRule | None:
    return next((rule for rule in here.rules.earning if rule.key == here.key), None)


def _multiplier(here: Here) -> Multiplier | None:
    return next((one for one in here.rules.multipliers if one.key == here.key), None)


# --- ways of earning --------------------------------------------------------------------------------


def _sections(here: Here) -> list[Section]:
    others = [
        (rule.key, here.say(rule.name))
        for rule in here.rules.earning
        if isinstance(rule, PerAmount) and rule.key != here.key
    ]
    replaces = [
        Ask(
            "replaces",
            _("These articles then no longer count for"),
            "ticks",
            choices=others,
            only="per_amount",
        )
    ]
    return [
        Section("", [*_what(here), *_how_often()]),
        Section(
            _("Only some articles"),
            [*match_asks(), *(replaces if others else [])],
            folded=True,
            only="per_amount per_item",
        ),
        Section(
            _("Where"),
            [Ask("channels", _("Only there"), "ticks", choices=channels())],
            folded=True,
        ),
        *condition_sections(here, CLOCKED),
        Section(
            _("At most"),
            _cap_asks(),
            folded=True,
            in_threes=True,
            note=_("Empty: as often as they can."),
        ),
        Section(_("Multipliers"), _multiplied_asks(), folded=True, only=SALES),
    ]


def _what(here: Here) -> list[Ask]:
    return [
        Ask("name", _("What it is called"), "words", required=True, longest=80),
        Ask("kind", _("What counts"), "choice", choices=list(kind_names().items())),
        Ask(
            "quantity",
            _("How much is given"),
            hint=_("Points and stamps as a whole number, store credit as money."),
            required=True,
            longest=12,
        ),
        Ask("unit", _("Of what"), "choice", choices=here.units),
        Ask(
            "per",
            _("for each (%(currency)s)", currency=currency_sign(here.program.currency)),
            "money",
            required=True,
            least=1,
            most=MONEY_MAX,
            longest=20,
            only="per_amount",
        ),
    ]


def _how_often() -> list[Ask]:
    goals = {key: name for key, name in period_names().items() if key != "sale"}
    return [
        Ask(
            "visits",
            _("How many visits"),
            "count",
            required=True,
            least=2,
            most=1_000,
            longest=5,
            only="visits",
        ),
        Ask(
            "within",
            _("Within"),
            "choice",
            choices=list(goals.items()),
            only="visits",
        ),
        Ask("repeats", _("Again each time as many"), "yes", only="visits"),
        Ask(
            "activity",
            _("The word by which shops report it"),
            hint=_("Small letters, like review. Empty: from the name."),
            longest=32,
            suggested=KNOWN_ACTIVITIES,
            only="activity",
        ),
        Ask("at_till", _("Cashiers see it: tills have a button for it"), "yes", only="activity"),
    ]


def match_asks() -> list[Ask]:
    """Which lines of a sale."""
    return [
        Ask("categories", _("Categories"), "names", hint=_("One a line, as tills write them.")),
        Ask("skus", _("Article numbers"), "names", hint=_("One a line.")),
    ]


def _multiplied_asks() -> list[Ask]:
    return [
        Ask(
            "multiplied",
            _("Do statuses and multipliers count for it?"),
            "choice",
            choices=[
                ("", _("As usual: for amounts yes, for visits and articles no")),
                ("yes", _("Yes")),
                ("no", _("No")),
            ],
        )
    ]


def _cap_asks() -> list[Ask]:
    asks = []
    for number in range(1, CAPS_SHOWN + 1):
        asks += [
            Ask(f"cap_quantity_{number}", _("At most so much"), longest=12),
            Ask(f"cap_times_{number}", _("or so many times"), "count", least=1, most=10**6),
            Ask(f"cap_per_{number}", _("per"), "choice", choices=list(period_names().items())),
        ]
    return asks


def _values(here: Here) -> dict[str, Any]:
    rule = _rule(here)
    if rule is None:
        blank = {"kind": "per_amount", "unit": here.rules.main_unit.key, "within": "month"}
        return {**blank, "multiplied": "", **_cap_values(here, "", ()), "birthday": ""}
    values: dict[str, Any] = {
        "name": rule.name,
        "kind": rule.kind,
        "unit": rule.unit,
        "quantity": _spelt(here, rule.unit, rule.quantity),
        "channels": rule.channels,
        "within": "month",
        "multiplied": "",
        **condition_values(rule.when, here),
        **_cap_values(here, rule.unit, rule.caps),
    }
    if isinstance(rule, ActivityRule):
        return {**values, "activity": rule.activity, "at_till": rule.at_till}
    values["multiplied"] = {None: "", True: "yes", False: "no"}[rule.multiplied]
    if isinstance(rule, PerAmount):
        values |= {"per": rule.per_minor, "replaces": rule.replaces}
    if isinstance(rule, VisitGoal):
        values |= {"visits": rule.visits, "within": rule.within, "repeats": rule.repeats}
    if isinstance(rule, PerAmount | PerItem):
        values |= match_values(rule.match)
    return values


def _spelt(here: Here, unit: str, quantity: int) -> str:
    is_money = here.rules.unit(unit).kind == "credit"
    return shown_money(quantity, here.program.currency) if is_money else str(quantity)


def _cap_values(here: Here, unit: str, caps: Sequence[Cap]) -> dict[str, Any]:
    values: dict[str, Any] = {f"cap_per_{at + 1}": "day" for at in range(CAPS_SHOWN)}
    for at, cap in enumerate(caps[:CAPS_SHOWN], 1):
        values[f"cap_quantity_{at}"] = (
            "" if cap.quantity is None else _spelt(here, unit, cap.quantity)
        )
        values[f"cap_times_{at}"], values[f"cap_per_{at}"] = cap.times, cap.per
    return values


def _keep(here: Here, document: Document, values: Values) -> None:
    before = _rule(here)
    key = here.key if before else new_key(values["name"], keys_taken(document), "rule")
    kind, unit = values["kind"], values["unit"]
    if not isinstance(kind, str) or kind not in kind_names():
        raise WrongError("kind", _("Please choose one."))
    rule = {
        "key": key,
        "kind": kind,
        "unit": unit,
        "name": values["name"],
        "quantity": here.quantity(unit, "quantity", values["quantity"], RULE_QUANTITY_MAX),
        "channels": values["channels"] or None,
        "when": condition_of(values, before.when if before else None, here),
        "caps": _caps(here, unit, values, before.caps if before else ()),
        **_own(kind, key, values),
    }
    found = named(document, "earning", key)
    found.clear()
    found.update(rule)


def _own(kind: str, key: str, values: Values) -> dict[str, Any]:
    """What only this kind of rule has."""
    if kind == "activity":
        word = new_key({"": values["activity"]}, (), key) if values["activity"] else key
        return {"activity": word, "at_till": values["at_till"]}
    multiplied = {"yes": True, "no": False}.get(values["multiplied"])
    own: dict[str, Any] = {"multiplied": multiplied}
    if kind in ("per_amount", "per_item"):
        own["match"] = match_of(values)
    if kind == "per_amount":
        own |= {"per_minor": values["per"], "replaces": values.get("replaces") or []}
        if own["replaces"] and not own["match"]:
            raise WrongError("categories", _("Say which articles: then they can count apart."))
    if kind == "visits":
        own |= {name: values[name] for name in ("visits", "within", "repeats")}
    return own


def _caps(here: Here, unit: str, values: Values, before: Sequence[Cap]) -> list[dict[str, Any]]:
    caps = []
    for at in range(1, CAPS_SHOWN + 1):
        text, times, per = (values[f"cap_{name}_{at}"] for name in ("quantity", "times", "per"))
        if not text and times is None:
            continue
        quantity = here.quantity(unit, f"cap_quantity_{at}", text, 10**9) if text else None
        if per == "sale" and times is not None:
            raise WrongError(f"cap_times_{at}", _("A rule counts once a sale anyway."))
        caps.append({"per": per, "quantity": quantity, "times": times})
    return caps + [cap.model_dump(mode="json") for cap in before[CAPS_SHOWN:]]


def match_values(match: Match | None) -> dict[str, Any]:
    """As the fields show it."""
    return {"categories": match.categories, "skus": match.skus} if match else {}


def match_of(values: Values) -> dict[str, Any] | None:
    """What was typed; None for every line of a sale."""
    categories, skus = values.get("categories") or None, values.get("skus") or None
    return {"categories": categories, "skus": skus} if categories or skus else None


def _remove(here: Here, document: Document) -> None:
    without(document, "earning", here.key)
    for rule in document["earning"]:
        if here.key in (rule.get("replaces") or ()):
            rule["replaces"] = [key for key in rule["replaces"] if key != here.key]


def _title(here: Here) -> str:
    rule = _rule(here)
    return here.say(rule.name) if rule else _("Another way of earning")


EARNING = Part(_title, _sections, _values, _keep, lambda here: _rule(here) is not None, _remove)


# --- multipliers ------------------------------------------------------------------------------------


def _factor_sections(here: Here) -> list[Section]:
    units: Choices = here.units if len(here.units) > 1 else []
    chosen = [Ask("units", _("Only for"), "ticks", choices=units)] if units else []
    return [
        Section(
            "",
            [
                Ask("name", _("What it is called"), "words", required=True, longest=80),
                Ask(
                    "factor",
                    _("How many times as much"),
                    "decimal",
                    hint=_("2 doubles, 1.5 gives half as much again."),
                    required=True,
                    least=1,
                    most=100,
                    longest=8,
                ),
                *chosen,
                Ask("stackable", _("On top of other multipliers"), "yes"),
            ],
        ),
        Section(_("Only some articles"), match_asks(), folded=True),
        Section(
            _("Where"),
            [Ask("channels", _("Only there"), "ticks", choices=channels())],
            folded=True,
        ),
        *condition_sections(here),
    ]


def _factor_values(here: Here) -> dict[str, Any]:
    one = _multiplier(here)
    if one is None:
        return {"birthday": ""}
    return {
        "name": one.name,
        "factor": one.factor,
        "units": one.units,
        "stackable": one.stackable,
        "channels": one.when.channels if one.when else None,
        **match_values(one.match),
        **condition_values(one.when, here),
    }


def _keep_factor(here: Here, document: Document, values: Values) -> None:
    before = _multiplier(here)
    key = here.key if before else new_key(values["name"], keys_taken(document), "times")
    when = condition_of(values, before.when if before else None, here) or {}
    when["channels"] = values["channels"] or None
    kept_units = list(before.units) if before and before.units and len(here.units) == 1 else None
    named(document, "multipliers", key).update(
        name=values["name"],
        factor=values["factor"],
        units=values.get("units") or kept_units,
        stackable=values["stackable"],
        match=match_of(values),
        when=when if any(value is not None for value in when.values()) else None,
    )


def _remove_factor(here: Here, document: Document) -> None:
    without(document, "multipliers", here.key)


def _factor_title(here: Here) -> str:
    one = _multiplier(here)
    return here.say(one.name) if one else _("Another multiplier")


MULTIPLIERS = Part(
    _factor_title,
    _factor_sections,
    _factor_values,
    _keep_factor,
    lambda here: _multiplier(here) is not None,
    _remove_factor,
)
