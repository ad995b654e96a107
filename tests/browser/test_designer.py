"""The card designer in a real browser: from a template to a card that is published, and back."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from functools import partial
from typing import Any

from PIL import Image
from playwright.sync_api import BrowserContext, Error, FilePayload, Page

from scanner.photo import codes_in
from tests.browser.pages import Shop, TillPage, wait
from wallet.actions.design_draft import design_draft
from wallet.actions.near_stores import store_key
from wallet.rules.member_code import parse_code

# As long as a compressed P-256 key; nobody reads it here.
KEY = base64.b64encode(bytes(59)).decode()
SCRIPT = '"><img src=x onerror="pwned=1"><script>pwned=2</script>'
TYPED = """(payload) => {
  const fields = document.querySelectorAll("#form input:not([type=checkbox]):not([type=file]):not([type=color]), #form textarea");
  let count = 0;
  for (const field of fields) {
    if (["number", "datetime-local"].includes(field.type)) continue;
    const most = Number(field.maxLength) > 0 ? field.maxLength : 10_000;
    const path = field.dataset.path ?? "";
    field.value = (path.startsWith("announce") ? "%@" + payload : payload).slice(0, most);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    count += 1;
  }
  return count;
}"""
# What the phones show within the very event of a key, and once the server has answered it.
AT_ONCE = """async ([where, text, view]) => {
  const stage = document.getElementById("stage");
  const root = document.getElementById("designer");
  document.querySelector(`[data-view=${view}]`).click();
  const field = document.querySelector(where);
  const asked = Number(root.dataset.drawn);
  field.value = text.slice(0, field.maxLength > 0 ? field.maxLength : undefined);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const at_once = stage.innerHTML;
  const shown = stage.textContent;
  for (let left = 600; Number(root.dataset.drawn) === asked && left > 0; left -= 1) await new Promise((done) => setTimeout(done, 50));
  return { at_once, shown, settled: stage.innerHTML, answers: Number(root.dataset.drawn) - asked, text: field.value };
}"""
HOSTILE = (
    SCRIPT,
    "مقهى النور \u202e!",
    "👩‍👩‍👧 Zoé 🎉",
    "Anticonstitutionnellement" * 3,
    "$& %@ &amp; {{7*7}} %s",
)
Visit = Callable[..., BrowserContext]


def text_of(page: Page, selector: str) -> str:
    return page.text_content(selector) or ""


def has_some(page: Page, selector: str) -> bool:
    return page.locator(selector).count() > 0


def shows_a_code(page: Page, selector: str) -> bool:
    """Whether the code on the screen is a member code to a scanner."""
    try:
        found = codes_in(page.locator(selector).screenshot())
    except Error:
        return False  # it was drawn anew meanwhile
    return [parse_code(one) is not None for one in found] == [True]


def strip_fits(page: Page) -> bool:
    """Whether the picture of the iPhone's card is as wide as the card, whatever stands on it."""
    wide = "(where) => document.querySelector(where).getBoundingClientRect().width"
    strip, card = (
        page.evaluate(wide, f".designer-phone {one}") for one in (".pass__strip", ".pass__front")
    )
    return bool(abs(strip - card) < 1)


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
    assert strip_fits(page), "a long name must not stretch the picture"
    page.click("[data-speak=en]")
    wait(lambda: "99,999" in text_of(page, ".pass__group--header"), "the phone in English")
    page.click("[data-view=lock]")
    assert "99,999" in text_of(page, "[data-phone=apple] .bubble__text")
    page.click("[data-view=back]")
    wait(lambda: page.locator(".pass.is-turned").count() == 1, "the back")
    page.click("[data-view=front]")

    page.click("#part-tiers > summary")
    page.focus("#tier-silver")  # whose look is being changed is whom the phones show
    wait(lambda: page.input_value("#tier") == "silver", "the status on the phones")
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


def choose_a_store(page: Page, shop: Shop) -> None:
    """The second of two, with words of its own; the iPhone's lock screen says them."""
    page.check("#near-some")
    page.locator("[data-near-store]").first.uncheck()
    page.check("#near-all")
    assert page.is_disabled("[data-near-store] >> nth=0")
    page.check("#near-some")  # what was chosen is still known
    page.check("#switch-near_words")
    page.fill("#d-near_words-fr", "Un café chez %@ ?")
    page.click("[data-view=lock]")
    wait(
        lambda: (
            f"Un café chez {shop.cast.program.stores[1].name}"
            in text_of(page, "[data-phone=apple] .lock__list")
        ),
        "what the lock screen says near the store",
    )
    page.click("[data-view=front]")


def test_what_few_cards_need_is_kept_and_named(shop: Shop, visit: Visit) -> None:
    complaints: list[str] = []
    page = opened(shop, visit, complaints)
    page.click("#part-stores > summary")
    wait(lambda: page.get_attribute("#stage", "data-view") == "lock", "the phones to turn to it")
    choose_a_store(page, shop)
    page.click(".designer-fold > summary")
    page.fill("#d-distance", "60")
    page.press("[data-add=periods]", "Enter")
    page.fill("[data-row=starts_at]", "2026-12-24T09:00")
    wait(lambda: "24" in text_of(page, ".designer-fault"), "the sentence at the day")
    assert TillPage(page).violations() == []
    page.fill("[data-row=ends_at]", "2026-12-24T19:00")
    # What stands below moves up now: by key it is met wherever it is.
    wait(lambda: not page.is_visible(".designer-fault"), "the day to be right")
    page.press("[data-add=beacons]", "Enter")
    page.fill("[data-row=uuid]", "e2c56db5-dffb-48d2-b060-d0f5a71096e0")
    page.fill("[data-row=major]", "3")
    page.click("#part-more > summary")
    page.select_option("#d-barcodes", "pdf417")
    for name in ("app", "nfc", "poster"):
        page.check(f"#switch-{name}")
    page.fill("#d-app-ids", "284, 12345")
    page.fill("#d-nfc-key", KEY)
    page.press("[data-add='poster.actions']", "Enter")
    page.fill("[data-rows='poster.actions'] [data-row=url]", "https://exemple.test/")
    wait(lambda: not page.is_visible(".designer-fault"), "everything to be right")

    def saved() -> dict[str, Any]:
        cast = shop.cast
        found = cast.run(lambda session: design_draft(session, cast.program))
        return dict(found.document)

    wait(lambda: bool((saved()["poster"] or {}).get("actions")), "the draft to be saved")
    kept = saved()
    assert kept["distance_m"] == 60
    assert kept["near_stores"] == [store_key(shop.cast.program.stores[1].id)]
    assert kept["near_words"]["fr"] == "Un café chez %@ ?"
    day = {"starts_at": "2026-12-24T09:00:00+01:00", "ends_at": "2026-12-24T19:00:00+01:00"}
    assert kept["periods"] == [day]
    assert [(one["uuid"][:8], one["major"]) for one in kept["beacons"]] == [("e2c56db5", 3)]
    assert kept["barcodes"] == ["pdf417", "qr"]
    assert kept["app"]["store_ids"] == [284, 12345]
    assert kept["nfc"]["public_key"] == KEY
    page.click("[data-view=poster]")
    wait(lambda: page.locator(".fullcard__code").count() == 1, "the full-size look")
    page.reload()
    wait(lambda: page.input_value("#d-distance") == "60", "the form to say it again")
    assert page.input_value("[data-row=starts_at]") == "2026-12-24T09:00"
    assert page.is_checked("#switch-poster")
    boxes = page.locator("[data-near-store]")
    assert [boxes.nth(at).is_checked() for at in range(2)] == [False, True]
    assert complaints == []


def test_two_work_at_one_draft_and_who_leaves_loses_nothing(shop: Shop, visit: Visit) -> None:
    """What each changed goes on together; what both changed is asked; leaving in the middle of a word saves it."""
    complaints: list[str] = []
    emil = opened(shop, visit, complaints)
    odile_context = visit(1440, 1000, locale="fr")
    shop.let_in(odile_context, "odile")
    odile = odile_context.new_page()
    odile.goto(f"{shop.address}/console/design")
    name, beside = "[data-path=organization_name]", "[data-path='logo_text.fr']"
    wait(lambda: odile.locator(".pass").count() == 1, "the other one's designer")

    def saved() -> dict[str, Any]:
        cast = shop.cast
        found = cast.run(lambda session: design_draft(session, cast.program))
        return dict(found.document)

    emil.fill(name, "Chez Émile")
    wait(lambda: saved()["organization_name"] == "Chez Émile", "the first to be saved")
    odile.fill(beside, "Odile")
    wait(lambda: saved()["logo_text"] != "", "both to be saved")
    wait(lambda: odile.input_value(name) == "Chez Émile", "the page to show both")
    assert "Emil" in text_of(odile, "#together")

    odile.fill(name, "Chez Odile")
    wait(lambda: saved()["organization_name"] == "Chez Odile", "the second to be saved")
    emil.fill(name, "Chez Emil")
    wait(lambda: emil.is_visible("#clash"), "the question")
    assert "Nom et textes" in text_of(emil, "#clash-said")
    emil.click("#publish")
    assert not emil.is_visible("#publish-dialog")
    emil.click("#clash-mine")
    wait(lambda: saved()["organization_name"] == "Chez Emil", "the answer to count")
    wait(lambda: emil.get_attribute("#designer", "data-changed") == "true", "the page to know")
    emil.fill(name, "Chez Emil et Odile")
    emil.goto(f"{shop.address}/healthz")
    wait(lambda: saved()["organization_name"] == "Chez Emil et Odile", "the last word to be saved")
    assert complaints == []


def test_the_rows_of_android_are_chosen_by_keyboard(shop: Shop, visit: Visit) -> None:
    complaints: list[str] = []
    page = opened(shop, visit, complaints)

    def drawn() -> list[str]:
        return page.locator(".designer-phone .gcard__row").all_inner_texts()

    def first_labels() -> list[str]:
        return [one.split("\n")[0].upper() for one in drawn()]

    page.click("#part-facts > summary")
    wait(lambda: first_labels()[0] == "POINTS", "the usual rows")
    lists = page.locator("#google-rows select")
    assert lists.nth(0).input_value() == "balance"
    lists.nth(0).focus()
    lists.nth(0).select_option("member")  # changes places with the points of the third row
    wait(lambda: first_labels()[0] == "MEMBRE", "the name to come first")
    assert "ligne 3" in text_of(page, "#google-rows [role=status]")
    assert lists.nth(6).input_value() == "balance"
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement === document.querySelectorAll('#google-rows select')[1]"
    )
    page.click("#google-rows [data-rows-up] >> nth=1")
    wait(lambda: first_labels()[1] == "POINTS", "the third row to go up")
    assert TillPage(page).violations() == []
    page.click("#publish")
    wait(lambda: page.locator("#compare .gcard").count() == 2, "both cards side by side")
    said = text_of(page, "[data-differences=google]")
    assert "Ailleurs" in said
    assert "lignes de la carte Android" in text_of(page, "#effect-changes")
    page.click("#publish-cancel")
    page.reload()
    wait(lambda: first_labels()[:2] == ["MEMBRE", "POINTS"], "the draft to say it again")
    page.click("#part-facts > summary")
    page.click("[data-rows-usual]")
    wait(lambda: first_labels()[0] == "POINTS", "the usual rows to be back")
    assert page.is_hidden("[data-rows-usual]")
    assert complaints == []


def test_a_key_is_on_both_phones_before_the_answer_and_the_answer_changes_nothing(
    shop: Shop, visit: Visit
) -> None:
    """Drawn in the page from the same model: never something that the server then takes back."""
    complaints: list[str] = []
    page = opened(shop, visit, complaints)
    page.evaluate("document.querySelector('#add-back').click()")
    row = "#back > :last-child"
    page.evaluate(
        """(row) => document.querySelectorAll(`${row} [data-back]:not(select)`).forEach((field) => {
          field.value = field.type === "url" ? "" : "…";
          field.dispatchEvent(new Event("input", { bubbles: true }));
        })""",
        row,
    )
    page.evaluate("document.querySelector('#own-balance').click()")
    wait(lambda: page.get_attribute("#designer", "data-changed") == "true", "the draft to be saved")
    for where, view, form in (
        ("[data-path=organization_name]", "front", "{}"),
        ("[data-path='logo_text.fr']", "front", "{}"),
        (f"{row} [data-back='title.fr']", "back", "{}"),
        (f"{row} [data-back='body.fr']", "back", "{}"),
        (f"{row} [data-back=url]", "back", "https://shop.test/?q={}"),
        ("[data-path='announce.balance.fr']", "lock", "{} %@"),
    ):
        for text in HOSTILE:
            typed = form.format(text.replace("%@", "") if "%@" in form else text)
            found = page.evaluate(AT_ONCE, [where, typed, view])
            assert found["answers"] >= 1, (where, text)  # one of before may come meanwhile
            assert found["at_once"] == found["settled"], (where, text)
            if view != "back" or "url" not in where:
                assert found["text"].split(" %@")[0] in found["shown"], (where, text)
    assert page.evaluate("typeof pwned") == "undefined"
    assert page.locator("img[src=x]").count() == 0
    assert complaints == []


def test_nothing_that_is_typed_runs_and_what_cannot_be_is_said(shop: Shop, visit: Visit) -> None:
    """Every field of the form at once, every view, and a picture's name."""
    complaints: list[str] = []
    page = opened(shop, visit, complaints)
    page.evaluate("document.querySelectorAll('#form details').forEach((one) => (one.open = true))")
    for name in ("app", "nfc", "poster"):
        page.evaluate(f"document.querySelector('#switch-{name}').click()")
    for box in ("own-balance", "own-tier"):
        page.evaluate(f"document.getElementById('{box}').click()")
    for adding in (
        "#add-back",
        "[data-add=periods]",
        "[data-add=beacons]",
        "[data-add='poster.actions']",
    ):
        page.evaluate("(where) => document.querySelector(where).click()", adding)
    assert page.evaluate(TYPED, SCRIPT) > 30
    wanted = ("d-background-hex", "d-app-ids", "d-nfc-key")
    said = "(id) => document.getElementById(id).closest('.field, .designer-colour').querySelector('.designer-fault')"
    for field in wanted:
        wait(partial(page.evaluate, f"(id) => !!({said})(id)", field), f"a sentence: {field}")
    for row in ("back", "poster.actions", "beacons"):
        where = "#back" if row == "back" else f"[data-rows='{row}']"
        wait(partial(has_some, page, f"{where} .designer-fault"), f"a sentence: {row}")
    page.evaluate(
        "document.querySelectorAll('[data-switch]').forEach((one) => one.checked && one.click())"
    )
    page.evaluate("document.querySelectorAll('[data-drop]').forEach((one) => one.click())")
    page.evaluate("document.querySelector('[data-back=url]').value = ''")
    for path, value in (("background", "#112233"), ("foreground", "#ffffff"), ("label", "#ffffff")):
        page.evaluate(
            "(path) => document.querySelectorAll(`[data-path$='${path}'][data-hex]`).forEach((one) => { one.value = '"
            + value
            + "'; one.dispatchEvent(new Event('input', { bubbles: true })); })",
            path,
        )
    page.evaluate(
        "document.querySelector('[data-back=url]').dispatchEvent(new Event('input', { bubbles: true }))"
    )
    wait(lambda: page.locator(".designer-fault").count() == 0, "the rest to be texts")
    for view in ("lock", "front", "back", "stack", "watch"):
        page.evaluate("(view) => document.querySelector(`[data-view=${view}]`).click()", view)
    wait(lambda: "onerror" in text_of(page, "[data-phone=google]"), "the texts on the phone")
    page.evaluate("document.querySelector('#publish').click()")
    wait(lambda: page.locator("#compare .gcard").count() == 2, "both cards side by side")
    page.fill("#note", SCRIPT)
    hostile: FilePayload = {
        "name": f"{SCRIPT}.png".replace("/", "-"),
        "mimeType": "image/png",
        "buffer": b"<svg/>",
    }
    page.set_input_files("#file-logo", hostile)
    wait(lambda: "PNG" in text_of(page, "[data-upload-error=logo]"), "the sentence on a wrong file")
    assert page.evaluate("typeof pwned") == "undefined"
    assert page.locator("img[src=x]").count() == 0
    assert TillPage(page).violations() == []  # the comparison
    page.evaluate("document.querySelector('#publish-cancel').click()")
    page.evaluate("document.querySelector('[data-view=lock]').click()")
    assert TillPage(page).violations() == []
    assert complaints == []
