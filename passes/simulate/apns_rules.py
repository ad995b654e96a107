"""What Apple checks of a push request, as a function of its headers and body."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

import jwt

PAYLOAD_BYTES_MAX = 4096  # Apple's limit for every push but VoIP
COLLAPSE_ID_BYTES_MAX = 64
TOKEN_SECONDS_MAX = 3600  # a provider token may be an hour old
CLOCK_SKEW_SECONDS = 60
TOKEN_HEX_MIN = 64  # 32 bytes today; Apple says that the length may grow
TOKEN_HEX_MAX = 200

_PATH = re.compile(r"^/3/device/([^/]*)$")
_HEX = re.compile(r"^(?:[0-9a-fA-F]{2})+$")
_PUSH_TYPES = {"alert", "background"}
_PRIORITIES = {"1", "5", "10"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status with Apple's reason; `timestamp_ms` only with 410."""

    status: int
    reason: str = ""
    timestamp_ms: int | None = None


OK = Answer(200)


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A push key as Apple knows it: whose, its public half in PEM, and the topics of that team."""

    team_id: str
    public_key: bytes
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class PushRequest:
    """A push as it came in. `topics` are what the client's certificate may push to, none without
    a certificate."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    topics: frozenset[str]

    @property
    def token(self) -> str:
        """The device token of the path, lower case, or nothing."""
        match = _PATH.match(self.path)
        token = match.group(1) if match else ""
        return token.lower() if _HEX.match(token) else token


def authenticated(
    push: PushRequest, keys: Mapping[str, ProviderKey], now: float
) -> tuple[PushRequest, Answer]:
    """The push with the topics that its provider token opens; `keys` by key id, `now` in Unix seconds.

    Without such a header the certificate speaks.
    """
    kind, _, token = push.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return push, OK
    try:
        key = keys[str(jwt.get_unverified_header(token).get("kid"))]
        claims = jwt.decode(
            token,
            key.public_key,
            ["ES256"],
            options={"verify_iat": False, "verify_exp": False, "require": ["iat", "iss"]},
        )
    except (jwt.InvalidTokenError, KeyError):
        return push, Answer(403, "InvalidProviderToken")
    if claims["iss"] != key.team_id:
        return push, Answer(403, "InvalidProviderToken")
    if not now - TOKEN_SECONDS_MAX <= claims["iat"] <= now + CLOCK_SKEW_SECONDS:
        return push, Answer(403, "ExpiredProviderToken")
    return replace(push, topics=key.topics), OK


def check(push: PushRequest, any_token: bool = False) -> Answer:
    """The first objection that Apple would raise, or 200; with `any_token` whatever a token looks like."""
    rules = (_route, _identity, _topic, _headers, _payload, _token)
    for rule in rules[:-1] if any_token else rules:
        answer = rule(push)
        if answer is not OK:
            return answer
    return OK


def wakes_wallet(body: bytes) -> bool:
    """Whether the phone hands the push to Wallet: only an empty payload does.

    Apple accepts a push with an alert, and then nothing happens on the phone.
    """
    payload = json.loads(body)
    return payload in ({}, {"aps": {}})


def _route(push: PushRequest) -> Answer:
    if not _PATH.match(push.path):
        return Answer(404, "BadPath")
    if push.method != "POST":
        return Answer(405, "MethodNotAllowed")
    if not push.token:
        return Answer(400, "MissingDeviceToken")
    return OK


def _identity(push: PushRequest) -> Answer:
    return OK if push.topics else Answer(403, "MissingProviderToken")


def _topic(push: PushRequest) -> Answer:
    topic = push.headers.get("apns-topic")
    if topic is None:
        return Answer(400, "MissingTopic")
    if not topic or " " in topic:
        return Answer(400, "BadTopic")
    return OK if topic in push.topics else Answer(400, "TopicDisallowed")


def _headers(push: PushRequest) -> Answer:
    headers = push.headers
    if headers.get("apns-push-type") not in _PUSH_TYPES:
        return Answer(400, "InvalidPushType")
    if headers.get("apns-priority", "10") not in _PRIORITIES:
        return Answer(400, "BadPriority")
    if not headers.get("apns-expiration", "0").isdecimal():
        return Answer(400, "BadExpirationDate")
    if len(headers.get("apns-collapse-id", "").encode()) > COLLAPSE_ID_BYTES_MAX:
        return Answer(400, "BadCollapseId")
    if "apns-id" in headers and not _is_uuid(headers["apns-id"]):
        return Answer(400, "BadMessageId")
    return OK


def _payload(push: PushRequest) -> Answer:
    if len(push.body) > PAYLOAD_BYTES_MAX:
        return Answer(413, "PayloadTooLarge")
    try:
        payload = json.loads(push.body)
    except ValueError:
        return Answer(400, "PayloadEmpty")
    return OK if isinstance(payload, dict) else Answer(400, "PayloadEmpty")


def _token(push: PushRequest) -> Answer:
    token = push.token
    if not TOKEN_HEX_MIN <= len(token) <= TOKEN_HEX_MAX or not _HEX.match(token):
        return Answer(400, "BadDeviceToken")
    return OK


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
