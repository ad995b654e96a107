"""A rule set in sentences, as a merchant would say it to a colleague: `1 point per €1`, `double on Tuesdays
for Gold`. Pure; French and English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import chain
from typing import Literal

from babel.dates import format_date, get_day_names
from babel.numbers import get_currency_name

from wallet.rules.earning.explain import (
    HARD,
    THIN,
    cap_words,
    colon,
    spell_fraction,
    times,
)
from wallet.rules.money import exponent, spell_money
from wallet.rules.rule_parts import Multiplier, Tier
from wallet.rules.ruleset import (
    ActivityRule,
    EarnRule,
    PerAmount,
    PerItem,
    PerVisit,
    Ruleset,
    VisitGoal,
)
from wallet.rules.sentences_besides import (
    band_sentences,
    cause_sentences,
    plan_sentences,
    stamp_sentences,
    voucher_sentences,
)
from wallet.rules.spell import spell_number, spell_quantity, unit_word
from wallet.rules.terms import WEEKDAYS, Cap, Expiry, Match, When

NAMES_SHOWN = 4  # articles or categories of one condition; more are counted

Topic = Literal["earning", "multipliers", "limits", "tiers", "plans", "welcome", "life", "spending"]

_CHANNELS = {
    "store": {"fr": "en boutique", "en": "in store"},
    "online": {"fr": "en ligne", "en": "online"},
    "phone": {"fr": "par téléphone", "en": "by phone"},
}
_WITHIN = {
    "day": {"fr": "le même jour", "en": "in a day"},
    "week": {"fr": "dans la semaine", "en": "in a week"},
    "month": {"fr": "dans le mois", "en": "in a month"},
    "year": {"fr": "dans l’année", "en": "in a year"},
    "lifetime": {"fr": "en tout", "en": "in all"},
}
_BASIS = {
    "tax": {"fr": "les taxes", "en": "tax"},
    "shipping": {"fr": "la livraison", "en": "delivery"},
    "gift_cards": {"fr": "les cartes cadeaux", "en": "gift cards"},
    "paid_with_credit": {"fr": "ce qui est payé en avoir", "en": "what is paid with credit"},
}
_ROUNDING = {
    "down": {"fr": "arrondi vers le bas", "en": "rounded down"},
    "half_up": {"fr": "arrondi au plus proche", "en": "rounded to the nearest"},
    "up": {"fr": "arrondi vers le haut", "en": "rounded up"},
}
_CLAWBACK = {
    "owed": {
        "fr": "Si ce qu’un achat rendu avait donné est déjà dépensé, les prochains gains le remboursent.",
        "en": "If what a returned purchase gave is already spent, what is earned next pays it back.",
    },
    "negative": {
        "fr": "Si ce qu’un achat rendu avait donné est déjà dépensé, le solde devient négatif.",
        "en": "If what a returned purchase gave is already spent, the balance goes below zero.",
    },
    "forgive": {
        "fr": "Si ce qu’un achat rendu avait donné est déjà dépensé, c’est oublié.",
        "en": "If what a returned purchase gave is already spent, it is forgiven.",
    },
}
_DOWNGRADE = {
    "immediate": {
        "fr": "Le statut suit aussitôt, à la hausse comme à la baisse",
        "en": "The status follows at once, up and down",
    },
    "one_level": {
        "fr": "Le statut baisse d’un niveau à la fois",
        "en": "The status goes down one level at a time",
    },
    "never": {"fr": "Un statut atteint reste acquis", "en": "A status, once reached, stays"},
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One rule in words. `key` is the rule's, empty for what is not a rule with a name."""

    topic: Topic
    key: str
    text: str


def sentences(rules: Ruleset, currency: str, language: str) -> tuple[Sentence, ...]:
    """Everything that the rules say, in the order in which somebody would tell it."""
    told = _Teller(rules, currency, language)
    topics: dict[Topic, Iterator[tuple[str, str]]] = {
        "earning": told.earning(),
        "multipliers": told.multipliers(),
        "limits": told.limits(),
        "tiers": told.tiers(),
        "plans": plan_sentences(rules, language),
        "welcome": chain(
            told.gifts(), cause_sentences(rules, language), voucher_sentences(rules, language)
        ),
        "life": chain(stamp_sentences(rules, language), told.life()),
        "spending": chain(band_sentences(rules, currency, language), told.spending()),
    }
    return tuple(
        Sentence(topic, key, text) for topic, found in topics.items() for key, text in found
    )


class _Teller:
    """Finds the words in one language."""

    def __init__(self, rules: Ruleset, currency: str, language: str) -> None:
        self._rules = rules
        self._currency = currency
        self._language = language
        self._french = language == "fr"

    def earning(self) -> Iterator[tuple[str, str]]:
        """What sales and activities give."""
        for rule in self._rules.earning:
            where = [] if rule.channels is None else [self._channels(rule.channels)]
            parts = [self._rate(rule), *self._conditions(rule.when), *where]
            parts += [self._cap(rule.unit, cap) for cap in rule.caps]
            yield rule.key, self._sentence(parts)
        left_out = [
            words[self._language]
            for name, words in _BASIS.items()
            if not getattr(self._rules.basis, name)
        ]
        rounding = _ROUNDING[self._rules.rounding][self._language]
        if left_out:
            without = self._list(left_out)
            yield (
                "",
                self._pick(
                    f"Ne comptent pas : {without}. Le résultat est {rounding}, une fois par achat.",
                    f"Not counted: {without}. The result is {rounding}, once a purchase.",
                ),
            )
        else:
            yield (
                "",
                self._pick(
                    f"Le résultat est {rounding}, une fois par achat.",
                    f"The result is {rounding}, once a purchase.",
                ),
            )

    def multipliers(self) -> Iterator[tuple[str, str]]:
        """What makes it more."""
        for one in self._rules.multipliers:
            yield one.key, self._sentence(self._multiplier(one))
        if len(self._rules.multipliers) + sum(t.multiplier != 1 for t in self._rules.tiers) > 1:
            yield (
                "",
                self._pick(
                    "Quand plusieurs s’appliquent, le plus avantageux compte.",
                    "Where several apply, the best one counts.",
                ),
            )

    def limits(self) -> Iterator[tuple[str, str]]:
        """Caps of the whole program."""
        for cap in self._rules.caps:
            yield "", self._sentence([self._cap(cap.unit or self._rules.main_unit.key, cap)])

    def tiers(self) -> Iterator[tuple[str, str]]:
        """Each status, then how it is kept."""
        for tier in self._rules.tiers:
            yield tier.key, self._tier(tier)
        policy = self._rules.tier_policy
        if self._rules.tiers and policy is not None:
            text = _DOWNGRADE[policy.downgrade][self._language]
            if policy.grace_days and policy.downgrade != "never":
                text += self._pick(
                    f", après {policy.grace_days}{HARD}jours de grâce",
                    f", after {policy.grace_days} days of grace",
                )
            yield "", f"{text}."

    def gifts(self) -> Iterator[tuple[str, str]]:
        """The welcome and the referral."""
        if welcome := self._rules.welcome:
            gift = self._quantity(welcome.unit, welcome.quantity)
            yield "welcome", self._pick(f"{gift} à l’inscription.", f"{gift} for joining.")
        if referral := self._rules.referral:
            one, friend = (
                self._quantity(referral.unit, quantity)
                for quantity in (referral.referrer_quantity, referral.friend_quantity)
            )
            yield (
                "referral",
                self._pick(
                    f"Parrainage{HARD}: {one} pour qui parraine, {friend} pour le filleul, au premier achat.",
                    f"Referral: {one} for the sender, {friend} for the friend, with the first purchase.",
                ),
            )

    def life(self) -> Iterator[tuple[str, str]]:
        """From when units can be used, until when, and what a return takes back."""
        for unit in self._rules.units:
            name = unit.name.get(self._language) or next(iter(unit.name.values()))
            days = self._rules.pending_days_of(unit.key)
            if days:
                usable = self._pick(
                    f"utilisables {days}{HARD}jours après l’achat",
                    f"can be used {days} days after the purchase",
                )
            else:
                usable = self._pick("utilisables aussitôt", "can be used at once")
            yield (
                unit.key,
                self._sentence([f"{name}{colon(self._language)}{usable}", self._expiry(unit.key)]),
            )
        yield "", _CLAWBACK[self._rules.clawback][self._language]

    def spending(self) -> Iterator[tuple[str, str]]:
        """How store credit pays, and how often tills hand out rewards."""
        if credit := self._rules.credit:
            share = spell_number(credit.share_max_percent, self._language)
            yield (
                "credit",
                self._pick(
                    f"L’avoir paie jusqu’à {share}{THIN}% d’un achat.",
                    f"Credit pays up to {share}% of a purchase.",
                ),
            )
        limits = self._rules.redemption_limits
        if limits.card_times:
            yield (
                "redemption_limits",
                self._pick(
                    f"En caisse, une carte sert à {limits.card_times} récompenses au plus en"
                    f" {limits.card_hours} heures{THIN}; un responsable peut en autoriser une de"
                    " plus.",
                    f"At tills a card is good for {limits.card_times} rewards in"
                    f" {limits.card_hours} hours; a manager can allow one more.",
                ),
            )

        if offline := self._rules.offline_redemption:
            below = self._pick(
                " Le solde peut alors passer sous zéro si la caisse revient plus tard.",
                " The balance may go below zero where the till comes back later.",
            )
            yield (
                "offline_redemption",
                self._pick(
                    "Sans connexion, une caisse remet une récompense sur ce qu’elle a réservé avant,"
                    f" pendant {offline.minutes} minutes.",
                    "Without a connection a till gives a reward from what it held before, for"
                    f" {offline.minutes} minutes.",
                )
                + (below if offline.below_zero else ""),
            )

    # --- words ----------------------------------------------------------------------------------

    def _rate(self, rule: EarnRule) -> str:
        if isinstance(rule, PerAmount):
            return self._per_amount(rule)
        given = self._quantity(rule.unit, rule.quantity)
        if isinstance(rule, PerVisit):
            return self._pick(f"{given} par visite", f"{given} per visit")
        if isinstance(rule, PerItem):
            what = self._match(rule.match)
            return self._pick(f"{given} par article{what}", f"{given} per item{what}")
        if isinstance(rule, VisitGoal):
            return self._goal(rule, given)
        assert isinstance(rule, ActivityRule)
        return f"{self._say(rule.name)}{colon(self._language)}{given}"

    def _per_amount(self, rule: PerAmount) -> str:
        what = self._match(rule.match)
        if self._rules.unit(rule.unit).kind == "credit":
            percent = spell_fraction(Fraction(100 * rule.quantity, rule.per_minor), self._language)
            return self._pick(
                f"{percent}{THIN}% du montant en avoir{what}", f"{percent}% of the amount{what}"
            )
        given = self._quantity(rule.unit, rule.quantity)
        if self._french and rule.per_minor == 10 ** exponent(self._currency):
            each = get_currency_name(self._currency, count=1, locale="fr")  # "par euro"
        else:
            each = spell_money(rule.per_minor, self._currency, self._language)
        return self._pick(f"{given} par {each}{what}", f"{given} per {each}{what}")

    def _goal(self, rule: VisitGoal, given: str) -> str:
        within = _WITHIN[rule.within][self._language]
        text = self._pick(
            f"{given} pour {rule.visits}{HARD}visites {within}",
            f"{given} for {rule.visits} visits {within}",
        )
        again = self._pick(", puis à chaque fois", ", and each time again")
        return text + (again if rule.repeats else "")

    def _multiplier(self, one: Multiplier) -> list[str]:
        text = f"{self._say(one.name)}{colon(self._language)}{times(one.factor, self._language)}"
        if one.units:
            words = [unit_word(self._rules.unit(key), 2, self._language) for key in one.units]
            text += self._pick(f" en {self._list(words)}", f" in {self._list(words)}")
        text += self._match(one.match)
        stacks = self._pick("se cumule avec les autres", "on top of the others")
        return [text, *self._conditions(one.when), *([stacks] if one.stackable else [])]

    def _tier(self, tier: Tier) -> str:
        name, need = self._say(tier.name), self._rules.threshold(tier)
        window = self._window()
        if not need:
            reached = self._pick("dès l’inscription", "from the start")
        elif unit := self._rules.tier_unit:
            points = self._quantity(unit, need)
            reached = self._pick(f"dès {points} gagnés{window}", f"from {points} earned{window}")
        else:
            money = spell_money(need, self._currency, self._language)
            reached = self._pick(f"dès {money} d’achats{window}", f"from {money} of sales{window}")
        parts = [f"{name}{colon(self._language)}{reached}"]
        if tier.multiplier != 1:
            gains = times(tier.multiplier, self._language)
            parts.append(self._pick(f"gains {gains}", f"earns {gains}"))
        perks = tier.perks.get(self._language) or next(iter(tier.perks.values()), [])
        return " · ".join([self._sentence(parts).removesuffix("."), *perks])

    def _window(self) -> str:
        policy = self._rules.tier_policy
        if policy is None:
            days = self._rules.tier_window_days
            return self._pick(f" en {days}{HARD}jours", f" in {days} days")
        if policy.window == "lifetime":
            return self._pick(" depuis toujours", " ever")
        if policy.window == "calendar_year":
            return self._pick(" dans l’année civile", " in the calendar year")
        return self._pick(f" en {policy.months}{HARD}mois", f" in {policy.months} months")

    def _conditions(self, when: When | None) -> list[str]:
        """Each condition, ready to stand after a comma."""
        if when is None:
            return []
        found = [*self._who(when), *self._times(when)]
        if when.channels:
            found.append(self._channels(when.channels))
        if when.purchase_min_minor:
            least = spell_money(when.purchase_min_minor, self._currency, self._language)
            found.append(self._pick(f"dès {least} d’achat", f"from {least}"))
        return found

    def _who(self, when: When) -> Iterator[str]:
        if when.tiers:
            names = [self._say(tier.name) for tier in self._rules.tiers if tier.key in when.tiers]
            yield self._pick(f"pour {self._list(names)}", f"for {self._list(names)}")
        if when.plans:
            names = [self._say(plan.name) for plan in self._rules.plans if plan.key in when.plans]
            yield self._pick(f"avec {self._list(names)}", f"with {self._list(names)}")
        if when.tags:
            tags = self._list(when.tags)
            yield self._pick(f"pour le segment {tags}", f"for the segment {tags}")
        if when.seniority_years_min:
            years = when.seniority_years_min
            yield self._pick(
                f"après {years}{HARD}an{'s' if years > 1 else ''} d’ancienneté",
                f"after {years} year{'s' if years > 1 else ''} of membership",
            )
        if when.birthday:
            day = when.birthday == "day"
            yield self._pick(
                "le jour de l’anniversaire" if day else "le mois de l’anniversaire",
                "on the birthday" if day else "in the month of the birthday",
            )

    def _times(self, when: When) -> Iterator[str]:
        if when.weekdays:
            names = get_day_names("wide", locale=self._language)
            days = [names[WEEKDAYS.index(day)] for day in WEEKDAYS if day in when.weekdays]
            yield self._pick(
                f"le {self._list(days)}", f"on {self._list([f'{day}s' for day in days])}"
            )
        if when.from_time and when.to_time:
            start, end = (f"{at:%H:%M}" for at in (when.from_time, when.to_time))
            yield self._pick(f"de {start} à {end}", f"from {start} to {end}")
        if when.starts_at:
            yield self._pick(
                f"à partir du {self._day(when.starts_at)}", f"from {self._day(when.starts_at)}"
            )
        if when.ends_at:
            yield self._pick(
                f"jusqu’au {self._day(when.ends_at)}", f"until {self._day(when.ends_at)}"
            )

    def _match(self, match: Match | None) -> str:
        if match is None:
            return ""
        named = [*(match.categories or ()), *(match.skus or ())]
        shown = named[:NAMES_SHOWN]
        if more := len(named) - len(shown):
            shown.append(self._pick(f"{more} autres", f"{more} more"))
        return self._pick(f" sur {self._list(shown)}", f" on {self._list(shown)}")

    def _channels(self, channels: Iterable[str]) -> str:
        return self._list([_CHANNELS[channel][self._language] for channel in channels])

    def _cap(self, unit: str, cap: Cap) -> str:
        most = cap_words(self._rules.unit(unit), cap, self._currency, self._language)
        return self._pick(f"au plus {most}", f"at most {most}")

    def _expiry(self, unit: str) -> str:
        expiry: Expiry = self._rules.expiry_of(unit)
        months = expiry.months
        if expiry.kind == "never":
            return self._pick("jamais périmés", "they never expire")
        if expiry.kind == "end_of_year":
            years = expiry.years or 0
            return self._pick(
                "périmés à la fin de l’année"
                + (f", {years}{HARD}an{'s' if years > 1 else ''} plus tard" if years else ""),
                "they expire at the end of the year"
                + (f", {years} year{'s' if years > 1 else ''} later" if years else ""),
            )
        if expiry.kind == "inactivity":
            return self._pick(
                f"périmés après {months}{HARD}mois sans achat",
                f"they expire after {months} months without a purchase",
            )
        return self._pick(
            f"périmés {months}{HARD}mois après le gain",
            f"they expire {months} months after they were earned",
        )

    def _quantity(self, unit: str, quantity: int) -> str:
        return spell_quantity(self._rules.unit(unit), quantity, self._currency, self._language)

    def _say(self, words: Mapping[str, str]) -> str:
        return words.get(self._language) or next(iter(words.values()), "")

    def _day(self, at: datetime) -> str:
        return str(format_date(at.date(), "long", locale=self._language))

    def _pick(self, french: str, english: str) -> str:
        return french if self._french else english

    def _list(self, words: Iterable[str]) -> str:
        """`a, b and c`."""
        found = list(words)
        if len(found) < 2:
            return "".join(found)
        return f"{', '.join(found[:-1])} {self._pick('et', 'and')} {found[-1]}"

    def _sentence(self, parts: Iterable[str]) -> str:
        """The parts after each other, with a capital and a full stop."""
        text = ", ".join(part for part in parts if part)
        return f"{text[:1].upper()}{text[1:]}."
