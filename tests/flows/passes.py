"""What shoppers' phones are given, read as a stranger would read it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.service import Service


def pkpass(service: Service, card_url: str) -> dict[str, bytes]:
    """The files of the card's pass."""
    answer = service.client().get(f"{card_url}/apple.pkpass")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.apple.pkpass"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {item.filename: archive.read(item) for item in archive.infolist()}


def document(files: dict[str, bytes]) -> dict[str, Any]:
    """The pass.json."""
    found: dict[str, Any] = json.loads(files["pass.json"])
    return found


def member_code(service: Service, card_url: str) -> str:
    """What the code on the card says."""
    message = document(pkpass(service, card_url))["barcodes"][0]["message"]
    assert isinstance(message, str)
    return message
