"""Is everything right with Google: account, token, issuer, classes, pictures, links, callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import httpx2
from sqlalchemy.orm import Session

from passes.errors import IdentityError
from passes.google.callback import CallbackRefused, read_root_keys
from passes.google.identity import GoogleIdentity
from passes.google.push import GoogleClient, get_call, issuer_call
from passes.google.refusal import GoogleRefusal
from passes.google.save_link import LINK_CHARACTERS_MAX, skinny_link
from wallet.actions.google.classes import PLACES_REFUSED
from wallet.actions.google.gate import gate_name
from wallet.actions.google_objects import GoogleObjects
from wallet.actions.issue_pass import SERIAL_BYTES
from wallet.actions.program_view import all_programs
from wallet.actions.schema_state import schema_state
from wallet.config import Settings, SettingsError
from wallet.doctor.check import Check, Installation, State
from wallet.doctor.google_words import why, why_kept
from wallet.errors import N_
from wallet.parts import (
    google_callback_keys_url,
    google_identity,
    google_token_url,
    google_wallet_url,
)
from wallet.tables.google import class_rows, gate_called

Resource = dict[str, Any]

ASK_TIMEOUT = httpx2.Timeout(5.0, connect=3.0)  # seconds: a person waits for the page
PICTURES_ASKED_MAX = 6  # pictures fetched in one examination
PICTURE_BYTES_MIN = 100  # a smaller "picture" is an error page
CLASSES_ASKED_MAX = 10
GOOGLE_FETCHES_AS = "Googlebot"


def google_doctor(installation: Installation) -> list[Check]:
    """What can be told from here, and when `online` also what Google says."""
    settings = installation.settings
    checks = google_checks(settings)
    found, wanted = schema_state(installation.database)
    if checks[0].state == "fail" or found != wanted:
        return checks  # the service's doctor says what to do about the tables
    account = google_identity(settings)
    with installation.database.reading() as session:
        objects = GoogleObjects(
            account, settings.public_url, merchant_locations=settings.google_store_locations
        )
        classes = [
            one for program in all_programs(session) for one in objects.classes_of(session, program)
        ]
        checks += _delivery(session, account)
        if not installation.online:
            checks += _classes_kept(session, classes)
    checks += [*_link(account, settings, classes), *_callbacks(settings, account)]
    if installation.online:
        checks += _asked(settings, account, classes)
    return checks


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
                N_("certs/google.md shows how to get one."),
                {"problem": str(error)},
            )
        ]
    return [_account(account)]


def _account(account: GoogleIdentity) -> Check:
    facts = {"issuer": account.issuer_id, "email": account.email}
    if account.is_development:
        return Check(
            "google_development",
            "warn",
            N_(
                "Cards for Google Wallet come from a development account: only the simulated phone takes them."
            ),
            N_("certs/google.md shows how to get an issuer and a service account."),
            facts,
        )
    return Check("google_account", "ok", N_("Issuer {issuer}, service account {email}."), "", facts)


def _delivery(session: Session, account: GoogleIdentity) -> Iterator[Check]:
    """Whether Google took what was sent last."""
    gate = gate_called(session, gate_name(account.issuer_id))
    if gate is None or not gate.failures:
        return
    found = why_kept(f"{gate.reason}: {gate.words}")
    if found:
        yield found


def _classes_kept(session: Session, classes: list[Resource]) -> Iterator[Check]:
    """How the worker fared with the classes in force."""
    kept = {row.class_id: row for row in class_rows(session)}
    waiting = [one["id"] for one in classes if one["id"] not in kept]
    if waiting:
        yield Check(
            "google_class_waits",
            "warn",
            N_("Google was not given {count} of {all} classes yet."),
            N_("The worker brings them when it starts; see that `comptoir worker` is running."),
            {"count": len(waiting), "all": len(classes)},
        )
    good = 0
    for one in classes:
        row = kept.get(one["id"])
        if row and row.reason and row.reason != PLACES_REFUSED:
            found = why_kept(f"{row.reason}: {row.words}")
            if found:
                yield found
        elif row and (bad := _state(row.class_id, row.state)):
            yield bad
        elif row:
            good += 1
    if good:
        yield _classes_good(good)


def _state(class_id: str, state: str) -> Check | None:
    """What the review says, where it is not that all is well."""
    facts = {"class_id": class_id, "state": state}
    if state in ("APPROVED", ""):
        return None
    if state == "UNDER_REVIEW":
        return Check(
            "google_class_in_review",
            "warn",
            N_("Google still reviews the class {class_id}."),
            N_("Usually a matter of minutes; until then only test accounts can save the card."),
            facts,
        )
    return Check(
        "google_class_not_approved",
        "fail",
        N_("The class {class_id} is {state} at Google: nobody can save its cards."),
        N_("Look at the class in the Google Pay & Wallet console; a rejected one says why."),
        facts,
    )


def _classes_good(count: int) -> Check:
    return Check(
        "google_classes",
        "ok",
        N_("Google has approved the classes of all looks ({count})."),
        "",
        {"count": count},
    )


def _link(account: GoogleIdentity, settings: Settings, classes: list[Resource]) -> Iterator[Check]:
    """How long the longest save link is."""
    if not classes:
        return
    named = {"id": f"{account.issuer_id}.{'0' * 2 * SERIAL_BYTES}"}
    links = [
        skinny_link(account, {**named, "classId": one["id"]}, [settings.public_url])
        for one in classes
    ]
    facts = {"length": max(map(len, links)), "most": LINK_CHARACTERS_MAX}
    if facts["length"] <= LINK_CHARACTERS_MAX:
        yield Check(
            "google_link",
            "ok",
            N_("Save links are {length} characters long; up to {most} are safe."),
            "",
            facts,
        )
        return
    yield Check(
        "google_link_long",
        "fail",
        N_("Save links are {length} characters long; browsers cut them beyond {most}."),
        N_("Use a shorter public address, or a service account with a key of 2048 bits."),
        facts,
    )


def _callbacks(settings: Settings, account: GoogleIdentity) -> Iterator[Check]:
    """Whether Google can tell us of saves and deletions."""
    if account.is_development or settings.public_url.startswith("https://"):
        return
    yield Check(
        "google_callbacks_off",
        "warn",
        N_("Google cannot tell when a card is saved or deleted: the public address is not https."),
        N_("Set COMPTOIR_PUBLIC_URL to an https address that Google reaches."),
    )


# --- What only Google and the public address can say ---------------------------------------------


def _asked(settings: Settings, account: GoogleIdentity, classes: list[Resource]) -> Iterator[Check]:
    """Ask in the order in which one thing needs the other; stop where nothing more can be said."""
    client = GoogleClient(
        google_wallet_url(settings), google_token_url(settings), account, timeout=ASK_TIMEOUT
    )
    # The stand-in may simply not be running.
    worst: State = "warn" if account.is_development else "fail"
    try:
        client.check_token()
        yield Check("google_token", "ok", N_("Google gives the service account an access token."))
        yield _issuer(client.one(issuer_call(account.issuer_id)), account)
        yield from _classes_asked(client, classes)
    except GoogleRefusal as refused:
        yield _issuer_unknown(account) if _is_about_issuer(refused) else why(refused, worst)
    finally:
        client.close()
    yield from _world(settings, account, classes)


def _issuer(found: Resource, account: GoogleIdentity) -> Check:
    facts = {"issuer": account.issuer_id, "name": str(found.get("name", ""))}
    return Check(
        "google_issuer",
        "ok",
        N_("The issuer {issuer} ({name}) is open to the service account."),
        "",
        facts,
    )


def _is_about_issuer(refused: GoogleRefusal) -> bool:
    return refused.reason in ("object_missing", "class_missing")


def _issuer_unknown(account: GoogleIdentity) -> Check:
    return Check(
        "google_issuer_unknown",
        "fail",
        N_("Google does not know the issuer {issuer}."),
        N_(
            "Set COMPTOIR_GOOGLE_ISSUER_ID to the issuer id of the Google Pay & Wallet console; it is not the merchant id."
        ),
        {"issuer": account.issuer_id},
    )


def _classes_asked(client: GoogleClient, classes: list[Resource]) -> Iterator[Check]:
    asked = classes[:CLASSES_ASKED_MAX]
    good = 0
    for one, found in zip(
        asked, client.send([get_call("loyaltyClass", one["id"]) for one in asked]), strict=True
    ):
        if isinstance(found, GoogleRefusal):
            if not _is_about_issuer(found):
                raise found
            yield Check(
                "google_class_missing_yet",
                "warn",
                N_("Google does not have the class {class_id} yet: its cards cannot be saved."),
                N_("The worker brings it when it starts; see that `comptoir worker` is running."),
                {"class_id": one["id"]},
            )
        elif bad := _state(one["id"], str(found.get("reviewStatus", "")).upper()):
            yield bad
        else:
            good += 1
    if good:
        yield _classes_good(good)


def _world(settings: Settings, account: GoogleIdentity, classes: list[Resource]) -> Iterator[Check]:
    """The public address as Google sees it: pictures, robots.txt; and Google's root keys."""
    with httpx2.Client(timeout=ASK_TIMEOUT) as http:
        yield from _pictures(http, settings, account, classes)
        yield from _robots(http, settings)
        yield from _keys(http, settings, account)


def _pictures(
    http: httpx2.Client, settings: Settings, account: GoogleIdentity, classes: list[Resource]
) -> Iterator[Check]:
    addresses = list(dict.fromkeys(_addresses(classes)))[:PICTURES_ASKED_MAX]
    failed = [one for one in addresses if not _is_picture(http, one)]
    if failed:
        yield Check(
            "google_picture_unreachable",
            "warn" if account.is_development else "fail",
            N_(
                "A picture of the card cannot be fetched: {address}. Google refuses to save such a card."
            ),
            N_(
                "The public address must serve /media/ to everybody, over https, without a sign-in."
            ),
            {"address": failed[0]},
        )
    elif addresses:
        is_public = settings.is_production or account.is_development
        yield Check(
            "google_pictures" if is_public else "google_pictures_local",
            "ok" if is_public else "warn",
            N_("The card's pictures can be fetched from here ({count} asked for)."),
            ""
            if is_public
            else N_(
                "Google cannot reach this address: set COMPTOIR_PUBLIC_URL to a public https address."
            ),
            {"count": len(addresses)},
        )


def _addresses(classes: list[Resource]) -> Iterator[str]:
    for one in classes:
        for name in ("programLogo", "heroImage"):
            if uri := one.get(name, {}).get("sourceUri", {}).get("uri"):
                yield str(uri)


def _is_picture(http: httpx2.Client, address: str) -> bool:
    try:
        answer = http.get(address)
    except (httpx2.HTTPError, httpx2.InvalidURL):
        return False
    is_image = answer.headers.get("content-type", "").startswith("image/")
    return answer.status_code == 200 and is_image and len(answer.content) >= PICTURE_BYTES_MIN


def _robots(http: httpx2.Client, settings: Settings) -> Iterator[Check]:
    """A robots.txt of the reverse proxy may shut Google's callbacks and fetches out."""
    parts = urlsplit(settings.public_url)
    address = f"{parts.scheme}://{parts.netloc}/robots.txt"
    try:
        answer = http.get(address)
    except httpx2.HTTPError:
        return
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines() if answer.status_code == 200 else [])
    paths = ("/google/callback", "/media/")
    shut = [path for path in paths if not rules.can_fetch(GOOGLE_FETCHES_AS, path)]
    if shut:
        yield Check(
            "google_robots",
            "fail",
            N_("{address} keeps Google away from {path}."),
            N_(
                "Allow Googlebot there, or Google neither fetches pictures nor tells of saved cards."
            ),
            {"address": address, "path": shut[0]},
        )


def _keys(http: httpx2.Client, settings: Settings, account: GoogleIdentity) -> Iterator[Check]:
    url = google_callback_keys_url(settings)
    try:
        count = len(read_root_keys(http.get(url).raise_for_status().content))
    except (httpx2.HTTPError, CallbackRefused):
        count = 0
    if count:
        yield Check("google_keys", "ok", N_("Google's callback keys can be read."))
        return
    yield Check(
        "google_keys_unreachable",
        "warn" if account.is_development else "fail",
        N_(
            "The keys of Google's callbacks cannot be read from {address}: saved and deleted cards are not counted."
        ),
        N_("Let this machine reach that address."),
        {"address": url},
    )
