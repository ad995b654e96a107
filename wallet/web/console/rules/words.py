"""Words of the rules' forms, and what is wrong with a rule set in the language of the reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from flask_babel import gettext as _


def kind_names() -> dict[str, str]:
    """What counts."""
    return {
        "per_amount": _("What is spent"),
        "per_visit": _("Each visit"),
        "per_item": _("Each article"),
        "visits": _("Several visits in a time"),
        "activity": _("Something else than a sale"),
    }


def period_names() -> dict[str, str]:
    """How long a cap or a goal counts."""
    return {
        "sale": _("one sale"),
        "day": _("a day"),
        "week": _("a week"),
        "month": _("a month"),
        "year": _("a year"),
        "lifetime": _("all the time"),
    }


def problem_sentences(problems: Iterable[str]) -> str:
    """What publishing or keeping said, as people say it."""
    return " ".join(dict.fromkeys(_spoken(one) for one in problems))


def _spoken(problem: str) -> str:
    for pattern, said in _KNOWN:
        found = re.search(pattern, problem)
        if found:
            return said(found)
    return problem


_KNOWN: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (
        r"unit (\w+) is held by (\d+) members",
        lambda found: _(
            "%(count)s members hold %(unit)s: it cannot go.", unit=found[1], count=found[2]
        ),
    ),
    (
        r"a reward costs (\w+), which",
        lambda found: _("A reward costs %(unit)s: change or pause it first.", unit=found[1]),
    ),
    (
        r"unit (\w+) gives an unknown reward",
        lambda found: _(
            "The stamp card %(unit)s gives a reward that is paused or gone.", unit=found[1]
        ),
    ),
    (
        r"unit \w+ counts \w+ and cannot become",
        lambda _found: _("What points, stamps and credit are cannot change."),
    ),
    (
        r"plan \w+ was paid for",
        lambda _found: _("Members have paid for a membership that would be gone."),
    ),
    (
        r"tiers must start at 0",
        lambda _found: _("The first status begins at 0, and each one above the one before."),
    ),
    (
        r"names an unknown unit|earns an unknown unit|counts an unknown unit",
        lambda _found: _("A rule gives something that would be gone: change that rule first."),
    ),
)
