"""The card designer in a real browser: from a template to a card that is published, and back."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

from PIL import Image
from playwright.sync_api import BrowserContext, Error, Page

from scanner.photo import codes_in
from tests.browser.pages import Shop, wait
from wallet.rules.member_code import parse_code

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
    wait(lambda: page.locator("#compare .pass").count() == 2, "both cards side by side")
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
