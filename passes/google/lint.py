"""Google's limits and habits, checked on the class and the object that a card becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from passes.finding import Finding

NAME_CHARACTERS_SHOWN = 20  # of programName and issuerName (REST reference of LoyaltyClass)


def lint_class(resource: Mapping[str, Any]) -> list[Finding]:
    """What to mend in a loyalty class."""
    return [*_long_name(resource, "programName"), *_long_name(resource, "issuerName")]


def lint_object(resource: Mapping[str, Any]) -> list[Finding]:
    """What to mend in a loyalty object."""
    return _long_name(resource, "accountName", "object")


def _long_name(resource: Mapping[str, Any], name: str, kind: str = "class") -> list[Finding]:
    text = str(resource.get(name, ""))
    if len(text) <= NAME_CHARACTERS_SHOWN:
        return []
    shown = f"{text[: NAME_CHARACTERS_SHOWN - 1]}…"
    return [
        Finding(
            "google.name_cut",
            "hint",
            {
                "en": f"Google shows {NAME_CHARACTERS_SHOWN} characters of “{text}”: “{shown}”.",
                "fr": f"Google n’affiche que {NAME_CHARACTERS_SHOWN} caractères de « {text} » : "
                f"« {shown} ».",
            },
            {"en": "Choose a shorter name.", "fr": "Choisissez un nom plus court."},
            f"{kind}.{name}",
        )
    ]
