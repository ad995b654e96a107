"""Compose the neutral card of a member from the state of the account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from passes.card import Card, Fact, Place, Section
from wallet.actions.member_view import MemberView, member_view
from wallet.actions.program_view import ProgramView
from wallet.rules.member_code import spoken
from wallet.rules.money import spell_money
from wallet.tables.member import Member

PLACES_MAX = 10  # what Apple shows; a chain's nearest ten come with the store visits
_LABELS = {
    "tier": {"fr": "Statut", "en": "Status"},
    "member": {"fr": "Membre", "en": "Member"},
    "number": {"fr": "Numéro", "en": "Number"},
    "rewards": {"fr": "Récompenses", "en": "Rewards"},
    "next_tier": {"fr": "Prochain statut", "en": "Next status"},
    "card": {"fr": "Ma carte et mes mouvements", "en": "My card and movements"},
}


def compose_card(session: Session, program: ProgramView, member: Member, now: datetime) -> Card:
    """What this member's card says at `now`, in every language of the program."""
    return card_of(program, member_view(session, program, member, now))


def card_of(program: ProgramView, view: MemberView) -> Card:
    """The same from a view at hand."""
    languages = _languages(program)
    unit = program.ruleset.main_unit
    balance = view.balances[unit.key].available
    return Card(
        program_name=dict.fromkeys(languages, program.name),
        code=view.code,
        code_text=spoken(view.code),
        balance=Fact(
            key="balance",
            number=balance,
            label={language: program.text(unit.name, language) for language in languages},
            value={language: str(balance) for language in languages},
            announce=_announce(program, languages),
        ),
        member_name=view.name,
        member_number=_grouped(view.number),
        languages=languages,
        tier=_tier(program, view, languages),
        next_reward=_next_reward(program, view, languages),
        sections=_sections(program, view, languages),
        places=_places(program, languages),
        voided=view.status != "active",
    )


def _languages(program: ProgramView) -> tuple[str, ...]:
    return (program.locale, *(code for code in program.locales if code != program.locale))


def _label(key: str, languages: tuple[str, ...]) -> dict[str, str]:
    return {language: _LABELS[key].get(language, _LABELS[key]["en"]) for language in languages}


def _announce(program: ProgramView, languages: tuple[str, ...]) -> dict[str, str]:
    word = {
        language: program.text(program.ruleset.main_unit.many, language) for language in languages
    }
    sentences = {"fr": "Votre solde : %@ {word}", "en": "Your balance: %@ {word}"}
    return {
        language: sentences.get(language, sentences["en"]).format(word=word[language])
        for language in languages
    }


def _tier(program: ProgramView, view: MemberView, languages: tuple[str, ...]) -> Fact | None:
    tier = view.standing.tier
    if tier is None:
        return None
    names = {language: program.text(tier.name, language) for language in languages}
    return Fact(key="tier", label=_label("tier", languages), value=names)


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
    names = {language: program.text(reward.name, language) for language in languages}
    return Fact(key="next_reward", label=names, value=values)


def _sections(
    program: ProgramView, view: MemberView, languages: tuple[str, ...]
) -> tuple[Section, ...]:
    sections = [
        Section(
            "card",
            _label("card", languages),
            dict.fromkeys(languages, view.card_url),
            url=view.card_url,
        ),
        Section("rewards", _label("rewards", languages), _rewards(program, languages)),
    ]
    if view.standing.next_tier:
        missing = view.standing.missing_minor
        body = {
            language: f"{program.text(view.standing.next_tier.name, language)} : encore "
            f"{spell_money(missing, program.currency, 'fr')}"
            if language == "fr"
            else f"{program.text(view.standing.next_tier.name, language)}: "
            f"{spell_money(missing, program.currency, language)} to go"
            for language in languages
        }
        sections.append(Section("next_tier", _label("next_tier", languages), body))
    for index, told in enumerate(program.details.get("back", [])):
        title, body = told["title"], told["body"]
        sections.append(
            Section(
                f"info{index}",
                {language: program.text(title, language) for language in languages},
                {language: program.text(body, language) for language in languages},
                url=told.get("url"),
            )
        )
    return tuple(sections)


def _rewards(program: ProgramView, languages: tuple[str, ...]) -> dict[str, str]:
    lines = {}
    for language in languages:
        unit = program.ruleset.main_unit
        rows = [
            f"{reward.cost} {program.text(unit.many, language)} — {program.text(reward.name, language)}"
            for reward in program.rewards
            if reward.unit == unit.key
        ]
        lines[language] = "\n".join(rows) or "—"
    return lines


def _places(program: ProgramView, languages: tuple[str, ...]) -> tuple[Place, ...]:
    sentences = {"fr": "Votre carte {name} est prête", "en": "Your {name} card is ready"}
    return tuple(
        Place(
            store.latitude,
            store.longitude,
            {
                language: sentences.get(language, sentences["en"]).format(name=program.name)
                for language in languages
            },
        )
        for store in program.stores[:PLACES_MAX]
        if store.latitude is not None and store.longitude is not None
    )


def _grouped(number: str) -> str:
    """123 456 789: as people read numbers aloud."""
    return " ".join(number[at : at + 3] for at in range(0, len(number), 3))
