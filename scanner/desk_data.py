"""What the desk's parts need to know: amounts under one key, kinds of articles, what to say, consents."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from wallet.actions.program_view import ProgramView
from wallet.actions.till_settings import coach_of, quick_amounts
from wallet.rules.ruleset import PerVisit
from wallet.rules.shelf import earns_by_visit, shelf
from wallet.web.consents import consents_of


def desk_data(program: ProgramView, language: str) -> dict[str, Any]:
    """In the cashier's language."""
    said = coach_of(program, language)
    offline = program.ruleset.offline_redemption
    return {
        "program": program.name,
        "quick": quick_amounts(program),
        "hold_minutes": offline.minutes if offline else 0,
        "shelf": [
            {
                "category": article.category,
                "sku": article.sku,
                "name": article.category or article.sku or _("Articles"),
                "by_amount": article.by_amount,
            }
            for article in shelf(program.ruleset)
        ],
        "visit": _visit(program),
        "coach": {
            "script": list(said.script),
            "questions": [[advice.title, advice.answer] for advice in said.questions],
            "objections": [[advice.title, advice.answer] for advice in said.objections],
        },
        "consents": {consent.purpose: consent.sentence for consent in consents_of(program)},
    }


def _visit(program: ProgramView) -> dict[str, Any] | None:
    """What coming gives, where that is all that counts: then a sale needs no amount."""
    if not earns_by_visit(program.ruleset):
        return None
    rule = next(rule for rule in program.ruleset.sale_rules if isinstance(rule, PerVisit))
    return {"unit": rule.unit, "quantity": rule.quantity}
