"""Whatever somebody hands over: one code and one sentence, in both languages, and nothing changes."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from passes.apple.certs.faults import FAULTS, CertificateFault
from passes.words import fill
from tests.passes.apple.certs.cases import CASES, Bench
from wallet.doctor.language import translator

GOLDEN = Path(__file__).parents[3] / "golden" / "apple" / "certificate_sentences.txt"
# What differs from run to run.
_DAY = r"(?:\d{1,2} [\w.]+ \d{4}|\w+ \d{1,2}, \d{4})"
_TIME = r"(?:, [\d:]+(?:[\u202f ][AP]M)?)?"
_DATES = re.compile(rf"\b{_DAY}{_TIME}")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def told(bench: Bench, code: str) -> CertificateFault:
    with pytest.raises(CertificateFault) as caught:
        CASES[code](bench)
    return caught.value


def sentences(fault: CertificateFault, folder: Path) -> list[str]:
    """English and French, without what differs from run to run."""
    found = []
    for language in ("en", "fr"):
        said = fill(translator(language)(fault.template), fault.facts, language)
        found.append(_DATES.sub("DATE", said.replace(f"{folder}/", "")))
    return found


def test_every_fault_has_a_case() -> None:
    assert set(CASES) == set(FAULTS)


@pytest.mark.parametrize("code", CASES)
def test_each_case_is_told_in_one_sentence(bench: Bench, code: str) -> None:
    fault = told(bench, code)
    assert fault.code == code
    golden = dict(re.findall(r"(?m)^(\w+ \w\w): (.*)$", GOLDEN.read_text()))
    english, french = sentences(fault, bench.folder)
    assert english == golden.get(f"{code} en")
    assert french == golden.get(f"{code} fr")
    assert str(fault) == fill(fault.template, fault.facts, "en")


def test_a_refused_file_leaves_the_certificate_in_use(bench: Bench) -> None:
    for code in ("cert_type_changed", "cert_older", "cert_in_use"):
        fault = told(bench, code)
        current = bench.store.version("current")
        assert current is not None, fault
        assert current.identity().expires_at > current.certificate.not_valid_before_utc
        assert current.certificate.not_valid_after_utc - timedelta(days=300) > (
            current.certificate.not_valid_before_utc
        )


@pytest.mark.parametrize("code", ["wwdr_missing", "wwdr_expired", "not_proven"])
def test_pitfall_01_a_wrong_or_expired_intermediate_signs_nothing(bench: Bench, code: str) -> None:
    assert told(bench, code).code == code
    assert bench.store.version("current") is None


@pytest.mark.parametrize("code", ["cert_wrong_type", "cert_wrong_team", "cert_name_filled"])
def test_pitfall_02_a_certificate_for_something_else_signs_nothing(bench: Bench, code: str) -> None:
    assert told(bench, code).code == code
    assert bench.store.version("current") is None


@pytest.mark.parametrize("code", ["key_mismatch", "key_missing", "key_password_wrong"])
def test_pitfall_03_a_key_that_does_not_fit_is_found_at_once(bench: Bench, code: str) -> None:
    assert told(bench, code).code == code
    assert bench.store.version("current") is None
