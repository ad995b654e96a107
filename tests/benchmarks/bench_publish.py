"""A new design for 100,000 cards while tills sell: what the cashiers notice, and what each card costs.

Sales are timed one after the other in this process, with their commit: before the design is published;
while every card is marked and 100 a second are announced, which is how the product is installed; then
while the rest goes as fast as it can (COMPTOIR_REFRESH_PER_SECOND=0). The worker runs as `comptoir
worker`, the push service in a process of its own.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from passes.apple.identity import make_development_identity
from tests.benchmarks.bench_push import push_service
from tests.benchmarks.bench_refresh import CARDS, ENDS_SECONDS_MAX, Shop, settings_of, working
from tests.benchmarks.databases import ENGINES, fresh_database
from wallet.tables.wallet_pass import WalletPass

SALES_BEFORE = 150
SALE_EVERY_SECONDS = 0.05  # twenty tills, each with a customer a second
LOOK_EVERY_SECONDS = 1.0
CALM_SECONDS = 20.0  # of announcing as installed; all of it would take a quarter of an hour
AS_INSTALLED = 100.0  # cards a second
SALE_RATIO_MAX = 2.0  # a sale's median as installed against before, on two shared cores
SLOW_SALE_MS_MAX = 150.0  # p95: nobody at a till notices less
CPU_US_MAX = 1_500.0  # of the worker, for one card marked, announced and pushed


def run() -> None:
    """On both databases; PostgreSQL is passed over, and said so, where it cannot be had."""
    for engine in ENGINES:
        with fresh_database(engine) as database:
            if database is None:
                continue
            url = database.engine.url.render_as_string(hide_password=False)
            database.dispose()
            _on(engine, url)


def _on(engine: str, url: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_development_identity(folder / "certs")
        with push_service(folder / "certs") as apns:
            shop = Shop(settings_of(folder, url, apns))
            spent = _children_cpu()
            with working(settings_of(folder, url, apns, AS_INSTALLED)):
                shop.wait_for_worker()
                before = [_sale_ms(shop) for _ in range(SALES_BEFORE)]
                _as_installed(shop, engine, before)
            with working(settings_of(folder, url, apns)):
                _at_full_speed(shop, engine, before)
            spent = (_children_cpu() - spent) * 1e6 / CARDS
            shop.close()
    _print(f"{engine}: the worker's CPU for one card", "us CPU", spent, CPU_US_MAX, "the limit")


def _as_installed(shop: Shop, engine: str, before: list[float]) -> None:
    began = time.monotonic()
    shop.publish()
    publish_ms = (time.monotonic() - began) * 1000
    marking, seconds = _sell_until(shop, lambda: _unmarked(shop) == 0)
    calm = time.monotonic() + CALM_SECONDS
    announcing, _ = _sell_until(shop, lambda: time.monotonic() > calm)
    what = f"{engine}, a design for {CARDS} cards"
    _print(f"{what}: publishing itself", "ms", publish_ms, SLOW_SALE_MS_MAX, "the limit")
    _print(f"{what}: cards marked", "cards/s", CARDS / seconds, AS_INSTALLED, "announced a second")
    _tell(f"{what}: a sale while cards are marked", marking, before, SALE_RATIO_MAX)
    _tell(f"{what}: a sale while 100 a second are announced", announcing, before, SALE_RATIO_MAX)


def _at_full_speed(shop: Shop, engine: str, before: list[float]) -> None:
    left = _untold(shop)
    sales, seconds = _sell_until(shop, lambda: _untold(shop) == 0)
    what = f"{engine}, as fast as can be"
    _print(f"{what}: cards told", "cards/s", left / seconds, AS_INSTALLED, "as installed")
    _tell(f"{what}: a sale meanwhile", sales, before, None)


def _sell_until(shop: Shop, is_over: Callable[[], bool]) -> tuple[list[float], float]:
    """The sales, and how many seconds it took."""
    began = looked_at = time.monotonic()
    sales = []
    while time.monotonic() - began < ENDS_SECONDS_MAX:
        sales.append(_sale_ms(shop))
        if time.monotonic() - looked_at >= LOOK_EVERY_SECONDS:
            looked_at = time.monotonic()
            if is_over():
                break
    return sales, time.monotonic() - began


def _tell(case: str, sales: list[float], before: list[float], ratio_max: float | None) -> None:
    usual, slow = statistics.median(before), _p95(before)
    _print(f"{case}, median", "ms", statistics.median(sales), usual, "before", ratio_max)
    limit = None if ratio_max is None else SLOW_SALE_MS_MAX / slow
    _print(f"{case}, p95", "ms", _p95(sales), slow, "before", limit)


def _sale_ms(shop: Shop) -> float:
    time.sleep(SALE_EVERY_SECONDS)
    began = time.perf_counter()
    shop.scan()
    return (time.perf_counter() - began) * 1000


def _unmarked(shop: Shop) -> int:
    """Cards that do not want the newest design yet."""
    with shop.database.reading() as session:
        newest = select(func.max(WalletPass.design_id)).scalar_subquery()
        query = select(func.count()).where(WalletPass.design_id < newest)
        return int(session.scalar(query) or 0)


def _untold(shop: Shop) -> int:
    """Cards whose phones do not know yet; those of the sales come and go meanwhile."""
    with shop.database.reading() as session:
        query = select(func.count()).where(
            WalletPass.wanted_version > WalletPass.delivered_version,
            WalletPass.is_urgent.is_(False),
        )
        return int(session.scalar(query) or 0)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _print(
    case: str,
    unit: str,
    value: float,
    baseline: float,
    baseline_is: str,
    ratio_max: float | None = None,
) -> None:
    line = {
        "bench": "designer",
        "case": case,
        "unit": unit,
        "value": round(value, 1),
        "baseline": round(baseline, 1),
        "baseline_is": baseline_is,
        "ratio": round(value / baseline, 3),
    }
    if ratio_max is None and baseline_is == "the limit":
        ratio_max = 1.0
    if ratio_max is not None:
        line["target"] = f"ratio <= {ratio_max:.3g}"
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
