"""A stand-in for Google Wallet: token endpoint, loyalty REST API and save links."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import jwt
from flask import Blueprint, Response, jsonify, request

from passes.simulate.faults import Fault, Faults
from passes.simulate.google_batch import answer_batch
from passes.simulate.google_callbacks import Callbacks, Event
from passes.simulate.google_save import Account, SaveRefused, save
from passes.simulate.google_store import (
    PAGE_SIZE_DEFAULT,
    ApiError,
    Kind,
    Resource,
    WalletStore,
)

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
TOKEN_AUDIENCE = "https://oauth2.googleapis.com/token"  # noqa: S105  an address: what Google's own library signs for
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_LIFE_SECONDS = 3600  # what Google gives
ASSERTION_LIFE_SECONDS_MAX = 3600  # Google refuses assertions that live longer
BODY_BYTES_MAX = 1024 * 1024  # a class with all its modules is some 20 kB

RATE_WINDOW_SECONDS = 1.0
# What somebody may choose on the phones' page: how Google is today.
MOODS: dict[str, Fault | None] = {
    "well": None,
    "slow": Fault(delay_seconds=2.0),
    "forbidden": Fault(403, "permissionDenied"),
    "busy": Fault(429, "rateLimitExceeded", retry_after_seconds=5),
    "broken": Fault(503, "backendError"),
}

_KINDS: dict[str, Kind] = {"loyaltyclass": "loyaltyClass", "loyaltyobject": "loyaltyObject"}
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class GoogleStandIn:
    """Google Wallet for one issuer. Serve `blueprint()` from any Flask app.

    `picture_reachable(url)` says whether Google could fetch a picture when a card is saved;
    `callbacks` tells the issuer of saves and removals; `rate` is how many requests a second are taken.
    """

    def __init__(
        self,
        account: Account,
        check: Callable[[Kind, Resource], list[str]],
        *,
        picture_reachable: Callable[[str], bool] = bool,
        callbacks: Callbacks | None = None,
        rate: int | None = None,
    ) -> None:
        self.account = account
        self.store = WalletStore(account.issuer_id, check)
        self.faults = Faults()
        self.counters: Counter[str] = Counter()
        self.callbacks = callbacks
        self.mood = "well"
        self._rate, self._recent = rate, deque[float]()
        self._picture_reachable = picture_reachable
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()

    def save(self, token: str) -> str:
        """Follow a save link's JWT; the id of the object that is now on the phone."""
        identifier = save(
            self.store, self.account, token, picture_reachable=self._picture_reachable
        )
        self.counters["saves"] += 1
        self._tell(identifier, "save")
        return identifier

    def release(self, object_id: str) -> None:
        """The holder removed the card from his phone."""
        if self.store.find("loyaltyObject", object_id) is not None:
            self.store.mark_users(object_id, has_users=False)
            self._tell(object_id, "del")
        self.counters["removals"] += 1

    def be(self, mood: str) -> None:
        """How every request is met from now on: a key of `MOODS`, else a `KeyError`."""
        self.faults.standing = MOODS[mood]
        self.mood = mood

    def forget_tokens(self) -> None:
        """Every bearer token given so far is worth nothing now."""
        with self._lock:
            self._tokens.clear()

    def issue_token(self, assertion: str, audience: str) -> str:
        """A bearer token for a service account's signed assertion; `ApiError` when it is wrong."""
        try:
            claims = jwt.decode(
                assertion,
                self.account.public_key_pem,
                algorithms=["RS256"],
                audience=[audience, TOKEN_AUDIENCE],
                issuer=self.account.email,
                options={"require": ["iss", "aud", "iat", "exp"]},
                leeway=10,
            )
        except jwt.InvalidTokenError as error:
            raise ApiError(400, "invalid_grant", f"Invalid JWT: {error}") from error
        if claims["exp"] - claims["iat"] > ASSERTION_LIFE_SECONDS_MAX:
            raise ApiError(400, "invalid_grant", "Invalid JWT: it must live an hour at most.")
        if SCOPE not in str(claims.get("scope", "")).split():
            raise ApiError(400, "invalid_scope", f"The scope must hold {SCOPE}.")
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[token] = time.monotonic() + TOKEN_LIFE_SECONDS
        return token

    def is_token(self, token: str) -> bool:
        """Whether this bearer token was given out and is still fresh."""
        with self._lock:
            return self._tokens.get(token, 0.0) > time.monotonic()

    def blueprint(self) -> Blueprint:
        """Google's addresses: /token, /walletobjects/v1/…, /gp/v/save/…."""
        blueprint = Blueprint("google_stand_in", __name__)
        blueprint.register_error_handler(ApiError, _refuse)
        blueprint.add_url_rule("/token", "token", self._token, methods=["POST"])
        blueprint.add_url_rule("/gp/v/save/<token>", "save", self._save, methods=["GET", "POST"])
        blueprint.add_url_rule("/gp/m/issuer/keys", "keys", self._keys)
        blueprint.add_url_rule("/batch", "batch", self._batch, methods=["POST"])
        root = "/walletobjects/v1/<kind>"
        issuer = "/walletobjects/v1/issuer/<identifier>"
        blueprint.add_url_rule(issuer, "issuer", self._issuer, methods=["GET"])
        blueprint.add_url_rule(root, "many", self._many, methods=["GET", "POST"])
        blueprint.add_url_rule(
            f"{root}/<identifier>", "one", self._one, methods=["GET", "PATCH", "PUT"]
        )
        blueprint.add_url_rule(
            f"{root}/<identifier>/addMessage", "add_message", self._add_message, methods=["POST"]
        )
        return blueprint

    def _token(self) -> Response:
        if request.form.get("grant_type") != GRANT:
            return _oauth_error("unsupported_grant_type", "The grant type is not a JWT.")
        try:
            token = self.issue_token(request.form.get("assertion", ""), request.base_url)
        except ApiError as error:
            return _oauth_error(error.reason, error.message)
        self.counters["tokens"] += 1
        answer = {"access_token": token, "expires_in": TOKEN_LIFE_SECONDS, "token_type": "Bearer"}
        return jsonify(answer)

    def _save(self, token: str) -> Response:
        try:
            identifier = self.save(token)
        except SaveRefused as error:
            raise ApiError(400, "saveRefused", str(error)) from error
        return jsonify(saved=identifier)

    def _batch(self) -> Response:
        self.counters["batches"] += 1
        return answer_batch()

    def _issuer(self, identifier: str) -> Response:
        self._admit("loyaltyclass")
        if identifier != self.account.issuer_id:
            raise ApiError(403, "permissionDenied", "The caller does not have permission.")
        return jsonify(issuerId=identifier, name="Comptoir development")

    def _keys(self) -> Response:
        return jsonify(self.callbacks.root_keys() if self.callbacks else {"keys": []})

    def _many(self, kind: str) -> Response:
        name = self._admit(kind)
        if request.method == "POST":
            return jsonify(self.store.insert(name, _body()))
        parent = request.args.get("issuerId" if name == "loyaltyClass" else "classId", "")
        size = request.args.get("maxResults", PAGE_SIZE_DEFAULT, type=int)
        return jsonify(self.store.page(name, parent, size, request.args.get("token", "")))

    def _one(self, kind: str, identifier: str) -> Response:
        name = self._admit(kind)
        if request.method == "GET":
            return jsonify(self.store.get(name, identifier))
        change = self.store.patch if request.method == "PATCH" else self.store.put
        return jsonify(change(name, identifier, _body()))

    def _add_message(self, kind: str, identifier: str) -> Response:
        name = self._admit(kind)
        message = _body().get("message")
        if not isinstance(message, dict):
            raise ApiError(400, "required", "There is no message.")
        return jsonify(resource=self.store.add_message(name, identifier, message))

    def _admit(self, kind: str) -> Kind:
        """The kind of resource asked for, once faults and the bearer token allow it."""
        self.counters[f"{request.method} {kind}"] += 1
        self._misbehave()
        self._keep_pace()
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.is_token(token):
            raise ApiError(401, "authError", "Request had invalid authentication credentials.")
        name = _KINDS.get(kind.lower())
        if name is None:
            raise ApiError(404, "notFound", f"There is no {kind}.")
        return name

    def _keep_pace(self) -> None:
        """Google's rate of requests, over the last second."""
        if self._rate is None:
            return
        now = time.monotonic()
        with self._lock:
            while self._recent and self._recent[0] <= now - RATE_WINDOW_SECONDS:
                self._recent.popleft()
            if len(self._recent) >= self._rate:
                self.counters["too_fast"] += 1
                raise ApiError(429, "rateLimitExceeded", "Rate Limit Exceeded")
            self._recent.append(now)

    def _tell(self, object_id: str, event: Event) -> None:
        stored = self.store.find("loyaltyObject", object_id) or {}
        parent = self.store.find("loyaltyClass", str(stored.get("classId"))) or {}
        url = parent.get("callbackOptions", {}).get("url", "")
        if self.callbacks and url:
            self.callbacks.tell(url, parent["id"], object_id, event)

    def _misbehave(self) -> None:
        fault = self.faults.take(request.method)
        if fault is None:
            return
        self.counters["faults"] += 1
        if fault.delay_seconds:
            time.sleep(fault.delay_seconds)
        if fault.status:
            error = ApiError(fault.status, fault.reason or "backendError", "Scripted fault.")
            error.retry_after_seconds = fault.retry_after_seconds
            raise error


def _body() -> dict[str, Any]:
    if (request.content_length or 0) > BODY_BYTES_MAX:
        raise ApiError(413, "uploadTooLarge", "The request is too large.")
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise ApiError(400, "parseError", "Invalid JSON payload received.")
    return data


def _refuse(error: ApiError) -> Response:
    details = {"message": error.message, "domain": "walletobjects", "reason": error.reason}
    response = jsonify(
        error={
            "code": error.code,
            "message": error.message,
            "status": _STATUS_NAMES.get(error.code, "UNKNOWN"),
            "errors": [details],
        }
    )
    response.status_code = error.code
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _oauth_error(code: str, description: str) -> Response:
    response = jsonify(error=code, error_description=description)
    response.status_code = 400
    return response
