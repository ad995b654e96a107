"""Save links against the bare RSA-2048 signature, the least that any of them costs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from passes.google.document import (
    BASE,
    Brand,
    Pictures,
    class_id,
    loyalty_class,
    loyalty_object,
)
from passes.google.identity import make_development_account
from passes.google.save_link import fat_link, skinny_link
from tests.benchmarks.report import Case, measure
from tests.passes.cast import ADA, DESIGN

ITEMS = 300
ORIGINS = ["https://cards.example.test"]
LOOK = Pictures(
    "https://cards.example.test/media/0123456789abcdef0123456789abcdef.png",
    "https://cards.example.test/media/fedcba9876543210fedcba9876543210.png",
)


def run() -> None:
    """CPU time of this process."""
    with tempfile.TemporaryDirectory() as folder:
        identity = make_development_account(Path(folder))
    its_class = class_id(identity.issuer_id, "demo", "06B2X4Q7Z9K1M", BASE)
    serials = [f"{identity.issuer_id}.{number:032x}" for number in range(ITEMS)]
    whole_class = loyalty_class(its_class, Brand(ADA.program_name, "FR"), DESIGN, LOOK)

    def _skinny() -> int:
        for serial in serials:
            skinny_link(identity, {"id": serial, "classId": its_class}, ORIGINS)
        return ITEMS

    cards = [loyalty_object(serial, its_class, ADA, LOOK) for serial in serials]

    def _fat() -> int:
        for card in cards:
            fat_link(identity, card, whole_class, ORIGINS)
        return ITEMS

    def _bare() -> int:
        for _ in serials:
            identity.key.sign(b"x" * 700, padding.PKCS1v15(), SHA256())
        return ITEMS

    for name, work in (
        ("skinny link to an object that Google has", _skinny),
        ("fat link with the essentials of class and object", _fat),
    ):
        work()
        measure(
            Case(
                "savelink",
                name,
                "CPU µs per link",
                work,
                "bare RSA-2048 signature",
                _bare,
                "≤ 1.2",
                cpu=True,
            )
        )
