"""Texts that phones are known to send, and what the log doctor makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.apple.device_log import KINDS, OTHER, device_in, kind_of, kind_with, serial_in

ABOUT = (
    "for device 6ae1, pass type pass.com.example.lumiere, serial number 0f3a; with web service url"
    " https://cards.example.com/apple"
)
SERVICE = "Web service error for pass.com.example.lumiere (https://cards.example.com/apple): "

LINES = {
    "list_unauthorized": "[2026-11-20 08:12:55 +0100] Get serial #s task (for device 6ae1, pass type"
    " pass.com.example.lumiere, last updated (null); with web service url https://cards.example.com/apple)"
    " encountered error: Unexpected response code 401",
    "list_failed": "Get serial #s task (for device 6ae1, pass type pass.x, last updated 7) encountered error:"
    " Unexpected response code 500",
    "token_refused": f"[2026-11-20] Register task ({ABOUT}) encountered error: Unexpected response code 401",
    "register_failed": f"Register task ({ABOUT}) encountered error: Unexpected response code 503",
    "last_modified_missing": f"{SERVICE}Response to 'Get pass' request is missing the 'last-modified' header",
    "if_modified_since_ignored": f"{SERVICE}Server ignored the 'if-modified-since' header (Fri) and returned"
    " the full pass data for serial number '0f3a'",
    "unchanged": f"{SERVICE}Server requested update to serial number '0f3a', but the pass was unchanged.",
    "tag_unmoved": f"{SERVICE}Response to 'What changed?' request included 1 serial numbers but the"
    " lastUpdated tag (7) remained the same.",
    "pass_invalid": f"{SERVICE}Invalid data error reading pass pass.com.example.lumiere/0f3a.",
    "certificate_untrusted": f"Get pass task ({ABOUT}) encountered error: The certificate for this server is"
    " invalid.",
    "not_https": "Web service encountered error: webServiceURL must be https: http://cards.example.com",
    "not_found": f"Get pass task ({ABOUT}) encountered error: Unexpected response code 404",
    "server_error": f"Get pass task ({ABOUT}) encountered error: Unexpected response code 503",
    "unreachable": f"Get pass task ({ABOUT}) encountered error: The request timed out.",
    OTHER: "Wallet has a cold today",
}


def test_every_kind_has_a_line() -> None:
    assert set(LINES) == {kind.code for kind in KINDS} | {OTHER}


@pytest.mark.parametrize("code", LINES)
def test_known_texts_are_recognised(code: str) -> None:
    assert kind_of(LINES[code]) == code


def test_who_and_what_a_line_names() -> None:
    assert serial_in(LINES["token_refused"]) == "0f3a"
    assert device_in(LINES["token_refused"]) == "6ae1"
    assert serial_in(LINES["unchanged"]) == "0f3a"
    assert serial_in(LINES[OTHER]) == device_in(LINES[OTHER]) == ""
    assert kind_with(OTHER) is None


@given(st.text(max_size=300))
def test_anything_may_be_written(line: str) -> None:
    assert kind_of(line) == OTHER or kind_with(kind_of(line)) is not None
    assert len(serial_in(line)) <= 64


def test_a_long_line_takes_no_longer() -> None:
    assert kind_of("get serial #s task " * 100_000) in (OTHER, "list_failed")
