"""What each step of the conformance run says: when it went well, when not, when it was not tried."""

from __future__ import annotations

from passes.words import N_

_NO_CHANGE = N_("Not tried: nothing changed the card meanwhile.")
_NOT_NOW = N_("Not tried, because a step before it failed.")

SENTENCES: dict[str, dict[str, str]] = {
    "opens": {
        "ok": N_(
            "The card opens: every file, the signature and the contents are right ({bytes} bytes)."
        ),
        "fail": N_("An iPhone refuses the card: {problem}"),
    },
    "address": {
        "ok": N_("The card names its web service: {url}."),
        "fail": N_(
            "The card names no web service that a phone may use ({problem}): it must be https, and have a token of"
            " 16 characters or more."
        ),
    },
    "reachable": {
        "ok": N_("The web service answers at {url}."),
        "fail": N_("The web service does not answer from here: {problem}"),
    },
    "wrong_token": {
        "ok": N_("A phone with a wrong token is turned away (401)."),
        "fail": N_("A phone with a wrong token should get 401; the answer was: {problem}"),
    },
    "unknown_serial": {
        "ok": N_(
            "An unknown card looks just like a wrong token (401): nobody can try out numbers."
        ),
        "fail": N_("An unknown serial number should get 401; the answer was: {problem}"),
    },
    "registers": {
        "ok": N_("A phone registers for updates (201)."),
        "fail": N_("A new phone should be registered with 201; the answer was: {problem}"),
    },
    "registers_again": {
        "ok": N_("The same phone with a new push token is known (200)."),
        "fail": N_("A phone that registers again should get 200; the answer was: {problem}"),
    },
    "garbage": {
        "ok": N_("Garbage instead of a push token is refused ({status})."),
        "fail": N_(
            "Garbage instead of a push token should be refused with 400; the answer was: {problem}"
        ),
    },
    "lists": {
        "ok": N_("The phone is told which of its cards there are, without a token."),
        "fail": N_(
            "The list of changed cards should be 200 and name this card; the answer was: {problem}"
        ),
    },
    "nothing_new": {
        "ok": N_("Asked again, there is nothing new (204)."),
        "fail": N_("Nothing changed, so the list should be 204; it named: {problem}"),
        "skip": _NOT_NOW,
    },
    "fetches": {
        "ok": N_(
            "The phone fetches the card; it is signed, complete and the same card ({bytes} bytes)."
        ),
        "fail": N_("The card as the phone fetches it is not right: {problem}"),
    },
    "not_modified": {
        "ok": N_("Fetched again, the card is “not modified” (304)."),
        "fail": N_("An unchanged card should be answered with 304; the answer was: {problem}"),
        "skip": N_("Not tried: the answer had no Last-Modified."),
    },
    "guards_pass": {
        "ok": N_("With a wrong token nobody gets the card (401)."),
        "fail": N_(
            "Fetching the card with a wrong token should get 401; the answer was: {problem}"
        ),
    },
    "change_listed": {
        "ok": N_("A change of the card is announced after {seconds} s."),
        "fail": N_("A change of the card was not announced properly: {problem}"),
        "skip": _NO_CHANGE,
    },
    "change_fetched": {
        "ok": N_("The phone fetches the changed card, and it did change."),
        "fail": N_(
            "The changed card should be sent, with a later Last-Modified; the answer was: {problem}"
        ),
        "skip": _NO_CHANGE,
    },
    "settles": {
        "ok": N_("After that there is nothing new again (204)."),
        "fail": N_("After the change was fetched the list should be 204; it named: {problem}"),
        "skip": _NO_CHANGE,
    },
    "logs": {
        "ok": N_("What phones complain of is taken (200)."),
        "fail": N_("The log of phones should be taken with 200; the answer was: {problem}"),
    },
    "guards_registration": {
        "ok": N_("Nobody unregisters a phone with a wrong token (401)."),
        "fail": N_("Unregistering with a wrong token should get 401; the answer was: {problem}"),
    },
    "unregisters": {
        "ok": N_("The card is removed from the phone, and the phone is unregistered (200)."),
        "fail": N_("Unregistering should be answered with 200; the answer was: {problem}"),
    },
    "forgets": {
        "ok": N_("From then on the phone is told of nothing."),
        "fail": N_("A phone that unregistered is still told of the card {problem}."),
    },
}
