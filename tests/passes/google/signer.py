"""Google's side of a callback, written from its description alone: keys, lengths, signatures.

It shares no line with the product, so that what one gets wrong the other finds.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def length_and(text: str) -> bytes:
    """Bytes of a text behind their number, least significant byte first."""
    data = text.encode("utf-8")
    size = len(data)
    return bytes([size & 255, size >> 8 & 255, size >> 16 & 255, size >> 24 & 255]) + data


def millis(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def public(key: ec.EllipticCurvePrivateKey) -> str:
    data = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(data).decode()


def sign(key: ec.EllipticCurvePrivateKey, *texts: str) -> str:
    whole = b""
    for text in texts:
        whole += length_and(text)
    return b64encode(key.sign(whole, ec.ECDSA(hashes.SHA256()))).decode()


@dataclass
class Signer:
    """A root key and an intermediate key, and callbacks signed with them."""

    now: datetime
    issuer_id: str
    root: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    middle: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def listed(self, **said: Any) -> dict[str, Any]:
        """This root key as Google's list has it."""
        return {
            "keyValue": public(self.root),
            "protocolVersion": "ECv2SigningOnly",
            "keyExpiration": str(millis(self.now + timedelta(days=365))),
            **said,
        }

    def keys(self) -> bytes:
        """The list of root keys, with one of another protocol in it."""
        other = public(ec.generate_private_key(ec.SECP256R1()))
        strange = {"keyValue": other, "protocolVersion": "ECv1"}
        return json.dumps({"keys": [strange, self.listed()]}).encode()

    def message(self, object_id: str, event: str = "save", **said: Any) -> dict[str, Any]:
        """What is told of an object."""
        return {
            "classId": f"{self.issuer_id}.demo",
            "objectId": object_id,
            "expTimeMillis": millis(self.now + timedelta(hours=1)),
            "eventType": event,
            "nonce": f"nonce-{object_id}-{event}",
            "count": 1,
            **said,
        }

    def callback(
        self,
        message: dict[str, Any] | str,
        *,
        protocol: str = "ECv2SigningOnly",
        sender: str = "GooglePayPasses",
        recipient: str = "",
        key_expires_at: datetime | None = None,
    ) -> dict[str, Any]:
        """The body of a callback, as a dictionary to spoil."""
        expires_at = key_expires_at or self.now + timedelta(days=7)
        signed_key = json.dumps(
            {"keyValue": public(self.middle), "keyExpiration": str(millis(expires_at))}
        )
        text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
        return {
            "protocolVersion": protocol,
            "signedMessage": text,
            "signature": sign(self.middle, sender, recipient or self.issuer_id, protocol, text),
            "intermediateSigningKey": {
                "signedKey": signed_key,
                "signatures": [sign(self.root, sender, protocol, signed_key)],
            },
        }
