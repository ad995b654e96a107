"""The rest of a rule set in sentences: paid memberships, charity, vouchers, full stamp cards, and how sure a
till has to be. Pure; French and English."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from wallet.rules.earning.explain import HARD, THIN, colon, spell_fraction
from wallet.rules.ruleset import Ruleset
from wallet.rules.spell import spell_quantity
from wallet.rules.spending import Proof

_NEEDS: dict[Proof, dict[str, str]] = {
    "anything": {
        "fr": "un numéro ou un nom suffit",
        "en": "a number or a name is enough",
    },
    "code": {"fr": "il faut le code de la carte", "en": "the card’s code is needed"},
    "fresh_code": {
        "fr": "il faut un code qui change, vu à l’instant",
        "en": "a code that changes, seen just now, is needed",
    },
    "confirmation": {"fr": "le client doit dire oui", "en": "the customer has to say yes"},
    "approval": {
        "fr": "le client doit dire oui, et un responsable aussi",
        "en": "the customer has to say yes, and a manager too",
    },
}


def plan_sentences(rules: Ruleset, language: str) -> Iterator[tuple[str, str]]:
    """Paid memberships."""
    for plan in rules.plans:
        name = plan.name.get(language) or next(iter(plan.name.values()))
        count, many = plan.months or plan.days or 0, plan.months is not None
        words = {
            "fr": f"{count}{HARD}{'mois' if many else 'jours' if count > 1 else 'jour'} par paiement",
            "en": f"{count} {'month' if many else 'day'}{'s' if count > 1 else ''} a payment",
        }
        parts = [f"{name}{colon(language)}{words[language]}"]
        tier = rules.tier(plan.tier)
        if tier:
            like = tier.name.get(language) or next(iter(tier.name.values()))
            parts.append(f"avantages {like}" if language == "fr" else f"the perks of {like}")
        perks = plan.perks.get(language) or next(iter(plan.perks.values()), [])
        yield plan.key, " · ".join([", ".join(parts), *perks])


def stamp_sentences(rules: Ruleset, language: str) -> Iterator[tuple[str, str]]:
    """What fills a stamp card."""
    for unit in rules.units:
        if unit.target is None:
            continue
        given = spell_quantity(unit, unit.target, "EUR", language)
        by_itself = unit.reward_key is not None
        yield (
            unit.key,
            (
                f"{given} remplissent la carte"
                + (" et donnent sa récompense." if by_itself else ".")
                if language == "fr"
                else f"{given} fill the card" + (" and give its reward." if by_itself else ".")
            ),
        )


def cause_sentences(rules: Ruleset, language: str) -> Iterator[tuple[str, str]]:
    """The member's charity."""
    if rules.donation is None:
        return
    percent = spell_fraction(Fraction(Decimal(rules.donation.percent)), language)
    yield (
        "donation",
        f"{percent}{THIN}% de chaque achat vont à l’association que le membre a choisie."
        if language == "fr"
        else f"{percent}% of each purchase goes to the charity that the member chose.",
    )


def voucher_sentences(rules: Ruleset, language: str) -> Iterator[tuple[str, str]]:
    """What becomes of vouchers that nobody used."""
    days, back = rules.vouchers.notice_days, rules.vouchers.when_expired == "return"
    if language == "fr":
        end = "ce qu’il a coûté revient" if back else "il est perdu"
        told = f", annoncé {days}{HARD}jour{'s' if days > 1 else ''} avant" if days else ""
        yield "", f"Un bon non utilisé à temps{HARD}: {end}{told}."
    else:
        end = "what it cost comes back" if back else "it is lost"
        told = (
            f", and the member is told {days} day{'s' if days > 1 else ''} before" if days else ""
        )
        yield "", f"A voucher not used in time: {end}{told}."


def band_sentences(rules: Ruleset, currency: str, language: str) -> Iterator[tuple[str, str]]:
    """How sure a till has to be before it takes value."""
    for band in rules.spending.bands:
        unit = rules.unit(band.unit or rules.main_unit.key)
        needs = _NEEDS[band.needs][language]
        if band.up_to is None:
            lead = "Au-delà" if language == "fr" else "Beyond that"
            if len(rules.spending.bands) == 1:
                lead = "Pour toute utilisation" if language == "fr" else "Whatever is taken"
        else:
            most = spell_quantity(unit, band.up_to, currency, language)
            lead = f"Jusqu’à {most}" if language == "fr" else f"Up to {most}"
        yield "", f"{lead}{colon(language)}{needs}."
