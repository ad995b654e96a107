"""Build and sign a store card against the bare RSA-2048 signature, the least that any builder does,
and against npm passkit-generator in a warm process of Node.js. Nine pictures of 300 kB together."""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from PIL import Image

from passes.apple.identity import AppleIdentity, make_development_identity
from passes.apple.package import PassBuilder
from passes.card import Card, Fact, PassIdentity, Place, Section, Text
from passes.design import Design
from tests.benchmarks.report import Case, measure, measure_against
from wallet.actions.load_demo import DESIGN

ITEMS = 300
PEER_ITEMS = 10  # passkit-generator takes a hundred times as long
NODE_MODULES = Path(__file__).parents[2] / "node_modules"
ORACLE = Path(__file__).parents[1] / "oracles" / "passkit_generator_bench.mjs"
POINTS = {"fr": "Points", "en": "Points"}


def run() -> None:
    """CPU time of the processes."""
    folder = Path(tempfile.mkdtemp())
    try:
        _run(folder)
    finally:
        shutil.rmtree(folder)


def _run(folder: Path) -> None:
    identity = make_development_identity(folder)
    pictures = {role: _photograph(seed) for seed, role in enumerate(("icon", "logo", "strip"))}
    design = Design.parse(
        {**DESIGN, "images": {role: f"{at:064x}" for at, role in enumerate(pictures)}}
    )
    uploads = {design.images[role]: data for role, data in pictures.items()}  # type: ignore[index]
    builder = PassBuilder(identity, design, uploads.__getitem__, "https://cards.example.test/apple")
    # As they come from the database, so that no two share their texts.
    cards = [Card.from_json(json.loads(json.dumps(_card(n).to_json()))) for n in range(ITEMS)]
    issued, now = PassIdentity("0" * 32, "t" * 43), datetime.now(UTC)
    package = builder.build(cards[0], "gold", issued, now)

    def _parts() -> int:
        for card in cards:
            builder.parts(card, "gold", issued, now)
        return ITEMS

    def _build() -> int:
        for card in cards:
            builder.build(card, "gold", issued, now)
        return ITEMS

    def _bare() -> int:
        for _ in cards:
            identity.key.sign(b"x" * 128, padding.PKCS1v15(), SHA256())
        return ITEMS

    _build()
    size = f"{len(package) // 1000} kB"
    for name, work in (
        (f"build and sign, {size}, in two parts as it is sent", _parts),
        (f"build and sign, {size}, in one piece", _build),
    ):
        bare = "bare RSA-2048 signature"
        measure(Case("pass", name, "CPU µs per pass", work, bare, _bare, "≤ 1.15", cpu=True), 9)
    _peer(folder, identity, package, _parts)


def _peer(folder: Path, identity: AppleIdentity, package: bytes, work: Callable[[], int]) -> None:
    """The same files given to passkit-generator; both take turns."""
    node = shutil.which("node")
    if node is None or not (NODE_MODULES / "passkit-generator").is_dir():
        sys.stderr.write("pass: no Node.js or npm passkit-generator, so no comparison with it\n")
        return
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(folder / "pass")
    leaf, key = folder / "leaf.pem", folder / "leaf.key"
    leaf.write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    key.write_bytes(
        identity.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    command: list[str | Path] = [
        node,
        ORACLE,
        folder / "pass",
        leaf,
        key,
        folder / "apple" / "wwdr.pem",
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def _theirs(count: int = PEER_ITEMS) -> float:
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{count}\n")
            process.stdin.flush()
            return float(json.loads(process.stdout.readline())["microseconds"]) / 1e6 / count

        _theirs(30)  # warm
        measure_against(
            Case(
                "pass",
                "passkit-generator, warm, the same files",
                "CPU µs per pass",
                work,
                "ours, in two parts",
                work,
                "≥ 100",
                cpu=True,
            ),
            _theirs,
        )
        process.stdin.close()


def _photograph(seed: int) -> bytes:
    """A picture of soft colours, which PNG makes about as small as a quiet photograph."""
    noise = random.Random(seed)
    small = Image.new("RGB", (10, 4))
    small.putdata([tuple(noise.randrange(40, 200) for _ in range(3)) for _ in range(10 * 4)])
    image = small.resize((1125, 450), Image.Resampling.BICUBIC)
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def _card(number: int) -> Card:
    """What a member of a café with ten shops has: status, next reward, movements, texts, places."""
    url = f"https://cards.example.test/card/{number:032x}"
    moves: Text = {
        "fr": "\n".join(
            f"{day} nov. 2026\u00a0: +{number + day}\u00a0points (gagné)" for day in range(20, 25)
        ),
        "en": "\n".join(
            f"Nov {day}, 2026\u00a0: +{number + day}\u00a0points (earned)" for day in range(20, 25)
        ),
    }
    gap: Text = {
        "fr": f"encore {60 - number % 60} points",
        "en": f"{60 - number % 60} points to go",
    }
    near: Text = {
        "fr": "Votre carte Café Lumière est prête",
        "en": "Your Café Lumière card is ready",
    }
    announce: Text = {"fr": "Votre solde : %@ points", "en": "Your balance: %@ points"}
    value: Text = {"fr": str(number), "en": str(number)}
    return replace(
        _BASE,
        code=f"M1ABCDEFGH012345678{number:07}",
        balance=Fact("balance", POINTS, value, number=number, announce=announce),
        member_name=f"Zélie Exemple {number}",
        next_reward=Fact("next_reward", {"fr": "Un café offert", "en": "A free coffee"}, gap),
        sections=(
            Section("card", {"fr": "Ma carte", "en": "My card"}, {"fr": url, "en": url}, url),
            Section("rewards", {"fr": "Récompenses", "en": "Rewards"}, _REWARDS),
            Section("history", {"fr": "Derniers mouvements", "en": "Last movements"}, moves),
            Section("info0", {"fr": "Vos données", "en": "Your data"}, _PRIVACY),
        ),
        places=tuple(Place(48.8 + at / 100, 2.35, near) for at in range(10)),
    )


_REWARDS: Text = {
    "fr": "30 points — Un café offert\n60 points — Une part de gâteau\n200 points — 10 € de remise",
    "en": "30 points — A free coffee\n60 points — A slice of cake\n200 points — €10 off",
}
_PRIVACY: Text = {
    "fr": "Vos données servent à tenir votre carte. Vous pouvez les faire effacer à tout moment.",
    "en": "Your data is used to keep your card. You can have it erased at any time.",
}
_BASE = Card(
    program_name={"fr": "Café Lumière", "en": "Café Lumière"},
    code="",
    code_text="M1-ABCD-EFGH-0123-4567-89AB-CDEF",
    balance=Fact("balance", POINTS, POINTS, number=0),
    member_name="",
    member_number="123 456 789",
    languages=("fr", "en"),
    tier=Fact("tier", {"fr": "Statut", "en": "Status"}, {"fr": "Or", "en": "Gold"}),
    announced="balance",
)
