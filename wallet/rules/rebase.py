"""A draft of rules carried over onto a version that was published since it began.

Rules are compared place by place: each unit, way of earning, multiplier, status and paid membership by
its key, every other part as a whole. What only one side changed goes in; what both changed, each in its
own way, is a clash that a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Document = Mapping[str, Any]  # of a `Ruleset`, with every part said
Side = Literal["draft", "live"]

KEYED = ("units", "earning", "multipliers", "tiers", "plans")


@dataclass(frozen=True, slots=True)
class Clash:
    """A place that both changed: `earning.espresso`, `welcome`, or `tiers` for the order of the
    statuses. None is a rule that the side took out, or never had."""

    place: str
    draft: Any
    live: Any


@dataclass(frozen=True, slots=True)
class Rebased:
    """The draft on the new version. Where a clash is not decided, the document has the version's part."""

    document: dict[str, Any]
    clashes: tuple[Clash, ...]

    def open(self, takes: Mapping[str, str]) -> tuple[str, ...]:
        """The places of clashes that nobody has decided."""
        return tuple(
            one.place for one in self.clashes if takes.get(one.place) not in ("draft", "live")
        )


def rebased(
    base: Document, draft: Document, live: Document, takes: Mapping[str, str] | None = None
) -> Rebased:
    """`draft`, which began from `base`, on `live`. `takes` says for places whose part is taken."""
    merge = _Merge(takes or {})
    document = {
        name: merge.keyed(name, base[name], draft[name], live[name])
        if name in KEYED
        else merge.one(name, base[name], draft[name], live[name])
        for name in live
    }
    return Rebased(document, tuple(merge.clashes))


class _Merge:
    """Gathers the clashes."""

    def __init__(self, takes: Mapping[str, str]) -> None:
        self._takes = takes
        self.clashes: list[Clash] = []

    def one(self, place: str, base: Any, draft: Any, live: Any) -> Any:
        """The part of this place."""
        if draft in (base, live):
            return live
        if live == base:
            return draft
        self.clashes.append(Clash(place, draft, live))
        return draft if self._takes.get(place) == "draft" else live

    def keyed(self, name: str, *lists: Sequence[Document]) -> list[Any]:
        """A list whose elements have keys: each on its own, then their order."""
        base, draft, live = ({one["key"]: one for one in said} for said in lists)
        found = {
            key: part
            for key in dict.fromkeys((*live, *draft, *base))
            if (part := self.one(f"{name}.{key}", base.get(key), draft.get(key), live.get(key)))
        }
        common = [key for key in base if key in draft and key in live]
        orders = ([key for key in said if key in common] for said in (base, draft, live))
        first = self.one(name, *orders)
        own, other = (
            (live, draft) if first == [key for key in live if key in common] else (draft, live)
        )
        return [found[key] for key in _woven(list(own), list(other)) if key in found]


def _woven(first: list[str], second: list[str]) -> list[str]:
    """The keys of the first list in its order; each that only the second has follows the one that
    it follows there."""
    woven = list(first)
    for at, key in enumerate(second):
        if key in woven:
            continue
        before = next((one for one in reversed(second[:at]) if one in woven), None)
        woven.insert(0 if before is None else woven.index(before) + 1, key)
    return woven


def with_place(document: Document, place: str, part: Any) -> dict[str, Any]:
    """The document with another part at this place, to say what that changes."""
    name, _, key = place.partition(".")
    if not key and name not in KEYED:
        return {**document, name: part}
    rules = list(document[name])
    if not key:
        rank = {one: at for at, one in enumerate(part)}
        return {**document, name: sorted(rules, key=lambda one: rank.get(one["key"], len(rank)))}
    others = [one["key"] for one in rules]
    if key in others:
        rules[others.index(key) : others.index(key) + 1] = [part] if part else []
    elif part:
        rules.append(part)
    return {**document, name: rules}


def places_changed(base: Document, document: Document) -> Iterator[str]:
    """Where the second says something else than the first."""
    for name in document:
        if name not in KEYED:
            if base[name] != document[name]:
                yield name
            continue
        before, after = ({one["key"]: one for one in said[name]} for said in (base, document))
        for key in dict.fromkeys((*before, *after)):
            if before.get(key) != after.get(key):
                yield f"{name}.{key}"
