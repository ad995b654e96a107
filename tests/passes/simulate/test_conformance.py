"""The strict phone against our own web service, and against services with each of the known faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Response, request

from passes.apple.identity import AppleIdentity
from passes.apple.verify import load_roots, read_pkpass
from passes.simulate.conformance import Conformance, Step
from passes.simulate.conformance_texts import SENTENCES
from tests.passes.cast import IDENTITY
from tests.passes.simulate.shop import Shop
from tests.passes.simulate.test_iphone import repacked

MIME = "application/vnd.apple.pkpass"


@pytest.fixture(scope="module")
def one_shop(apple_identity: AppleIdentity) -> Iterator[Shop]:
    with Shop(apple_identity) as shop:
        yield shop


@pytest.fixture
def shop(one_shop: Shop) -> Iterator[Shop]:
    yield one_shop
    for hooks in (one_shop.web.before_request_funcs, one_shop.web.after_request_funcs):
        hooks.pop(None, None)
    one_shop.registrations.clear()
    one_shop.complaints.clear()


class Examiner:
    """Runs against a shop and remembers what came of it."""

    def __init__(self, simulator_certs: Path) -> None:
        self._roots = load_roots(simulator_certs / "apple" / "root.pem")

    def run(self, shop: Shop, package: bytes | None = None, **how: object) -> dict[str, Step]:
        how = {
            "allow_http": True,
            "change": lambda: shop.credit(1240 + shop.tag),
            "change_seconds_max": 0.5,
            **how,
        }
        phone = Conformance(lambda data: read_pkpass(data, self._roots).files, **how)  # type: ignore[arg-type]
        return {step.code: step for step in phone.run(package or shop.package())}


@pytest.fixture(scope="module")
def examiner(simulator_certs: Path) -> Examiner:
    return Examiner(simulator_certs)


def failed(steps: dict[str, Step]) -> list[str]:
    return [code for code, step in steps.items() if step.state == "fail"]


def test_our_own_service_passes_every_step(shop: Shop, examiner: Examiner) -> None:
    steps = examiner.run(shop)
    assert list(steps) == list(SENTENCES)
    assert {step.state for step in steps.values()} == {"ok"}, failed(steps)
    assert shop.registrations == {}, "nothing stays registered"
    assert [one for one in shop.complaints if "set-up test" not in one] == []


def test_without_a_change_the_updates_are_not_tried(shop: Shop, examiner: Examiner) -> None:
    steps = examiner.run(shop, change=None)
    skipped = [code for code, step in steps.items() if step.state == "skip"]
    assert skipped == ["change_listed", "change_fetched", "settles"]
    assert failed(steps) == []


def test_a_pass_that_is_not_right_ends_the_run(shop: Shop, examiner: Examiner) -> None:
    broken = repacked(shop.package(), "pass.json", lambda data: data + b" ")
    steps = examiner.run(shop, broken)
    assert list(steps) == ["opens"]
    assert "pass.json" in steps["opens"].facts["problem"]
    assert steps["opens"].log.startswith("Invalid data error reading pass")


def test_http_is_no_address_for_a_real_phone(shop: Shop, examiner: Examiner) -> None:
    steps = examiner.run(shop, allow_http=False)
    assert failed(steps) == ["address"]
    assert list(steps)[-1] == "address"


def test_nobody_there_is_told_and_ends_the_run(shop: Shop, examiner: Examiner) -> None:
    steps = examiner.run(shop, web_service_url="http://127.0.0.1:1/apple")
    assert list(steps) == ["opens", "address", "reachable"]
    assert failed(steps) == ["reachable"]


Fault = Callable[[Shop], None]


def before(shop: Shop, answer: Callable[[], Response | None]) -> None:
    """Answer some requests in another way."""
    shop.web.before_request_funcs.setdefault(None, []).insert(0, answer)


def when(condition: Callable[[], bool], status: int, body: str | bytes = "") -> Fault:
    """Whatever fits the condition gets this answer."""
    kind = MIME if isinstance(body, bytes) else "application/json"
    return lambda shop: before(
        shop, lambda: Response(body, status, mimetype=kind) if condition() else None
    )


def changed(change: Callable[[Response], None]) -> Fault:
    """Every answer is changed on its way out."""

    def after(response: Response) -> Response:
        change(response)
        return response

    return lambda shop: shop.web.after_request_funcs.setdefault(None, []).append(after)


def is_authorized() -> bool:
    """Or a call that needs no token."""
    if not request.path.startswith("/apple/v1/") or request.path.endswith("/log"):
        return True
    return (
        request.headers.get("Authorization") == f"ApplePass {IDENTITY.auth_token}"
        and IDENTITY.serial in request.path
    )


def is_registration() -> bool:
    return request.method == "POST" and "/registrations/" in request.path


def is_listing() -> bool:
    return request.method == "GET" and "/registrations/" in request.path


def is_fetch() -> bool:
    return request.method == "GET" and "/passes/" in request.path


def _without_date(response: Response) -> None:
    response.headers.pop("Last-Modified", None)


def _number_as_date(response: Response) -> None:
    if "Last-Modified" in response.headers:
        response.headers["Last-Modified"] = "1795676739"


LISTING = f'{{"lastUpdated": "%s", "serialNumbers": ["{IDENTITY.serial}"]}}'

# What is wrong with the server → the steps that tell it, and what a phone would log.
FAULTS: dict[str, tuple[Fault, list[str], str]] = {
    "registers strangers": (
        when(lambda: is_registration() and not is_authorized(), 201),
        ["wrong_token", "unknown_serial"],
        "",
    ),
    "404 tells which serials there are": (
        when(
            lambda: (
                request.method == "POST"
                and IDENTITY.serial not in request.path
                and "log" not in request.path
            ),
            404,
        ),
        ["unknown_serial"],
        "",
    ),
    "never 201": (
        when(
            lambda: is_registration() and is_authorized() and bool(request.get_json(silent=True)),
            200,
        ),
        ["registers", "lists"],
        "",
    ),
    "registration fails": (
        when(lambda: is_registration() and is_authorized(), 500),
        ["registers"],
        "Unexpected response code 500",
    ),
    "crashes on garbage": (
        when(
            lambda: (
                request.method == "POST"
                and is_authorized()
                and request.get_json(silent=True) is None
            ),
            500,
        ),
        ["garbage"],
        "",
    ),
    "the list wants a token": (
        when(is_listing, 401),
        ["lists", "change_listed", "forgets"],
        "Get serial #s task",
    ),
    "an empty list is 200": (
        when(
            lambda: is_listing() and bool(request.args),
            200,
            '{"lastUpdated": "", "serialNumbers": []}',
        ),
        ["nothing_new", "change_listed", "settles"],
        "serialNumbers is empty",
    ),
    "the tag stands still": (
        when(lambda: is_listing() and bool(request.args), 200, LISTING % "1"),
        ["nothing_new", "settles"],
        "remained the same",
    ),
    "no Last-Modified": (
        changed(_without_date),
        ["fetches", "change_fetched"],
        "missing the 'last-modified' header",
    ),
    "Last-Modified is a number": (
        changed(_number_as_date),
        ["fetches", "not_modified"],
        "is not an HTTP date",
    ),
    "another content type": (
        changed(
            lambda response: response.headers.update({"Content-Type": "application/octet-stream"})
        ),
        ["fetches"],
        "Unexpected content type",
    ),
    "never 304": (
        lambda shop: before(
            shop,
            lambda: (
                Response(
                    shop.package(),
                    mimetype=MIME,
                    headers={"Last-Modified": "Thu, 01 Jan 2026 12:00:00 GMT"},
                )
                if is_fetch() and is_authorized()
                else None
            ),
        ),
        ["not_modified", "change_fetched"],
        "ignored the 'if-modified-since' header",
    ),
    "the card is for everybody": (
        lambda shop: before(
            shop,
            lambda: (
                Response(shop.package(), mimetype=MIME)
                if is_fetch() and not is_authorized()
                else None
            ),
        ),
        ["guards_pass"],
        "",
    ),
    "no log": (when(lambda: request.path.endswith("/log"), 404), ["logs"], ""),
    "anybody unregisters": (
        when(lambda: request.method == "DELETE" and not is_authorized(), 200),
        ["guards_registration"],
        "",
    ),
    "unregistering is forgotten": (
        when(lambda: request.method == "DELETE" and is_authorized(), 200),
        ["forgets"],
        "",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_known_fault_of_servers_is_found(shop: Shop, examiner: Examiner, name: str) -> None:
    fault, wanted, log = FAULTS[name]
    fault(shop)
    steps = examiner.run(shop)
    found = failed(steps)
    assert set(wanted) <= set(found), (found, [step.facts for step in steps.values()])
    assert found[0] == wanted[0]
    if log:
        assert any(log in step.log for step in steps.values())


def test_a_change_that_is_never_announced_is_told(shop: Shop, examiner: Examiner) -> None:
    steps = examiner.run(shop, change=lambda: None)
    assert failed(steps)[0] == "change_listed"
