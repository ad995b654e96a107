"""Build and sign a store card against the bare RSA-2048 signature, the least that any builder does."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from passes.apple.identity import make_development_identity
from passes.apple.package import PassBuilder
from passes.card import Card, Fact, PassIdentity
from passes.design import Design
from passes.images import no_uploads
from tests.benchmarks.report import Case, measure
from wallet.actions.load_demo import DESIGN

ITEMS = 300
BOTH = {"fr": "Points", "en": "Points"}


def run() -> None:
    """CPU time of this process."""
    with tempfile.TemporaryDirectory() as folder:
        identity = make_development_identity(Path(folder))
    builder = PassBuilder(
        identity, Design.parse(DESIGN), no_uploads, "https://cards.example.test/apple"
    )
    cards = [_card(balance) for balance in range(ITEMS)]
    issued, now = PassIdentity("0" * 32, "t" * 43), datetime.now(UTC)

    def _build() -> int:
        for card in cards:
            builder.build(card, "gold", issued, now)
        return ITEMS

    def _bare() -> int:
        for _ in cards:
            identity.key.sign(b"x" * 128, padding.PKCS1v15(), SHA256())
        return ITEMS

    _build()
    measure(
        Case(
            "pass",
            "build and sign, full image set, one process",
            "CPU µs per pass",
            _build,
            "bare RSA-2048 signature",
            _bare,
            "≤ 1.15",
            cpu=True,
        )
    )


def _card(balance: int) -> Card:
    return Card(
        program_name={"fr": "Café Lumière", "en": "Café Lumière"},
        code="M1ABCDEFGH0123456789ABCDEF",
        code_text="M1-ABCD-EFGH-0123-4567-89AB-CDEF",
        balance=Fact(
            "balance",
            BOTH,
            {"fr": str(balance), "en": str(balance)},
            number=balance,
            announce={"fr": "Votre solde : %@", "en": "Your balance: %@"},
        ),
        member_name="Zélie Exemple",
        member_number="123 456 789",
        languages=("fr", "en"),
        tier=Fact("tier", {"fr": "Statut", "en": "Status"}, {"fr": "Or", "en": "Gold"}),
    )
