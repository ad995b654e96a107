"""Pushing with a .p8 key: renewed in Apple's window, refused tokens replaced once, wrong files explained."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from passes.apple.identity import AppleIdentity
from passes.apple.provider_token import ProviderToken
from passes.apple.push import ApnsClient, Verdict
from passes.errors import IdentityError
from passes.simulate.apns import ApnsStandIn
from passes.simulate.apns_rules import ProviderKey
from passes.simulate.faults import Fault

KEY_ID = "ABC123DEFG"
TOKEN = "ab" * 32


class Clock:
    """Unix seconds that stand still until they are moved."""

    def __init__(self) -> None:
        self.seconds = time.time()

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def key_file(private_key: ec.EllipticCurvePrivateKey, tmp_path: Path) -> Path:
    file = tmp_path / f"AuthKey_{KEY_ID}.p8"
    file.write_bytes(private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


@pytest.fixture
def server(
    certs: Path, identity: AppleIdentity, private_key: ec.EllipticCurvePrivateKey
) -> Iterator[ApnsStandIn]:
    home = certs / "apple"
    stand_in = ApnsStandIn(home / "apns-server.pem", home / "apns-server.key", home / "root.pem")
    public = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    topics = frozenset({identity.pass_type_id})
    stand_in.provider_keys[KEY_ID] = ProviderKey(identity.team_id, public, topics)
    with stand_in.start():
        yield stand_in


def client_of(
    server: ApnsStandIn, identity: AppleIdentity, certs: Path, token: ProviderToken
) -> ApnsClient:
    return ApnsClient(server.url, identity, certs / "apple" / "root.pem", token)


def test_a_token_lives_forty_minutes_and_survives_a_clock_put_back(key_file: Path) -> None:
    clock = Clock()
    token = ProviderToken(key_file, KEY_ID, "TEAM123456", clock)
    first = token.current()
    assert jwt.get_unverified_header(first) == {"alg": "ES256", "kid": KEY_ID, "typ": "JWT"}
    claims = jwt.decode(first, options={"verify_signature": False})
    assert claims == {"iss": "TEAM123456", "iat": int(clock.seconds)}
    clock.seconds += 39 * 60
    assert token.current() == first
    clock.seconds += 2 * 60
    second = token.current()
    assert second != first
    clock.seconds -= 3600
    assert token.current() != second


def test_a_refused_token_is_renewed_at_most_every_twenty_minutes(key_file: Path) -> None:
    clock = Clock()
    token = ProviderToken(key_file, KEY_ID, "TEAM123456", clock)
    first = token.current()
    clock.seconds += 60
    assert not token.refused(first)
    clock.seconds += 20 * 60
    assert token.refused(first)
    assert token.current() != first
    assert token.refused(first)  # another thread's push with the old one: there is a newer already


def test_pushes_go_with_the_token_and_without_a_certificate(
    server: ApnsStandIn, identity: AppleIdentity, certs: Path, key_file: Path
) -> None:
    token = ProviderToken(key_file, KEY_ID, identity.team_id)
    client = client_of(server, identity, certs, token)
    outcomes = client.push_many([TOKEN, "cd" * 32])
    client.close()
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DELIVERED}
    assert all(received.request.topics == frozenset() for received in server.received)


def test_an_expired_token_is_refreshed_once(
    server: ApnsStandIn, identity: AppleIdentity, certs: Path, key_file: Path
) -> None:
    clock = Clock()
    clock.seconds -= 2 * 3600  # our clock is behind: Apple finds the token too old
    token = ProviderToken(key_file, KEY_ID, identity.team_id, clock)
    stale = token.current()
    client = client_of(server, identity, certs, token)
    clock.seconds = time.time()
    token._made_at = clock.seconds - 25 * 60  # as if made in the window: not renewed of itself
    assert token.current() == stale
    (outcome,) = client.push_many([TOKEN])
    assert outcome.verdict is Verdict.DELIVERED
    assert server.counters["refused:ExpiredProviderToken"] == 1
    client.close()


@pytest.mark.parametrize(
    "reason", ["ExpiredProviderToken", "InvalidProviderToken", "UnrelatedKeyIdInToken"]
)
def test_a_token_that_stays_refused_is_a_configuration_error(
    server: ApnsStandIn, identity: AppleIdentity, certs: Path, key_file: Path, reason: str
) -> None:
    server.faults.add(Fault(403, reason), times=20)
    client = client_of(server, identity, certs, ProviderToken(key_file, KEY_ID, identity.team_id))
    outcomes = client.push_many([f"{number:064x}" for number in range(10)])
    client.close()
    assert {outcome.verdict for outcome in outcomes} <= {Verdict.CONFIGURATION, Verdict.UNSENT}
    assert outcomes[0].verdict is Verdict.CONFIGURATION


def test_a_strangers_key_opens_nothing(
    server: ApnsStandIn, identity: AppleIdentity, certs: Path, tmp_path: Path
) -> None:
    file = tmp_path / "other.p8"
    other = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    client = client_of(server, identity, certs, ProviderToken(file, KEY_ID, identity.team_id))
    (outcome,) = client.push_many([TOKEN])
    client.close()
    assert (outcome.status, outcome.reason) == (403, "InvalidProviderToken")


def test_files_that_are_no_push_key_are_named(key_file: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.p8"
    with pytest.raises(IdentityError, match="cannot be read"):
        ProviderToken(wrong, KEY_ID, "TEAM123456")
    wrong.write_bytes(b"nonsense")
    with pytest.raises(IdentityError, match="is no push key"):
        ProviderToken(wrong, KEY_ID, "TEAM123456")
    rsa_key = rsa.generate_private_key(65537, 2048)
    wrong.write_bytes(rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(IdentityError, match="P-256"):
        ProviderToken(wrong, KEY_ID, "TEAM123456")
    with pytest.raises(IdentityError, match="is no key id"):
        ProviderToken(key_file, "ABC", "TEAM123456")
