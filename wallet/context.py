"""What actions need of the installation besides the database: its address and its vault."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

_NONCE_BYTES = 12  # what AES-GCM is defined for


class Vault:
    """Seals the keys that are kept in the database, with a key derived from the secret key."""

    def __init__(self, secret_key: str) -> None:
        derived = HKDF(hashes.SHA256(), 32, None, b"comptoir vault v1").derive(secret_key.encode())
        self._cipher = AESGCM(derived)
        self._derived = HKDF(hashes.SHA256(), 32, None, b"comptoir key check v1").derive(
            secret_key.encode()
        )

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Encrypted and authenticated; only the same purpose opens it again."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed, or ValueError when the secret key is another one."""
        try:
            return self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode()
            )
        except InvalidTag:
            raise ValueError(f"{purpose} was sealed with another COMPTOIR_SECRET_KEY") from None

    def fingerprint(self, purpose: str) -> str:
        """32 hex digits that only the same secret key gives for this purpose; it reveals nothing of it."""
        return hmac.new(self._derived, purpose.encode(), "sha256").hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Context:
    """Handed over with every session."""

    vault: Vault
    public_url: str


def context_of(session: Session) -> Context:
    """The installation's context of this session."""
    return cast(Context, session.info["context"])
