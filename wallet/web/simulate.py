"""The page with the simulated phones, and the way from it to the simulators' own process."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx2
from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import force_locale, gettext

from wallet.actions.load_demo import SLUG
from wallet.config import Settings
from wallet.web.locale import LANGUAGES

CONNECT_SECONDS_MAX = 1.0  # same machine: it listens or it does not
ANSWER_SECONDS_MAX = 20.0  # adding a card makes the simulators fetch and verify a new pass
CARD_CHARACTERS_MAX = 500  # a card's address in the query; longer is no card
# Only scripts of this origin can set it; without it the simulators' buttons do nothing.
_GUARD = "X-Comptoir-Simulator"
_PASSED_ON = ("Content-Type", "Cache-Control", "X-Content-Type-Options")


def simulate_door(settings: Settings) -> Blueprint:
    """`/simulate/` and what its script asks for below `/simulate/api/`."""
    door = Blueprint("simulate", __name__, url_prefix="/simulate")
    simulators = httpx2.Client(
        base_url=settings.simulator_url,
        timeout=httpx2.Timeout(ANSWER_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
        trust_env=False,
    )

    @door.get("/")
    def page() -> str:
        """Both phones; `?card=` puts a card on them."""
        card = request.args.get("card", "")[:CARD_CHARACTERS_MAX]
        join_url = f"/p/{SLUG}/join" if settings.demo else ""
        return render_template("simulate/page.html", card=card, texts=_texts(), join_url=join_url)

    @door.route("/api/<path:path>", methods=["GET", "POST", "DELETE"])
    def api(path: str) -> Response:
        """Pass a question on to the simulators."""
        if ".." in path.split("/"):
            return Response(status=HTTPStatus.NOT_FOUND)
        try:
            answer = simulators.request(
                request.method,
                f"/phones/{quote(path)}",
                params=request.args.to_dict(),
                content=request.get_data(),
                headers={
                    _GUARD: request.headers.get(_GUARD, ""),
                    "Content-Type": request.content_type or "application/json",
                },
            )
        except httpx2.TransportError:
            down = jsonify(
                code="simulators_down", detail=gettext("The simulators are not running.")
            )
            down.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            return down
        headers = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
        return Response(answer.content, status=answer.status_code, headers=headers)

    return door


def _texts() -> dict[str, Any]:
    """What the script says: the page in the reader's language, each phone in its own."""
    phones = {}
    for language in LANGUAGES:
        with force_locale(language):
            phones[language] = _phone_texts()
    return {"page": _page_texts(), "log": _log_texts(), "phones": phones}


def _phone_texts() -> dict[str, str]:
    return {
        "now": gettext("now"),
        "empty": gettext("No cards yet"),
        "details": gettext("Details"),
        "messages": gettext("Messages"),
        "voided": gettext("No longer valid"),
        "expired": gettext("Expired"),
        "guarded": gettext("No screenshots of this card"),
        "notifications": gettext("No notifications"),
    }


def _page_texts() -> dict[str, str]:
    return {
        "adding": gettext("Adding the card…"),
        "added": gettext("The card is on both phones."),
        "added_one": gettext("The card is on one phone only: %(problem)s"),
        "bad_card": gettext("This is not the address of a card. Copy it from the card's page."),
        "not_added": gettext("The card could not be added: %(problem)s"),
        "failed": gettext("That did not work. Please try again."),
        "show": gettext("Show %(card)s"),
        "nothing": gettext("Nothing has happened yet."),
    }


def _log_texts() -> dict[str, str]:
    return {
        "installed": gettext("Pass added: %(size)s, signature and manifest verified"),
        "registered": gettext("Registered for changes at the pass's web service"),
        "push": gettext("Push received"),
        "listed": gettext("Asked what changed: %(count)s"),
        "nothing_new": gettext("Asked what changed: nothing"),
        "fetched": gettext("Fetched %(size)s"),
        "verified": gettext("Signature and manifest verified"),
        "shown": gettext("New version on the screen"),
        "unchanged": gettext("Already up to date"),
        "complaint": gettext("Complained to the server: %(problem)s"),
        "failed": gettext("Did not work: %(problem)s"),
        "failed_retry": gettext("Did not work, again in %(retry_seconds)s s: %(problem)s"),
        "refused": gettext("Refused: %(problem)s"),
        "removed": gettext("Card removed"),
        "unregistered": gettext("Unregistered at the pass's web service"),
        "no_web_service": gettext("This pass names no web service: it will never change"),
        "link_verified": gettext("Save link opened, its signature verified"),
        "saved": gettext("Card saved on the phone"),
        "object_changed": gettext("Google's API has version %(version)s"),
        "object_read": gettext("Read version %(version)s"),
        "class_changed": gettext("The look of the cards changed"),
    }
