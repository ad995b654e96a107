"""One HTTP/2 connection over TLS that carries many small POSTs at a time, for one thread."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from hpack import HeaderTuple, NeverIndexedHeaderTuple

from passes.errors import DeliveryError

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 15.0  # without any frame from the other side
PING_SECONDS = 5.0
IDLE_SECONDS_MAX = 60.0  # after that a ping proves that nothing between us forgot the connection
STREAMS_MAX = 1000  # what Apple allows; the other side's SETTINGS may allow less
STREAM_ID_MAX = 2**30  # a connection this old is replaced long before the numbers run out
READ_BYTES = 64 * 1024

# We make the headers ourselves; checking each again costs a fifth of the time.
_CONFIG = h2.config.H2Configuration(
    client_side=True,
    header_encoding="utf-8",
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)


class ConnectionLostError(Exception):
    """The connection ended or fell silent; the message says how."""


@dataclass(slots=True)
class Answer:
    """One response as far as it has come."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Http2Connection:
    """Raises `DeliveryError` when it cannot be opened; it is permanent when TLS is refused."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 443
        self._authority = parts.netloc
        self._h2 = h2.connection.H2Connection(_CONFIG)
        self._open: dict[int, tuple[int, Answer]] = {}
        self._ponged = False
        self._settled = False
        self._ended = ""
        self._socket = self._connect(context)
        self._used_at = time.monotonic()

    @property
    def ended(self) -> str:
        """Why this connection takes no more requests, or an empty text."""
        return self._ended

    def close(self) -> None:
        """Say goodbye if anybody still listens."""
        self._ended = self._ended or "Closed"
        try:
            self._h2.close_connection()
            self._socket.sendall(self._h2.data_to_send())
        except (OSError, h2.exceptions.ProtocolError):
            pass  # the other side was quicker
        finally:
            self._socket.close()

    def is_alive(self) -> bool:
        """Whether the other side still answers, as far as can be told without waiting long."""
        try:
            while not self._ended and self._readable():
                self._receive(PING_SECONDS)
            if not self._ended and time.monotonic() - self._used_at > IDLE_SECONDS_MAX:
                self._ping()
        except ConnectionLostError as error:
            self._ended = str(error)
        return not self._ended and self._h2.get_next_available_stream_id() < STREAM_ID_MAX

    def post_many(
        self, paths: Sequence[str], headers: Sequence[tuple[str, str]], body: bytes
    ) -> list[Answer | None]:
        """POST the same body to each path and gather the answers, in the order of the paths.

        None stands for a request that the other side did not answer; `ended` then says why.
        """
        answers: list[Answer | None] = [None] * len(paths)
        waiting = deque(range(len(paths)))
        fixed = (("content-length", str(len(body))), *headers)
        extra = [HeaderTuple(name, value) for name, value in fixed]
        try:
            while (waiting or self._open) and not self._ended:
                while waiting and self._may_open(len(body)):
                    index = waiting.popleft()
                    self._request(index, paths[index], extra, body)
                self._flush()
                for index, answer in self._receive(ANSWER_SECONDS):
                    answers[index] = answer
        except (ConnectionLostError, h2.exceptions.ProtocolError) as error:
            self._ended = self._ended or str(error) or type(error).__name__
        self._open.clear()
        self._used_at = time.monotonic()
        return answers

    def _connect(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        try:
            plain = socket.create_connection((self._host, self._port), CONNECT_SECONDS)
        except OSError as error:
            raise DeliveryError(f"{self._authority}: {error}") from error
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secured = context.wrap_socket(plain, server_hostname=self._host)
        except OSError as error:
            plain.close()
            refused = isinstance(error, ssl.SSLError)
            raise DeliveryError(f"{self._authority}: {error}", permanent=refused) from error
        self._socket = secured
        try:
            if secured.selected_alpn_protocol() != "h2":
                raise DeliveryError(f"{self._authority} does not speak HTTP/2", permanent=True)
            self._h2.initiate_connection()
            self._flush()
            # Only the other side's SETTINGS say how many requests it takes at a time.
            while not self._settled and not self._ended:
                self._receive(CONNECT_SECONDS)
        except (ConnectionLostError, h2.exceptions.ProtocolError) as error:
            secured.close()
            refused = isinstance(error.__cause__, ssl.SSLError)
            raise DeliveryError(f"{self._authority}: {error}", permanent=refused) from error
        except DeliveryError:
            secured.close()
            raise
        return secured

    def _may_open(self, body_bytes: int) -> bool:
        """Within the other side's limits of requests at a time and of bytes under way."""
        allowed = min(self._h2.remote_settings.max_concurrent_streams, STREAMS_MAX)
        return len(self._open) < allowed and self._h2.outbound_flow_control_window >= body_bytes

    def _request(self, index: int, path: str, extra: list[HeaderTuple], body: bytes) -> None:
        stream = self._h2.get_next_available_stream_id()
        headers = [
            HeaderTuple(":method", "POST"),
            HeaderTuple(":scheme", "https"),
            HeaderTuple(":authority", self._authority),
            # A device's address is nobody's business and is not repeated: kept out of the table.
            NeverIndexedHeaderTuple(":path", path),
            *extra,
        ]
        self._h2.send_headers(stream, headers)
        self._h2.send_data(stream, body, end_stream=True)
        self._open[stream] = (index, Answer())

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            try:
                self._socket.settimeout(ANSWER_SECONDS)
                self._socket.sendall(data)
            except OSError as error:
                raise ConnectionLostError(f"Connection lost: {error}") from error

    def _receive(self, seconds: float) -> list[tuple[int, Answer]]:
        """Read what is there (wait for it if need be) and return the requests now answered."""
        try:
            self._socket.settimeout(seconds)
            data = self._socket.recv(READ_BYTES)
        except TimeoutError as error:
            raise ConnectionLostError("Timeout") from error
        except OSError as error:
            raise ConnectionLostError(f"Connection lost: {error}") from error
        if not data:
            raise ConnectionLostError("Connection closed")
        events: list[h2.events.Event] = []
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            # After its GOAWAY the other side may still answer, but the library reads no more.
            self._ended = self._ended or f"Protocol error: {error}"
        done = [finished for event in events if (finished := self._take(event))]
        if not self._ended:
            self._flush()  # acknowledgements and window updates
        return done

    def _take(self, event: h2.events.Event) -> tuple[int, Answer] | None:
        stream = getattr(event, "stream_id", None)
        index, answer = self._open.get(stream or 0, (0, Answer()))
        match event:
            case h2.events.ResponseReceived():
                answer.headers = {str(name): str(value) for name, value in event.headers or ()}
                answer.status = int(answer.headers.get(":status", 0))
            case h2.events.DataReceived():
                answer.body += event.data or b""
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded() if stream in self._open:
                del self._open[stream]
                return index, answer
            case h2.events.StreamReset():
                self._open.pop(event.stream_id, None)  # not answered: the caller sends it again
            case h2.events.ConnectionTerminated():
                said = (event.additional_data or b"").decode(errors="replace")
                self._ended = f"Closed by the other side {said}".strip()
            case h2.events.RemoteSettingsChanged():
                self._settled = True
            case h2.events.PingAckReceived():
                self._ponged = True
        return None

    def _readable(self) -> bool:
        if self._socket.pending():
            return True
        return bool(select.select([self._socket], [], [], 0)[0])

    def _ping(self) -> None:
        self._ponged = False
        self._h2.ping(b"comptoir")
        self._flush()
        while not self._ponged and not self._ended:
            self._receive(PING_SECONDS)
        self._used_at = time.monotonic()
