"""What Apple refuses, rule by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from passes.simulate.apns_rules import OK, Answer, PushRequest, check, wakes_wallet

TOPIC = "pass.dev.comptoir.loyalty"
GOOD = PushRequest(
    method="POST",
    path="/3/device/" + "ab" * 32,
    headers={"apns-topic": TOPIC, "apns-push-type": "background", "apns-priority": "5"},
    body=b"{}",
    topics=frozenset({TOPIC}),
)


def with_header(name: str, value: str) -> PushRequest:
    return replace(GOOD, headers={**GOOD.headers, name: value})


def without_header(name: str) -> PushRequest:
    return replace(GOOD, headers={k: v for k, v in GOOD.headers.items() if k != name})


def test_a_push_as_documented_is_accepted() -> None:
    assert check(GOOD) is OK


@pytest.mark.parametrize(
    ("push", "status", "reason"),
    [
        (replace(GOOD, path="/3/devices/abcd"), 404, "BadPath"),
        (replace(GOOD, method="GET"), 405, "MethodNotAllowed"),
        (replace(GOOD, path="/3/device/"), 400, "MissingDeviceToken"),
        (replace(GOOD, path="/3/device/xyz"), 400, "BadDeviceToken"),
        (replace(GOOD, path="/3/device/abcd"), 400, "BadDeviceToken"),
        (replace(GOOD, path="/3/device/" + "g" * 64), 400, "BadDeviceToken"),
        (replace(GOOD, topics=frozenset()), 403, "MissingProviderToken"),
        (without_header("apns-topic"), 400, "MissingTopic"),
        (with_header("apns-topic", ""), 400, "BadTopic"),
        (with_header("apns-topic", "pass.of.somebody.else"), 400, "TopicDisallowed"),
        (without_header("apns-push-type"), 400, "InvalidPushType"),
        (with_header("apns-push-type", "wallet"), 400, "InvalidPushType"),
        (with_header("apns-priority", "7"), 400, "BadPriority"),
        (with_header("apns-expiration", "-1"), 400, "BadExpirationDate"),
        (with_header("apns-collapse-id", "é" * 33), 400, "BadCollapseId"),
        (with_header("apns-id", "not-a-uuid"), 400, "BadMessageId"),
        (replace(GOOD, body=b""), 400, "PayloadEmpty"),
        (replace(GOOD, body=b"[]"), 400, "PayloadEmpty"),
        (replace(GOOD, body=b"{"), 400, "PayloadEmpty"),
        (replace(GOOD, body=b" " * 4097), 413, "PayloadTooLarge"),
    ],
)
def test_each_broken_rule_has_apples_answer(push: PushRequest, status: int, reason: str) -> None:
    assert check(push) == Answer(status, reason)


@pytest.mark.parametrize(
    ("body", "wakes"),
    [(b"{}", True), (b'{"aps":{}}', True), (b'{"aps":{"alert":"Hello"}}', False)],
)
def test_only_an_empty_payload_reaches_wallet(body: bytes, wakes: bool) -> None:
    assert wakes_wallet(body) is wakes
