"""Google's batch endpoint: HTTP messages in the parts of one multipart request."""

from __future__ import annotations

import secrets
from email import policy
from email.message import Message
from email.parser import BytesParser

from flask import Response, current_app, request
from werkzeug.test import Client

PARTS_MAX = 1000  # Google's limit
INNER_METHODS = ("GET", "POST", "PATCH", "PUT")
INNER_ROOT = "/walletobjects/v1/"


def answer_batch() -> Response:
    """Answer each part as its own request would be answered, with the credentials of the whole."""
    head = f"Content-Type: {request.headers.get('Content-Type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(head + request.get_data())
    parts = message.get_payload()
    if not isinstance(parts, list) or not 1 <= len(parts) <= PARTS_MAX:
        return Response("The batch has no parts, or too many.", 400)
    boundary = f"batch_{secrets.token_hex(12)}"
    lines: list[bytes] = []
    for part in parts:
        assert isinstance(part, Message)
        told = str(part.get("Content-ID", "")).strip("<> ")
        lines += [
            f"--{boundary}".encode(),
            b"Content-Type: application/http",
            f"Content-ID: <response-{told}>".encode(),
            b"",
            _answered(part),
        ]
    lines += [f"--{boundary}--".encode(), b""]
    return Response(b"\r\n".join(lines), content_type=f"multipart/mixed; boundary={boundary}")


def _answered(part: Message) -> bytes:
    """The answer as an HTTP message."""
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    head, _, body = data.partition(b"\r\n\r\n")
    method, _, rest = head.decode().partition(" ")
    path = rest.split(maxsplit=1)[0] if rest else ""
    if method not in INNER_METHODS or not path.startswith(INNER_ROOT):
        return b"HTTP/1.1 404 Not Found\r\n\r\n"
    answer = Client(current_app.wsgi_app, Response).open(
        path,
        method=method,
        data=body,
        content_type="application/json",
        headers={"Authorization": request.headers.get("Authorization", "")},
    )
    headers = [f"Content-Type: {answer.content_type}"]
    if wait := answer.headers.get("Retry-After"):
        headers.append(f"Retry-After: {wait}")
    lines = "\r\n".join([f"HTTP/1.1 {answer.status}", *headers])
    return lines.encode() + b"\r\n\r\n" + answer.get_data()
