"""All resources of the API on one blueprint, and the application told how to describe them."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Flask

from wallet.web.api import docs, entries, members, purchases, rewards
from wallet.web.api.blueprint import api
from wallet.web.api.documents import configure
from wallet.web.wiring import settings

# Importing a resource hangs its calls on the blueprint.
RESOURCES = (members, purchases, rewards, entries, docs)


def api_door() -> APIBlueprint:
    """The blueprint, to be registered on an `APIFlask` that has its parts already."""
    return api


@api.record
def _describe(state: object) -> None:
    app = getattr(state, "app", None)
    assert isinstance(app, Flask)
    with app.app_context():
        configure(app, settings().public_url)
