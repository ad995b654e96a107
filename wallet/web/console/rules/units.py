"""What is counted: its words, how long it lasts, and what a full stamp card gives."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from wallet.rules.rule_parts import PENDING_DAYS_MAX, Unit
from wallet.rules.terms import MONTHS_MAX
from wallet.web.console.forms.ask import Ask, Section
from wallet.web.console.rules.part import (
    Document,
    Here,
    Part,
    Values,
    WrongError,
    named,
    new_key,
    without,
)


def _unit(here: Here) -> Unit | None:
    return next((unit for unit in here.rules.units if unit.key == here.key), None)


def _sections(here: Here) -> list[Section]:
    kinds = [("points", _("points")), ("stamps", _("stamps")), ("credit", _("store credit"))]
    unit = _unit(here)
    if unit is not None:  # what members hold does not become something else
        kinds = [pair for pair in kinds if pair[0] == unit.kind]
    rewards = [(reward.key, here.say(reward.name)) for reward in here.program.rewards if reward.key]
    return [
        Section(
            "",
            [
                Ask("kind", _("What it is"), "choice", choices=kinds),
                Ask(
                    "name",
                    _("Over a number"),
                    "words",
                    required=True,
                    longest=30,
                    hint=_("Like Points, in capitals as on the card."),
                ),
                Ask("one", _("After one"), "words", required=True, longest=30, hint=_("1 point")),
                Ask("many", _("After several"), "words", required=True, longest=30),
                Ask(
                    "target",
                    _("How many fill the card"),
                    "count",
                    least=2,
                    most=1_000,
                    longest=4,
                    only="stamps",
                ),
                Ask(
                    "reward_key",
                    _("A full card gives"),
                    "choice",
                    choices=[("", _("nothing by itself")), *rewards],
                    only="stamps",
                ),
            ],
        ),
        Section(_("How long it lasts"), _life_asks()),
    ]


def _life_asks() -> list[Ask]:
    return [
        Ask(
            "expiry",
            _("It expires"),
            "choice",
            choices=[
                ("", _("as the program says")),
                ("never", _("never")),
                ("months", _("so many months after it was earned")),
                ("inactivity", _("so many months after the last purchase")),
                ("end_of_year", _("at the end of the year")),
            ],
        ),
        Ask("months", _("How many months"), "count", least=1, most=MONTHS_MAX, longest=3),
        Ask(
            "years",
            _("How many full years later"),
            "count",
            least=0,
            most=10,
            longest=2,
            hint=_("Only at the end of the year; empty: with the year itself."),
        ),
        Ask(
            "pending_days",
            _("Days until it can be used"),
            "count",
            least=0,
            most=PENDING_DAYS_MAX,
            longest=3,
            hint=_("Empty: as the program says."),
        ),
    ]


def _values(here: Here) -> dict[str, Any]:
    unit = _unit(here)
    if unit is None:
        return {"kind": "stamps", "reward_key": "", "expiry": ""}
    expiry = unit.expiry
    return {
        "kind": unit.kind,
        "name": unit.name,
        "one": unit.one,
        "many": unit.many,
        "target": unit.target,
        "reward_key": unit.reward_key or "",
        "expiry": expiry.kind if expiry else "",
        "months": expiry.months if expiry else None,
        "years": expiry.years if expiry else None,
        "pending_days": unit.pending_days,
    }


def _keep(here: Here, document: Document, values: Values) -> None:
    taken = [unit["key"] for unit in document["units"]]
    key = here.key if _unit(here) else new_key(values["name"], taken, "unit")
    target, reward = values.get("target"), values.get("reward_key") or None
    if reward and not target:
        raise WrongError("target", _("Say how many fill the card."))
    named(document, "units", key).update(
        kind=values["kind"],
        name=values["name"],
        one=values["one"],
        many=values["many"],
        target=target,
        reward_key=reward,
        expiry=_expiry(values),
        pending_days=values["pending_days"],
    )


def _expiry(values: Values) -> dict[str, Any] | None:
    kind = values["expiry"]
    if not kind:
        return None
    by_months = kind in ("months", "inactivity")
    if by_months and values["months"] is None:
        raise WrongError("months", _("Please fill this in."))
    return {
        "kind": kind,
        "months": values["months"] if by_months else None,
        "years": values["years"] if kind == "end_of_year" else None,
    }


def _remove(here: Here, document: Document) -> None:
    if here.key == here.rules.main_unit.key:
        raise WrongError("form", _("This is what cards and tills show first: it stays."))
    without(document, "units", here.key)


def _title(here: Here) -> str:
    unit = _unit(here)
    return here.say(unit.name) if unit else _("Something else to collect")


UNITS = Part(_title, _sections, _values, _keep, lambda here: _unit(here) is not None, _remove)
