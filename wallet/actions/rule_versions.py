"""Rule sets of earlier versions, as refunds and replays need them."""

from __future__ import annotations

import json
from functools import lru_cache

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.rules.ruleset import Ruleset
from wallet.tables.program import rules_of_version

KEPT = 256  # rule sets in memory; a published version never changes


def ruleset_of(session: Session, program: ProgramView, version: int) -> Ruleset:
    """The rules that were in force then; those of today where that version is not known."""
    if version == program.rule_version:
        return program.ruleset
    row = rules_of_version(session, program.id, version)
    return _parsed(json.dumps(row.rules)) if row else program.ruleset


@lru_cache(maxsize=KEPT)
def _parsed(document: str) -> Ruleset:
    return Ruleset.model_validate_json(document)
