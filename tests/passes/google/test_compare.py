"""What Google holds is what we sent: its own additions do not count, everything else does."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.google.compare import differences
from tests.passes.google.test_document import the_class, the_object


def test_googles_own_additions_are_no_difference() -> None:
    theirs = {**the_object(), "hasUsers": True, "version": "7", "kind": "walletobjects#x"}
    theirs["barcode"] = {**theirs["barcode"], "kind": "walletobjects#barcode"}
    assert differences(the_object(), theirs) == []
    assert differences(the_class(), {**the_class(), "reviewStatus": "APPROVED"}) == []
    assert differences(the_class(), {**the_class(), "reviewStatus": "REJECTED"}) == ["reviewStatus"]


def test_what_is_empty_may_be_left_out_and_long_numbers_may_be_texts() -> None:
    ours = {"id": "x", "linksModuleData": {"uris": []}, "n": 30_000, "flag": False, "note": ""}
    assert differences(ours, {"id": "x", "n": "30000"}) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda one: one["loyaltyPoints"]["balance"].update(int=7), "loyaltyPoints.balance.int"),
        (lambda one: one.pop("accountName"), "accountName"),
        (lambda one: one["textModulesData"].pop(), "textModulesData"),
        (lambda one: one["textModulesData"].reverse(), "textModulesData[0].id"),
        (lambda one: one.update(state="EXPIRED"), "state"),
        (lambda one: one["barcode"].update(value="forged"), "barcode.value"),
    ],
)
def test_every_change_is_found(change: Any, place: str) -> None:
    theirs = the_object()
    change(theirs)
    assert place in differences(the_object(), theirs)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=3), plain, max_size=4))
def test_a_copy_never_differs(resource: dict[str, Any]) -> None:
    assert differences(resource, copy.deepcopy(resource)) == []
