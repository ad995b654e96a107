"""The card designer in a real browser: from a template to a card that is published, and back."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from functools import partial
from typing import Any

from PIL import Image
from playwright.sync_api import BrowserContext, Error, Page

from scanner.photo import codes_in
from tests.browser.pages import Shop, wait
from wallet.actions.design_draft import design_draft
from wallet.rules.member_code import parse_code

# As long as a compressed P-256 key; nobody reads it here.
KEY = base64.b64encode(bytes(59)).decode()
Visit = Callable[..., BrowserContext]


def text_of(page: Page, selector: str) -> str:
    return page.text_content(selector) or ""


def shows_a_code(page: Page, selector: str) -> bool:
    """Whether the code on the screen is a member code to a scanner."""
    try:
        found = codes_in(page.locator(selector).screenshot())
    except Error:
        return False  # it was drawn anew meanwhile
    return [parse_code(one) is not None for one in found] == [True]


def a_picture() -> bytes:
    data = io.BytesIO()
    image = Image.new("RGB", (600, 400), "#c8102e")
    image.paste("#ffd400", (0, 0, 200, 200))
    image.save(data, "PNG")
    return data.getvalue()


def opened(shop: Shop, visit: Visit, complaints: list[str]) -> Page:
    context = visit(1440, 1000, locale="fr")
    shop.let_in(context, "emil")
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{shop.address}/console/design")
    wait(lambda: page.locator(".pass").count() == 1, "the iPhone's card")
    return page


def test_from_a_template_to_a_published_card_and_back(shop: Shop, visit: Visit) -> None:
    complaints: list[str] = []
    page = opened(shop, visit, complaints)

    page.fill("[data-path=organization_name]", "Chez <b>Léa</b>")
    wait(lambda: "Chez <b>Léa</b>" in text_of(page, ".gcard__head"), "the name on Android")
    page.click("#part-start summary")
    page.click("[data-starter=salon]")
    wait(
        lambda: (
            page.evaluate(
                "getComputedStyle(document.querySelector('.pass')).getPropertyValue('--pass-background')"
            )
            == "rgb(85, 39, 65)"
        ),
        "the salon's colour",
    )
    for wallet in (".pass__code img", ".gcard__code img"):
        wait(partial(shows_a_code, page, wallet), f"a code that can be read: {wallet}")
    page.click("[data-sample=full]")
    wait(lambda: "99 999" in text_of(page, ".pass__group--header").replace("\u202f", " "), "99,999")
    page.click("[data-speak=en]")
    wait(lambda: "99,999" in text_of(page, ".pass__group--header"), "the phone in English")
    page.click("[data-view=lock]")
    assert "99,999" in text_of(page, "[data-phone=apple] .bubble__text")
    page.click("[data-view=back]")
    wait(lambda: page.locator(".pass.is-turned").count() == 1, "the back")
    page.click("[data-view=front]")

    page.click("#part-colours summary")
    page.fill("#d-label-hex", "#552741")
    wait(lambda: page.is_visible("[data-mend='card.contrast']"), "the finding beside its cause")
    page.click("[data-mend='card.contrast']")
    wait(lambda: not page.is_visible("[data-mend='card.contrast']"), "it to be mended")
    page.fill("#d-label-hex", "purple")
    wait(lambda: page.is_visible(".designer-fault"), "what is wrong to be said at the field")
    page.fill("#d-label-hex", "#f2b8d2")
    wait(lambda: not page.is_visible(".designer-fault"), "it to be right again")

    page.click("#publish")
    wait(lambda: page.locator("#compare .gcard").count() == 2, "both cards side by side")
    assert page.locator("#compare .pass").count() == 2
    for wallet in ("apple", "google"):
        assert "Nom de la marque" in text_of(page, f"[data-differences={wallet}]")
    page.click("#compare [data-side=back]")
    wait(lambda: page.locator("#compare .is-turned").count() == 4, "all four backs")
    assert page.locator("#effect li").count() >= 1
    page.fill("#note", "Saison")
    page.click("#publish-do")
    wait(lambda: "Saison" in text_of(page, "#releases"), "the version in the history")
    page.click("#releases [data-act=roll_back]")
    wait(lambda: page.locator("#releases > li").count() == 3, "the earlier version to be back")
    assert complaints == []


def test_a_picture_is_chosen_by_keyboard_and_gives_colours(shop: Shop, visit: Visit) -> None:
    complaints: list[str] = []
    page = opened(shop, visit, complaints)
    picture = a_picture()
    page.click("#part-art summary")
    page.set_input_files(
        "#file-strip", {"name": "a.png", "mimeType": "image/png", "buffer": picture}
    )
    wait(lambda: page.is_visible("#crop"), "the choice of the part")
    page.keyboard.press("ArrowUp")
    page.click("#crop-take")
    wait(lambda: page.is_visible("[data-remove=strip]"), "the picture to be taken")
    page.set_input_files(
        "#file-logo", {"name": "a.png", "mimeType": "image/png", "buffer": picture}
    )
    wait(lambda: page.locator(".designer-scheme").count() >= 1, "colours of the logo")
    page.set_input_files(
        "#file-logo", {"name": "a.svg", "mimeType": "image/png", "buffer": b"<svg/>"}
    )
    wait(lambda: "PNG" in text_of(page, "[data-upload-error=logo]"), "the sentence on a wrong file")
    wait(lambda: page.get_attribute("#designer", "data-changed") == "true", "the draft to be saved")
    assert complaints == []


def test_what_few_cards_need_is_kept_and_named(shop: Shop, visit: Visit) -> None:
    complaints: list[str] = []
    page = opened(shop, visit, complaints)
    page.click("#part-stores > summary")
    page.click(".designer-fold > summary")
    page.fill("#d-distance", "60")
    page.click("[data-add=periods]")
    page.fill("[data-row=starts_at]", "2026-12-24T09:00")
    wait(lambda: "24" in text_of(page, ".designer-fault"), "the sentence at the day")
    page.fill("[data-row=ends_at]", "2026-12-24T19:00")
    page.click("[data-add=beacons]")
    page.fill("[data-row=uuid]", "e2c56db5-dffb-48d2-b060-d0f5a71096e0")
    page.fill("[data-row=major]", "3")
    page.click("#part-more > summary")
    page.select_option("#d-barcodes", "pdf417")
    for name in ("app", "nfc", "poster"):
        page.check(f"#switch-{name}")
    page.fill("#d-app-ids", "284, 12345")
    page.fill("#d-nfc-key", KEY)
    page.click("[data-add='poster.actions']")
    page.fill("[data-rows='poster.actions'] [data-row=url]", "https://exemple.test/")
    wait(lambda: not page.is_visible(".designer-fault"), "everything to be right")

    def saved() -> dict[str, Any]:
        cast = shop.cast
        found = cast.run(lambda session: design_draft(session, cast.program))
        return dict(found.document)

    wait(lambda: bool((saved()["poster"] or {}).get("actions")), "the draft to be saved")
    kept = saved()
    assert kept["distance_m"] == 60
    day = {"starts_at": "2026-12-24T09:00:00+01:00", "ends_at": "2026-12-24T19:00:00+01:00"}
    assert kept["periods"] == [day]
    assert [(one["uuid"][:8], one["major"]) for one in kept["beacons"]] == [("e2c56db5", 3)]
    assert kept["barcodes"] == ["pdf417", "qr"]
    assert kept["app"]["store_ids"] == [284, 12345]
    assert kept["nfc"]["public_key"] == KEY
    page.reload()
    wait(lambda: page.input_value("#d-distance") == "60", "the form to say it again")
    assert page.input_value("[data-row=starts_at]") == "2026-12-24T09:00"
    assert page.is_checked("#switch-poster")
    assert complaints == []
