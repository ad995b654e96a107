"""From a request to a certificate that signs, and the renewal: nothing is used before it is proven."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates
from cryptography.x509.oid import NameOID

from passes.apple.certificates import key_pem, new_key
from passes.apple.certs.faults import CertificateFault
from passes.apple.certs.install import Expected, install, switch, switch_back
from passes.apple.certs.request import make_request
from passes.apple.certs.store import CertificateStore
from tests.passes.apple.certs.cases import Bench, der, legacy_p12, locked, p12, pem
from tests.passes.apple.certs.cast import TEAM, TYPE_ID, key, leaf, wwdr


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def current(store: CertificateStore) -> x509.Certificate:
    version = store.version("current")
    assert version is not None
    assert version.identity().certificate == version.certificate
    return version.certificate


def test_from_the_request_to_a_certificate_that_signs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passes.apple.certs.request.new_key", lambda: key(1))
    made, is_new = make_request(bench.store, TYPE_ID, organization="Café Lumière", country="fr")
    assert is_new
    csr = x509.load_pem_x509_csr(made.csr.read_bytes())
    assert csr.is_signature_valid
    assert csr.public_key() == key(1).public_key()
    said = {one.oid: one.value for one in csr.subject}
    assert said[NameOID.COMMON_NAME] == f"Pass Type ID: {TYPE_ID}"
    assert said[NameOID.ORGANIZATION_NAME] == "Café Lumière"
    assert said[NameOID.COUNTRY_NAME] == "FR"

    certificate = leaf()
    with pytest.raises(CertificateFault) as missing:
        bench.install(certificate)
    assert missing.value.code == "wwdr_missing"
    assert missing.value.facts["download"] == "AppleWWDRCAG4.cer"
    assert bench.store.version("current") is None
    assert bench.store.request() is not None

    done = bench.install(wwdr().certificate, name="AppleWWDRCAG4.cer")
    assert done.is_current
    assert current(bench.store) == certificate
    assert bench.store.request() is None, "it was answered"
    assert bench.store.version("staged") is None


def test_openssl_reads_the_request(bench: Bench) -> None:
    made, _ = make_request(bench.store, TYPE_ID, organization="Café Lumière", country="FR")
    command = ["openssl", "req", "-in", str(made.csr), "-noout", "-verify", "-text"]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "verify OK" in told.stderr + told.stdout
    assert "2048 bit" in told.stdout
    assert "sha256" in told.stdout


def test_a_second_request_is_the_first_one_again(bench: Bench) -> None:
    first, _ = make_request(bench.store, TYPE_ID)
    before = first.key.read_bytes()
    again, is_new = make_request(bench.store, TYPE_ID)
    assert (again, is_new) == (first, False)
    assert again.key.read_bytes() == before
    anew, is_new = make_request(bench.store, TYPE_ID, anew=True)
    assert is_new
    assert anew.key.read_bytes() != before


def test_everything_kept_is_its_owners_alone(bench: Bench) -> None:
    make_request(bench.store, TYPE_ID)
    bench.with_wwdr().install(leaf(), key(1))
    for path in bench.store.folder.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


@pytest.mark.parametrize("kind", ["pem", "p12", "p12 locked", "p7b", "key locked", "two files"])
def test_every_kind_of_file_installs(bench: Bench, kind: str) -> None:
    certificate, issuer = leaf(), wwdr().certificate
    password = None
    name, data = {
        "pem": ("all.pem", pem(issuer, certificate) + key_pem(key(1))),
        "p12": ("pass.p12", p12(certificate, key(1), b"", issuer)),
        "p12 locked": ("pass.p12", p12(certificate, key(1), "où est-ce ?".encode(), issuer)),
        "p7b": ("pass.p7b", serialize_certificates([certificate, issuer], Encoding.DER)),
        "key locked": ("all.pem", pem(certificate, issuer) + locked(key(1), b"sesame")),
        "two files": ("pass.cer", der(certificate)),
    }[kind]
    password = {"p12 locked": "où est-ce ?", "key locked": "sesame"}.get(kind)
    more = [key(1)] if kind in ("p7b", "two files") else []
    if kind == "two files":
        bench.with_wwdr()
    done = install(bench.store, bench.read(name, data, password), Expected(), more_keys=more)
    assert done.is_current
    assert current(bench.store) == certificate


def test_pitfall_05_an_old_p12_of_keychain_is_read_where_openssl_still_can(bench: Bench) -> None:
    contents = bench.read("pass.p12", legacy_p12(bench.folder, "abc"), "abc")
    assert install(bench.with_wwdr().store, contents, Expected()).is_current
    version = bench.store.version("current")
    assert version is not None
    assert b"ENCRYPTED" not in (version.folder / "pass.key").read_bytes()


def test_pitfall_05_the_way_out_of_an_old_p12_works(bench: Bench) -> None:
    """The very line that the sentence gives, on this machine's openssl."""
    legacy_p12(bench.folder, "abc")
    command = ["openssl", "pkcs12", "-legacy", "-in", "legacy.p12", "-nodes", "-out", "pass.pem"]
    command += ["-passin", "pass:abc"]
    subprocess.run(command, cwd=bench.folder, check=True, capture_output=True)
    data = (bench.folder / "pass.pem").read_bytes()
    assert bench.with_wwdr().install(data, name="pass.pem").is_current


def test_a_renewal_waits_until_it_is_switched_to(bench: Bench) -> None:
    old, new = leaf(ends_days=20), leaf(ends_days=400)
    expected = bench.in_use(old)
    done = bench.install(new, key(1), expected=expected, stage_only=True)
    assert not done.is_current
    assert current(bench.store) == old
    switch(bench.store)
    assert current(bench.store) == new
    assert bench.store.version("staged") is None
    switch_back(bench.store)
    assert current(bench.store) == old


def test_last_years_request_sent_once_more_still_fits(bench: Bench) -> None:
    expected = bench.in_use(leaf(ends_days=20))
    assert bench.install(leaf(ends_days=400), expected=expected).is_current, "the key is known"


def test_pitfall_01_the_intermediate_is_chosen_by_key_not_by_name(bench: Bench) -> None:
    """Two intermediates of one name: the key identifier tells, and the signature proves."""
    bench.with_wwdr("G6").with_wwdr("G4")
    bench.install(leaf(issuer=wwdr("G6")), key(1))
    version = bench.store.version("current")
    assert version is not None
    assert version.wwdr == wwdr("G6").certificate


def test_other_cards_are_given_up_only_by_name(bench: Bench) -> None:
    old = leaf()
    bench.in_use(old)
    other = leaf(type_id="pass.com.example.new")
    for word in ("", "pass.com.example.new"):
        with pytest.raises(CertificateFault) as refused:
            bench.install(other, key(1), expected=Expected(signing=old, abandon=word))
        assert refused.value.code == "cert_type_changed"
    assert bench.install(other, key(1), expected=Expected(signing=old, abandon=TYPE_ID)).is_current


def test_an_expired_one_is_renewed(bench: Bench) -> None:
    old = leaf(begins_days=-400, ends_days=-1)
    version = bench.with_wwdr().store.put_version(old, key(1), wwdr().certificate)
    bench.store.point("current", version.name)
    assert bench.install(leaf(), key(1), expected=Expected("", TEAM, old)).is_current


def test_a_key_of_another_certificate_is_passed_over(bench: Bench) -> None:
    data = pem(leaf(), wwdr().certificate) + key_pem(new_key()) + key_pem(key(1))
    assert bench.install(data, name="all.pem").is_current


@pytest.mark.parametrize("name", ["../../etc", "..", "", "missing"])
def test_a_pointer_that_names_nothing_is_none(bench: Bench, name: str) -> None:
    bench.with_wwdr().install(leaf(), key(1))
    (bench.store.folder / "current").write_text(name)
    assert bench.store.version("current") is None
