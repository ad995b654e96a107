"""The rows of Google's card as a design chooses them: what stands twice, nowhere, or for nothing.

Google refuses none of this; it draws a hole, or says the same twice. What it refuses (more than three
rows, more than three facts in one) is no design at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from passes.card import Card, Text
from passes.design import Design
from passes.design_parts import ROW_FACTS_MAX, ROWS, ROWS_MAX
from passes.finding import Finding

WHERE = "google_rows"
Chosen = Sequence[Sequence[str]]


def lint_rows(design: Design, card: Card, known: Collection[str]) -> list[Finding]:
    """What to mend. `known` are the facts that the program's cards may have; `card` has those that
    hold a count of something, whatever its holder has."""
    rows = design.google_rows
    return [
        *_empty(rows),
        *_twice(rows, card),
        *(_unknown(rows, known) if rows != ROWS else ()),
        *_unseen(rows, card),
    ]


def _empty(rows: Chosen) -> Iterator[Finding]:
    empty = [at for at, row in enumerate(rows, 1) if not row]
    if not rows or len(empty) == len(rows):
        yield _hint(
            "google.rows_empty",
            {
                "en": "Android's card has no row: Google chooses what stands on it.",
                "fr": "La carte Android n’a aucune ligne\u00a0: Google choisit ce qui y figure.",
            },
            {"en": "Take the usual rows.", "fr": "Reprenez les lignes habituelles."},
            ROWS,
        )
    elif empty:
        yield _hint(
            "google.row_empty",
            {
                "en": f"Row {empty[0]} of Android's card is empty.",
                "fr": f"La ligne {empty[0]} de la carte Android est vide.",
            },
            {"en": "Close the gap.", "fr": "Refermez l’espace."},
            [row for row in rows if row],
        )


def _twice(rows: Chosen, card: Card) -> Iterator[Finding]:
    named = list(chain.from_iterable(rows))
    for key in dict.fromkeys(one for one in named if named.count(one) > 1):
        name = _name(key, card)
        yield _hint(
            "google.fact_twice",
            {
                "en": f"“{name['en']}” stands twice on Android's card.",
                "fr": f"«\u00a0{name['fr']}\u00a0» figure deux fois sur la carte Android.",
            },
            {"en": "Keep the first.", "fr": "Gardez le premier."},
            _once(rows, key),
            f"{WHERE}.{key}",
        )


def _unknown(rows: Chosen, known: Collection[str]) -> Iterator[Finding]:
    for key in dict.fromkeys(one for one in chain.from_iterable(rows) if one not in known):
        yield _hint(
            "google.fact_unknown",
            {
                "en": f"Cards of this program have no “{key}”: its place on Android stays free.",
                "fr": f"Les cartes de ce programme n’ont pas de «\u00a0{key}\u00a0»\u00a0: sa place "
                "sur Android reste libre.",
            },
            {"en": "Take it off.", "fr": "Retirez-le."},
            _without(rows, key),
            f"{WHERE}.{key}",
        )


def _unseen(rows: Chosen, card: Card) -> Iterator[Finding]:
    """Stamps and money that an iPhone shows somewhere in any case."""
    counts = [fact.key for fact in (card.credit, *card.extras) if fact]
    for key in counts:
        if key in chain.from_iterable(rows):
            continue
        name, change = _name(key, card), _with(rows, key)
        fix = {"en": "Give it a place.", "fr": "Donnez-lui une place."}
        if change is None:
            fix = {
                "en": "Take something else off for it.",
                "fr": "Retirez autre chose pour lui.",
            }
        yield _hint(
            "google.fact_unseen",
            {
                "en": f"Android's card does not show “{name['en']}”.",
                "fr": f"La carte Android n’affiche pas «\u00a0{name['fr']}\u00a0».",
            },
            fix,
            change,
            f"{WHERE}.{key}",
        )


def _with(rows: Chosen, key: str) -> Chosen | None:
    """With one fact more: in a row of its own, or at the end of the one with the most room."""
    if len(rows) < ROWS_MAX:
        return [*rows, [key]]
    at = min(range(len(rows)), key=lambda one: len(rows[one]))
    if len(rows[at]) >= ROW_FACTS_MAX:
        return None
    return [[*row, key] if at == here else row for here, row in enumerate(rows)]


def _once(rows: Chosen, key: str) -> Chosen:
    """Only where it stands first."""
    first = next(at for at, row in enumerate(rows) if key in row)
    left = [[one for one in row if one != key] for row in rows]
    left[first].insert(rows[first].index(key), key)
    return [row for row in left if row]


def _without(rows: Chosen, key: str) -> Chosen:
    left = [[one for one in row if one != key] for row in rows]
    return [row for row in left if row]


def _name(key: str, card: Card) -> Text:
    fact = card.facts.get(key)
    label = fact.label if fact else {}
    return {language: label.get(language) or label.get("en") or key for language in ("en", "fr")}


def _hint(code: str, sentence: Text, fix: Text, rows: Chosen | None, where: str = WHERE) -> Finding:
    change = None if rows is None else {WHERE: [list(row) for row in rows]}
    return Finding(code, "hint", sentence, fix, where, change)
