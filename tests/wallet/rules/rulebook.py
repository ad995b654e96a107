"""Short words for rule sets, sales and members in the tests of rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wallet.actions.load_demo import RULES
from wallet.rules.earning import Award, Line, MemberFacts, Sale, earn
from wallet.rules.ruleset import Ruleset

PARIS = ZoneInfo("Europe/Paris")
SATURDAY = datetime(2026, 3, 14, 10, 30, tzinfo=PARIS)
TIERS = RULES["tiers"]


def words(fr: str, en: str | None = None) -> dict[str, str]:
    return {"fr": fr, "en": en or fr}


def unit(key: str, kind: str = "points", **more: Any) -> dict[str, Any]:
    one = {"points": words("point"), "stamps": words("tampon", "stamp")}.get(kind, words("avoir"))
    many = {"points": words("points"), "stamps": words("tampons", "stamps")}.get(kind, one)
    return {"key": key, "kind": kind, "name": words(key), "one": one, "many": many, **more}


UNITS = [unit("points"), unit("stamps", "stamps"), unit("credit", "credit")]


def rule(key: str, kind: str = "per_amount", **more: Any) -> dict[str, Any]:
    """One point for each euro unless told otherwise."""
    more.setdefault("unit", "points")
    more.setdefault("quantity", 1)
    more.setdefault("name", words(key))
    if kind == "per_amount":
        more.setdefault("per_minor", 100)
    return {"key": key, "kind": kind, **more}


def multiplier(key: str, factor: str, **more: Any) -> dict[str, Any]:
    more.setdefault("name", words(key))
    return {"key": key, "factor": factor, **more}


def rules(*earning: dict[str, Any], **more: Any) -> Ruleset:
    more.setdefault("units", UNITS)
    return Ruleset.model_validate({"earning": list(earning), **more})


def sale(amount_minor: int, *lines: Line, channel: str = "store", **parts: Any) -> Sale:
    return Sale(amount_minor, "EUR", channel, lines=lines, **parts)


def line(sku: str, amount_minor: int, category: str = "", quantity: int = 1) -> Line:
    return Line(sku, category, quantity, amount_minor)


def member(tier_key: str | None = None, at: datetime = SATURDAY, **said: Any) -> MemberFacts:
    """Somebody on a Saturday morning in Paris."""
    return MemberFacts(at=at, tier_key=tier_key, **said)


def awarded(found: Ruleset, what: Sale, who: MemberFacts | None = None) -> dict[str, int]:
    """Unit → quantity."""
    return {award.unit: award.quantity for award in earn(found, what, who or member())}


def award_of(found: Ruleset, what: Sale, who: MemberFacts | None = None) -> Award:
    """The only award."""
    (award,) = earn(found, what, who or member())
    return award


def said(award: Award, language: str = "fr") -> list[str]:
    """Its sentences, with plain spaces."""
    return [
        reason.text[language].replace("\u00a0", " ").replace("\u202f", " ") for reason in award.why
    ]
