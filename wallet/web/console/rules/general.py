"""What holds for the whole program: what of a sale counts, gifts, paying with it, and how sure a till
must be of the card."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from wallet.rules.rule_parts import PENDING_DAYS_MAX
from wallet.rules.spending import STRENGTH, Proof
from wallet.rules.terms import MONTHS_MAX, RULE_QUANTITY_MAX
from wallet.web.console.forms.ask import Ask, Section
from wallet.web.console.forms.reading import shown_money
from wallet.web.console.rules.conditions import MONEY_MAX
from wallet.web.console.rules.limits import (
    limit_section,
    limit_values,
    limits_said,
    offline_said,
    offline_section,
    offline_values,
)
from wallet.web.console.rules.part import Document, Here, Part, Values, WrongError, only_one
from wallet.web.console.rules.words import period_names
from wallet.web.locale import currency_sign

ROUNDINGS = ("down", "half_up", "up")


def rounding_names() -> dict[str, str]:
    """What is done with half a point."""
    return {
        "down": _("Down, in the shop's favour"),
        "half_up": _("To the nearest"),
        "up": _("Up, in the member's favour"),
    }


# --- what counts, how long it lasts -----------------------------------------------------------------


def _counting_sections(here: Here) -> list[Section]:
    return [
        Section(
            _("What of a sale counts"),
            [
                Ask("tax", _("Tax"), "yes"),
                Ask("shipping", _("Delivery"), "yes"),
                Ask("gift_cards", _("Gift cards"), "yes"),
                Ask("paid_with_credit", _("What is paid with store credit"), "yes"),
                Ask("rounding", _("Rounding"), "choice", choices=list(rounding_names().items())),
            ],
        ),
        Section(
            _("How long it lasts"),
            [
                Ask(
                    "pending_days",
                    _("Days until it can be used"),
                    "count",
                    least=0,
                    most=PENDING_DAYS_MAX,
                    longest=3,
                    hint=_("Empty: at once"),
                ),
                Ask(
                    "expiry_months",
                    _("Months until it expires"),
                    "count",
                    least=1,
                    most=MONTHS_MAX,
                    longest=3,
                    hint=_("Empty: never"),
                ),
            ],
        ),
        Section(
            _("When a purchase is returned"),
            [
                Ask(
                    "clawback",
                    _("and what it gave is spent already"),
                    "choice",
                    choices=[
                        ("owed", _("the next gains pay it back")),
                        ("negative", _("the balance goes below zero")),
                        ("forgive", _("it is forgiven")),
                    ],
                )
            ],
        ),
        *_cap_sections(here),
    ]


def _cap_sections(here: Here) -> list[Section]:
    """At most so much of each unit, whichever rules give it."""
    return [
        Section(
            _("At most, of %(unit)s", unit=name),
            [
                Ask(f"cap_{unit}_{period}", _("in %(time)s", time=word), longest=12)
                for period, word in period_names().items()
                if period != "lifetime"
            ],
            note=_("Whichever rules give it. Empty: no limit."),
            folded=True,
        )
        for unit, name in here.units
    ]


def _counting_values(here: Here) -> dict[str, Any]:
    rules = here.rules
    values: dict[str, Any] = {
        **rules.basis.model_dump(),
        "rounding": rules.rounding,
        "pending_days": rules.pending_days or None,
        "expiry_months": rules.expiry_months,
        "clawback": rules.clawback,
    }
    for cap in rules.caps:
        unit = cap.unit or rules.main_unit.key
        is_money = rules.unit(unit).kind == "credit"
        quantity = cap.quantity or 0
        shown = shown_money(quantity, here.program.currency) if is_money else str(quantity)
        values[f"cap_{unit}_{cap.per}"] = shown
    return values


def _keep_counting(here: Here, document: Document, values: Values) -> None:
    for name in ("tax", "shipping", "gift_cards", "paid_with_credit"):
        document["basis"][name] = values[name]
    for name in ("rounding", "expiry_months", "clawback"):
        document[name] = values[name]
    document["pending_days"] = values["pending_days"] or 0
    kept = [cap for cap in document["caps"] if cap["per"] == "lifetime"]
    for unit, _name in here.units:
        for period in period_names():
            field = f"cap_{unit}_{period}"
            if text := values.get(field):
                quantity = here.quantity(unit, field, text, 10**9)
                kept.append({"unit": unit, "per": period, "quantity": quantity})
    document["caps"] = kept


COUNTING = Part(
    lambda here: _("What counts, and how long it lasts"),
    _counting_sections,
    _counting_values,
    _keep_counting,
    only_one,
)


# --- gifts ------------------------------------------------------------------------------------------


def _gift_sections(here: Here) -> list[Section]:
    return [
        Section(
            _("For joining"),
            [
                Ask("welcome", _("Welcome gift"), longest=12, hint=_("Empty: none")),
                Ask("welcome_unit", _("Of what"), "choice", choices=here.units),
            ],
        ),
        Section(
            _("For bringing a friend"),
            [
                Ask("referrer", _("For who brings a friend"), longest=12, hint=_("Empty: none")),
                Ask("friend", _("For the friend"), longest=12, hint=_("Empty: none")),
                Ask("referral_unit", _("Of what"), "choice", choices=here.units),
                Ask(
                    "referral_min",
                    _(
                        "From a first purchase of (%(currency)s)",
                        currency=currency_sign(here.program.currency),
                    ),
                    "money",
                    least=0,
                    most=MONEY_MAX,
                    longest=20,
                ),
                Ask(
                    "hold_days",
                    _("After how many days"),
                    "count",
                    least=0,
                    most=PENDING_DAYS_MAX,
                    longest=3,
                    hint=_("As long as the purchase can be returned."),
                ),
                Ask(
                    "per_year_max",
                    _("At most so many friends a year"),
                    "count",
                    least=1,
                    most=10**6,
                ),
            ],
        ),
        *_cause_sections(),
    ]


def _cause_sections() -> list[Section]:
    return [
        Section(
            _("For a good cause"),
            [
                Ask(
                    "donation",
                    _("Percent of each sale for the member's charity"),
                    "decimal",
                    least=0,
                    most=100,
                    decimals=2,
                    longest=6,
                    hint=_("You give it, not the member. Empty: none"),
                )
            ],
        ),
        Section(
            _("Vouchers that nobody used"),
            [
                Ask(
                    "when_expired",
                    _("When their time is over"),
                    "choice",
                    choices=[
                        ("forfeit", _("they are lost")),
                        ("return", _("what they cost comes back")),
                    ],
                ),
                Ask(
                    "notice_days",
                    _("Days before that the member is told"),
                    "count",
                    least=0,
                    most=90,
                    longest=2,
                    required=True,
                ),
            ],
        ),
    ]


def _gift_values(here: Here) -> dict[str, Any]:
    rules, main = here.rules, here.rules.main_unit.key
    welcome, referral = rules.welcome, rules.referral
    return {
        "welcome": _shown(here, welcome.unit, welcome.quantity) if welcome else "",
        "welcome_unit": welcome.unit if welcome else main,
        "referrer": _shown(here, referral.unit, referral.referrer_quantity) if referral else "",
        "friend": _shown(here, referral.unit, referral.friend_quantity) if referral else "",
        "referral_unit": referral.unit if referral else main,
        "referral_min": (referral.purchase_min_minor or None) if referral else None,
        "hold_days": (referral.hold_days or None) if referral else None,
        "per_year_max": referral.per_year_max if referral else None,
        "donation": rules.donation.percent if rules.donation else None,
        **rules.vouchers.model_dump(),
    }


def _shown(here: Here, unit: str, quantity: int) -> str:
    if not quantity:
        return ""
    is_money = here.rules.unit(unit).kind == "credit"
    return shown_money(quantity, here.program.currency) if is_money else str(quantity)


def _keep_gifts(here: Here, document: Document, values: Values) -> None:
    unit = values["welcome_unit"]
    document["welcome"] = None
    if values["welcome"]:
        quantity = here.quantity(unit, "welcome", values["welcome"], RULE_QUANTITY_MAX)
        document["welcome"] = {"unit": unit, "quantity": quantity}
    document["referral"] = _referral(here, values)
    percent = values["donation"]
    document["donation"] = {"percent": percent} if percent and percent != "0" else None
    document["vouchers"] = {name: values[name] for name in ("when_expired", "notice_days")}


def _referral(here: Here, values: Values) -> dict[str, Any] | None:
    unit = values["referral_unit"]
    referrer, friend = (
        here.quantity(unit, name, values[name], RULE_QUANTITY_MAX) if values[name] else 0
        for name in ("referrer", "friend")
    )
    if not referrer and not friend:
        return None
    return {
        "unit": unit,
        "referrer_quantity": referrer,
        "friend_quantity": friend,
        "hold_days": values["hold_days"] or 0,
        "per_year_max": values["per_year_max"],
        "purchase_min_minor": values["referral_min"] or 0,
    }


GIFTS = Part(
    lambda here: _("Gifts, referral, charity, vouchers"),
    _gift_sections,
    _gift_values,
    _keep_gifts,
    only_one,
)


# --- spending ---------------------------------------------------------------------------------------


def proof_names() -> dict[Proof, str]:
    """How sure a till has to be, from least to most."""
    return {
        "anything": _("a number or a name is enough"),
        "code": _("the card's code"),
        "fresh_code": _("a code that changes, seen just now"),
        "confirmation": _("the customer's yes"),
        "approval": _("a manager's PIN besides"),
    }


def _spending_sections(here: Here) -> list[Section]:
    main = here.say(here.rules.main_unit.many)
    names = proof_names()
    credit = [(unit.key, here.say(unit.name)) for unit in here.rules.units if unit.kind == "credit"]
    share = Ask(
        "share",
        _("Store credit pays at most, in percent of a bill"),
        "count",
        least=1,
        most=100,
        longest=3,
        hint=_("Empty: credit cannot pay."),
    )
    paying = [Section(_("Paying with store credit"), [share])] if credit else []
    return [
        Section(
            _("What taking %(unit)s at the till needs", unit=main),
            [
                *(
                    Ask(
                        f"up_to_{proof}",
                        _("Up to so many: %(proof)s", proof=names[proof]),
                        "count",
                        least=1,
                        most=RULE_QUANTITY_MAX,
                        longest=7,
                    )
                    for proof in names
                    if proof != "approval"
                ),
                Ask("beyond", _("Whatever is more"), "choice", choices=list(names.items())),
            ],
            note=_("Empty: this step is left out."),
        ),
        Section(
            _("How cards guard their code"),
            [
                Ask("rotating", _("Codes change by themselves where the wallet can"), "yes"),
                Ask("static_code", _("Phones that cannot show the unchanging one"), "yes"),
                Ask("screenshots", _("Screenshots of the card are allowed"), "yes"),
                Ask("screen_confirms", _("The shop's screen may ask the customer"), "yes"),
            ],
        ),
        limit_section(),
        offline_section(),
        *paying,
    ]


def _spending_values(here: Here) -> dict[str, Any]:
    spending, main = here.rules.spending, here.rules.main_unit.key
    values: dict[str, Any] = {
        "beyond": "anything",
        **spending.model_dump(exclude={"bands"}),
        **limit_values(here),
        **offline_values(here),
        "share": here.rules.credit.share_max_percent if here.rules.credit else None,
    }
    for band in spending.bands:
        if (band.unit or main) != main:
            continue
        if band.up_to is None:
            values["beyond"] = band.needs
        else:
            values[f"up_to_{band.needs}"] = band.up_to
    return values


def _keep_spending(here: Here, document: Document, values: Values) -> None:
    main, spending = here.rules.main_unit.key, document["spending"]
    guards = {name: values[name] for name in ("rotating", "static_code", "screenshots")}
    if not guards["rotating"] and not guards["static_code"]:
        raise WrongError("static_code", _("Then a card would show no code at all."))
    others = [band for band in spending["bands"] if (band.get("unit") or main) != main]
    bands = _bands(values)
    if not guards["rotating"] and any(band["needs"] == "fresh_code" for band in bands):
        raise WrongError("rotating", _("A code that changes is asked for: cards have to show one."))
    spending.update(**guards, screen_confirms=values["screen_confirms"], bands=[*bands, *others])
    document["redemption_limits"] = limits_said(values)
    document["offline_redemption"] = offline_said(values)
    if any(unit.kind == "credit" for unit in here.rules.units):
        document["credit"] = _credit(here, values["share"])


def _bands(values: Values) -> list[dict[str, Any]]:
    """From least to most; larger takings never need less."""
    beyond = values["beyond"]
    bands: list[dict[str, Any]] = []
    for proof in STRENGTH:
        limit = values.get(f"up_to_{proof}")
        if limit is None:
            continue
        field = f"up_to_{proof}"
        if STRENGTH[proof] >= STRENGTH[beyond]:
            raise WrongError(field, _("Whatever is more would need less than this."))
        if bands and limit <= bands[-1]["up_to"]:
            raise WrongError(field, _("It has to be more than the step before."))
        bands.append({"needs": proof, "up_to": limit, "unit": None})
    if not bands and beyond == "anything":
        return []
    return [*bands, {"needs": beyond, "up_to": None, "unit": None}]


def _credit(here: Here, share: int | None) -> dict[str, Any] | None:
    if share is None:
        return None
    before = here.rules.credit
    unit = (
        before.unit
        if before
        else next(unit.key for unit in here.rules.units if unit.kind == "credit")
    )
    return {"unit": unit, "share_max_percent": share}


SPENDING = Part(
    lambda here: _("Taking and paying at the till"),
    _spending_sections,
    _spending_values,
    _keep_spending,
    only_one,
)
