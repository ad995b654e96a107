"""The catalogue and what tills say, changed in the console: once, written down, never over somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from wallet.actions.create_reward import NewReward, create_reward
from wallet.actions.edit_reward import as_new, edit_reward
from wallet.actions.program.changes import Change, Wish, begin_change, check_seen, note_change
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.text import say
from wallet.actions.till_settings import (
    TillSettings,
    coach_as_typed,
    quick_amounts,
    save_till_settings,
)
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.tables.reward import Reward, reward_with_id

_LIVELY = ("stock",)  # moves while a form is open: two people do not disagree about it


def facts_of_reward(said: NewReward) -> dict[str, Any]:
    """Plain data, to be compared and written down."""
    return {name: _plain(value) for name, value in asdict(said).items()}


def shown_of_reward(said: NewReward) -> dict[str, Any]:
    """What a form shows of it and nobody else moves meanwhile."""
    return {name: value for name, value in facts_of_reward(said).items() if name not in _LIVELY}


def offer_reward(session: Session, program_id: int, said: NewReward, wish: Wish) -> int | None:
    """The new reward's id, or None where this form made it already. Refusals as `create_reward`."""
    facts = facts_of_reward(said)
    program = begin_change(session, program_id, wish, facts)
    if program is None:
        return None
    made = create_reward(session, program_id, said)
    change = Change("reward.add", public_id("rwd", made.id), _name(made, program.locale), {}, facts)
    note_change(session, program_id, change, wish, facts)
    return made.id


def change_reward(
    session: Session, program_id: int, reward_id: int, changes: Mapping[str, Any], wish: Wish
) -> None:
    """Refusals as `edit_reward`; `changed_meanwhile`."""
    said = {"id": reward_id, **{name: _plain(value) for name, value in changes.items()}}
    program = begin_change(session, program_id, wish, said)
    if program is None:
        return
    reward = _reward(session, program_id, reward_id)
    was = as_new(reward)
    check_seen(wish, shown_of_reward(was))
    after = edit_reward(session, program_id, reward_id, changes)
    now = facts_of_reward(as_new(after))
    subject, name = public_id("rwd", reward_id), _name(after, program.locale)
    change = Change("reward.edit", subject, name, facts_of_reward(was), now)
    note_change(session, program_id, change, wish, said)


def turn_reward(
    session: Session, program_id: int, reward_id: int, wish: Wish, *, is_active: bool
) -> None:
    """Pause it, or offer it again."""
    said = {"id": reward_id, "is_active": is_active}
    program = begin_change(session, program_id, wish, said)
    if program is None:
        return
    reward = _reward(session, program_id, reward_id)
    if reward.is_active == is_active:
        return
    edit_reward(session, program_id, reward_id, {"is_active": is_active})
    verb = "reward.offer" if is_active else "reward.pause"
    change = Change(verb, public_id("rwd", reward_id), _name(reward, program.locale))
    note_change(session, program_id, change, wish, said)


def facts_of_till(program: ProgramView) -> dict[str, Any]:
    """What tills offer and say, as plain data."""
    texts = {language: coach_as_typed(program, language) for language in program.locales}
    return {
        "quick_minor": list(quick_amounts(program)),
        **{
            part: {language: said.get(part, "") for language, said in texts.items()}
            for part in ("script", "objections", "questions")
        },
    }


def change_till_words(
    session: Session, program_id: int, settings: TillSettings, wish: Wish
) -> None:
    """Refusals as `save_till_settings`; `changed_meanwhile`."""
    said = {"quick_minor": list(settings.quick_minor), "texts": _plain(settings.texts)}
    if begin_change(session, program_id, wish, said) is None:
        return
    program = program_view(session, program_id)
    before = facts_of_till(program)
    check_seen(wish, before)
    save_till_settings(session, program, settings)
    after = facts_of_till(program_view(session, program_id))
    change = Change("till_words.edit", "", "", before, after)
    note_change(session, program_id, change, wish, said)


def _reward(session: Session, program_id: int, reward_id: int) -> Reward:
    reward = reward_with_id(session, program_id, reward_id)
    if reward is None:
        raise Refusal("reward_not_found")
    return reward


def _name(reward: Reward, locale: str) -> str:
    return say(reward.name, locale, locale)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(said) for name, said in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
