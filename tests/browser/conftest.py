"""A real server on a free port and a real Chromium before it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from app import create_app
from tests.browser.pages import WAIT_SECONDS, Shop
from tests.databases import Sqlite
from tests.factories import PUBLIC_URL, SECRET_KEY, Cast
from tests.fakes.http import serve
from wallet import clock
from wallet.config import Settings
from wallet.web.wiring import wiring

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CAMERA = "--use-fake-device-for-media-stream"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def engine(sqlite: Sqlite) -> Sqlite:
    """A browser cannot tell the databases apart."""
    return sqlite


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder with one development identity: making keys takes time."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """Starts Chromium; `film` is what its camera sees, where it has one."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    opened: list[Browser] = []

    def _launch(film: Path | None = None, *more: str, has_camera: bool = True) -> Browser:
        camera = [CAMERA] if has_camera else []
        films = [f"--use-file-for-fake-video-capture={film}"] if film else []
        arguments = [*FLAGS, *camera, *films, *more]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        opened.append(browser)
        return browser

    yield _launch
    for browser in opened:
        browser.close()


@pytest.fixture(scope="session")
def chromium(launch: Callable[..., Browser]) -> Browser:
    """One Chromium for the tests that need no film."""
    return launch()


@pytest.fixture
def shop(cast: Cast, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The service over the cast, at its time."""
    monkeypatch.setattr(clock, "now", lambda: cast.now)
    settings = Settings.read(
        data_dir=data_dir,
        database_url=cast.database.url,
        secret_key=SECRET_KEY,
        public_url=PUBLIC_URL,
    )
    app = create_app(settings)
    with serve(app) as address:
        yield Shop(address, cast)
    with app.app_context():
        wiring().database.dispose()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Fresh visitors: `visit(width, height, locale=…)`."""
    opened: list[BrowserContext] = []

    def _visit(
        width: int = 390, height: int = 844, locale: str = "en", **more: object
    ) -> BrowserContext:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            **more,  # type: ignore[arg-type]
        )
        context.set_default_timeout(WAIT_SECONDS * 1000)
        opened.append(context)
        return context

    yield _visit
    for context in opened:
        context.close()
