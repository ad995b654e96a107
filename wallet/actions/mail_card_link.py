"""The outbox's `card_link` job: make a fresh one-time link and mail it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wallet.actions.card_link import CardLinkMail, make_card_link
from wallet.actions.run_jobs import Handler
from wallet.db import Database
from wallet.mailer import Mailer

_SUBJECT = {"fr": "Votre carte {program}", "en": "Your {program} card"}
_TEXT = {
    "fr": (
        "{hello},\n\nVoici le lien vers votre carte {program}\u00a0:\n\n{address}\n\n"
        "Il fonctionne une seule fois, pendant {minutes} minutes.\n"
        "Si vous n’avez rien demandé, ignorez simplement ce message.\n"
    ),
    "en": (
        "{hello},\n\nHere is the link to your {program} card:\n\n{address}\n\n"
        "It works once, for {minutes} minutes.\n"
        "If you did not ask for it, simply ignore this message.\n"
    ),
}
_TEXT_AGAIN = {
    "fr": (
        "{hello},\n\nQuelqu’un, sans doute vous, vient de demander une carte {program} avec cette "
        "adresse, qui en a déjà une. Voici le lien vers votre carte\u00a0:\n\n{address}\n\n"
        "Ouvrez-le sur le téléphone où vous venez de vous inscrire\u00a0: les deux cartes n’en feront "
        "qu’une.\nIl fonctionne une seule fois, pendant {minutes} minutes.\n"
        "Si ce n’était pas vous, ignorez simplement ce message\u00a0: personne n’a vu votre carte.\n"
    ),
    "en": (
        "{hello},\n\nSomebody, probably you, just asked for a {program} card with this address, which "
        "has one already. Here is the link to your card:\n\n{address}\n\n"
        "Open it on the phone on which you just joined, and the two cards become one.\n"
        "It works once, for {minutes} minutes.\n"
        "If it was not you, simply ignore this message: nobody has seen your card.\n"
    ),
}
_HELLO = {"fr": "Bonjour", "en": "Hello"}


def card_link_handler(mailer: Mailer) -> Handler:
    """The handler that sends through `mailer`."""

    def _handle(database: Database, payload: Mapping[str, Any], now: datetime) -> None:
        mail = database.run(
            lambda session: make_card_link(
                session,
                payload["program_id"],
                payload["member_id"],
                now,
                again=payload.get("again", False),
            )
        )
        if mail:
            subject, text = _words(mail)
            mailer.send(mail.email, subject, text, now)

    return _handle


def _words(mail: CardLinkMail) -> tuple[str, str]:
    language = mail.locale if mail.locale in _TEXT else "en"
    hello = f"{_HELLO[language]} {mail.name}" if mail.name else _HELLO[language]
    facts = {
        "program": mail.program.name,
        "address": mail.address,
        "minutes": mail.minutes,
        "hello": hello,
    }
    text = (_TEXT_AGAIN if mail.again else _TEXT)[language]
    return _SUBJECT[language].format(**facts), text.format(**facts)
