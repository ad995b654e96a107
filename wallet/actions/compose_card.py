"""Compose the neutral card of a member from the state of the account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from babel.dates import format_date
from sqlalchemy.orm import Session

from passes.card import Card, Fact, Section, Text
from wallet.actions.card_facts import credit_of
from wallet.actions.card_history import Move, history_section, recent_moves
from wallet.actions.card_notes import note_sections
from wallet.actions.member_view import MemberView, member_view
from wallet.actions.near_stores import places_of
from wallet.actions.program_view import ProgramView, RewardView
from wallet.rules.lots import last_day
from wallet.rules.member_code import spoken
from wallet.rules.money import spell_money
from wallet.rules.perks import perks_of
from wallet.rules.ruleset import Unit
from wallet.rules.spell import spell_quantity
from wallet.rules.tiers import Standing
from wallet.rules.voucher_code import spoken_voucher
from wallet.tables.member import HOLDS_CARD, Member

VOUCHERS_MAX = 10  # on the back: the rest comes up as these are used
_LABELS = {
    "tier": {"fr": "Statut", "en": "Status"},
    "member": {"fr": "Membre", "en": "Member"},
    "number": {"fr": "Numéro", "en": "Number"},
    "rewards": {"fr": "Récompenses", "en": "Rewards"},
    "next_tier": {"fr": "Prochain statut", "en": "Next status"},
    "vouchers": {"fr": "Mes bons à utiliser", "en": "My vouchers"},
    "charity": {"fr": "Mon association", "en": "My charity"},
    "perks": {"fr": "Mes avantages", "en": "My benefits"},
    "card": {"fr": "Ma carte en ligne", "en": "My card online"},
    "ready": {"fr": "À profiter maintenant", "en": "Yours now"},
}
_ANNOUNCEMENTS = {
    "balance": {"fr": "Votre solde : %@", "en": "Your balance: %@"},
    "credit": {"fr": "Votre avoir : %@", "en": "Your store credit: %@"},
    "tier": {"fr": "Votre nouveau statut : %@", "en": "Your new status: %@"},
    "ready": {"fr": "À vous maintenant : %@", "en": "Yours now: %@"},
}


def compose_card(session: Session, program: ProgramView, member: Member, now: datetime) -> Card:
    """What this member's card says at `now`, in every language of the program."""
    moves = recent_moves(session, member.id)
    return card_of(program, member_view(session, program, member, now), moves)


def card_of(program: ProgramView, view: MemberView, moves: tuple[Move, ...] = ()) -> Card:
    """The same from a view at hand and the member's last movements."""
    languages = program.made("languages", lambda: _languages(program))
    main = program.ruleset.main_unit
    others = [unit for unit in program.ruleset.units if unit.key != main.key]
    credit = credit_of(program)
    return Card(
        program_name=program.made("name", lambda: dict.fromkeys(languages, program.name)),
        code=view.code,
        code_text=spoken(view.code),
        balance=_count(program, view, main, "balance", languages),
        member_name=view.name,
        member_number=_grouped(view.number),
        languages=languages,
        tier=_tier(program, view, languages),
        next_reward=_next_reward(program, view, languages),
        sections=_sections(program, view, moves, languages),
        places=places_of(program, program.design_for(view.id), view.home_store_id),
        voided=view.status not in HOLDS_CARD,
        credit=_count(program, view, credit, "credit", languages) if credit else None,
        ready=_ready(program, view, languages),
        extras=tuple(
            _count(program, view, unit, f"unit:{unit.key}", languages)
            for unit in others
            if unit is not credit
        ),
    )


def _languages(program: ProgramView) -> tuple[str, ...]:
    return (program.locale, *(code for code in program.locales if code != program.locale))


@cache
def _label(key: str, languages: tuple[str, ...]) -> Text:
    return {language: _LABELS[key].get(language, _LABELS[key]["en"]) for language in languages}


def _count(
    program: ProgramView, view: MemberView, unit: Unit, key: str, languages: tuple[str, ...]
) -> Fact:
    """What the member has of a unit: money as an amount, a stamp card as so many of its target."""
    available = view.balances[unit.key].own
    label = program.made(("unit", unit.key), lambda: _in_all(program, unit.name, languages))
    if unit.kind == "credit":
        return Fact(
            key,
            label,
            {
                language: spell_money(available, program.currency, language)
                for language in languages
            },
            number=available,
            announce=_sentence("credit", languages),
            currency=program.currency,
        )
    if unit.target and key != "balance":
        return Fact(key, label, dict.fromkeys(languages, f"{available}/{unit.target}"))
    sentence = program.made(("announce", unit.key), lambda: _announcement(program, unit, languages))
    value = dict.fromkeys(languages, str(available))
    return Fact(key, label, value, number=available, announce=sentence)


def _in_all(program: ProgramView, words: Text, languages: tuple[str, ...]) -> Text:
    return {language: program.text(words, language) for language in languages}


def _announcement(program: ProgramView, unit: Unit, languages: tuple[str, ...]) -> Text:
    words = _in_all(program, unit.many, languages)
    return {
        language: f"{said} {words[language]}"
        for language, said in _sentence("balance", languages).items()
    }


@cache
def _sentence(key: str, languages: tuple[str, ...]) -> Text:
    """What the lock screen says when that fact changes."""
    said = _ANNOUNCEMENTS[key]
    return {language: said.get(language, said["en"]) for language in languages}


def _ready(program: ProgramView, view: MemberView, languages: tuple[str, ...]) -> Fact | None:
    """The best reward that the member can have now."""
    reward = next(iter(view.usable), None)
    if reward is None:
        return None
    names = _reward_name(program, reward, languages)
    announce = _sentence("ready", languages)
    return Fact(key="ready", label=_label("ready", languages), value=names, announce=announce)


def _tier(program: ProgramView, view: MemberView, languages: tuple[str, ...]) -> Fact | None:
    tier = view.standing.tier
    if tier is None:
        return None
    names = program.made(("tier", tier.key), lambda: _in_all(program, tier.name, languages))
    announce = _sentence("tier", languages)
    return Fact(key="tier", label=_label("tier", languages), value=names, announce=announce)


def _next_reward(program: ProgramView, view: MemberView, languages: tuple[str, ...]) -> Fact | None:
    """The reward's name is the label: beside the status there is room for a short value only."""
    reward = view.next_reward
    if reward is None:
        return None
    unit = program.ruleset.main_unit
    words = unit.one if view.reward_missing == 1 else unit.many
    values = {}
    for language in languages:
        gap = f"{view.reward_missing} {program.text(words, language)}"
        values[language] = f"encore {gap}" if language == "fr" else f"{gap} to go"
    return Fact(key="next_reward", label=_reward_name(program, reward, languages), value=values)


def _reward_name(program: ProgramView, reward: RewardView, languages: tuple[str, ...]) -> Text:
    return program.made(("reward", reward.id), lambda: _in_all(program, reward.name, languages))


def _sections(
    program: ProgramView,
    view: MemberView,
    moves: tuple[Move, ...],
    languages: tuple[str, ...],
) -> tuple[Section, ...]:
    sections = [
        Section(
            "card",
            _label("card", languages),
            dict.fromkeys(languages, view.card_url),
            url=view.card_url,
        ),
    ]
    sections += note_sections(program, view.notes, languages)
    if view.vouchers:
        body = _vouchers(program, view, languages)
        sections.append(Section("vouchers", _label("vouchers", languages), body))
    standing = view.standing
    perks = program.made(
        ("perks", standing.tier_key, standing.plans), lambda: _perks(program, standing, languages)
    )
    if any(perks.values()):
        sections.append(Section("perks", _label("perks", languages), perks))
    offered = program.made(
        ("rewards", *(reward.id for reward in view.rewards)),
        lambda: _rewards(program, view.rewards, languages),
    )
    sections.append(Section("rewards", _label("rewards", languages), offered))
    if view.charity:
        names = _in_all(program, view.charity.name, languages)
        sections.append(Section("charity", _label("charity", languages), names))
    if view.standing.next_tier:
        gaps = {language: _tier_gap(program, view, language) for language in languages}
        sections.append(Section("next_tier", _label("next_tier", languages), gaps))
    if moves:
        sections.append(history_section(program, moves, languages))
    sections += program.made("about", lambda: _about(program, languages))
    return tuple(sections)


def _about(program: ProgramView, languages: tuple[str, ...]) -> list[Section]:
    """What the program tells on the back of every card."""
    return [
        Section(
            f"info{index}",
            _in_all(program, told["title"], languages),
            _in_all(program, told["body"], languages),
            url=told.get("url"),
        )
        for index, told in enumerate(program.details.get("back", []))
    ]


def _tier_gap(program: ProgramView, view: MemberView, language: str) -> str:
    """What is missing to the next status: money, or points where points make it."""
    standing, rules = view.standing, program.ruleset
    assert standing.next_tier is not None
    name = program.text(standing.next_tier.name, language)
    if rules.tier_unit is not None:
        unit = rules.unit(rules.tier_unit)
        gap = spell_quantity(unit, standing.missing_points, program.currency, language)
    else:
        gap = spell_money(standing.missing_minor, program.currency, language)
    return f"{name} : encore {gap}" if language == "fr" else f"{name}: {gap} to go"


def _perks(program: ProgramView, standing: Standing, languages: tuple[str, ...]) -> Text:
    rules, fallback = program.ruleset, program.locale
    return {
        language: "\n".join(perks_of(rules, standing.tier_key, standing.plans, language, fallback))
        for language in languages
    }


def _vouchers(program: ProgramView, view: MemberView, languages: tuple[str, ...]) -> dict[str, str]:
    """One line each: what it gives, the code, the last day."""
    until = {"fr": "jusqu’au", "en": "until"}
    soon = {"fr": "à utiliser avant le", "en": "use it before the end of"}
    lines = {}
    for language in languages:
        rows = []
        for voucher in view.vouchers[:VOUCHERS_MAX]:
            row = f"{program.text(voucher.name, language)} — {spoken_voucher(voucher.code)}"
            if voucher.expires_at:
                day = last_day(voucher.expires_at, program.time_zone)
                words = soon if voucher.is_ending else until
                word = words.get(language, words["en"])
                row += f", {word} {format_date(day, 'long', locale=language)}"
            rows.append(row)
        lines[language] = "\n".join(rows)
    return lines


def _rewards(
    program: ProgramView, rewards: Sequence[RewardView], languages: tuple[str, ...]
) -> Text:
    lines = {}
    for language in languages:
        unit = program.ruleset.main_unit
        rows = [
            f"{reward.cost} {program.text(unit.many, language)} — {program.text(reward.name, language)}"
            for reward in rewards
            if reward.unit == unit.key
        ]
        lines[language] = "\n".join(rows) or "—"
    return lines


def _grouped(number: str) -> str:
    """123 456 789: as people read numbers aloud."""
    return " ".join(number[at : at + 3] for at in range(0, len(number), 3))
