"""Settings, read once from the environment. A wrong value stops the start with one clear line."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "COMPTOIR_"
# Below the data folder: names the certificate that `comptoir certs install` put in use.
INSTALLED_MARK = Path("certs", "pass", "current")
SECRET_KEY_BYTES_MIN = 32  # 256 bits: sessions, card links and sealed keys all hang on it
_WEAK_SECRETS = {"secret", "dev", "development", "changeme", "default", "password", "comptoir"}

ROOT = Path(__file__).resolve().parent.parent
# In a checkout templates, static files, … lie beside the packages; in an installed wheel together.
ASSETS = ROOT if (ROOT / "templates").is_dir() else ROOT / "comptoir_data"


class SettingsError(ValueError):
    """The configuration cannot be used; the message is one line for the operator."""


class Settings(BaseSettings):
    """Every setting of the service. Each is also read from the file named by `…_FILE`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    data_dir: Path = Field(
        default=ROOT / "instance",
        description="Folder of everything that is kept in files: secret key, development"
        " certificates, and the database where it is SQLite",
    )
    database_url: str = Field(
        default="",
        description="`postgresql://…` or `sqlite:///…`; unset: SQLite in the data folder",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Address that shoppers and phones reach, without a path; it is part of every"
        " card, so choose it before the first one",
    )
    secret_key: str = Field(
        default="",
        repr=False,
        description="At least 32 random characters; unset: the file `secret_key` in the data folder",
    )
    huey_url: str = Field(
        default="",
        description="What carries the nudges to the worker: `redis://…` or `postgresql://…`;"
        " unset: a file in the data folder",
    )
    rate_limit_url: str = Field(
        default="memory://",
        description="Where requests are counted against floods; `redis://…` shares the count"
        " between machines",
    )

    apple_pass_type_id: str = Field(
        default="",
        description="Pass type identifier, `pass.…`; unset: the one in the certificate",
    )
    apple_team_id: str = Field(
        default="", description="Team identifier; unset: the one in the certificate"
    )
    apple_cert: Path | None = Field(
        default=None,
        description="Pass certificate (PEM) that you manage yourself; unset: the one that"
        " `comptoir certs install` put in the data folder, else a development certificate, which only"
        " the simulated iPhone accepts",
    )
    apple_key: Path | None = Field(default=None, description="Private key of the certificate (PEM)")
    apple_key_password: str = Field(
        default="", repr=False, description="Password of the private key, if it has one"
    )
    apple_wwdr: Path | None = Field(
        default=None, description="Apple's intermediate certificate (PEM)"
    )
    apns_url: str = Field(
        default="",
        description="Push service; unset: Apple's, or the simulator's where no certificate is set",
    )
    apns_ca: Path | None = Field(
        default=None, description="Authority of the push stand-in; only with the simulators"
    )

    apns_key: Path | None = Field(
        default=None,
        description="Push key (`AuthKey_….p8`) to push with instead of the pass certificate; such keys"
        " do not expire",
    )
    refresh_per_second: float = Field(
        default=100.0,
        ge=0,
        le=100_000,
        description="Cards announced to iPhones a second when all change at once (a new design); 0: as"
        " fast as can be. Each brings a phone that costs the web server about 4 ms. Scans do not wait",
    )
    apns_key_id: str = Field(default="", description="Its key id: ten letters and digits")

    google_issuer_id: str = Field(default="", description="Issuer id of the Google Wallet console")
    google_service_account: Path | None = Field(
        default=None,
        description="Key file of the service account (JSON); unset: a development account, which"
        " only the simulated Android phone accepts",
    )
    google_store_locations: bool = Field(
        default=False,
        description="Name the stores on Google's cards, for notices nearby; only for issuers whom"
        " Google has allowed it",
    )
    google_wallet_url: str = Field(
        default="",
        description="REST address; unset: Google's, or the simulator's where no account is set",
    )
    google_token_url: str = Field(
        default="",
        description="Token address; unset: Google's, or the simulator's where no account is set",
    )

    google_callback_keys_url: str = Field(
        default="",
        description="Where the root keys of Google's callbacks are; unset: Google's, or the simulator's"
        " where no account is set",
    )

    smtp_url: str = Field(
        default="",
        repr=False,
        description="Mail server, `smtps://user:password@host` or `smtp://host:587`; unset: each mail"
        " becomes a file below `mail/` in the data folder",
    )
    mail_from: str = Field(
        default="Comptoir <no-reply@localhost>", description="Sender of the mails"
    )
    log_format: Literal["json", "console"] = Field(
        default="console", description="`json` (one object a line) or `console`"
    )
    demo: bool = Field(
        default=False,
        description="Offer the demo's sign-ins on the sign-in page; only on a loopback address",
    )
    simulator_url: str = Field(
        default="", description="Where `comptoir simulate` listens; its page is shown at /simulate/"
    )

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.path not in ("", "/")
        ):
            raise ValueError("must look like https://cards.example.com, without a path")
        return value.rstrip("/")

    @classmethod
    def read(cls, **overrides: Any) -> Settings:
        """Settings from the environment, from `…_FILE` files and from `overrides`, checked."""
        return cls.read_before_secret(**overrides).with_secret()

    @classmethod
    def read_before_secret(cls, **overrides: Any) -> Settings:
        """The same for what needs no secret key and may come before there is one: certificates."""
        values = {**_from_files(cls), **overrides}
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
            raise SettingsError(f"{name}: {first['msg']}") from error

    @property
    def is_loopback(self) -> bool:
        """Whether the public address is this machine only."""
        return _is_loopback(urlsplit(self.public_url).hostname or "")

    @property
    def is_production(self) -> bool:
        """Https and not loopback: development certificates and weak secrets are refused."""
        return self.public_url.startswith("https://") and not self.is_loopback

    @property
    def database(self) -> str:
        """The database address with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'comptoir.sqlite3'}"

    @property
    def simulated_apple(self) -> bool:
        """No Apple certificate configured or installed: development ones and the push stand-in."""
        return self.apple_cert is None and not (self.data_dir / INSTALLED_MARK).is_file()

    @property
    def simulated_google(self) -> bool:
        """No Google account configured: development service account and the REST stand-in."""
        return self.google_service_account is None

    def with_secret(self) -> Settings:
        """Itself with a usable secret key: the configured one, or the data folder's own."""
        key_file = self.data_dir / "secret_key"
        secret = self.secret_key or (key_file.read_text().strip() if key_file.is_file() else "")
        if not secret:
            raise SettingsError(
                f"{PREFIX}SECRET_KEY is not set and {key_file} does not exist; "
                "run `comptoir doctor --fix` or set it to 32 random bytes"
            )
        if (
            len(secret) < SECRET_KEY_BYTES_MIN
            or secret.lower() in _WEAK_SECRETS
            or len(set(secret)) < 10
        ):
            raise SettingsError(
                f"{PREFIX}SECRET_KEY is too weak: use at least 32 random characters"
            )
        if self.demo and not self.is_loopback:
            raise SettingsError(f"{PREFIX}DEMO is only for a service on a loopback address")
        return self.model_copy(update={"secret_key": secret})


def folder_from_environment() -> Path:
    """The data folder, before anything else can be read."""
    return Path(os.environ.get(f"{PREFIX}DATA_DIR") or ROOT / "instance")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _from_files(cls: type[Settings]) -> dict[str, str]:
    found = {}
    for name in cls.model_fields:
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if path:
            try:
                found[name] = Path(path).read_text().strip()
            except OSError as error:
                raise SettingsError(f"{PREFIX}{name.upper()}_FILE: {error}") from error
    return found
