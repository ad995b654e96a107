"""All resources of the API on one blueprint, and the application told how to describe them."""

from __future__ import annotations

import hashlib

from apiflask import APIBlueprint
from flask import Flask, request

from wallet.web.api import (
    activities,
    credit,
    docs,
    entries,
    giving,
    members,
    memberships,
    merging,
    messages,
    purchases,
    referrals,
    rewards,
    vouchers,
)
from wallet.web.api.blueprint import api
from wallet.web.api.documents import configure
from wallet.web.security import client_address
from wallet.web.wiring import settings

# Coarse, per key and call, besides the limit per address: ten sales a second from one shop.
KEY_LIMIT = "600 per minute"
# Importing a resource hangs its calls on the blueprint.
RESOURCES = (
    members,
    merging,
    referrals,
    purchases,
    activities,
    rewards,
    vouchers,
    credit,
    memberships,
    giving,
    messages,
    entries,
    docs,
)


def api_door() -> APIBlueprint:
    """The blueprint, to be registered on an `APIFlask` that has its parts already."""
    return api


def key_limit() -> str:
    """How often one key may make one call."""
    return KEY_LIMIT


def caller() -> str:
    """Whose requests are counted together: the key's, of which only a hash is kept."""
    said = request.headers.get("Authorization", "")
    return hashlib.sha256(said.encode(errors="replace")).hexdigest() if said else client_address()


@api.record
def _describe(state: object) -> None:
    app = getattr(state, "app", None)
    assert isinstance(app, Flask)
    with app.app_context():
        configure(app, settings().public_url)
