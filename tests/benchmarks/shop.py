"""The cast's café behind a real server, for benchmarks and pictures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import make_server

from app import create_app
from tests.browser.pages import Shop
from tests.databases import Sqlite
from tests.factories import PUBLIC_URL, SECRET_KEY, Cast, make_cast, open_database
from wallet import clock
from wallet.config import Settings


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """In this folder, at the cast's time."""
    database = open_database(Sqlite(folder).migrated())
    cast: Cast = make_cast(database)
    true_now, clock.now = clock.now, lambda: cast.now
    settings = Settings.read(
        data_dir=folder,
        database_url=database.url,
        secret_key=SECRET_KEY,
        public_url=PUBLIC_URL,
    )
    server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Shop(f"http://127.0.0.1:{server.server_port}", cast)
    finally:
        server.shutdown()
        thread.join()
        clock.now = true_now
        database.dispose()
