"""What a linter has to say about a card: one finding, with what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

# "proven": the wallet's own documentation or behaviour says so; such a card is not published.
# "hint": it will look or behave worse than it could, or we know it from hearsay only; it warns.
Severity = Literal["proven", "hint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend.

    `code` is stable and begins with the wallet: `apple.field_cut`, `google.program_name_long`.
    `sentence` and `fix` are keyed by language (English and French). `where` is a path into what
    was looked at: `storeCard.headerFields.balance.value`, `strip@2x.png`, `fr.lproj/pass.strings`,
    `class.programName`, `design.label`.
    `change` is a JSON merge patch (RFC 7396) for the design that mends it, where one can be known.
    """

    code: str
    severity: Severity
    sentence: Mapping[str, str]
    fix: Mapping[str, str]
    where: str
    change: Mapping[str, Any] | None = None

    @property
    def wallet(self) -> str:
        """`apple` or `google`, or `card` for what concerns both."""
        return self.code.partition(".")[0]

    @property
    def blocks(self) -> bool:
        """Whether a card with this finding may not be published."""
        return self.severity == "proven"

    def say(self, language: str) -> str:
        """Sentence and fix in a language, English where there is no other."""
        sentence, fix = (text.get(language) or text["en"] for text in (self.sentence, self.fix))
        return f"{sentence} {fix}"

    def to_json(self) -> dict[str, Any]:
        """For a page or an API."""
        return {
            "code": self.code,
            "severity": self.severity,
            "wallet": self.wallet,
            "sentence": dict(self.sentence),
            "fix": dict(self.fix),
            "where": self.where,
            "change": None if self.change is None else dict(self.change),
        }


def sorted_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, those that block first, otherwise in the order in which they were found."""
    once = {(one.code, one.where, one.sentence["en"]): one for one in findings}
    return sorted(once.values(), key=lambda one: not one.blocks)
