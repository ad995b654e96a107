"""Several requests in one: Google's batch form, multipart/mixed with an HTTP message in each part."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from typing import Any

BATCH_MAX = 100  # Google advises against more; our own pace allows far fewer at a time

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Part:
    """One answer in a batch. `body` is empty where it was no JSON object."""

    status: int
    body: dict[str, Any]
    retry_after: str | None


def pack(requests: Sequence[tuple[str, str, Mapping[str, Any] | None]]) -> tuple[str, bytes]:
    """(content type, body) of these (method, path, JSON body); parts are numbered from 0."""
    boundary = f"batch_{secrets.token_hex(16)}"
    lines: list[bytes] = []
    for number, (method, path, body) in enumerate(requests):
        lines += [
            f"--{boundary}".encode(),
            b"Content-Type: application/http",
            f"Content-ID: <{number}>".encode(),
            b"",
            f"{method} {path} HTTP/1.1".encode(),
        ]
        if body is not None:
            data = _encode(body).encode()
            lines += [
                b"Content-Type: application/json; charset=UTF-8",
                f"Content-Length: {len(data)}".encode(),
                b"",
                data,
            ]
        else:
            lines += [b"", b""]
    lines += [f"--{boundary}--".encode(), b""]
    return f"multipart/mixed; boundary={boundary}", b"\r\n".join(lines)


def unpack(content_type: str, data: bytes, count: int) -> list[Part | None]:
    """The answers in the order of the requests; nothing where a part is missing or unreadable."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(head + data)
    found: list[Part | None] = [None] * count
    parts = message.get_payload()
    for place, part in enumerate(parts if isinstance(parts, list) else []):
        if isinstance(part, Message):
            number = _number(str(part.get("Content-ID", "")), place)
            if 0 <= number < count:
                found[number] = _read(part)
    return found


def _number(content_id: str, place: int) -> int:
    """Which request a part answers: `<response-3>` is the fourth; without a number its place tells."""
    digits = content_id.strip("<> ").rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 6 else place


def _read(part: Message) -> Part | None:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return None
    line, _, rest = data.partition(b"\n")
    words = line.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        return None
    headers, body = _split(rest)
    told = BytesHeaderParser(policy=policy.HTTP).parsebytes(headers)
    try:
        found = json.loads(body)
    except ValueError:
        found = {}
    return Part(
        int(words[1][:3]), found if isinstance(found, dict) else {}, told.get("Retry-After")
    )


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Headers and body, whichever line ends the other side uses."""
    for blank in (b"\r\n\r\n", b"\n\n"):
        headers, found, body = data.partition(blank)
        if found:
            return headers + blank, body
    return b"", data
