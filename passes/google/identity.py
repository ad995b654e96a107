"""Who we are for Google: the issuer and the service account with its key, read once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from passes.errors import IdentityError
from passes.private_files import alone, write_private

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 – an address
DEVELOPMENT_ISSUER_ID = "3388000000000000001"  # Google's begin so; nobody has this one
DEVELOPMENT_EMAIL = "wallet@comptoir-development.invalid"
KEY_BITS = 2048


@dataclass(frozen=True, slots=True, eq=False)
class GoogleIdentity:
    """A service account that may write an issuer's passes, with its parsed key."""

    issuer_id: str
    email: str
    key_id: str
    token_url: str
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def is_development(self) -> bool:
        """An account of our own making: fine for the stand-in, unknown to Google."""
        return self.email.endswith(".invalid")

    @property
    def public_key_pem(self) -> bytes:
        """What Google has of the key pair."""
        public = self.key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_account(file: Path, issuer_id: str) -> GoogleIdentity:
    """Read the JSON key file of a service account. Raises an `IdentityError`."""
    if not issuer_id.isdecimal():
        raise IdentityError(
            "The Google issuer id is missing or not a number. The Google Pay & Wallet console shows it "
            "under Google Wallet API; it is not the merchant id."
        )
    account = _read(file)
    return GoogleIdentity(
        issuer_id=issuer_id,
        email=_text(account, "client_email", file),
        key_id=_text(account, "private_key_id", file),
        token_url=str(account.get("token_uri") or TOKEN_URL),
        key=_private_key(_text(account, "private_key", file), file),
    )


def make_development_account(folder: Path, token_url: str = TOKEN_URL) -> GoogleIdentity:
    """The development account in `folder`/google/service-account.json, made when absent.

    `token_url` is where its tokens come from, normally the stand-in.
    """
    home = folder / "google"
    file = home / "service-account.json"
    with alone(home):
        if not file.is_file():
            write_private(file, json.dumps(_new_account(), indent=2).encode())
        found = load_account(file, DEVELOPMENT_ISSUER_ID)
    return GoogleIdentity(found.issuer_id, found.email, found.key_id, token_url, found.key)


def _new_account() -> dict[str, str]:
    """The shape of Google's own key files."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "type": "service_account",
        "project_id": "comptoir-development",
        "private_key_id": f"{key.public_key().public_numbers().n & (2**160 - 1):040x}",
        "private_key": pem.decode(),
        "client_email": DEVELOPMENT_EMAIL,
        "token_uri": TOKEN_URL,
    }


def _read(file: Path) -> dict[str, Any]:
    try:
        account = json.loads(file.read_bytes())
    except OSError as error:
        raise IdentityError(
            f"The service account {file} cannot be read: {error.strerror}."
        ) from error
    except ValueError as error:
        raise IdentityError(f"{file} is not JSON; use the key file that Google gave.") from error
    if not isinstance(account, dict):
        raise IdentityError(f"{file} is not the key file of a service account.")
    return account


def _text(account: dict[str, Any], name: str, file: Path) -> str:
    value = account.get(name)
    if not isinstance(value, str) or not value:
        raise IdentityError(f"{file} is not the key file of a service account: no {name}.")
    return value


def _private_key(pem: str, file: Path) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as error:
        raise IdentityError(f"The private key in {file} cannot be read.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise IdentityError(f"The private key in {file} is not RSA.")
    return key
