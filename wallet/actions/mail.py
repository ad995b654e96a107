"""Mails: composed in the language of the reader, written to the outbox, sent by the worker."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from wallet.tables.outbox import enqueue


class Mailer(Protocol):
    """The way out. In development a folder, in production SMTP."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Deliver, or raise `DeliveryError`."""


def queue_mail(session: Session, to: str, subject: str, text: str, now: datetime) -> None:
    """Send this mail once the transaction is through."""
    enqueue(session, "mail", {"to": to, "subject": subject, "text": text}, now)
    session.info["nudge"] = True
