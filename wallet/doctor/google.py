"""Is everything right with Google: issuer and service account."""

from __future__ import annotations

from passes.errors import IdentityError
from wallet.config import Settings, SettingsError
from wallet.doctor.check import Check, Installation
from wallet.errors import N_
from wallet.parts import google_identity


def google_doctor(installation: Installation) -> list[Check]:
    """What can be told without asking Google."""
    return google_checks(installation.settings)


def google_checks(settings: Settings) -> list[Check]:
    """Whether the service account's file can be used."""
    try:
        account = google_identity(settings)
    except (IdentityError, SettingsError) as error:
        return [
            Check(
                "google_account_unusable",
                "fail",
                N_("The Google service account cannot be used: {problem}"),
                N_("The chapter Google Wallet of certs/README.md shows how to get one."),
                {"problem": str(error)},
            )
        ]
    facts = {"issuer": account.issuer_id, "email": account.email}
    if account.is_development:
        return [
            Check(
                "google_development",
                "warn",
                N_(
                    "Cards for Google Wallet come from a development account: only the simulated phone takes them."
                ),
                N_(
                    "The chapter Google Wallet of certs/README.md shows how to get an issuer and a service account."
                ),
                facts,
            )
        ]
    return [
        Check(
            "google_account",
            "ok",
            N_("Issuer {issuer}, service account {email}."),
            facts=facts,
        )
    ]
