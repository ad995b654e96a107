"""Designs and cards as merchants and shoppers might have them, for Hypothesis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from passes.card import Card, Fact, Place, Section
from passes.design import Design
from passes.design_parts import AppLink, BackText, Layout, Period, Poster
from tests.passes.cast import ADA, DESIGN

NAMES = (
    "Ada Martin",
    "مريم بنت عبد الله",  # Arabic
    "מרים בת־אל",  # Hebrew
    "สมศรี ใจดี",  # Thai
    "👩‍👩‍👧 Zoé 🎉",
    'Jean "l’Ami" \\ O\'Neil',
    "Or",  # like a status
    "Membre",  # like a label
    "%s %(code)b %@ 100 %",
    "ﷺ" * 40,
    "Ł" * 10_000,
    "é\u2028\u0085 two lines\nand a tab\t",
)
WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"),
    min_size=1,
    max_size=40,
)
# Few, because drawing the pictures of a look takes half a second.
COLOURS = st.sampled_from(
    [
        ("#3b2417", "#f7ead8", "#d9b48a"),
        ("#ffffff", "#000000", "#444444"),
        ("#00aa77", "#ffffff", "#eeeeee"),
    ]
)
LANGUAGES = st.sampled_from([("fr", "en"), ("en", "fr"), ("fr",), ("ar", "fr", "en")])


def texts(languages: tuple[str, ...], words: st.SearchStrategy[str] = WORDS) -> Any:
    """A text in every language."""
    return st.fixed_dictionaries(dict.fromkeys(languages, words))


def designs(languages: tuple[str, ...]) -> st.SearchStrategy[Design]:
    """Colours, texts of the back, and every now and then what only Apple knows."""
    back = st.builds(
        lambda title, body, url, kind: (
            BackText(key="a", title=title, body=body, url=url, kind=kind),
        ),
        texts(languages),
        texts(languages),
        st.sampled_from([None, "https://shop.test/?a=1&b=2", "tel:+33123456789"]),
        st.sampled_from(["text", "link", "legal"]),
    )
    parts = st.fixed_dictionaries(
        {"colours": COLOURS},
        optional={
            "back": back,
            "logo_text": texts(languages),
            "barcodes": st.sampled_from([("qr",), ("aztec",), ("code39", "pdf417")]),
            "distance_m": st.integers(10, 500),
            "layout": st.just(Layout(header=("balance", "tier"), secondary=("credit", "*"))),
            "poster": st.just(Poster()),
            "app": st.just(AppLink(store_ids=(123456789,), launch_url="shop://card")),
            "periods": st.just(
                (
                    Period(
                        starts_at="2027-03-01T09:00:00+01:00", ends_at="2027-03-01T19:00:00+01:00"
                    ),
                )
            ),
        },
    )
    return parts.map(_design)


def _design(values: dict[str, Any]) -> Design:
    names = ("background", "foreground", "label")
    colours = dict(zip(names, values.pop("colours"), strict=True))
    return DESIGN.model_copy(update={**values, **colours})


@st.composite
def cards(draw: st.DrawFn, languages: tuple[str, ...]) -> Card:
    """Anything a member may be called, hold and have done."""
    words = texts(languages)
    balance = Fact("balance", draw(words), draw(words), number=draw(st.integers(-50, 10**7)))
    announce = {language: f"{draw(WORDS)} %@" for language in languages}
    card = Card(
        program_name=draw(words),
        code="M1ABCDEFGHJKMNPQRSTVWXYZ01",
        code_text="M1AB CDEF",
        balance=replace(balance, announce=announce),
        member_name=draw(st.sampled_from(NAMES) | WORDS),
        member_number="1000 0042",
        languages=languages,
        tier=draw(st.none() | st.builds(Fact, st.just("tier"), words, words)),
        next_reward=draw(st.none() | st.builds(Fact, st.just("next_reward"), words, words)),
        sections=(
            Section("card", draw(words), draw(words), "https://cafe.test/card/abc?lang=fr&a=b"),
            Section("history", draw(words), draw(words)),
            Section("terms", draw(words), draw(words)),
        ),
        announced=draw(st.sampled_from([None, "balance", "tier"])),
    )
    optional: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {},
        optional={
            "credit": st.builds(
                lambda number: Fact(
                    "credit", ADA.balance.label, ADA.balance.value, number, None, "EUR"
                ),
                st.integers(-10_000, 10_000),
            ),
            "places": st.just((Place(48.85, 2.35, dict.fromkeys(languages, "ici")),)),
            "voided": st.booleans(),
            "expires_at": st.just("2031-01-31T23:59:59+01:00"),
            "extras": st.builds(lambda text: (Fact("unit:stamps", text, text),), words),
        },
    )
    return replace(card, **draw(optional))


PAIRS = LANGUAGES.flatmap(lambda languages: st.tuples(designs(languages), cards(languages)))


def drawn(count: int) -> list[tuple[Design, Card]]:
    """The same pairs every time, for what is slow to start."""
    found: list[tuple[Design, Card]] = []

    @settings(
        max_examples=count, derandomize=True, database=None, phases=[Phase.generate], deadline=None
    )
    @given(PAIRS)
    def _gather(pair: tuple[Design, Card]) -> None:
        found.append(pair)

    _gather()
    return found
