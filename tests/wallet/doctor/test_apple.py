"""The countdown to the end of the certificate: 60 days to begin with, 14 to alarm, and the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from passes.apple.identity import AppleIdentity
from tests.passes.apple.certs.cast import TEAM, TYPE_ID, key, leaf, wwdr
from wallet.doctor.apple import countdown, ending, identity_checks


@pytest.fixture(scope="module")
def identity() -> AppleIdentity:
    return AppleIdentity(TYPE_ID, TEAM, leaf(ends_days=390), wwdr().certificate, key(1))


@pytest.mark.parametrize(
    ("days_before", "code", "state"),
    [
        (61.5, "apple_certificate", "ok"),
        (60.5, "apple_certificate_ending", "warn"),
        (15.5, "apple_certificate_ending", "warn"),
        (14.5, "apple_certificate_ending", "fail"),
        (0.5, "apple_certificate_ending", "fail"),
        (-0.5, "apple_certificate_expired", "fail"),
    ],
)
def test_pitfall_04_the_countdown(
    identity: AppleIdentity, days_before: float, code: str, state: str
) -> None:
    now = identity.expires_at - timedelta(days=days_before)
    found = countdown(identity, now)
    assert (found.code, found.state) == (code, state)
    assert (ending(identity, now) is None) == (state == "ok")
    assert bool(found.fix) == (state != "ok")


def test_the_chain_counts_too() -> None:
    short = wwdr("G6", 10)
    identity = AppleIdentity(TYPE_ID, TEAM, leaf(issuer=short), short.certificate, key(1))
    assert countdown(identity, datetime.now(UTC)).facts["days"] in (9, 10)
    assert identity_checks(identity, datetime.now(UTC))[1].state == "fail"
