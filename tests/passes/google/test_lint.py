"""Google's limits, one by one: what is refused blocks, what is cut or hidden warns, in both languages."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from passes.google.document import Protection
from passes.google.lint import lint_class, lint_object, lint_pictures
from passes.images import google_images, no_uploads
from tests.passes.cast import ADA, DESIGN
from tests.passes.google.test_document import GUARDED, TURNING, the_class, the_object

Change = Callable[[dict[str, Any]], None]


def names(resource: dict[str, Any], change: Change) -> dict[str, str]:
    """Code → severity of what is found after a change."""
    changed = copy.deepcopy(resource)
    change(changed)
    lint = lint_class if "programName" in resource else lint_object
    found = lint(changed)
    for one in found:
        assert set(one.sentence) == set(one.fix) == {"en", "fr"}
    return {one.code: one.severity for one in found}


def test_our_own_documents_have_nothing_that_blocks() -> None:
    for found in (
        lint_class(the_class()),
        lint_object(the_object()),
        lint_object(the_object(ADA, GUARDED)),
    ):
        assert [one for one in found if one.blocks] == []


@pytest.mark.parametrize(
    ("code", "severity", "change"),
    [
        ("google.missing", "proven", lambda c: c.pop("issuerName")),
        ("google.missing", "proven", lambda c: c.update(programName="")),
        ("google.id", "proven", lambda c: c.update(id="cafe lumière")),
        ("google.colour", "proven", lambda c: c.update(hexBackgroundColor="brown")),
        ("google.review", "proven", lambda c: c.update(reviewStatus="APPROVED")),
        ("google.too_many", "proven", lambda c: c.update(merchantLocations=[{}] * 11)),
        (
            "google.rows",
            "proven",
            lambda c: c["classTemplateInfo"]["cardTemplateOverride"].update(
                cardRowTemplateInfos=[{}] * 4
            ),
        ),
        ("google.name_cut", "hint", lambda c: c.update(issuerName="x" * 21)),
        ("google.text_cut", "hint", lambda c: c.update(accountIdLabel="x" * 16)),
        (
            "google.name_cut",
            "hint",
            lambda c: c["localizedProgramName"]["translatedValues"][0].update(value="x" * 21),
        ),
        (
            "google.picture_address",
            "hint",
            lambda c: c["heroImage"]["sourceUri"].update(uri="http://shop.lan/hero.png"),
        ),
        (
            "google.translation_missing",
            "hint",
            lambda c: c["localizedProgramName"].update(translatedValues=[]),
        ),
    ],
)
def test_of_a_class(code: str, severity: str, change: Change) -> None:
    assert code not in names(the_class(), lambda c: None)
    assert names(the_class(), change)[code] == severity


@pytest.mark.parametrize(
    ("code", "severity", "change"),
    [
        ("google.missing", "proven", lambda o: o.pop("classId")),
        ("google.id", "proven", lambda o: o.update(classId="demo")),
        ("google.too_many", "proven", lambda o: o.update(messages=[{}] * 11)),
        ("google.too_many", "hint", lambda o: o.update(textModulesData=[{}] * 11)),
        ("google.module_id", "proven", lambda o: o["textModulesData"][0].update(id="a.b")),
        ("google.text_cut", "hint", lambda o: o["textModulesData"][0].update(header="x" * 36)),
        ("google.text_cut", "hint", lambda o: o["textModulesData"][0].update(body="x" * 501)),
        ("google.text_cut", "hint", lambda o: o["loyaltyPoints"].update(label="x" * 10)),
        (
            "google.text_cut",
            "hint",
            lambda o: o["loyaltyPoints"].update(balance={"string": "1 234 567 points"}),
        ),
        ("google.no_code", "hint", lambda o: o.pop("barcode")),
    ],
)
def test_of_an_object(code: str, severity: str, change: Change) -> None:
    plain = names(the_object(), lambda o: None)
    assert code not in plain or code == "google.text_cut"
    assert names(the_object(), change)[code] == severity


def test_a_static_code_beside_a_rotating_one_is_pointed_out() -> None:
    found = lint_object(the_object(ADA, Protection(TURNING)))
    assert "google.static_fallback" in {one.code for one in found}
    assert "google.static_fallback" not in {
        one.code for one in lint_object(the_object(ADA, GUARDED))
    }


def test_pictures_of_our_own_making_are_large_enough_and_small_ones_are_named() -> None:
    assert lint_pictures(google_images(DESIGN, no_uploads)) == []
    data = io.BytesIO()
    Image.new("RGB", (600, 660)).save(data, "PNG")
    (found,) = lint_pictures({"logo": data.getvalue()})
    assert (found.code, found.where) == ("google.picture_small", "pictures.logo")
    assert "600 × 660" in found.say("fr")
