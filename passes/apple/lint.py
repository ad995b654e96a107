"""Apple's rules and habits, checked on the pass.json and the files that a card becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from passes.apple.schema import document_faults
from passes.finding import Finding

Strings = Mapping[str, Mapping[str, str]]  # language → text of pass.json → text to show


def lint_document(document: Mapping[str, Any], translations: Strings) -> list[Finding]:
    """What to mend in a pass.json and its translations."""
    return _faults(document)


def _faults(document: Mapping[str, Any]) -> list[Finding]:
    """Where the document breaks Apple's format: Wallet would not install the card."""
    return [
        Finding(
            "apple.format",
            "proven",
            {
                "en": f"Wallet would refuse this card. {where}: {message}.",
                "fr": f"Wallet refuserait cette carte. {where} : {message}.",
            },
            {"en": "Change this entry.", "fr": "Modifiez cet élément."},
            where,
        )
        for where, message in document_faults(document)
    ]
