"""Where Google tells that a card was saved or deleted: `/google/callback`."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, jsonify, request
from prometheus_client import Counter

from passes.google.callback import BODY_BYTES_MAX, CallbackRefused, RootKeys
from wallet import clock
from wallet.actions.google.callbacks import note_callback
from wallet.errors import Refusal
from wallet.web.wiring import write

log = structlog.get_logger()

CALLBACKS = Counter(
    "comptoir_google_callbacks",
    "Callbacks of Google Wallet by event and outcome",
    ["event", "outcome"],
)
_CODES = {"forged": "callback_forged", "no_keys": "callback_unverifiable"}


def google_callback_door(keys: RootKeys, issuer_id: str) -> Blueprint:
    """One address, for Google alone: who is no holder of its keys is refused."""
    door = Blueprint("google", __name__, url_prefix="/google")

    def callback() -> Response:
        body = request.stream.read(BODY_BYTES_MAX + 1)
        if len(body) > BODY_BYTES_MAX:
            raise Refusal("callback_invalid")
        try:
            found = keys.verify(body, issuer_id)
        except CallbackRefused as refused:
            CALLBACKS.labels("", refused.reason).inc()
            log.warning("google_callback_refused", reason=refused.reason, why=str(refused))
            raise Refusal(_CODES.get(refused.reason, "callback_invalid")) from refused
        now = clock.now()
        outcome = write(lambda session: note_callback(session, found, now))
        CALLBACKS.labels(found.event, outcome).inc()
        # Whatever it was, Google need not send it again.
        return jsonify(outcome=outcome)

    door.add_url_rule("/callback", "callback", callback, methods=["POST"])
    return door
