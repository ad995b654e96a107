"""What Google does when somebody follows a save link: check the JWT, make the object, give it away."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt

from passes.simulate.google_store import ApiError, Kind, Resource, WalletStore

LINK_CHARACTERS_MAX = 1800  # Google's safe length of a whole save link
LINK_START = "https://pay.google.com/gp/v/save/"
_LINK = re.compile(
    r"^https?://[^/]+/gp/v/save/(?P<jwt>[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$"
)


class SaveRefused(Exception):
    """What stands behind Google's "Something went wrong"."""


@dataclass(frozen=True, slots=True)
class Account:
    """A service account as Google knows it: who signs, for which issuer, with which key."""

    email: str
    issuer_id: str
    public_key_pem: bytes


def jwt_of_link(link: str) -> str:
    """The JWT in a save link, whichever host it names."""
    match = _LINK.match(link)
    if match is None:
        raise SaveRefused("this is not a save link of Google Wallet")
    return match["jwt"]


def save(
    store: WalletStore,
    account: Account,
    token: str,
    *,
    picture_reachable: Callable[[str], bool],
) -> str:
    """Do what the JWT says and return the object's id, or raise `SaveRefused`.

    A JWT that carries a whole object makes it when there is none; it never changes one.
    """
    if len(LINK_START) + len(token) > LINK_CHARACTERS_MAX:
        raise SaveRefused(f"the save link is longer than {LINK_CHARACTERS_MAX} characters")
    payload = _claims(account, token)
    for resource in _resources(payload, "loyaltyClasses"):
        if store.find("loyaltyClass", str(resource.get("id"))) is None:
            _insert(store, "loyaltyClass", resource)
    objects = _resources(payload, "loyaltyObjects")
    if not objects:
        raise SaveRefused("the link names no loyaltyObjects")
    for resource in objects:
        _save_one(store, resource, picture_reachable)
    return str(objects[0]["id"])


def _claims(account: Account, token: str) -> dict[str, Any]:
    try:
        claims = jwt.decode(
            token,
            account.public_key_pem,
            algorithms=["RS256"],
            audience="google",
            issuer=account.email,
            options={"require": ["iss", "aud", "iat"]},
        )
    except jwt.InvalidTokenError as error:
        raise SaveRefused(f"the link's signature or claims are wrong: {error}") from error
    if claims.get("typ") != "savetowallet":
        raise SaveRefused("typ is not savetowallet")
    if not isinstance(claims.get("origins", []), list):
        raise SaveRefused("origins is not a list")
    payload = claims.get("payload")
    if not isinstance(payload, dict):
        raise SaveRefused("the link has no payload")
    return payload


def _resources(payload: dict[str, Any], name: str) -> list[Resource]:
    found = payload.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise SaveRefused(f"{name} is not a list of resources")
    return found


def _save_one(
    store: WalletStore, resource: Resource, picture_reachable: Callable[[str], bool]
) -> None:
    identifier = str(resource.get("id"))
    if "rotatingBarcode" in resource:
        raise SaveRefused("a rotating barcode's secret must not travel in a link")
    stored = store.find("loyaltyObject", identifier)
    if stored is None:
        stored = _insert(store, "loyaltyObject", resource)
    elif resource.get("classId") != stored["classId"]:
        raise SaveRefused("classId is not the object's class")
    parent = store.find("loyaltyClass", stored["classId"]) or {}
    if parent.get("reviewStatus") != "APPROVED":
        raise SaveRefused("the class is still a draft")
    logo = parent.get("programLogo", {}).get("sourceUri", {}).get("uri", "")
    if not picture_reachable(logo):
        raise SaveRefused(f"the program logo cannot be fetched: {logo or 'no address'}")
    store.mark_users(identifier, has_users=True)


def _insert(store: WalletStore, kind: Kind, resource: Resource) -> Resource:
    try:
        return store.insert(kind, resource)
    except ApiError as error:
        raise SaveRefused(error.message) from error
