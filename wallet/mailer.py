"""The way out for mails: SMTP, or a folder where none is configured."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from passes.errors import DeliveryError
from wallet.config import Settings
from wallet.ids import new_id, public_id

SMTP_TIMEOUT_SECONDS = 20  # greylisting servers answer late, broken ones never
PERMANENT_FROM = 500  # SMTP: 5xx will not become better


class Mailer(Protocol):
    """Delivers one mail or raises `DeliveryError`."""

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        """Deliver a plain-text mail."""


class SmtpMailer:
    """`smtp://user:password@host:587` (STARTTLS), `smtps://host:465`; `?tls=no` for a local relay."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._host, self._is_tls = parts.hostname or "localhost", parts.scheme == "smtps"
        self._port = parts.port or (465 if self._is_tls else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._starttls = not self._is_tls and parse_qs(parts.query).get("tls") != ["no"]
        self._sender = sender

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        """One connection a mail: there are few, and none is kept open while nobody writes."""
        message = _message(self._sender, to, subject, text, now)
        try:
            with self._connect() as server:
                if self._starttls:
                    server.starttls(context=ssl.create_default_context())
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = max(answer[0] for answer in error.recipients.values())
            raise DeliveryError(
                f"mail refused: {code}", permanent=code >= PERMANENT_FROM
            ) from error
        except smtplib.SMTPResponseException as error:
            is_permanent = error.smtp_code >= PERMANENT_FROM
            raise DeliveryError(
                f"mail server said {error.smtp_code}", permanent=is_permanent
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError(f"mail server not reached: {error}") from error

    def _connect(self) -> smtplib.SMTP:
        if self._is_tls:
            return smtplib.SMTP_SSL(
                self._host,
                self._port,
                timeout=SMTP_TIMEOUT_SECONDS,
                context=ssl.create_default_context(),
            )
        return smtplib.SMTP(self._host, self._port, timeout=SMTP_TIMEOUT_SECONDS)


class FolderMailer:
    """Writes each mail as a file: what development and the demo use."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        """One `.eml` file a mail, named by time."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        message = _message(self._sender, to, subject, text, now)
        (self._folder / f"{public_id('mail', new_id())}.eml").write_bytes(message.as_bytes())


def make_mailer(settings: Settings) -> Mailer:
    """The configured way out."""
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url, settings.mail_from)
    return FolderMailer(settings.data_dir / "mail", settings.mail_from)


def _message(sender: str, to: str, subject: str, text: str, now: datetime) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain="comptoir.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message
