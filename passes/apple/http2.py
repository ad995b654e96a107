"""One HTTP/2 connection over TLS that carries many small POSTs at a time, for one thread."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
from hpack import Encoder, HeaderTuple, NeverIndexedHeaderTuple

from passes.errors import DeliveryError

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 5.0  # for one request; Apple answers within a tenth of a second
QUIET_SECONDS = 1.0  # without any frame while answers are due, then a ping asks who is there
PING_SECONDS = 2.0  # for the answer to a ping, which needs no thinking
SEND_SECONDS = 5.0  # for the other side to take what we write
IDLE_SECONDS_MAX = 60.0  # after that a ping proves that nothing between us forgot the connection
STREAMS_MAX = 1000  # what Apple allows; the other side's SETTINGS may allow less
TIDY_EVERY = 2000  # stream numbers, so a thousand requests
STREAM_ID_MAX = 2**30  # a connection this old is replaced long before the numbers run out
READ_BYTES = 64 * 1024
BODY_BYTES_MAX = 4096  # of an answer; a reason takes fifty
PING_DATA = b"comptoir"  # eight bytes, as the protocol wants
INDEXED = 0x80  # HPACK: this byte begins a header that is in the table (RFC 7541, 6.1)

# We make the headers ourselves; checking each again costs a third of the time.
_CONFIG = h2.config.H2Configuration(
    client_side=True,
    header_encoding=None,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
    # Of an answer only the status, an id and a few bytes of JSON are read, each with its own check.
    validate_inbound_headers=False,
    normalize_inbound_headers=False,
)


class _SteadyEncoder(Encoder):
    """HPACK for requests that differ in their path alone.

    Values are not Huffman-coded: on an address that costs more time than all the rest of a push and
    saves a quarter of a hundred bytes. What the header table gives for the other headers is
    remembered for as long as the table does not change.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[bytes, bytes], bytes] = {}

    def add(self, to_add: tuple[bytes, bytes], sensitive: bool, huffman: bool = False) -> bytes:
        """One header as bytes; `huffman` is what the caller would like."""
        if known := self._known.get(to_add):
            return known
        encoded = super().add(to_add, sensitive, huffman=False)
        if encoded[0] & INDEXED:
            self._known[to_add] = encoded
        elif not sensitive:
            self._known.clear()  # the table has a new entry: every other has another number now
        return encoded


class _Protocol(h2.connection.H2Connection):
    """The library counts the open requests one by one before each new one; we know the number."""

    open_now = 0

    @property
    def open_outbound_streams(self) -> int:
        """How many requests are open."""
        return self.open_now

    def tidy(self) -> None:
        """Let the library forget the requests that are over, which it does while it counts."""
        self._open_streams(1)


class ConnectionLostError(Exception):
    """The connection ended or fell silent; the message says how."""


@dataclass(slots=True)
class Answer:
    """One response as far as it has come."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


@dataclass(slots=True)
class _Asked:
    """A request under way: its place among those asked for, since when, and what has come of it."""

    index: int
    at: float
    answer: Answer = field(default_factory=Answer)


class Http2Connection:
    """Raises `DeliveryError` when it cannot be opened; it is permanent when TLS is refused."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 443
        self._authority = parts.netloc
        self._begin = (
            HeaderTuple(b":method", b"POST"),
            HeaderTuple(b":scheme", b"https"),
            HeaderTuple(b":authority", parts.netloc.encode()),
        )
        self._h2 = _Protocol(_CONFIG)
        self._h2.encoder = _SteadyEncoder()
        self._open: dict[int, _Asked] = {}
        self._heard_at = self._pinged_at = time.monotonic()
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
        self,
        paths: Sequence[str],
        headers: Sequence[tuple[str, str]],
        body: bytes,
        enough: Callable[[Answer], bool] = lambda answer: False,
    ) -> list[Answer | None]:
        """POST the same body to each path and gather the answers, in the order of the paths.

        None stands for a request that was not sent or not answered; `ended` says why, where the
        connection did. An unanswered request on a connection that lives has the status 0. Once
        `enough` is true of an answer, nothing more is sent.
        """
        answers: list[Answer | None] = [None] * len(paths)
        waiting = deque(range(len(paths)))
        extra = [HeaderTuple(name.encode(), value.encode()) for name, value in headers]
        self._heard_at = time.monotonic()
        try:
            while (waiting or self._open) and not self._ended:
                while waiting and self._may_open(len(body)):
                    index = waiting.popleft()
                    self._request(index, paths[index], extra, body)
                self._flush()
                for asked in self._await_answers():
                    answers[asked.index] = asked.answer
                    if enough(asked.answer):
                        waiting.clear()
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
        # A device's address is nobody's business and is not repeated: kept out of the table.
        headers = [*self._begin, NeverIndexedHeaderTuple(b":path", path.encode()), *extra]
        self._h2.open_now = len(self._open)
        if stream % TIDY_EVERY == 1:
            self._h2.tidy()
        self._h2.send_headers(stream, headers)
        self._h2.send_data(stream, body, end_stream=True)
        self._open[stream] = _Asked(index, time.monotonic())

    def _await_answers(self) -> list[_Asked]:
        """The requests answered next, or given up. A ping finds out whether a silent other side is
        thinking or gone: whoever waits for a time-out alone takes a minute for it."""
        oldest = next(iter(self._open.values())).at if self._open else time.monotonic()
        now = time.monotonic()
        if self._readable(max(0.0, min(QUIET_SECONDS, oldest + ANSWER_SECONDS - now))):
            return self._receive(PING_SECONDS)
        now = time.monotonic()
        if self._pinged_at > self._heard_at:
            if now - self._pinged_at > PING_SECONDS:
                raise ConnectionLostError("Timeout")
        elif now - self._heard_at >= QUIET_SECONDS:
            self._pinged_at = now
            self._h2.ping(PING_DATA)
        return self._give_up(now - ANSWER_SECONDS)

    def _give_up(self, asked_before: float) -> list[_Asked]:
        """Take back requests that are too old, so that those behind them need not wait."""
        late = [stream for stream, asked in self._open.items() if asked.at <= asked_before]
        for stream in late:
            self._h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
        return [self._open.pop(stream) for stream in late]

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            try:
                self._socket.settimeout(SEND_SECONDS)
                self._socket.sendall(data)
            except OSError as error:
                raise ConnectionLostError(f"Connection lost: {error}") from error

    def _receive(self, seconds: float) -> list[_Asked]:
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
        self._heard_at = time.monotonic()
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

    def _take(self, event: h2.events.Event) -> _Asked | None:
        stream = getattr(event, "stream_id", None) or 0
        if asked := self._open.get(stream):
            return self._take_answer(event, stream, asked)
        match event:
            case h2.events.DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.ConnectionTerminated():
                said = (event.additional_data or b"").decode(errors="replace")
                self._ended = f"Closed by the other side {said}".strip()
            case h2.events.RemoteSettingsChanged():
                self._settled = True
            case h2.events.PingAckReceived():
                self._ponged = True
        return None

    def _take_answer(self, event: h2.events.Event, stream: int, asked: _Asked) -> _Asked | None:
        answer = asked.answer
        match event:
            case h2.events.ResponseReceived():
                answer.headers = dict(event.headers or ())
                status = answer.headers.get(b":status", b"")
                answer.status = int(status) if status.isdigit() else 0
            case h2.events.DataReceived():
                if len(answer.body) < BODY_BYTES_MAX:
                    answer.body += event.data or b""
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                return self._open.pop(stream)
            case h2.events.StreamReset():
                self._open.pop(stream)  # not answered: the caller sends it again
        return None

    def _readable(self, seconds: float = 0.0) -> bool:
        if self._socket.pending():
            return True
        return bool(select.select([self._socket], [], [], seconds)[0])

    def _ping(self) -> None:
        self._ponged = False
        self._h2.ping(PING_DATA)
        self._flush()
        while not self._ponged and not self._ended:
            self._receive(PING_SECONDS)
        self._used_at = time.monotonic()
