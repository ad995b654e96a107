"""Apple's other way to know who pushes: a token signed with a .p8 key instead of the certificate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from passes.errors import IdentityError

# Apple refuses tokens older than an hour, and making a new one more than once in twenty minutes.
RENEW_SECONDS = 40 * 60
RENEW_SECONDS_MIN = 20 * 60
KEY_ID_LENGTH = 10


class ProviderToken:
    """The token that goes with each push; renewed in time, by whichever thread comes first.

    `clock` gives Unix seconds. Raises `IdentityError` with what to do when the key is no use.
    """

    def __init__(
        self, key: Path, key_id: str, team_id: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = _load(key)
        if len(key_id) != KEY_ID_LENGTH or not key_id.isalnum():
            raise IdentityError(
                f"{key_id!r} is no key id: Apple shows it beside the key, ten letters and digits, and "
                "puts it into the name of the file (AuthKey_….p8)."
            )
        self._key_id, self._team_id, self._clock = key_id.upper(), team_id, clock
        self._lock = threading.Lock()
        self._token, self._made_at = "", 0.0

    def current(self) -> str:
        """A token that Apple takes now."""
        with self._lock:
            age = self._clock() - self._made_at
            # A clock that was put back makes the token one of the future, which Apple refuses.
            if not self._token or not 0 <= age < RENEW_SECONDS:
                self._make()
            return self._token

    def refused(self, token: str) -> bool:
        """Apple calls this token expired: whether there is a newer one to try with. A new one is made
        at most every twenty minutes, however often Apple says so."""
        with self._lock:
            if token != self._token:
                return True
            if abs(self._clock() - self._made_at) < RENEW_SECONDS_MIN:
                return False
            self._make()
            return True

    def _make(self) -> None:
        now = self._clock()
        claims = {"iss": self._team_id, "iat": int(now)}
        self._token = jwt.encode(claims, self._key, "ES256", headers={"kid": self._key_id})
        self._made_at = now


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise IdentityError(f"The push key {path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        raise IdentityError(
            f"{path} is no push key: it has to be the AuthKey_….p8 file as Apple gives it, once, under "
            "Certificates, Identifiers & Profiles, Keys."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise IdentityError(f"{path} is no push key: Apple's are of the curve P-256.")
    return key
