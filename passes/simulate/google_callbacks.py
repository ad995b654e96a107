"""What Google tells an issuer when a card is saved or removed: signed with keys of this stand-in's own.

A root key signs an intermediate key, which signs the message (ECv2SigningOnly). The root key stays the
same from one start to the next, as an issuer keeps it for a day.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import httpx2
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from passes.private_files import alone, write_private
from passes.simulate.tasks import Tasks

PROTOCOL = "ECv2SigningOnly"
SENDER = "GooglePayPasses"
MESSAGE_LIFE_SECONDS = 3600
INTERMEDIATE_LIFE_SECONDS = 7 * 24 * 3600
ROOT_LIFE_SECONDS = 10 * 365 * 24 * 3600
TIMEOUT_SECONDS = 5.0
AGAIN_SECONDS = (1.0, 4.0, 15.0)  # a best effort, as Google's: then the event is lost

Event = Literal["save", "del"]

log = structlog.get_logger(__name__)


@dataclass
class Callbacks:
    """Signs events of one issuer and brings them to the address that the class names.

    `root` is the key whose public half is listed. `copies` is how often each event is sent: Google
    promises no more than a best effort, and duplicates belong to it.
    """

    issuer_id: str
    root: ec.EllipticCurvePrivateKey
    tasks: Tasks = field(default_factory=lambda: Tasks("google-callbacks"))
    copies: int = 1
    counters: Counter[str] = field(default_factory=Counter)
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._middle = ec.generate_private_key(ec.SECP256R1())
        self._http = httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def close(self) -> None:
        """Stop sending."""
        self.tasks.stop()
        self._http.close()

    def root_keys(self) -> dict[str, Any]:
        """The list that Google publishes, in its form."""
        expires_at = str(int((self.clock() + ROOT_LIFE_SECONDS) * 1000))
        key = {
            "keyValue": _public(self.root),
            "protocolVersion": PROTOCOL,
            "keyExpiration": expires_at,
        }
        return {"keys": [key]}

    def tell(self, url: str, class_id: str, object_id: str, event: Event) -> None:
        """Send the event in the background, again while nobody takes it."""
        body = self.signed(class_id, object_id, event)
        for _ in range(self.copies):
            self.tasks.submit(partial(self._send, url, body, 0))

    def signed(self, class_id: str, object_id: str, event: Event) -> dict[str, Any]:
        """The body of a callback."""
        now = self.clock()
        signed_key = json.dumps(
            {
                "keyValue": _public(self._middle),
                "keyExpiration": str(int((now + INTERMEDIATE_LIFE_SECONDS) * 1000)),
            }
        )
        message = json.dumps(
            {
                "classId": class_id,
                "objectId": object_id,
                "expTimeMillis": int((now + MESSAGE_LIFE_SECONDS) * 1000),
                "eventType": event,
                "nonce": secrets.token_urlsafe(16),
                "count": 1,
            }
        )
        return {
            "signature": _sign(self._middle, SENDER, self.issuer_id, PROTOCOL, message),
            "intermediateSigningKey": {
                "signedKey": signed_key,
                "signatures": [_sign(self.root, SENDER, PROTOCOL, signed_key)],
            },
            "protocolVersion": PROTOCOL,
            "signedMessage": message,
        }

    def _send(self, url: str, body: dict[str, Any], tried: int) -> None:
        try:
            status = self._http.post(url, json=body).status_code
        except httpx2.HTTPError as error:
            log.warning("google stand-in: callback not taken", url=url, error=str(error))
            status = 0
        if 200 <= status < 300:
            self.counters["taken"] += 1
            return
        self.counters["refused"] += 1
        if tried < len(AGAIN_SECONDS):
            self.tasks.submit(partial(self._send, url, body, tried + 1), AGAIN_SECONDS[tried])


def root_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The stand-in's root key in `folder`, made when absent."""
    file = folder / "callback-root.pem"
    with alone(folder):
        if not file.is_file():
            made = ec.generate_private_key(ec.SECP256R1())
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_private(file, pem)
        found = load_pem_private_key(file.read_bytes(), None)
    assert isinstance(found, ec.EllipticCurvePrivateKey)
    return found


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    data = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(data).decode()


def _sign(key: ec.EllipticCurvePrivateKey, *parts: str) -> str:
    """ECDSA over each part's length in bytes (four, little end first) and its UTF-8 bytes."""
    encoded = [part.encode() for part in parts]
    whole = b"".join(len(part).to_bytes(4, "little") + part for part in encoded)
    return base64.b64encode(key.sign(whole, ec.ECDSA(SHA256()))).decode()
