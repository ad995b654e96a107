"""What iPhones complain of in the log endpoint: known texts, what they mean, and what to do.

PassKit's own texts, as issuers have reported them; a device sends them as one line each, with a time
in front. What fits no kind is shown as it came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from passes.words import N_

LINE_CHARACTERS_MAX = 2000  # longer lines are no complaint of a phone
Weight = Literal["fail", "warn", "info"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that phones complain of. `pattern` is looked for anywhere in the line."""

    code: str
    weight: Weight
    pattern: re.Pattern[str]
    meaning: str
    cause: str
    fix: str


def _kind(code: str, weight: Weight, pattern: str, meaning: str, cause: str, fix: str) -> Kind:
    return Kind(code, weight, re.compile(pattern, re.IGNORECASE), meaning, cause, fix)


# The first that fits counts, so the special ones stand before the general ones.
KINDS: tuple[Kind, ...] = (
    _kind(
        "list_unauthorized",
        "fail",
        r"get serial #?s task.*unexpected response code 401",
        N_("Phones are turned away when they ask which cards changed."),
        N_("Something before Comptoir, a proxy or a firewall, asks for a password on /apple/."),
        N_("Let /apple/ through untouched: this call carries no credentials."),
    ),
    _kind(
        "list_failed",
        "fail",
        r"get serial #?s task.*unexpected response code",
        N_("Phones get an error when they ask which cards changed."),
        N_("The service or the proxy before it was in trouble, or /apple/ leads elsewhere."),
        N_("Look at the service's log at that time; run the set-up test."),
    ),
    _kind(
        "token_refused",
        "warn",
        r"(register|unregister|get pass) task.*unexpected response code 401",
        N_("The token on a card is not the one kept here."),
        N_(
            "The database was put back from a backup, the card was retired, or a proxy drops the Authorization header."
        ),
        N_(
            "If it is one card, remove it from the phone and add it again. If it is all of them, let the proxy pass on the Authorization header."
        ),
    ),
    _kind(
        "register_failed",
        "fail",
        r"register task.*(unexpected response code|encountered error)",
        N_("Phones cannot register a card for updates."),
        N_("The service or the proxy before it was in trouble, or was not reached."),
        N_("Phones try again by themselves; if it goes on, run the set-up test."),
    ),
    _kind(
        "last_modified_missing",
        "fail",
        r"missing the 'last-modified' header",
        N_("The answer with the card has no Last-Modified."),
        N_("A proxy or cache before Comptoir takes the header away."),
        N_("Let the headers of /apple/ through as they are; do not cache there."),
    ),
    _kind(
        "if_modified_since_ignored",
        "warn",
        r"ignored the 'if-modified-since' header",
        N_("Phones get the whole card although it did not change."),
        N_(
            "A proxy or cache before Comptoir drops If-Modified-Since, or answers from an old copy."
        ),
        N_("Let the headers of /apple/ through as they are; do not cache there."),
    ),
    _kind(
        "unchanged",
        "info",
        r"requested update to serial number.*but the pass was unchanged",
        N_("A phone was told of a change and found none."),
        N_(
            "Two pushes crossed, or the phone had looked by itself just before. Often, it points to a cache."
        ),
        N_("Nothing, while it is rare. If it is frequent, switch off caching for /apple/."),
    ),
    _kind(
        "tag_unmoved",
        "warn",
        r"lastupdated tag .*remained the same",
        N_("The list of changed cards did not move on."),
        N_("A cache answers in place of Comptoir, or the database was put back from a backup."),
        N_(
            "Switch off caching for /apple/; after a restore it passes with the next change of each card."
        ),
    ),
    _kind(
        "pass_invalid",
        "fail",
        r"invalid data error|unable to parse|invalid pass|invalid signature|(unexpected content type)",
        N_("Phones refuse the updated card."),
        N_("The card does not fit Apple's rules, or something on the way changes the file."),
        N_("Run `comptoir pass inspect` on a downloaded card and the set-up test."),
    ),
    _kind(
        "certificate_untrusted",
        "fail",
        r"certificate.*(invalid|expired|trusted|verify)|ssl error|nsurlerrordomain.*-120[0-6]|tls",
        N_("Phones do not trust the certificate of the web address."),
        N_("The TLS certificate of the public address has expired, or its chain is not complete."),
        N_("Renew the TLS certificate at the proxy and let it send the whole chain."),
    ),
    _kind(
        "not_https",
        "fail",
        r"must be https|requires https|insecure",
        N_("The card names an address without https."),
        N_("COMPTOIR_PUBLIC_URL began with http:// when the card was made."),
        N_("Set an https address; cards that are out have to be added anew."),
    ),
    _kind(
        "not_found",
        "fail",
        r"unexpected response code 404",
        N_("Phones find nothing at the address on the card."),
        N_("The public address changed, or the proxy does not lead /apple/ to Comptoir."),
        N_("Let the address that is printed on the cards lead here, with /apple/."),
    ),
    _kind(
        "server_error",
        "warn",
        r"unexpected response code (429|5\d\d)",
        N_("Phones met an error of the service."),
        N_("The service or the proxy before it was in trouble or overloaded at that time."),
        N_("Phones try again by themselves; if it goes on, look at the service's log."),
    ),
    _kind(
        "unreachable",
        "warn",
        r"timed? ?out|timeout|could not connect|connection (was )?(lost|refused|reset)|offline|network|nsurlerrordomain|connecterror",
        N_("Phones could not reach the service."),
        N_("The phone had no network, or the public address did not answer from outside."),
        N_("If there are many at once, check the public address from another network."),
    ),
)
OTHER = "other"
_BY_CODE = {kind.code: kind for kind in KINDS}
_SERIAL = re.compile(r"serial number '?([A-Za-z0-9._-]{1,64})")
_DEVICE = re.compile(r"for device ([A-Za-z0-9._-]{1,128})")


def kind_of(line: str) -> str:
    """The code of what a line complains of, or `OTHER`."""
    text = line[:LINE_CHARACTERS_MAX]
    return next((kind.code for kind in KINDS if kind.pattern.search(text)), OTHER)


def kind_with(code: str) -> Kind | None:
    """What is known of a kind."""
    return _BY_CODE.get(code)


def serial_in(line: str) -> str:
    """The serial number that a line names, or an empty text."""
    found = _SERIAL.search(line[:LINE_CHARACTERS_MAX])
    return found[1] if found else ""


def device_in(line: str) -> str:
    """The device that a line names, or an empty text."""
    found = _DEVICE.search(line[:LINE_CHARACTERS_MAX])
    return found[1] if found else ""
