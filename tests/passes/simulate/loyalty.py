"""A service account, a class and an object, as small as Google takes them. For the stand-in's tests."""

from __future__ import annotations

import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from passes.simulate.google_save import Account

ISSUER = "3388000000000000001"
EMAIL = "wallet@dev.test"
CLASS_ID = f"{ISSUER}.cafe"
OBJECT_ID = f"{ISSUER}.ada"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ACCOUNT = Account(
    email=EMAIL,
    issuer_id=ISSUER,
    public_key_pem=KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
)


def a_class(**changes: Any) -> dict[str, Any]:
    whole = {
        "id": CLASS_ID,
        "issuerName": "Café Lumière",
        "programName": "Café Lumière",
        "programLogo": {"sourceUri": {"uri": "https://cafe.test/media/logo.png"}},
        "hexBackgroundColor": "#3b2417",
        "reviewStatus": "UNDER_REVIEW",
    }
    return {**whole, **changes}


def an_object(points: int = 1240, **changes: Any) -> dict[str, Any]:
    whole = {
        "id": OBJECT_ID,
        "classId": CLASS_ID,
        "state": "ACTIVE",
        "accountName": "Ada Martin",
        "accountId": "1000 0042",
        "loyaltyPoints": points_of(points),
        "barcode": {"type": "QR_CODE", "value": "M1ABC", "alternateText": "M1AB C"},
        "textModulesData": [
            {
                "id": "tier",
                "header": "Statut",
                "body": "Or",
                "localizedHeader": _twin("Statut", "Status"),
                "localizedBody": _twin("Or", "Gold"),
            }
        ],
    }
    return {**whole, **changes}


def points_of(points: int) -> dict[str, Any]:
    return {
        "label": "Points",
        "localizedLabel": _twin("Points", "Points"),
        "balance": {"int": points},
    }


def save_jwt(payload: dict[str, Any], key: rsa.RSAPrivateKey = KEY, **claims: Any) -> str:
    whole = {
        "iss": EMAIL,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(time.time()),
        "origins": [],
        "payload": payload,
    }
    return jwt.encode({**whole, **claims}, key, algorithm="RS256")


def skinny() -> dict[str, Any]:
    return {"loyaltyObjects": [{"id": OBJECT_ID, "classId": CLASS_ID}]}


def assertion(audience: str, key: rsa.RSAPrivateKey = KEY, **claims: Any) -> str:
    now = int(time.time())
    whole = {
        "iss": EMAIL,
        "scope": "https://www.googleapis.com/auth/wallet_object.issuer",
        "aud": audience,
        "iat": now,
        "exp": now + 3600,
    }
    return jwt.encode({**whole, **claims}, key, algorithm="RS256")


def _twin(french: str, english: str) -> dict[str, Any]:
    return {
        "defaultValue": {"language": "fr", "value": french},
        "translatedValues": [{"language": "en", "value": english}],
    }
