"""What goes wrong with Apple's passes elsewhere, one test each: documents and packages.

The numbers are those of the list of known pitfalls in docs/apple-wallet.md; those of certificates
are in test_certs, those of the web service and of push in test_webservice and test_push.
"""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from passes.apple.document import Issuer, pass_document, strings_file
from passes.apple.identity import AppleIdentity
from passes.apple.lint import lint_document, lint_package
from passes.apple.lint_files import lint_strings, parse_strings
from passes.apple.package import PassBuilder
from passes.apple.schema import document_faults
from passes.card import announced_fact
from passes.errors import DesignError, PackageError
from passes.images import all_apple_images, check_upload, no_uploads
from passes.simulate.pass_face import announcements
from passes.simulate.pass_strings import parse_strings as phone_strings
from tests.passes.cast import ADA, DESIGN, IDENTITY

ISSUER = Issuer("pass.dev.comptoir.loyalty", "DEVTEAM000", "https://cards.test/apple")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def builder(identity: AppleIdentity) -> PassBuilder:
    return PassBuilder(identity, DESIGN, no_uploads, ISSUER.web_service_url)


@pytest.fixture(scope="module")
def files(builder: PassBuilder) -> dict[str, bytes]:
    with zipfile.ZipFile(
        io.BytesIO(builder.build(ADA, "gold", IDENTITY, datetime.now(UTC)))
    ) as one:
        return {name: one.read(name) for name in one.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_pitfall_06_the_signature_is_detached_and_over_the_bytes_as_they_are(
    files: dict[str, bytes], builder: PassBuilder, certs: Path, tmp_path: Path
) -> None:
    """Line ends are what a signer in text mode changes: the manifest is signed with one inside."""
    manifest = files["manifest.json"].replace(b",", b",\n", 1)
    (tmp_path / "manifest").write_bytes(manifest)
    (tmp_path / "signature").write_bytes(builder._signer.sign(manifest, datetime.now(UTC)))
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-binary", "-purpose", "any"]
    command += ["-in", f"{tmp_path}/signature", "-content", f"{tmp_path}/manifest"]
    command += ["-CAfile", f"{certs}/apple/root.pem", "-certfile", f"{certs}/apple/wwdr.pem"]
    done = subprocess.run(
        [*command, "-out", "/dev/null"], capture_output=True, text=True, check=False
    )
    assert "CMS Verification successful" in done.stderr
    assert files["manifest.json"] not in files["signature"]  # detached: it holds no copy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fr.lproj/pass.strings": None}, "which is missing"),
        ({"extra.png": b"x"}, "does not list"),
        ({"icon.png": b"\x89PNG other"}, "was changed"),
        ({"fr.lproj/pass.strings": None, "pass.strings": b"x"}, "does not list"),
    ],
)
def test_pitfall_07_a_package_that_differs_from_its_manifest_does_not_leave(
    files: dict[str, bytes],
    builder: PassBuilder,
    change: dict[str, bytes | None],
    message: str,
) -> None:
    builder.prove(packed(files), IDENTITY)
    broken = {name: data for name, data in {**files, **change}.items() if data is not None}
    with pytest.raises(PackageError, match=message):
        builder.prove(packed(broken), IDENTITY)


def test_pitfall_07_files_of_languages_are_listed_with_their_path(files: dict[str, bytes]) -> None:
    assert "fr.lproj/pass.strings" in json.loads(files["manifest.json"])


def test_pitfall_08_one_upload_gives_every_size_of_every_picture() -> None:
    photo = io.BytesIO()
    Image.new("RGB", (1800, 700), "#b8892f").save(photo, "JPEG")
    roles = dict.fromkeys(("icon", "logo", "strip"), "0" * 64)
    design = DESIGN.model_copy(update={"images": roles})
    made = all_apple_images(design, None, ("fr", "en"), lambda digest: photo.getvalue())
    found = [
        one.code for one in lint_package(made, pass_document(ADA, design, None, IDENTITY, ISSUER))
    ]
    assert [code for code in found if "picture" in code or "icon" in code or "png" in code] == []
    assert len(made) == 9


@pytest.mark.parametrize(
    ("size", "options", "message"),
    [
        ((50, 50), {"color": (0, 0, 0, 0)}, "fully transparent"),
        ((7000, 7000), {"color": (1, 2, 3, 255)}, "too many pixels"),
    ],
)
def test_pitfall_08_pictures_that_cannot_be_shown_are_refused(
    size: tuple[int, int], options: dict[str, tuple[int, ...]], message: str
) -> None:
    data = io.BytesIO()
    Image.new("RGBA", size, **options).save(data, "PNG")
    with pytest.raises(DesignError, match=message):
        check_upload(data.getvalue())


def test_pitfall_08_wrong_pictures_of_a_package_are_named(files: dict[str, bytes]) -> None:
    small = io.BytesIO()
    Image.new("RGB", (200, 50)).save(small, "PNG")
    strange = {**files, "strip.png": small.getvalue(), "logo.png": b"GIF89a"}
    del strange["icon.png"], strange["icon@2x.png"]
    found = {
        one.where: (one.code, one.severity)
        for one in lint_package(strange, json.loads(files["pass.json"]))
    }
    assert found["icon.png"] == ("apple.no_icon", "proven")
    assert found["logo.png"] == ("apple.not_png", "proven")
    assert found["strip.png"] == ("apple.picture_shape", "hint")


def test_pitfall_15_what_only_the_phone_is_told_changes_no_hash() -> None:
    assert replace(ADA, announced="tier").content_hash == ADA.content_hash


def test_pitfall_16_a_sentence_without_the_value_is_not_published() -> None:
    balance = replace(ADA.balance, announce={"fr": "Solde : %@", "en": "Balance changed"})
    card = replace(ADA, balance=balance, announced="balance")
    words = {"en": {"Solde : %@": "Balance changed"}}
    found = lint_document(pass_document(card, DESIGN, None, IDENTITY, ISSUER), words)
    assert [one.code for one in found if one.blocks] == ["apple.announcement_without_value"]


def test_pitfall_16_of_several_changes_the_most_important_one_speaks(
    files: dict[str, bytes],
) -> None:
    """A sale that lifts the status too: one sentence, and it is the status."""
    tier = replace(
        ADA.tier,  # type: ignore[type-var]
        value={"fr": "Platine", "en": "Platinum"},
        announce={"fr": "Statut : %@", "en": "Status: %@"},
    )
    after = replace(ADA, tier=tier, balance=replace(ADA.balance, number=2000))
    key = announced_fact(ADA.to_json(), after.to_json())
    assert key == "tier"
    document = pass_document(replace(after, announced=key), DESIGN, None, IDENTITY, ISSUER)
    new = {**files, "pass.json": json.dumps(document).encode()}
    assert announcements(files, new, "fr") == ["Statut : Platine"]
    assert announced_fact(after.to_json(), after.to_json()) is None
    assert announced_fact(None, after.to_json()) is None  # a first card is news to nobody


def test_pitfall_16_what_was_not_read_yet_is_still_announced() -> None:
    tier = replace(ADA.tier, announce={"fr": "Statut : %@", "en": "Status: %@"})  # type: ignore[type-var]
    before = {**replace(ADA, tier=tier).to_json(), "announced": "tier"}
    after = replace(ADA, tier=tier, balance=replace(ADA.balance, number=2000)).to_json()
    assert announced_fact(before, after, is_unread=True) == "tier"
    assert announced_fact(before, after) == "balance"


TRICKY = {
    'Dit "oui"\\': 'Says\n"yes"\r\\n',
    "a = b;": "é ☕ /* no comment */",
    "fin */": "ends\there",
    "ligne\u2028suivante": "next\u0085line",
    "مرحبا": "שלום",
}


def test_pitfall_20_translations_survive_quotes_and_either_encoding() -> None:
    data = strings_file(TRICKY)
    for one in (data, b"\xff\xfe" + data.decode().encode("utf-16-le")):
        assert parse_strings(one) == TRICKY
    assert phone_strings(data) == TRICKY


def test_pitfall_20_a_text_without_translation_is_named() -> None:
    files = {
        "fr.lproj/pass.strings": strings_file({"Statut": "Statut", "Or": "Or"}),
        "en.lproj/pass.strings": strings_file({"Statut": "Status"}),
        "de.lproj/pass.strings": b'"Statut" = ',
    }
    found = {one.where: one for one in lint_strings(files)}
    assert found["en.lproj/pass.strings"].code == "apple.untranslated"
    assert "“Or”" in found["en.lproj/pass.strings"].say("en")
    assert found["de.lproj/pass.strings"].blocks


def test_pitfall_21_a_card_ends_only_on_purpose_and_the_linter_says_so() -> None:
    plain = pass_document(ADA, DESIGN, None, IDENTITY, ISSUER)
    ending = replace(ADA, expires_at="2027-01-31T23:59:59+01:00")
    dated = pass_document(ending, DESIGN, None, IDENTITY, ISSUER)
    assert "expirationDate" not in plain
    assert "apple.expires" not in {one.code for one in lint_document(plain, {})}
    (found,) = [one for one in lint_document(dated, {}) if one.code == "apple.expires"]
    assert not found.blocks
    assert "2027-01-31" in found.say("fr")


@pytest.mark.parametrize("kinds", [("code39",), ("aztec", "code39"), ("qr",)])
def test_pitfall_22_a_qr_code_stands_behind_every_other_code(kinds: tuple[str, ...]) -> None:
    design = DESIGN.model_copy(update={"barcodes": kinds})
    document = pass_document(ADA, design, None, IDENTITY, ISSUER)
    assert "PKBarcodeFormatQR" in [one["format"] for one in document["barcodes"]]
    assert document_faults(document) == []
    document["barcodes"] = [{**document["barcodes"][0], "format": "PKBarcodeFormatEAN13"}]
    assert "older phones" in document_faults(document)[0][1]
