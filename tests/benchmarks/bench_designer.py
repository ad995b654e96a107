"""The designer's answer to a keystroke, against signing one pass; drawing its pictures against the same.
Then the whole chain in a browser, and a design that goes out to 100,000 cards while tills sell."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from passes.apple.identity import make_development_identity
from passes.apple.package import PassBuilder
from passes.card import PassIdentity
from passes.design import Design
from passes.images import no_uploads
from tests.benchmarks import bench_keystroke, bench_publish
from tests.benchmarks.report import Case, measure
from tests.databases import migrate
from tests.factories import make_cast, open_database
from wallet.actions.preview_design import lint_samples, picture_of, preview_design
from wallet.actions.sample_cards import sample_card

ITEMS, FEW = 60, 6


def run() -> None:
    """All of it."""
    _answers()
    bench_keystroke.run()
    bench_publish.run()


def _answers() -> None:
    """CPU time of this process. A keystroke has 100 ms, of which the page needs some ten."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'bench.sqlite3'}"
        migrate(url)
        database = open_database(url)
        program = make_cast(database).program
        identity = make_development_identity(folder)
        builder = PassBuilder(
            identity, Design.parse(program.design), no_uploads, "https://x.test/apple"
        )
        shades = (f"#{number:06x}" for number in itertools.count(0x101010))
        now = datetime.now(UTC)
        with database.reading() as session:
            card, tier = sample_card(session, program, "regular")

            def _sign(number: int) -> None:
                builder.build(card, tier, PassIdentity(f"{number:032x}", "0" * 43), now)

            def _document() -> dict[str, Any]:
                return {**program.design, "background": next(shades)}

            def _preview(number: int) -> None:
                preview_design(session, program, _document(), "full", None)

            def _lint(number: int) -> None:
                lint_samples(session, program, _document())

            def _draw(number: int) -> None:
                picture_of(session, _document(), "strip", None, None)

            for what, act, count, target in (
                ("both faces and the lock screen of a keystroke", _preview, ITEMS, 50_000),
                ("findings on samples of every status", _lint, FEW, 200_000),
                ("the strip in a new colour", _draw, FEW, 200_000),
            ):
                work, peer = _times(act, count), _times(_sign, ITEMS)
                limit = f"value <= {target}"
                measure(
                    Case("designer", what, "us CPU", work, "one signed pass", peer, limit, cpu=True)
                )
        database.dispose()


def _times(act: Callable[[int], object], count: int) -> Callable[[], int]:
    def _work() -> int:
        for number in range(count):
            act(number)
        return count

    return _work
