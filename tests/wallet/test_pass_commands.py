"""`comptoir pass`: what a file holds and says, and what of a program's cards could be better."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from passes.apple.identity import make_development_identity
from passes.apple.package import PassBuilder
from passes.images import no_uploads
from tests.passes.cast import ADA, DESIGN, IDENTITY
from wallet.commands.passes import pass_group


def test_inspect_prints_the_contents_and_what_could_be_better(tmp_path: Path) -> None:
    identity = make_development_identity(tmp_path)
    builder = PassBuilder(identity, DESIGN, no_uploads, "https://cards.test/apple")
    package = builder.build(ADA, "gold", IDENTITY, datetime.now(UTC))
    file = tmp_path / "card.pkpass"
    file.write_bytes(package)
    root = str(tmp_path / "apple" / "root.pem")
    done = CliRunner().invoke(pass_group, ["inspect", str(file), "--root", root, "--lang", "fr"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["serialNumber"] == IDENTITY.serial
    assert "icon@2x.png" in done.stderr
    assert "digests and signature are right" in done.stderr
    assert "apple.contrast" in done.stderr
    assert "se lit mal" in done.stderr

    file.write_bytes(package.replace(b"1240", b"9240", 1))
    broken = CliRunner().invoke(pass_group, ["inspect", str(file), "--root", root])
    assert broken.exit_code != 0
    assert len(broken.stderr.strip().splitlines()) == 1
