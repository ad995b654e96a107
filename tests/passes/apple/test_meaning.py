"""Whatever the card, the pass says what the card says, in each language, and other people's
programs read it as we do."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings

from passes.apple.document import Frame, Issuer, pass_document, render, strings
from passes.apple.files import whole
from passes.apple.identity import AppleIdentity
from passes.apple.lint_files import parse_strings
from passes.apple.package import PassBuilder
from passes.apple.schema import document_faults
from passes.card import Card, Fact
from passes.design import Design
from passes.images import no_uploads
from passes.simulate.pass_strings import parse_strings as phone_strings
from tests.passes.cast import ADA, DESIGN, IDENTITY
from tests.passes.strategies import PAIRS, drawn

ISSUER = Issuer("pass.dev.comptoir.loyalty", "DEVTEAM000", "https://cards.test/apple")
ORACLES = Path(__file__).parents[2] / "oracles"
PASSES = 50


def shown(document: dict[str, Any], words: dict[str, str]) -> dict[str, tuple[Any, Any]]:
    """Field → (label, value) as a phone with these translations shows them, without our marks."""
    fields = [field for group in document["storeCard"].values() for field in group]

    def say(text: Any) -> Any:
        return words.get(text, text).replace("\u200b", "") if isinstance(text, str) else text

    return {field["key"]: (say(field["label"]), say(field["value"])) for field in fields}


def wanted(card: Card, language: str) -> dict[str, tuple[Any, Any]]:
    """The same straight from the card."""

    def say(text: Any) -> str:
        return str(text.get(language) or next(iter(text.values()))).replace("\u200b", "")

    def value(fact: Fact) -> Any:
        if fact.number is None:
            return say(fact.value)
        return fact.number / 100 if fact.currency else fact.number

    said = {key: (say(fact.label), value(fact)) for key, fact in card.facts.items()}
    said |= {f"back-{one.key}": (say(one.title), say(one.body)) for one in card.sections}
    return said


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_every_language_reads_what_the_card_says(pair: tuple[Design, Card]) -> None:
    design, card = pair
    document = pass_document(card, design, None, IDENTITY, ISSUER)
    translations = strings(card, design)
    assert document_faults(document) == []
    for language in card.languages:
        found = shown(document, translations[language])
        expected = wanted(card, language)
        assert {key: found[key] for key in expected} == expected
        own = {f"back-own-{one.key}" for one in design.back}
        assert set(found) == set(expected) | own


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_a_template_gives_each_card_what_it_would_get_alone(pair: tuple[Design, Card]) -> None:
    """The second card meets the template of the first."""
    design, card = pair
    other = replace(card, member_name="Or", announced="balance", expires_at=None)
    shared = Frame(design, None, ISSUER, card.languages)
    for one in (card, other, card):
        alone = Frame(design, None, ISSUER, card.languages)
        found, expected = render(shared, one, IDENTITY), render(alone, one, IDENTITY)
        assert whole(found.json) == whole(expected.json)
        assert [*map(whole, found.strings)] == [*map(whole, expected.strings)]


def test_a_member_named_like_a_status_keeps_the_name() -> None:
    card = replace(ADA, member_name="Or")
    found = shown(pass_document(card, DESIGN, None, IDENTITY, ISSUER), strings(card, DESIGN)["en"])
    assert (found["member"][1], found["tier"][1]) == ("Or", "Gold")


def test_two_texts_that_read_alike_in_one_language_keep_both_translations() -> None:
    tier = Fact("tier", {"fr": "Carte", "en": "Card"}, {"fr": "Menu", "en": "Set meal"})
    reward = Fact("next_reward", {"fr": "Carte", "en": "Menu"}, {"fr": "Menu", "en": "Meal"})
    card = replace(ADA, tier=tier, next_reward=reward)
    found = shown(pass_document(card, DESIGN, None, IDENTITY, ISSUER), strings(card, DESIGN)["en"])
    assert (found["tier"], found["next_reward"]) == (("Card", "Set meal"), ("Menu", "Meal"))


@pytest.fixture(scope="module")
def packages(identity: AppleIdentity) -> list[bytes]:
    """Fifty signed passes of fifty designs, each opened again as a phone does."""
    now = datetime.now(UTC)
    found = []
    for design, card in drawn(PASSES):
        builder = PassBuilder(identity, design, no_uploads, ISSUER.web_service_url)
        found.append(builder.build(card, None, IDENTITY, now))
        builder.prove(found[-1], IDENTITY)
    assert len(found) >= PASSES
    return found


def same_times(document: dict[str, Any]) -> dict[str, Any]:
    """The document without its fields, and with times that can be compared: it writes them in UTC."""
    found = {name: value for name, value in document.items() if name != "storeCard"}
    spans = found.get("relevantDates", [])
    found["relevantDates"] = [
        {name: datetime.fromisoformat(time) for name, time in span.items()} for span in spans
    ]
    if "expirationDate" in found:
        found["expirationDate"] = datetime.fromisoformat(found["expirationDate"])
    return found


def files_of(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def node(name: str) -> str:
    found = shutil.which("node") or ""
    if not found or not (ORACLES.parents[1] / "node_modules" / name).is_dir():
        absent = f"needs Node.js and npm {name}"
        pytest.fail(absent) if os.environ.get("COMPTOIR_REQUIRE_ALL") else pytest.skip(absent)
    return found


def answers(command: list[str]) -> list[dict[str, Any]]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.split("\n") if line]


@pytest.mark.node
def test_passkit_generator_understands_fifty_passes(
    packages: list[bytes], identity: AppleIdentity, certs: Path, tmp_path: Path
) -> None:
    program = node("passkit-generator")
    for at, package in enumerate(packages):
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            archive.extractall(tmp_path / "passes" / f"{at:03}")
    leaf, key = tmp_path / "leaf.pem", tmp_path / "leaf.key"
    leaf.write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    key.write_bytes(
        identity.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    script = ORACLES / "passkit_generator_batch.mjs"
    wwdr = certs / "apple" / "wwdr.pem"
    found = answers([program, *map(str, (script, tmp_path / "passes", leaf, key, wwdr))])
    assert len(found) == len(packages)
    for package, report in zip(packages, found, strict=True):
        ours = json.loads(files_of(package)["pass.json"])
        poster = ours.pop("posterGeneric", None)
        if poster is not None:  # it reads one style; the two together it takes for the second
            continue
        assert report["type"] == "storeCard"
        # It drops keys that it does not know: none is dropped. It adds the groups that are empty.
        assert same_times(report["props"]) == same_times(ours)
        filled = {group: fields for group, fields in report["fields"].items() if fields}
        assert filled == ours["storeCard"]


@pytest.mark.node
def test_pass_js_reads_fifty_passes_and_their_translations(
    packages: list[bytes], tmp_path: Path
) -> None:
    program = node("@walletpass/pass-js")
    folder = tmp_path / "utf16"
    folder.mkdir()
    for at, package in enumerate(packages):
        with zipfile.ZipFile(folder / f"{at:03}.pkpass", "w") as archive:
            for name, data in files_of(package).items():
                is_words = name.endswith(".strings")
                archive.writestr(name, as_utf16(data) if is_words else data)
    found = answers([program, str(ORACLES / "pass_js_batch.mjs"), str(folder)])
    assert len(found) == len(packages)
    for package, report in zip(packages, found, strict=True):
        files = files_of(package)
        ours = json.loads(files["pass.json"])
        if "posterGeneric" in ours:
            continue
        assert report["style"] == "storeCard"
        for name in ("serialNumber", "teamIdentifier", "organizationName", "description"):
            assert report["fields"][name] == ours[name]
        for group, fields in ours["storeCard"].items():
            theirs = report["fields"]["storeCard"][group]
            assert [one["key"] for one in theirs] == [one["key"] for one in fields]
            assert [one["value"] for one in theirs] == [one["value"] for one in fields]
        for language, words in report["words"].items():
            data = files[f"{language}.lproj/pass.strings"]
            ours_words = parse_strings(data)
            assert ours_words is not None
            # Its own reader leaves tabs escaped; nothing else may differ.
            plain = {key for key in ours_words if "\t" not in key and "\t" not in ours_words[key]}
            assert {key: words[key] for key in plain if key.strip()} == {
                key: ours_words[key] for key in plain if key.strip()
            }
        assert set(report["images"]) == {name for name in files if name.endswith(".png")}


def as_utf16(data: bytes) -> bytes:
    return b"\xff\xfe" + data.decode().encode("utf-16-le")


def test_translations_read_alike_in_both_encodings(packages: list[bytes]) -> None:
    for package in packages:
        for name, data in files_of(package).items():
            if name.endswith(".strings"):
                ours = parse_strings(data)
                assert ours
                assert parse_strings(as_utf16(data)) == ours
                assert phone_strings(data) == ours
