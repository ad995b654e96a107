"""Which facts the cards of a program may have."""

from __future__ import annotations

from wallet.actions.program_view import ProgramView
from wallet.rules.ruleset import Unit


def facts_of(program: ProgramView) -> tuple[str, ...]:
    """Their keys, as on `passes.card.Card`; what a member has of them is another matter."""
    credit = credit_of(program)
    return (
        "balance",
        *(["credit"] if credit else []),
        *(["tier"] if program.ruleset.tiers else []),
        *("member", "next_reward", "ready", "number"),
        *(f"unit:{unit.key}" for unit in _others(program) if unit is not credit),
    )


def credit_of(program: ProgramView) -> Unit | None:
    """The unit whose fact is `credit`: the first money that is not the main unit."""
    return next((unit for unit in _others(program) if unit.kind == "credit"), None)


def _others(program: ProgramView) -> list[Unit]:
    main = program.ruleset.main_unit
    return [unit for unit in program.ruleset.units if unit.key != main.key]
