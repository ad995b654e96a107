"""The sentences that explain an award to a shopper, in French and in English."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from wallet.rules.earning.award import LANGUAGES, Reason
from wallet.rules.earning.basis import excluded
from wallet.rules.earning.shares import Given, Share, Win
from wallet.rules.facts import Sale
from wallet.rules.money import spell_money
from wallet.rules.ruleset import (
    QUANTITY_PER_SALE_MAX,
    EarnRule,
    PerAmount,
    PerItem,
    Ruleset,
    Unit,
    VisitGoal,
)
from wallet.rules.spell import spell_number, spell_quantity, unit_word
from wallet.rules.terms import Cap

FACTORS_KEPT = 1024  # as words: a program has a dozen multipliers
# Before ; ! ? and %, and inside ×1,5: a narrow space at which no line breaks.
THIN = "\u202f"
HARD = "\u00a0"  # before a colon
_VOWELS = "aeiouàâäéèêëîïôöùûü"

_WITHOUT = {
    "tax": {"fr": "taxes", "en": "taxes"},
    "shipping": {"fr": "livraison", "en": "delivery"},
    "gift_cards": {"fr": "cartes cadeaux", "en": "gift cards"},
    "credit": {"fr": "part payée avec votre avoir", "en": "the part paid with your credit"},
}
_PERIODS = {
    "sale": {"fr": "par achat", "en": "per purchase"},
    "day": {"fr": "par jour", "en": "per day"},
    "week": {"fr": "par semaine", "en": "per week"},
    "month": {"fr": "par mois", "en": "per month"},
    "year": {"fr": "par an", "en": "per year"},
    "lifetime": {"fr": "en tout", "en": "in all"},
}
_WITHIN = {
    "day": {"fr": " aujourd’hui", "en": " today"},
    "week": {"fr": " cette semaine", "en": " this week"},
    "month": {"fr": " ce mois-ci", "en": " this month"},
    "year": {"fr": " cette année", "en": " this year"},
    "lifetime": {"fr": "", "en": ""},
}
_WELCOME = {"fr": "Bienvenue", "en": "Welcome"}


def reasons(ruleset: Ruleset, sale: Sale, given: Given) -> tuple[Reason, ...]:
    """One sentence for each rule, multiplier, cap and for the rounding, in the order of the sums."""
    unit = given.scale.unit
    said = [_base(ruleset, unit, share, sale) for share in given.shares]
    said += _multipliers(given, sale)
    said += [_capped(share.rule.key, unit, share.cap, sale) for share in given.shares if share.cap]
    if given.program_cap:
        said.append(_capped("cap", unit, given.program_cap, sale))
    scale = given.scale.scale
    if min(given.exact, QUANTITY_PER_SALE_MAX * scale) != given.total * scale:
        hundredths = given.exact * 100 // scale
        said.append(_rounded(ruleset, unit, hundredths, given.total, sale.currency))
    if given.exact > QUANTITY_PER_SALE_MAX * scale:
        said.append(
            Reason("cap", {"fr": "Plafond par achat atteint", "en": "Limit per purchase reached"})
        )
    return tuple(said)


def activity_reason(unit: Unit, rule: EarnRule, currency: str) -> Reason:
    """`Avis publié : 20 points`."""
    return Reason(rule.key, _named(rule.name, unit, rule.quantity, currency))


def welcome_reason(unit: Unit, quantity: int, currency: str) -> Reason:
    """`Bienvenue : 50 points`."""
    return Reason("welcome", _named(_WELCOME, unit, quantity, currency))


def cap_reason(key: str, unit: Unit, cap: Cap, currency: str) -> Reason:
    """`Plafond atteint : 100 points par mois`."""
    return Reason(key, _both(lambda language: _cap_text(unit, cap, currency, language)))


def _named(name: Mapping[str, str], unit: Unit, quantity: int, currency: str) -> dict[str, str]:
    return _both(
        lambda language: (
            _say(name, language)
            + colon(language)
            + spell_quantity(unit, quantity, currency, language)
        )
    )


def _both(text: Callable[[str], str]) -> dict[str, str]:
    return {language: text(language) for language in LANGUAGES}


def _say(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or next(iter(words.values()), "")


def colon(language: str) -> str:
    """The colon with what stands round it."""
    return f"{HARD}: " if language == "fr" else ": "


@lru_cache(maxsize=FACTORS_KEPT)
def times(factor: Decimal, language: str) -> str:
    """`× 1,25`: the sign and the factor stay on one line."""
    return f"×{HARD}{spell_fraction(Fraction(factor), language)}"


def _base(ruleset: Ruleset, unit: Unit, share: Share, sale: Sale) -> Reason:
    rule = share.rule
    if isinstance(rule, PerAmount):
        return Reason(
            rule.key, _both(lambda language: _amount_text(ruleset, unit, share, sale, language))
        )
    if isinstance(rule, PerItem):
        return Reason(rule.key, _both(lambda language: _items_text(unit, share, sale, language)))
    if isinstance(rule, VisitGoal):
        return Reason(rule.key, _both(lambda language: _goal_text(unit, rule, sale, language)))
    return Reason(rule.key, _named(rule.name, unit, rule.quantity, sale.currency))


def _amount_text(ruleset: Ruleset, unit: Unit, share: Share, sale: Sale, language: str) -> str:
    """`12,34 €, 1 point par 1 €`, `Grains : 22 €, 3 points par 1 €`, `5 % de 60 €`."""
    rule = share.rule
    assert isinstance(rule, PerAmount)
    counted = spell_money(math.floor(share.counted), sale.currency, language)
    if rule.match is None:
        counted += _without(ruleset, sale, language)
    named = _say(rule.name, language) + colon(language) if rule.match else ""
    if unit.kind == "credit":
        percent = spell_fraction(Fraction(100 * rule.quantity, rule.per_minor), language)
        if language == "fr":
            return f"{named}{percent}{THIN}% de {counted}"
        return f"{named}{percent}% of {counted}"
    each = spell_money(rule.per_minor, sale.currency, language)
    rate = f"{rule.quantity} {unit_word(unit, rule.quantity, language)}"
    if language == "fr":
        return f"{named}{counted}, {rate} par {each}"
    return f"{named}{counted} at {rate} per {each}"


def _without(ruleset: Ruleset, sale: Sale, language: str) -> str:
    """` (hors livraison 5 €)`: what of the sale does not earn."""
    parts = [
        f"{_WITHOUT[name][language]} {spell_money(amount, sale.currency, language)}"
        for name, amount in excluded(ruleset.basis, sale)
    ]
    if not parts:
        return ""
    return f" ({'hors' if language == 'fr' else 'without'} {', '.join(parts)})"


def _items_text(unit: Unit, share: Share, sale: Sale, language: str) -> str:
    """`Cafés : 2 articles × 1 tampon`."""
    rule = share.rule
    number = spell_number(int(share.counted), language)
    if language == "fr":
        articles = "article" if share.counted < 2 else "articles"
    else:
        articles = "item" if share.counted == 1 else "items"
    each = spell_quantity(unit, rule.quantity, sale.currency, language)
    return f"{_say(rule.name, language)}{colon(language)}{number}{HARD}{articles} ×{HARD}{each}"


def _goal_text(unit: Unit, rule: VisitGoal, sale: Sale, language: str) -> str:
    """`L’habitué : 20 points pour 3 visites ce mois-ci`."""
    quantity = spell_quantity(unit, rule.quantity, sale.currency, language)
    within = _WITHIN[rule.within][language]
    visits = spell_number(rule.visits, language)
    if language == "fr":
        reached = f"{quantity} pour {visits}{HARD}visites{within}"
    else:
        reached = f"{quantity} for {visits} visits{within}"
    return f"{_say(rule.name, language)}{colon(language)}{reached}"


def _multipliers(given: Given, sale: Sale) -> list[Reason]:
    """Each multiplier that counted, once, over all rules."""
    merged: dict[str, Win] = {}
    whole: dict[str, bool] = {}  # it counted for all that its rules counted
    for share in given.shares:
        for key, win in share.wins.items():
            first = merged.get(key)
            whole[key] = whole.get(key, True) and win.counted == share.counted
            if first is None:
                merged[key] = Win(win.option, win.counted, win.beaten)
            else:
                first.beaten = first.beaten or win.beaten
    only_amount = len(given.shares) == 1 and isinstance(given.shares[0].rule, PerAmount)
    return [
        Reason(
            key,
            _both(
                lambda language, win=win, part=only_amount and not whole[key]: (  # type: ignore[misc]
                    _win_text(win, sale, language, is_part=part)
                )
            ),
        )
        for key, win in merged.items()
    ]


def _win_text(win: Win, sale: Sale, language: str, *, is_part: bool) -> str:
    """`Heures douces × 2 sur 12 € (plus avantageux qu’Argent × 1,25)`."""
    text = f"{_say(win.option.name, language)} {times(win.option.factor, language)}"
    if is_part:
        amount = spell_money(math.floor(win.counted), sale.currency, language)
        text += f" sur {amount}" if language == "fr" else f" on {amount}"
    if win.beaten is not None and win.beaten.factor != 1:
        other = f"{_say(win.beaten.name, language)} {times(win.beaten.factor, language)}"
        text += (
            f" (plus avantageux {_than(other)})" if language == "fr" else f" (better than {other})"
        )
    return text


def _than(name: str) -> str:
    """`que Bronze`, `qu’Argent`."""
    return f"qu’{name}" if name[:1].lower() in _VOWELS else f"que {name}"


def _capped(key: str, unit: Unit, cap: Cap | None, sale: Sale) -> Reason:
    assert cap is not None
    return cap_reason(key, unit, cap, sale.currency)


def _cap_text(unit: Unit, cap: Cap, currency: str, language: str) -> str:
    most = cap_words(unit, cap, currency, language)
    return f"Plafond atteint{HARD}: {most}" if language == "fr" else f"Limit reached: {most}"


def cap_words(unit: Unit, cap: Cap, currency: str, language: str) -> str:
    """`100 points par mois`, `2 fois par jour`."""
    if cap.quantity is not None:
        most = spell_quantity(unit, cap.quantity, currency, language)
    elif language == "fr":
        most = f"{cap.times}{HARD}fois"
    else:
        most = "once" if cap.times == 1 else f"{cap.times} times"
    return f"{most} {_PERIODS[cap.per][language]}"


def _rounded(ruleset: Ruleset, unit: Unit, hundredths: int, total: int, currency: str) -> Reason:
    def _text(language: str) -> str:
        if unit.kind == "credit":
            result = spell_money(total, currency, language)
            return f"arrondi à {result}" if language == "fr" else f"rounded to {result}"
        number = spell_number(total, language)
        if language == "fr":
            return f"{_spell_hundredths(hundredths, language)} arrondi à {number}"
        return f"{_spell_hundredths(hundredths, language)} rounded to {number}"

    return Reason(f"rounding_{ruleset.rounding}", _both(_text))


def spell_fraction(value: Fraction, language: str) -> str:
    """Two decimals at most, the rest cut off."""
    return _spell_hundredths(math.floor(value * 100), language)


def _spell_hundredths(hundredths: int, language: str) -> str:
    whole, rest = divmod(hundredths, 100)
    decimals = f"{rest:02}".rstrip("0")
    text = spell_number(whole, language)
    if not decimals:
        return text
    return f"{text}{',' if language == 'fr' else '.'}{decimals}"
