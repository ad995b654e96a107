"""One client's HTTP/2 connection to the push stand-in: frames in, answers out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import structlog
from cryptography import x509
from cryptography.x509.oid import NameOID

from passes.simulate.apns_rules import Answer, PushRequest
from passes.simulate.faults import Fault, Faults

STREAMS_MAX = 100  # below Apple's 1000, so that a client that ignores SETTINGS is caught
BODY_BYTES_MAX = 64 * 1024  # a push is at most 4096; the rest is read only to refuse it with 413
IDLE_SECONDS_MAX = 3600.0  # Apple keeps idle connections open; an hour outlives any session here
CLOSE_SECONDS_MAX = 1.0
READ_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


class PushHandler(Protocol):
    """What a connection asks of the service behind it."""

    faults: Faults
    counters: Counter[str]

    def answer(self, push: PushRequest) -> Answer:
        """Judge, remember and deliver one push."""


@dataclass(slots=True)
class _Stream:
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)


class Connection:
    """One client: frames in, answers out."""

    def __init__(
        self, server: PushHandler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._streams: dict[int, _Stream] = {}
        self._answers: set[asyncio.Task[None]] = set()
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        self._topics = _topics(writer)

    async def run(self) -> None:
        try:
            await self._talk()
        except (OSError, h2.exceptions.ProtocolError) as error:
            log.debug("apns stand-in: connection ended", error=str(error))
        finally:
            for task in list(self._answers):
                task.cancel()
            self._writer.close()
            try:
                await asyncio.wait_for(self._writer.wait_closed(), CLOSE_SECONDS_MAX)
            except (OSError, TimeoutError):
                self._writer.transport.abort()  # a client that says no goodbye

    async def _talk(self) -> None:
        if self._tls_protocol() != "h2":
            return  # Apple speaks nothing but HTTP/2
        self._h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS_MAX})
        self._h2.initiate_connection()
        await self._flush()
        while data := await asyncio.wait_for(self._reader.read(READ_BYTES), IDLE_SECONDS_MAX):
            for event in self._h2.receive_data(data):
                self._take(event)
            await self._flush()

    def _tls_protocol(self) -> str | None:
        tls = self._writer.get_extra_info("ssl_object")
        return tls.selected_alpn_protocol() if tls is not None else None

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            headers = {_text(name): _text(value) for name, value in event.headers}
            self._streams[event.stream_id] = _Stream(headers)
        elif isinstance(event, h2.events.DataReceived):
            stream = self._streams.get(event.stream_id)
            if stream is not None and len(stream.body) < BODY_BYTES_MAX:
                stream.body += event.data
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            task = asyncio.ensure_future(self._answer(event.stream_id))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)
        elif isinstance(event, h2.events.StreamReset):
            self._streams.pop(event.stream_id, None)

    async def _answer(self, stream_id: int) -> None:
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        fault = self._server.faults.take()
        if fault is not None and await self._misbehave(fault):
            return
        if fault is not None and fault.status:
            self._server.counters["faults"] += 1
            answer = Answer(fault.status, fault.reason, fault.timestamp_ms)
        else:
            answer = self._server.answer(self._request(stream))
        await self._send(stream_id, stream, answer, fault)

    def _request(self, stream: _Stream) -> PushRequest:
        return PushRequest(
            method=stream.headers.get(":method", ""),
            path=stream.headers.get(":path", ""),
            headers=stream.headers,
            body=bytes(stream.body),
            topics=self._topics,
        )

    async def _misbehave(self, fault: Fault) -> bool:
        """True when the request gets no answer at all."""
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault.action == "drop":
            self._writer.transport.abort()
        elif fault.action == "goaway":
            reason = json.dumps({"reason": fault.reason or "Shutdown"}).encode()
            self._h2.close_connection(h2.errors.ErrorCodes.NO_ERROR, reason, last_stream_id=0)
            await self._flush()
            self._writer.close()
        return fault.action != "answer"

    async def _send(
        self, stream_id: int, stream: _Stream, answer: Answer, fault: Fault | None
    ) -> None:
        headers = [
            (":status", str(answer.status)),
            ("apns-id", stream.headers.get("apns-id") or str(uuid.uuid4()).upper()),
        ]
        if fault is not None and fault.retry_after_seconds is not None:
            headers.append(("retry-after", str(fault.retry_after_seconds)))
        body = b"" if answer.status == 200 else _body(answer)
        if self._streams.pop(stream_id, None) is None:
            return  # the client gave up meanwhile
        with contextlib.suppress(h2.exceptions.ProtocolError):
            self._h2.send_headers(stream_id, headers, end_stream=not body)
            if body:
                self._h2.send_data(stream_id, body, end_stream=True)
        await self._flush()

    async def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._writer.is_closing():
            self._writer.write(data)
            await self._writer.drain()


def _body(answer: Answer) -> bytes:
    content: dict[str, object] = {"reason": answer.reason}
    if answer.timestamp_ms is not None:
        content["timestamp"] = answer.timestamp_ms
    return json.dumps(content).encode()


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _topics(writer: asyncio.StreamWriter) -> frozenset[str]:
    """What the client's certificate may push to: its UID, the pass type id."""
    tls = writer.get_extra_info("ssl_object")
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    if not der:
        return frozenset()
    subject = x509.load_der_x509_certificate(der).subject
    return frozenset(_text(item.value) for item in subject.get_attributes_for_oid(NameOID.USER_ID))
