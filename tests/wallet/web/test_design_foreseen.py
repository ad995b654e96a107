"""What the designer's page draws at the key is what the server then answers, whatever was written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from passes.design import Design
from tests.factories import Cast
from tests.frontend.test_scripts import HERE, node
from tests.wallet.web.conftest import Browser
from tests.wallet.web.test_console_design import Designer
from wallet.actions.preview_design import sample_keys
from wallet.config import ROOT

pytestmark = pytest.mark.node

Json = dict[str, Any]
FACTS = ("balance", "member", "tier", "next_reward", "ready", "number", "credit", "unit:stamps")
# Markup, both directions, what others of the card are called, and what two formats escape differently.
WRITTEN = st.sampled_from(
    [
        '"><img src=x onerror=alert(1)>',
        "</script><b>&amp; &lt;",
        "مريم بنت عبد الله \u202etxt",
        "👩‍👩‍👧 Zoé 🎉",
        "Membre",
        "Or",
        "$& $1 %s %(code)b \\u0041 \\n",
        "a\tb\nc\x00d\x0be\x7f",
        "  ",
        "Anticonstitutionnellement" * 3,
        "Carte",
    ]
) | st.text(st.characters(codec="utf-8", exclude_characters="\b\f"), min_size=1, max_size=12)
COLOURS = st.sampled_from(["#102030", "#ffffff", "#00aa77"])
URLS = st.sampled_from(
    [None, "https://a.test/?a=1&b='\"<", "tel:+331", "mailto:a@b", "HTTPS://A.test/", "http://x y"]
)
DIGEST = st.sampled_from(["a" * 64, "0" * 64])


def words(text: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    """In one language or both, in either order."""
    both = st.permutations(("fr", "en")).flatmap(
        lambda order: st.fixed_dictionaries(dict.fromkeys(order, text))
    )
    return both | st.fixed_dictionaries({}, optional={"fr": text, "en": text}).filter(bool)


def layouts() -> st.SearchStrategy[Json]:
    """Any fact anywhere; some nowhere."""

    def _laid(order: list[str], room: tuple[int, ...], at: int | None) -> Json:
        keys = iter(order)
        names = ("header", "primary", "secondary", "auxiliary", "back")
        found = {
            name: [key for key, _ in zip(keys, range(most), strict=False)]
            for name, most in zip(names, room, strict=True)
        }
        if at is not None and len(found["secondary"]) < 4:
            found["secondary"].insert(at, "*")
        return found

    room = st.tuples(*(st.integers(0, most) for most in (3, 1, 4, 4, 3)))
    return st.builds(_laid, st.permutations(FACTS), room, st.none() | st.integers(0, 3))


def google_rows() -> st.SearchStrategy[list[list[str]]]:
    """Any facts in any rows, some rows empty."""

    def _cut(order: list[str], sizes: list[int]) -> list[list[str]]:
        keys = iter(order)
        return [[key for key, _ in zip(keys, range(size), strict=False)] for size in sizes]

    sizes = st.lists(st.integers(0, 3), max_size=3)
    return st.builds(_cut, st.permutations(FACTS), sizes)


def backs() -> st.SearchStrategy[list[Json]]:
    """More texts than Google shows, with and without a link."""
    one = st.fixed_dictionaries(
        {
            "title": words(WRITTEN),
            "body": words(WRITTEN),
            "url": URLS,
            "kind": st.sampled_from(["text", "link", "legal"]),
        }
    )
    return st.lists(one, max_size=12).map(
        lambda texts: [{**text, "key": f"text{at}"} for at, text in enumerate(texts)]
    )


def posters() -> st.SearchStrategy[Json | None]:
    """None, or any facts in its places."""
    facts = st.lists(st.sampled_from(FACTS), unique=True, max_size=4)
    action = st.sampled_from(["shop", "call"]).map(
        lambda kind: {"key": kind, "kind": kind, "url": "https://a.test/"}
    )
    return st.none() | st.fixed_dictionaries(
        {
            "header": facts.map(lambda keys: keys[:1]),
            "primary": facts,
            "footer": facts.map(lambda keys: keys[:1]),
            "actions": st.lists(action, max_size=2, unique_by=lambda one: one["key"]),
        }
    )


SENTENCES = st.just("") | words(WRITTEN.map(lambda text: f"{text.replace('%@', '')} %@ $&"))
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "organization_name": WRITTEN,
        "description": words(WRITTEN),
        "logo_text": WRITTEN.map(lambda text: text[:40]) | words(WRITTEN) | st.just(""),
        "monogram": st.sampled_from(["CL", "é", "+&", "م"]),
        "background": COLOURS,
        "foreground": COLOURS,
        "label": COLOURS,
        "pattern": st.sampled_from(["rings", "waves", "leaves"]),
        "tiers": st.fixed_dictionaries(
            {},
            optional={
                "gold": st.fixed_dictionaries({"background": COLOURS}, optional={"label": COLOURS})
            },
        ),
        "images": st.dictionaries(st.sampled_from(["strip", "icon", "secondary_logo"]), DIGEST),
        "images_by_language": st.fixed_dictionaries(
            {"en": st.dictionaries(st.just("strip"), DIGEST)}
        ),
        "layout": layouts(),
        "google_rows": google_rows(),
        "near_words": st.none() | words(WRITTEN.map(lambda text: f"{text.replace('%@', '')} %@")),
        "shows_near_stores": st.booleans(),
        "back": backs(),
        "announce": st.dictionaries(
            st.sampled_from(["balance", "tier", "ready", "credit"]), SENTENCES
        ),
        "poster": posters(),
    },
)


@pytest.fixture(scope="module")
def foresee() -> Iterator[Callable[[Json], Json]]:
    """The page's own script, asked line by line."""
    process = subprocess.Popen(
        [*node(), str(HERE / "foresee_lines.mjs")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stdin
    assert process.stdout
    asked, told = process.stdin, process.stdout

    def _ask(question: Json) -> Json:
        asked.write(json.dumps(question) + "\n")
        asked.flush()
        found: Json = json.loads(told.readline())
        return found

    yield _ask
    asked.close()
    process.wait(timeout=30)
    told.close()


def test_what_is_drawn_at_the_key_is_what_the_server_answers(
    browser: Browser, web_cast: Cast, foresee: Callable[[Json], Json]
) -> None:
    designer = Designer(browser)
    languages = list(web_cast.program.locales)
    tiers = [one.key for one in web_cast.program.ruleset.tiers]

    def _answer(document: Json, sample: str, tier: str | None) -> Json:
        said = {"document": document, "sample": sample, "tier": tier}
        found: Json = designer.send("POST", "preview", json=said).get_json()
        assert "faults" not in found, found
        return found

    @settings(max_examples=80, suppress_health_check=[HealthCheck.filter_too_much])
    @given(CHANGES, CHANGES, st.sampled_from(sample_keys()), st.sampled_from([None, *tiers]))
    def _check(before: Json, after: Json, sample: str, tier: str | None) -> None:
        old, new = designer.document(**before), designer.document(**after)
        assume(not Design.faults(old) and not Design.faults(new))
        answer, wanted = (_answer(one, sample, tier) for one in (old, new))
        if bool(new.get("poster")) > bool(old.get("poster")):
            return  # only the server can say what a look is that was not there
        if new["shows_near_stores"] > old["shows_near_stores"]:
            return  # nor at which stores
        found = foresee({"answer": answer, "document": new, "languages": languages, "next": wanted})
        assert found["foreseen"] == found["wanted"]

    _check()
