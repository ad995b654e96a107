"""A draft on a newer version: whatever one side changed is there, and nothing of either is lost in silence."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.wallet.rules.rulebook import TIERS, multiplier, rule, rules
from wallet.rules.rebase import KEYED, Rebased, places_changed, rebased, with_place
from wallet.rules.ruleset import read_ruleset

Document = dict[str, Any]


def documents() -> st.SearchStrategy[Document]:
    """Rule sets that share keys and differ in what stands under them, and in their order."""
    earning = st.lists(
        st.builds(
            lambda key, quantity: rule(key, quantity=quantity),
            st.sampled_from(["coffee", "tea", "cake", "club"]),
            st.integers(1, 3),
        ),
        unique_by=lambda one: str(one["key"]),
    )
    multipliers = st.lists(
        st.builds(multiplier, st.sampled_from(["tuesday", "gold"]), st.sampled_from(["2", "3"])),
        unique_by=lambda one: str(one["key"]),
    )
    return st.builds(
        lambda earning, multipliers, pending, rounding: rules(
            *earning, multipliers=multipliers, tiers=TIERS, pending_days=pending, rounding=rounding
        ).model_dump(mode="json"),
        earning,
        multipliers,
        st.integers(0, 2),
        st.sampled_from(["down", "up"]),
    )


def part_at(document: Document, place: str) -> Any:
    name, _, key = place.partition(".")
    if not key:
        return document[name]
    return next((one for one in document[name] if one["key"] == key), None)


@given(documents(), documents())
def test_where_one_side_changed_nothing_the_other_is_the_result(
    one: Document, two: Document
) -> None:
    assert rebased(one, one, two) == Rebased(two, ())
    assert rebased(one, two, one) == Rebased(two, ())
    assert rebased(one, two, two) == Rebased(two, ())


@given(documents(), documents(), documents(), st.sampled_from(["draft", "live", ""]))
def test_what_one_side_changed_is_there_and_what_both_changed_is_named(
    base: Document, draft: Document, live: Document, side: str
) -> None:
    named = {one.place for one in rebased(base, draft, live).clashes}
    takes = dict.fromkeys(named, side)
    found = rebased(base, draft, live, takes)
    assert {one.place for one in found.clashes} == named, "deciding hides nothing"
    assert set(found.open(takes)) == (set() if side else named)
    mine, theirs = set(places_changed(base, draft)), set(places_changed(base, live))
    for place in mine | theirs:
        same = part_at(draft, place) == part_at(live, place)
        if place in mine & theirs and not same:
            assert place in named
            wanted = draft if side == "draft" else live
        else:
            assert place not in named
            wanted = draft if place in mine else live
        assert part_at(found.document, place) == part_at(wanted, place), place
    unchanged = set(places_changed(base, found.document)) - mine - theirs
    assert not unchanged, "nothing that neither changed"


@given(documents(), documents(), documents())
def test_both_ways_round_the_same_things_clash(
    base: Document, one: Document, two: Document
) -> None:
    there, back = rebased(base, one, two).clashes, rebased(base, two, one).clashes
    assert {each.place for each in there} == {each.place for each in back}
    assert {(each.place, str(each.draft)) for each in there} == {
        (each.place, str(each.live)) for each in back
    }


@given(documents(), documents())
def test_a_part_can_be_put_into_another_document(one: Document, two: Document) -> None:
    for place in places_changed(one, two):
        changed = with_place(one, place, part_at(two, place))
        assert part_at(changed, place) == part_at(two, place)
        assert set(places_changed(one, changed)) == {place}


def test_keys_keep_the_order_in_which_somebody_put_them() -> None:
    base = rules(rule("a"), rule("b")).model_dump(mode="json")
    draft = rules(rule("a"), rule("new"), rule("b")).model_dump(mode="json")
    live = rules(rule("b"), rule("a"), rule("late")).model_dump(mode="json")
    found = rebased(base, draft, live)
    assert [one["key"] for one in found.document["earning"]] == ["b", "a", "new", "late"]
    assert found.clashes == ()
    assert len(read_ruleset(found.document).earning) == 4
    turned = rules(rule("b"), rule("a")).model_dump(mode="json")
    both = rules(rule("b"), rule("c"), rule("a")).model_dump(mode="json")
    assert [one["key"] for one in rebased(base, turned, both).document["earning"]] == [
        "b",
        "c",
        "a",
    ]


def test_every_list_of_rules_with_keys_is_compared_by_them() -> None:
    document = rules(rule("a"), tiers=TIERS).model_dump(mode="json")
    lists = {
        name
        for name, said in document.items()
        if isinstance(said, list) and any("key" in one for one in said)
    }
    assert lists <= set(KEYED)
