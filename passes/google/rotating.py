"""A code that the phone changes by itself (RFC 6238), as Google's objects carry it.

The secret is part of the object, so such an object goes by the REST interface only: in a save link
everybody who sees the link could read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RotatingCode:
    """What the phone needs: the value is `prefix`, the seconds since 1970 and `digits` of the TOTP
    (SHA-1) of `key` at that time, changed every `period_seconds`."""

    prefix: str
    key: bytes = field(repr=False)
    period_seconds: int
    digits: int


def rotating_barcode(code: RotatingCode, spoken: str) -> dict[str, Any]:
    """Google's `rotatingBarcode`. `spoken` stands below it, for people: the value itself is gone
    before anybody has read it aloud."""
    return {
        "type": "QR_CODE",
        "renderEncoding": "UTF_8",
        "valuePattern": code.prefix + "{totp_timestamp_seconds}{totp_value_0}",
        "alternateText": spoken,
        "totpDetails": {
            "algorithm": "TOTP_SHA1",
            "periodMillis": str(code.period_seconds * 1000),
            "parameters": [{"key": code.key.hex(), "valueLength": code.digits}],
        },
    }
