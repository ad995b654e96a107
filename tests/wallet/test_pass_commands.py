"""`comptoir pass`: what a file holds and says, and what of a program's cards could be better."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import PIL.Image
import pytest
from click.testing import CliRunner, Result

from passes.apple.identity import make_development_identity
from passes.apple.package import PassBuilder
from passes.images import no_uploads
from tests.factories import SECRET_KEY, Cast
from tests.passes.cast import ADA, DESIGN, IDENTITY
from wallet.actions.issue_pass import issue_pass
from wallet.actions.lint_cards import lint_cards
from wallet.commands import passes
from wallet.commands.passes import pass_group
from wallet.tables.design import Image


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


def keep_small_logo(cast: Cast) -> str:
    """The hash of a stored lettering that is too small for Google."""
    data = io.BytesIO()
    PIL.Image.new("RGB", (320, 100), "#aa3322").save(data, "PNG")
    digest = hashlib.sha256(data.getvalue()).hexdigest()
    kept = Image(
        program_id=cast.program.id,
        sha256=digest,
        data=data.getvalue(),
        width=320,
        height=100,
        created_at=cast.now,
    )
    cast.run(lambda session: session.add(kept))
    return digest


def test_lint_looks_at_the_cards_that_are_out_with_the_design_in_force_or_a_draft(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COMPTOIR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COMPTOIR_SECRET_KEY", SECRET_KEY)
    monkeypatch.setattr(passes, "command_database", lambda settings: cast.database)
    for who in ("ada", "bruno"):
        cast.run(
            lambda session: issue_pass(
                session,
                cast.program,
                cast.member(session, who),  # noqa: B023
                "apple",
                cast.now,
            )
        )
    with cast.database.reading() as session:
        count, found = lint_cards(session, cast.program)
    assert count == 2
    assert not [one for one in found if one.blocks]

    def lint(*more: str) -> Result:
        return CliRunner().invoke(pass_group, ["lint", "--program", "demo", "--lang", "en", *more])

    fine = lint()
    assert fine.exit_code == 0, fine.output
    assert "2 cards looked at." in fine.stderr
    draft = tmp_path / "draft.json"
    pale = {**cast.program.design, "background": "#ffffff", "foreground": "#fefefe"}
    draft.write_text(json.dumps({**pale, "label": "#fdfdfd", "tiers": {}}))
    said = lint("--design", str(draft), "--json")
    codes = {one["code"] for one in json.loads(said.stdout)}
    assert "card.contrast" in codes
    with_logo = {**cast.program.design, "images": {"logo": keep_small_logo(cast)}}
    draft.write_text(json.dumps(with_logo))
    said = lint("--design", str(draft))
    assert "This logo has only 320 × 100 pixels" in said.output
    draft.write_text(json.dumps({**pale, "background": "white as snow"}))
    broken = lint("--design", str(draft))
    assert broken.exit_code != 0
    assert "background" in broken.stderr
    assert len(broken.stderr.strip().splitlines()) == 1
