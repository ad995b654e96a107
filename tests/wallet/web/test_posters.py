"""Posters in the console: each store's files, and how many members they brought."""

from __future__ import annotations

import re
from collections.abc import Callable

import pypdfium2
import pytest
import zxingcpp

from tests.factories import Cast
from tests.wallet.web.conftest import Browser
from wallet.ids import public_id

LINK = re.compile(r'href="(/console/posters/[^"]+)"')


def plain(text: str) -> str:
    """Without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def code_on(pdf: bytes) -> str:
    """The address that the first page's code holds."""
    document = pypdfium2.PdfDocument(pdf)
    (found,) = zxingcpp.read_barcodes(document[0].render(scale=150 / 72).to_pil())
    document.close()
    return found.text


def test_who_joins_by_a_poster_is_counted_for_its_store(
    open_browser: Callable[..., Browser], web_cast: Cast
) -> None:
    emil = open_browser()  # a marketer
    emil.sign_in("emil")
    store = public_id("sto", web_cast.program.stores[0].id)
    page = emil.get("/console/posters").text
    assert "Aucune inscription" in page
    links = [link.replace("&amp;", "&") for link in LINK.findall(page)]
    assert f"/console/posters/{store}/a5.pdf?lang=fr" in links
    answer = emil.get(f"/console/posters/{store}/a5.pdf?lang=fr")
    assert answer.content_type == "application/pdf"
    address = code_on(answer.data)
    assert f"store={store}" in address
    path = address[address.index("/p/") :]
    shopper = open_browser()
    shopper.send(path, {"contact": "passant@exemple.test"})
    page = plain(emil.get("/console/posters").text)
    assert "1 inscription grâce à elle · 1 ces 30 derniers jours" in page
    assert page.count("1 inscription") == 1, "the other places brought nobody"
    assert "A5, à côté de la caisse · 1 inscrit" in page


def test_every_link_of_the_page_is_a_file(browser: Browser, web_cast: Cast) -> None:
    browser.sign_in("odile")
    links = [
        link.replace("&amp;", "&") for link in LINK.findall(browser.get("/console/posters").text)
    ]
    assert len(links) == (len(web_cast.program.stores) + 1) * 3 * len(web_cast.program.locales)
    for link in links:
        answer = browser.get(link)
        assert answer.status_code == 200
        assert answer.data.startswith(b"%PDF")


@pytest.mark.parametrize("path", ["online/a3.pdf", "sto_0/a4.pdf", "../a4.pdf", "online/a4.png"])
def test_there_is_no_other_file(browser: Browser, path: str) -> None:
    browser.sign_in("odile")
    assert browser.get(f"/console/posters/{path}").status_code == 404


def test_another_language_than_the_programs_is_the_readers(browser: Browser) -> None:
    browser.sign_in("odile")
    answer = browser.get("/console/posters/online/a4.pdf?lang=xx")
    assert "-fr.pdf" in answer.headers["Content-Disposition"]
