"""The till without a connection: sales are kept, sent later, and nothing is ever lost or doubled."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, Route

from tests.browser.conftest import CAMERA, CHROMIUM, FLAGS
from tests.browser.pages import DESK_LOG, WAIT_SECONDS, Shop, TillPage, wait
from tests.factories import MANAGER, Cast
from tests.scanner.treats import with_holds
from wallet.actions.actor import SYSTEM
from wallet.actions.receive_till_line import SAVED_A_DAY_MAX
from wallet.actions.review_till_lines import Decision, decide_till_line, lines_to_review
from wallet.actions.tills.pair import NewTill, add_till, pair, revoke_till
from wallet.ids import private_id, public_id
from wallet.tables.till_line import TillLine, count_lines, lines_in

# How many sales are saved and how many tabs are killed meanwhile. A long campaign sets more.
SALES = int(os.environ.get("COMPTOIR_TEST_OFFLINE_SALES", "6"))
ACCEPTED_KEPT = 50  # lines that a till still shows after they count (line_store.mjs)
KILLS = int(os.environ.get("COMPTOIR_TEST_OFFLINE_KILLS", "2"))

# Opens the till's store a second late, and never says whether it is kept for good.
SLOW_STORE = """
navigator.storage.persist = () => new Promise(() => {});
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...of) {
  const asked = { result: undefined };
  setTimeout(() => {
    const real = open.apply(this, of);
    for (const event of ["onupgradeneeded", "onsuccess", "onerror"]) {
      real[event] = (said) => ((asked.result = real.result), asked[event]?.(said));
    }
  }, 1000);
  return asked;
};
"""

# What looks once a minute looks all the time.
OFTEN = """
const set = window.setInterval;
window.setInterval = (what, ms, ...of) => set(what, ms === 60000 ? 100 : ms, ...of);
"""


@pytest.fixture
def context(playwright: Playwright, shop: Shop, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser that keeps its things on the disk, as a till's does."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    opened = playwright.chromium.launch_persistent_context(
        tmp_path / "profile",
        executable_path=program,
        args=[*FLAGS, CAMERA],
        viewport={"width": 390, "height": 844},
    )
    opened.set_default_timeout(WAIT_SECONDS * 1000)
    yield opened
    opened.close()


def is_kept(till: TillPage) -> bool:
    """Whether the page would open without a connection."""
    found = till.page.evaluate(
        "async () => !!(await caches.match('/till/'))"
        " && (await (await caches.open('comptoir-till-1')).keys()).length > 8"
        " && !!navigator.serviceWorker.controller"
    )
    return bool(found)


def save(till: TillPage, query: str, euros: str) -> None:
    """One sale while there is no connection."""
    till.find(query)
    till.wait_for("member")
    till.part("amount").fill(euros)
    till.part("accrue").click()
    till.wait_for("done")
    assert till.text("result").startswith("Saved")
    till.go_on()


def is_known(till: TillPage, number: str) -> bool:
    """Whether the server answered who that is: a slow answer is not waited for."""
    till.find(number)
    till.wait_for("member")
    is_answered = till.text("member-balance") != "–"
    till.page.keyboard.press("Escape")
    till.wait_for("idle")
    return is_answered


def go(context: BrowserContext, till: TillPage, *, offline: bool) -> None:
    """Cut the line, or bring it back."""
    context.set_offline(offline)
    wanted = "offline" if offline else "online"
    wait(lambda: till.text("connection") == wanted, f"the sign to say {wanted}")


def sent(till: TillPage) -> Callable[[], bool]:
    """Nothing waits any more."""
    return lambda: till.text("queue-count") == "0"


def test_a_sale_without_a_connection_is_amber_and_counts_later(
    context: BrowserContext, shop: Shop
) -> None:
    till = TillPage.open(shop, context)
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    go(context, till, offline=True)
    till.part("amount").fill("12")
    till.part("accrue").click()
    till.wait_for("done")
    outcome = till.page.locator("#outcome")
    assert outcome.get_attribute("data-kind") == "saved"
    assert "points come when the till is online again" in till.text("result")
    assert till.text("queue-count") == "1"
    assert not till.part("undo").is_visible()
    assert till.violations() == []
    assert shop.cast.balance("bruno").available == 0
    go(context, till, offline=False)
    wait(sent(till), "the sale to be sent")
    assert shop.cast.balance("bruno").available == 12
    till.page.locator("#queue").click()
    line = till.page.locator(".saved__line")
    assert line.get_attribute("data-state") == "accepted"
    assert "+12" in (line.text_content() or "")
    assert till.violations() == []
    assert till.complaints == []


def test_a_card_nobody_can_look_up_is_taken_all_the_same(
    context: BrowserContext, shop: Shop
) -> None:
    till = TillPage.open(shop, context)
    go(context, till, offline=True)
    till.scan_by_wedge([(one, one) for one in shop.cast.view("bruno").code])
    till.wait_for("member")
    assert till.text("member-balance") == "–"  # never a number that may be wrong
    assert till.page.get_by_text("rewards have to wait").is_visible()
    assert till.violations() == []
    till.part("amount").fill("7")
    till.part("accrue").click()
    till.wait_for("done")
    # The same again is asked about, here too.
    till.scan_by_wedge([(one, one) for one in shop.cast.view("bruno").code])
    till.wait_for("member")
    till.part("amount").fill("7")
    till.part("accrue").click()
    till.wait_for("asking")
    till.page.get_by_role("button", name="No, keep one").click()
    till.wait_for("member")
    go(context, till, offline=False)
    wait(sent(till), "the sale to be sent")
    assert shop.cast.balance("bruno").available == 7


def test_a_name_is_not_enough_without_a_connection(context: BrowserContext, shop: Shop) -> None:
    till = TillPage.open(shop, context)
    go(context, till, offline=True)
    till.find("Bruno")
    till.wait_for("refused")
    assert "type the whole number" in till.text("result")
    assert till.text("queue-count") == "0"


def test_what_a_manager_has_to_look_at_is_shown_until_it_was_read(
    context: BrowserContext, shop: Shop
) -> None:
    till = TillPage.open(shop, context)
    go(context, till, offline=True)
    save(till, "999999999", "5")
    go(context, till, offline=False)
    wait(sent(till), "the line to be sent")
    queue = till.page.locator("#queue")
    wait(lambda: queue.get_attribute("data-alert") == "true", "the sign that one was not taken")
    queue.click()
    line = till.page.locator(".saved__line")
    assert line.get_attribute("data-state") == "review"
    assert "No member was found." in (line.text_content() or "")
    wait(lambda: queue.get_attribute("data-alert") == "false", "the sign to know it was read")
    # What the manager decides reaches the till: the next start asks for it.
    (waiting,) = shop.cast.run(lambda session: lines_to_review(session, shop.cast.program))
    shop.cast.run(
        lambda session: decide_till_line(
            session,
            shop.cast.program,
            Decision(waiting.op_id, "dismiss", "A wrong number"),
            MANAGER,
            shop.cast.now,
        )
    )
    till.page.reload()
    wait(lambda: queue.get_attribute("data-alert") == "true", "the sign that one was decided")
    queue.click()
    assert line.get_attribute("data-state") == "dismissed"


def test_who_was_signed_out_keeps_the_saved_sales(context: BrowserContext, shop: Shop) -> None:
    till = TillPage.open(shop, context)
    go(context, till, offline=True)
    save(till, shop.cast.view("bruno").number, "5")
    context.clear_cookies(name="staff")
    go(context, till, offline=False)
    wait(till.page.get_by_text("You are signed out").is_visible, "the question")
    assert till.page.get_by_text("The saved sales are kept here").is_visible()
    assert not till.page.get_by_text("Nothing was recorded").is_visible()
    assert till.text("queue-count") == "1"
    shop.let_in(context)
    till.page.reload()
    wait(sent(till), "the sale to be sent")
    assert shop.cast.balance("bruno").available == 5


def test_nobody_signs_out_of_sales_that_wait(context: BrowserContext, shop: Shop) -> None:
    till = TillPage.open(shop, context)
    go(context, till, offline=True)
    context.clock.set_system_time(datetime.now(tz=UTC) - timedelta(hours=25))
    save(till, shop.cast.view("bruno").number, "5")
    assert till.page.locator("#queue").get_attribute("data-alert") == "false"
    context.clock.set_system_time(datetime.now(tz=UTC))
    save(till, shop.cast.view("bruno").number, "6")
    till.page.locator("#menu summary").click()
    till.page.get_by_role("button", name="Sign out").click()
    wait(till.page.locator("#saved").is_visible, "the sheet of saved sales")
    # One has waited for more than a day.
    assert till.page.locator("#queue").get_attribute("data-alert") == "true"
    # Since yesterday; in the first hour of a day, since the day before.
    assert "Something has waited since" in till.page.locator("#saved-old").inner_text()
    assert till.violations() == []
    assert "/till/" in till.page.url
    till.page.get_by_role("button", name="Close").click()
    go(context, till, offline=False)
    wait(sent(till), "the sale to be sent")
    till.page.locator("#menu summary").click()
    till.page.get_by_role("button", name="Sign out").click()
    wait(lambda: "/staff/sign-in" in till.page.url, "the sign-in page")


def test_an_update_waits_for_what_was_saved(context: BrowserContext, shop: Shop) -> None:
    """The server is of a newer release; the page loads itself anew once all is sent and nobody is there."""
    context.add_init_script(OFTEN)
    reached = {"sync": False}

    def _newer(route: Route) -> None:
        if route.request.url.endswith("/sync") and not reached["sync"]:
            route.abort()
            return
        answer = route.fetch()
        headers = {**answer.headers, "comptoir-release": "newer"}
        route.fulfill(response=answer, headers=headers)

    till = TillPage.open(shop, context)
    till.page.evaluate("window.isFirst = true")
    context.route("**/till/api/**", _newer)
    wait(lambda: is_known(till, shop.cast.view("ada").number), "an answer of the newer release")
    go(context, till, offline=True)
    context.unroute("**/till/api/**")  # it answers even where there is no connection
    save(till, shop.cast.view("bruno").number, "5")
    context.route("**/till/api/**", _newer)
    context.set_offline(False)  # what waits is sent at once, and not reached
    context.clock.set_system_time(datetime.now(tz=UTC) + timedelta(minutes=5))
    till.page.locator("#queue").click()
    summary = till.page.locator("#saved-summary")
    wait(lambda: "An update waits" in summary.inner_text(), "the word on the update")
    till.page.get_by_role("button", name="Close").click()
    assert till.page.evaluate("window.isFirst")

    reached["sync"] = True
    context.clock.set_system_time(datetime.now(tz=UTC) + timedelta(minutes=10))
    with till.page.expect_event("load"):
        till.page.evaluate("window.dispatchEvent(new Event('online'))")
    assert shop.cast.balance("bruno").available == 5


def test_where_nothing_can_be_kept_nothing_is_said_to_be_kept(
    context: BrowserContext, shop: Shop
) -> None:
    context.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    till = TillPage.open(shop, context)
    till.find(shop.cast.view("bruno").number)
    till.wait_for("member")
    go(context, till, offline=True)
    till.part("amount").fill("5")
    till.part("accrue").click()
    till.wait_for("unsent")
    assert "Saved" not in till.text("result")
    assert "note it on paper" in till.page.locator("#question-text").inner_text()


def test_the_first_sale_does_not_wait_for_a_browser_that_asks_before_it_keeps(
    context: BrowserContext, shop: Shop
) -> None:
    """One browser asks the cashier whether a page may keep things, and answers the page when they do;
    and a slow disk opens late."""
    context.add_init_script(SLOW_STORE)
    till = TillPage.open(shop, context)
    go(context, till, offline=True)
    save(till, shop.cast.view("bruno").number, "5")
    go(context, till, offline=False)
    wait(sent(till), "the sale to be sent")


def test_tabs_die_lines_do_not(context: BrowserContext, shop: Shop) -> None:
    """Sales are saved in tabs that are killed, by two tabs, each batch sent three times, after a start
    without a connection: every sale counts once."""
    people = [f"shopper{at}" for at in range(-(-SALES // SAVED_A_DAY_MAX))]
    for name in people:
        shop.cast.enrol(name)
    codes = {name: shop.cast.view(name).code for name in people}
    till = TillPage.open(shop, context)
    wait(lambda: is_kept(till), "the page to be kept")
    go(context, till, offline=True)
    saved: dict[str, list[int]] = {name: [] for name in codes}
    for at in range(SALES):
        name = people[at % len(people)]
        save(till, codes[name], str(10 + at))
        saved[name].append(10 + at)
        if at % max(SALES // KILLS, 1) == 0:
            till.page.close(run_before_unload=False)
            till = reopened(shop, context)
    other = reopened(shop, context)
    sales = [sale for of_one in saved.values() for sale in of_one]
    wait(lambda: other.text("queue-count") not in ("", "0"), "what was saved")

    def thrice(route: Route) -> None:
        for _ in range(2):
            route.fetch()
        route.continue_()

    context.route("**/till/api/sync", thrice)
    context.set_offline(False)
    for tab in (till, other):
        wait(sent(tab), "everything to be sent")
    for name, of_one in saved.items():
        assert shop.cast.balance(name).available == sum(of_one), name
    lines = other.page.locator(".saved__line")
    other.page.locator("#queue").click()
    states = [lines.nth(at).get_attribute("data-state") for at in range(lines.count())]
    # The till keeps the newest of those that simply count; the server keeps them all.
    assert states == ["accepted"] * min(len(sales), ACCEPTED_KEPT)
    with shop.cast.database.reading() as session:
        assert count_lines(session, shop.cast.program.id, "accepted") == len(sales)


@pytest.mark.parametrize("fate", ["till_line_revoked", "till_line_late"])
def test_tabs_die_and_what_comes_ten_days_later_is_looked_at(
    context: BrowserContext, shop: Shop, fate: str
) -> None:
    """The same at a paired till that finds its network ten days later, once as it was and once revoked
    meanwhile: every sale is where a manager sees it, each once, and none is in the ledger."""
    cast = shop.cast
    till_id = pair_browser(context, shop)
    people = [f"shopper{at}" for at in range(-(-SALES // SAVED_A_DAY_MAX))]
    for name in people:
        cast.enrol(name)
    codes = {name: cast.view(name).code for name in people}
    till = TillPage.open(shop, context)
    wait(lambda: is_kept(till), "the page to be kept")
    go(context, till, offline=True)
    for at in range(SALES):
        save(till, codes[people[at % len(people)]], str(10 + at))
        if at % max(SALES // KILLS, 1) == 0:
            till.page.close(run_before_unload=False)
            till = reopened(shop, context)
    till.page.close(run_before_unload=False)
    # A tab that starts may reach the server for a moment before the browser cuts its line.
    early = {line.amount_minor for line in saved_lines(cast, "accepted")}
    assert len(early) < SALES
    cast.later(days=10)
    context.clock.set_system_time(datetime.now(tz=UTC) + timedelta(days=10))
    if fate == "till_line_revoked":
        cast.run(lambda s: revoke_till(s, cast.program, till_id, SYSTEM, cast.now))
    till = reopened(shop, context)
    wait(lambda: int(till.text("queue-count")) >= SALES - len(early), "all that was saved")

    def thrice(route: Route) -> None:
        for _ in range(2):
            route.fetch()
        route.continue_()

    context.route("**/till/api/sync", thrice)
    context.set_offline(False)
    wait(sent(till), "everything to be handed over", 300.0)
    context.unroute_all(behavior="ignoreErrors")  # the till asks once more what managers decided
    found = saved_lines(cast, "review")
    assert {line.amount_minor for line in saved_lines(cast, "accepted")} == early
    late = [(10 + at) * 100 for at in range(SALES) if (10 + at) * 100 not in early]
    assert sorted(line.amount_minor for line in found) == late
    assert {line.reason for line in found} == {fate}
    assert sum(cast.balance(name).available for name in people) == sum(early) // 100


def saved_lines(cast: Cast, state: str) -> Sequence[TillLine]:
    """What the server has of this till's saved sales, each as often as it has it."""
    with cast.database.reading() as session:
        return lines_in(session, cast.program.id, (state,), None, SALES * 3)


# --- Rewards against what was held before ------------------------------------------------------------


def reward_of(shop: Shop, cost: int) -> str:
    return f"reward-{public_id('rwd', shop.cast.reward_id(cost))}"


def test_a_reward_that_was_held_is_given_without_a_connection_and_booked_once(
    context: BrowserContext, shop: Shop
) -> None:
    """Three taps after the scan at most: here one, because the till held it by itself."""
    with_holds(shop.cast)
    cast = shop.cast
    till = TillPage.open(shop, context)
    go(context, till, offline=True)  # the line has been bad lately
    go(context, till, offline=False)
    till.scan_by_wedge([(one, one) for one in cast.view("ada").code])
    till.wait_for("member")
    hold = till.part("hold")
    wait(lambda: hold.get_attribute("aria-pressed") == "true", "the till to hold what Ada may take")
    assert cast.balance("ada").held > 0
    assert till.violations() == []
    go(context, till, offline=True)
    till.part(reward_of(shop, 30)).click()
    till.wait_for("done")
    outcome = till.page.locator("#outcome")
    assert outcome.get_attribute("data-kind") == "saved"
    assert "The points go when the till is online again" in till.text("result")
    assert till.text("queue-count") == "1"
    assert not till.part("undo").is_visible()
    assert till.violations() == []
    assert cast.balance("ada").own == 600
    # One hold is good for one reward.
    till.go_on()

    def thrice(route: Route) -> None:
        for _ in range(2):
            route.fetch()
        route.continue_()

    context.route("**/till/api/sync", thrice)
    go(context, till, offline=False)
    wait(sent(till), "the reward to be sent")
    balance = cast.balance("ada")
    assert (balance.available, balance.held) == (570, 0)
    till.page.locator("#queue").click()
    line = till.page.locator(".saved__line")
    assert line.get_attribute("data-state") == "accepted"
    assert "30" in (line.text_content() or "")
    assert till.violations() == []
    assert till.complaints == []


def test_a_held_reward_whose_answer_was_lost_is_saved_and_counts_once(
    context: BrowserContext, shop: Shop
) -> None:
    """The line looks well and swallows answers: nobody waits for them, and nothing is booked twice."""
    with_holds(shop.cast)
    till = TillPage.open(shop, context)
    till.scan_by_wedge([(one, one) for one in shop.cast.view("ada").code])
    till.wait_for("member")
    till.part("hold").click()
    hold = till.part("hold")
    wait(lambda: hold.get_attribute("aria-pressed") == "true", "the till to hold what Ada may take")

    def swallow(route: Route) -> None:
        route.fetch()
        route.abort()

    context.route("**/till/api/redemptions", swallow)
    till.part(reward_of(shop, 30)).click()
    till.wait_for("done")
    assert till.page.locator("#outcome").get_attribute("data-kind") == "saved"
    wait(sent(till), "the reward to be sent")
    balance = shop.cast.balance("ada")
    assert (balance.available, balance.held) == (570, 0)
    with shop.cast.database.reading() as session:
        assert count_lines(session, shop.cast.program.id, "accepted") == 1


def test_what_is_held_by_hand_stays_with_the_till_and_ends_by_itself(
    context: BrowserContext, shop: Shop
) -> None:
    """Held at the counter, given on the terrace half an hour too late: a manager looks at it."""
    with_holds(shop.cast)
    cast = shop.cast
    code = [(one, one) for one in cast.view("ada").code]
    till = TillPage.open(shop, context)
    till.scan_by_wedge(code)
    till.wait_for("member")
    hold = till.part("hold")
    assert hold.get_attribute("aria-pressed") == "false"  # the line is good: nothing by itself
    hold.click()
    wait(lambda: hold.get_attribute("aria-pressed") == "true", "the till to hold what Ada may take")
    till.page.get_by_role("button", name="Back").click()
    till.wait_for("idle")
    assert cast.balance("ada").held > 0
    go(context, till, offline=True)
    till.scan_by_wedge(code)
    till.wait_for("member")
    assert till.page.get_by_text("one reward that was held can be given").is_visible()
    assert till.text("member-balance") == "–"
    assert till.violations() == []
    till.part(reward_of(shop, 30)).click()
    till.wait_for("done")
    # A second one has to wait, and says why.
    till.scan_by_wedge(code)
    till.wait_for("member")
    assert till.page.get_by_text("rewards have to wait").is_visible()
    till.page.get_by_role("button", name="Back").click()
    cast.later(minutes=31)
    go(context, till, offline=False)
    wait(sent(till), "the reward to be handed over")
    (waiting,) = cast.run(lambda session: lines_to_review(session, cast.program))
    assert waiting.reason == "hold_over"
    assert waiting.reward is not None
    assert cast.balance("ada").available == 600
    till.page.locator("#queue").click()
    line = till.page.locator(".saved__line")
    assert line.get_attribute("data-state") == "review"
    assert "ended before" in (line.text_content() or "")


def test_without_a_hold_a_reward_needs_a_connection_and_the_till_says_so(
    context: BrowserContext, shop: Shop
) -> None:
    with_holds(shop.cast)
    till = TillPage.open(shop, context)
    till.find(shop.cast.view("ada").number)
    till.wait_for("member")
    go(context, till, offline=True)
    till.part(reward_of(shop, 30)).click()
    till.wait_for("refused")
    assert "Rewards need a connection. The points are safe." in till.text("result")
    assert till.violations() == []
    assert till.text("queue-count") == "0"
    assert shop.cast.balance("ada").available == 600


def pair_browser(context: BrowserContext, shop: Shop) -> int:
    """This browser is a till of the shop; whoever is there has signed in by e-mail."""
    cast = shop.cast
    new = NewTill("Counter 1", cast.program.stores[0].id)
    view, code = cast.run(lambda s: add_till(s, cast.program, new, SYSTEM, cast.now))
    token, _till = pair(cast.database, code, "127.0.0.1", cast.now)
    context.add_cookies([{"name": "till", "value": token, "url": shop.address}])
    return private_id("til", view.id) or 0


def reopened(shop: Shop, context: BrowserContext) -> TillPage:
    """The till in a new tab, from what the browser kept."""
    page = context.new_page()
    page.add_init_script(DESK_LOG)
    page.goto(f"{shop.address}/till/")
    till = TillPage(page)
    wait(lambda: till.text("queue-count") != "", "the page")
    return till
