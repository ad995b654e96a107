"""A Flask application on a free loopback port."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ANSWERS = "comptoir.answers"
POLL_SECONDS = 0.02  # how soon a server notices that it is to stop


class Answer:
    """What an application answers with; closed once, by whoever comes first."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        """Let go of files and the like."""
        if self._is_open and hasattr(self._parts, "close"):
            self._is_open = False
            self._parts.close()


def closing(app: WSGIApplication) -> WSGIApplication:
    """The application, its answers known to `Quiet`."""

    def _app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = Answer(app(environ, start_response))
        environ[_ANSWERS].append(answer)
        return answer

    return _app


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """Serve on threads until the end of the block; the address without a slash at its end."""
    server = make_server("127.0.0.1", 0, closing(app), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Quiet(WSGIRequestHandler):
    """Says nothing, and closes the answer to a browser that hung up: werkzeug first reads what such a
    connection may still hold, fails at that, and leaves the answer's file to the garbage collector."""

    def make_environ(self) -> dict[str, Any]:
        """The request, with a place for its answer."""
        self.answers: list[Any] = []
        return {**super().make_environ(), _ANSWERS: self.answers}

    def run_wsgi(self) -> None:
        """One request."""
        super().run_wsgi()
        for answer in getattr(self, "answers", ()):
            answer.close()

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  werkzeug's name
        """Say nothing."""
