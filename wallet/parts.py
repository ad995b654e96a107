"""The parts that every process of an installation puts together from the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from passes.apple.certs.store import CertificateStore
from passes.apple.identity import AppleIdentity, load_identity, make_development_identity
from passes.apple.keeper import IdentityKeeper
from passes.apple.provider_token import ProviderToken
from passes.google.callback import ROOT_KEYS_URL
from passes.google.identity import GoogleIdentity, load_account, make_development_account
from wallet.config import INSTALLED_MARK, Settings, SettingsError
from wallet.context import Context, Vault
from wallet.db import Database

# Where `comptoir simulate` listens unless told otherwise.
SIMULATOR_URL = "http://127.0.0.1:8001"
SIMULATED_APNS_URL = "https://127.0.0.1:8002"
APNS_URL = "https://api.push.apple.com"
GOOGLE_WALLET_URL = "https://walletobjects.googleapis.com"
GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105  an address


@dataclass(frozen=True, slots=True)
class Parts:
    """One set for the whole process. `nudge` wakes the worker after a commit that left it work."""

    settings: Settings
    database: Database
    apple_keeper: IdentityKeeper
    google: GoogleIdentity
    nudge: Callable[[], None]

    @property
    def apple(self) -> AppleIdentity:
        """Who signs Apple passes now: ask each time, a renewed certificate comes while we run."""
        return self.apple_keeper.current


def make_database(settings: Settings) -> Database:
    """The database with the context of this installation on every session."""
    context = Context(Vault(settings.secret_key), settings.public_url)
    return Database(settings.database, info={"context": context})


def apple_identity(settings: Settings) -> AppleIdentity:
    """The configured certificate, the installed one, or the development one; never the last in
    production."""
    if settings.apple_cert is None:
        installed = certificate_store(settings).version("current")
        if installed is not None:
            return installed.identity()
        if settings.is_production:
            raise SettingsError(
                "no Apple certificate is installed (`comptoir certs install`) and COMPTOIR_APPLE_CERT is not"
                " set: a public service cannot sign with a development certificate"
            )
        return make_development_identity(certs_folder(settings))
    if settings.apple_key is None or settings.apple_wwdr is None:
        raise SettingsError(
            "COMPTOIR_APPLE_CERT also needs COMPTOIR_APPLE_KEY and COMPTOIR_APPLE_WWDR"
        )
    identity = load_identity(
        settings.apple_cert,
        settings.apple_key,
        settings.apple_wwdr,
        password=settings.apple_key_password,
        pass_type_id=settings.apple_pass_type_id,
        team_id=settings.apple_team_id,
    )
    if settings.is_production and identity.is_development:
        raise SettingsError(
            "COMPTOIR_APPLE_CERT is a development certificate: phones would refuse every card"
        )
    return identity


def apple_keeper(settings: Settings) -> IdentityKeeper:
    """The identity of a process, with an eye on its files."""
    return IdentityKeeper(lambda: apple_identity(settings), lambda: _apple_files(settings))


def _apple_files(settings: Settings) -> tuple[tuple[str, int, int], ...]:
    """(path, time of change, size) of each file that the identity is read from."""
    found = []
    installed = settings.data_dir / INSTALLED_MARK
    for path in (settings.apple_cert, settings.apple_key, settings.apple_wwdr, installed):
        if path is not None and path.is_file():
            state = path.stat()
            found.append((str(path), state.st_mtime_ns, state.st_size))
    return tuple(found)


def google_identity(settings: Settings) -> GoogleIdentity:
    """The configured service account, or the development one; never the latter in production."""
    if settings.google_service_account is None:
        if settings.is_production:
            raise SettingsError(
                "COMPTOIR_GOOGLE_SERVICE_ACCOUNT is not set: a public service cannot use the development account"
            )
        return make_development_account(certs_folder(settings), google_token_url(settings))
    return load_account(settings.google_service_account, settings.google_issuer_id)


def certificate_store(settings: Settings) -> CertificateStore:
    """Where `comptoir certs` keeps what Apple gave."""
    return CertificateStore(settings.data_dir / INSTALLED_MARK.parent)


def certs_folder(settings: Settings) -> Path:
    """Where development identities are kept."""
    return settings.data_dir / "certs"


def apns_url(settings: Settings) -> str:
    """Apple's push service, or the stand-in."""
    return settings.apns_url or (SIMULATED_APNS_URL if settings.simulated_apple else APNS_URL)


def apns_ca(settings: Settings) -> Path | None:
    """The authority to trust for pushes: the system's, or the stand-in's."""
    if settings.apns_ca:
        return settings.apns_ca
    return certs_folder(settings) / "apple" / "root.pem" if settings.simulated_apple else None


def apns_token(settings: Settings) -> ProviderToken | None:
    """What Apple knows us by where a push key is set; else the certificate does."""
    if settings.apns_key is None:
        return None
    if not settings.apple_team_id or not settings.apns_key_id:
        raise SettingsError(
            "COMPTOIR_APNS_KEY also needs COMPTOIR_APNS_KEY_ID and COMPTOIR_APPLE_TEAM_ID"
        )
    return ProviderToken(settings.apns_key, settings.apns_key_id, settings.apple_team_id)


def google_wallet_url(settings: Settings) -> str:
    """Google's REST API, or the stand-in."""
    simulated = simulator_url(settings) if settings.simulated_google else GOOGLE_WALLET_URL
    return settings.google_wallet_url or simulated


def google_token_url(settings: Settings) -> str:
    """Where service accounts get their tokens."""
    simulated = (
        f"{simulator_url(settings)}/token" if settings.simulated_google else GOOGLE_TOKEN_URL
    )
    return settings.google_token_url or simulated


def google_callback_keys_url(settings: Settings) -> str:
    """The root keys of callbacks: Google's, or the stand-in's own."""
    simulated = f"{simulator_url(settings)}{urlsplit(ROOT_KEYS_URL).path}"
    kept = simulated if settings.simulated_google else ROOT_KEYS_URL
    return settings.google_callback_keys_url or kept


def simulator_url(settings: Settings) -> str:
    """Where the stand-ins listen."""
    return settings.simulator_url or SIMULATOR_URL
