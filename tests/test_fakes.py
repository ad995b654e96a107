"""The servers of the tests leave nothing behind when a browser hangs up."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask, Response

from tests.fakes.http import serve


def test_the_answer_to_whoever_hung_up_is_closed() -> None:
    app = Flask(__name__)
    begun, gone, closed = threading.Event(), threading.Event(), threading.Event()

    @app.get("/")
    def _slow() -> Response:
        def parts() -> Iterator[bytes]:
            yield b"all of it"
            begun.set()
            assert gone.wait(timeout=30)

        answer = Response(
            parts(), headers={"Content-Length": "9"}
        )  # of a known size: nothing is written after it
        answer.call_on_close(closed.set)
        return answer

    with serve(app) as address:
        caller = socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=30)
        caller.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert begun.wait(timeout=30)
        # Linger for no time: the connection is reset, as a browser's is that turns to another page.
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        caller.close()
        gone.set()
        assert closed.wait(timeout=30)
