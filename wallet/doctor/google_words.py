"""Why Google did not take something, in a sentence for staff, with what to do and Google's own words."""

from __future__ import annotations

from collections.abc import Mapping

from passes.google.refusal import REASONS, GoogleRefusal
from wallet.doctor.check import Check, State
from wallet.errors import N_

# reason → (what is wrong, what to do)
_SAID: Mapping[str, tuple[str, str]] = {
    "unreachable": (
        N_("Google Wallet does not answer: {words}"),
        N_(
            "Nothing is lost; cards follow as soon as it does. Check that this machine reaches the internet."
        ),
    ),
    "unavailable": (
        N_("Google Wallet has a fault of its own: {words}"),
        N_("Nothing is lost; cards follow as soon as it is mended."),
    ),
    "too_fast": (
        N_("Google Wallet asks to be slower: {words}"),
        N_(
            "Nothing to do, unless another system uses the same issuer: both share twenty requests a second."
        ),
    ),
    "no_token": (
        N_("Google does not accept the service account's key: {words}"),
        N_(
            "Make a new JSON key for the service account in Google Cloud and set COMPTOIR_GOOGLE_SERVICE_ACCOUNT to it."
        ),
    ),
    "api_disabled": (
        N_("The Google Wallet API is not enabled in the service account's project: {words}"),
        N_(
            "Enable “Google Wallet API” in Google Cloud, in the project that the service account belongs to."
        ),
    ),
    "not_permitted": (
        N_("The service account may not write cards of this issuer: {words}"),
        N_(
            "Add the service account's e-mail as a user (Developer) in the Google Pay & Wallet console."
        ),
    ),
    "class_missing": (
        N_("Google does not know the card's class: {words}"),
        N_(
            "Check COMPTOIR_GOOGLE_ISSUER_ID: it is the issuer id of the console, not the merchant id. A missing class is brought again by itself."
        ),
    ),
    "object_missing": (
        N_("Google does not know this: {words}"),
        N_("It is brought again by itself. Check COMPTOIR_GOOGLE_ISSUER_ID if it stays so."),
    ),
    "exists": (N_("Google has this card already: {words}"), N_("It is changed with the next try.")),
    "notices_spent": (
        N_("Google shows no more notifications for this card today: {words}"),
        N_("Changes go out silently until tomorrow."),
    ),
    "invalid": (
        N_("Google refuses the content of the card: {words}"),
        N_("Look at the card's design and texts; the words say which part Google did not take."),
    ),
    "refused": (
        N_("Google refuses the card: {words}"),
        N_("If it stays so, show these words to whoever runs this installation."),
    ),
}


def why(refusal: GoogleRefusal, state: State = "fail") -> Check:
    """The finding for a refusal."""
    sentence, fix = _SAID[refusal.reason]
    return Check(f"google_{refusal.reason}", state, sentence, fix, {"words": refusal.words})


def why_kept(kept: str, state: State = "fail") -> Check | None:
    """The finding for a refusal as it is kept with a delivery (`reason: words`); nothing when it is
    something else."""
    reason, colon, words = kept.partition(": ")
    if not colon or reason not in REASONS:
        return None
    sentence, fix = _SAID[reason]
    return Check(f"google_{reason}", state, sentence, fix, {"words": words})
