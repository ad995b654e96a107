"""The API's documentation in a real browser, under the strict policy."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.pages import Shop


def test_the_documentation_is_drawn_and_nothing_is_blocked(
    shop: Shop, visit: Callable[..., BrowserContext]
) -> None:
    page = visit(1280, 900).new_page()
    troubles: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda said: troubles.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            elsewhere.append(asked.url)
            if not asked.url.startswith((shop.address, "data:"))
            else None
        ),
    )
    page.goto(f"{shop.address}/api/docs")
    sale = page.locator("#operations-Purchases-addPurchase")
    sale.locator(".opblock-summary-control").click()
    expect(sale.get_by_text("Idempotency-Key").first).to_be_visible()
    expect(sale.locator("textarea.body-param__text")).to_contain_text("amount_minor")
    assert troubles == []
    assert elsewhere == []
