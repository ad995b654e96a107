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

    data_dir: Path = Field(default=ROOT / "instance", description="Where data files live")
    database_url: str = Field(
        default="", description="SQLAlchemy address; default: SQLite in the data folder"
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000", description="Address that shoppers and phones reach"
    )
    secret_key: str = Field(
        default="",
        repr=False,
        description="At least 32 random bytes; made in the data folder if unset",
    )
    huey_url: str = Field(
        default="",
        description="Where the worker is woken: empty (SQLite), redis:// or postgresql://",
    )
    rate_limit_url: str = Field(default="memory://", description="Store of the coarse flood limits")

    apple_pass_type_id: str = ""
    apple_team_id: str = ""
    apple_cert: Path | None = None
    apple_key: Path | None = None
    apple_key_password: str = Field(default="", repr=False)
    apple_wwdr: Path | None = None
    apns_url: str = ""
    apns_ca: Path | None = Field(
        default=None, description="Authority of the push stand-in; only with the simulators"
    )

    google_issuer_id: str = ""
    google_service_account: Path | None = None
    google_wallet_url: str = ""
    google_token_url: str = ""

    smtp_url: str = Field(default="", repr=False)
    mail_from: str = "Comptoir <no-reply@localhost>"
    log_format: Literal["json", "console"] = "console"
    demo: bool = False
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
        values = {**_from_files(cls), **overrides}
        try:
            settings = cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
            raise SettingsError(f"{name}: {first['msg']}") from error
        return settings.with_secret()

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
        """No Apple account configured: development certificates and the push stand-in."""
        return self.apple_cert is None

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
