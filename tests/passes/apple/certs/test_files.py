"""Any bytes at all: contents, or one of the sentences; never anything else."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from passes.apple.certificates import key_pem
from passes.apple.certs.faults import CertificateFault
from passes.apple.certs.files import read_contents, wants_password
from tests.passes.apple.certs.cases import der, locked, p12, pem
from tests.passes.apple.certs.cast import key, leaf, wwdr


@cache
def samples() -> tuple[bytes, ...]:
    """One of each kind of file."""
    certificate = leaf()
    return (
        der(certificate),
        pem(certificate, wwdr().certificate) + key_pem(key(1)),
        p12(certificate, key(1), b"open sesame"),
        p12(certificate, key(1)),
        locked(key(1), b"open sesame"),
        key_pem(key(1)),
    )


def taken(data: bytes, password: str | None) -> None:
    wants_password(data)
    fault = found = None
    try:
        found = read_contents(data, "pass.cer", password)
    except CertificateFault as error:
        fault = error
    if found is not None:
        assert found.certificates or found.keys
    else:
        assert fault is not None
        assert "{" not in str(fault), "every hole is filled"


@given(st.binary(max_size=300), st.none() | st.text(max_size=10))
@settings(max_examples=60, deadline=None)
def test_anything_may_be_handed_over(data: bytes, password: str | None) -> None:
    taken(data, password)
    taken(b"-----BEGIN CERTIFICATE-----\n" + data, password)
    taken(b"0\x82\x10\x00\x02\x01\x03" + data, password)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_is_told(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(samples()))
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.integers(0, 40))
    put = data.draw(st.binary(max_size=8))
    taken(whole[:at] + put + whole[at + cut :], data.draw(st.sampled_from([None, "open sesame"])))


def test_a_file_cut_at_any_place_is_told() -> None:
    whole = samples()[2]
    for end in range(0, len(whole), 97):
        taken(whole[:end], "open sesame")
