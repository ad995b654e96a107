"""A page with one message and one thing to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from flask import render_template
from flask_babel import gettext as _

from wallet.actions.program_view import ProgramView
from wallet.web.shopper.look import look_of
from wallet.web.wiring import settings


@dataclass(frozen=True, slots=True)
class Link:
    """A way on."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """`form` adds the button that opens the card, or the form that asks for a link."""

    icon: str
    title: str
    paragraphs: tuple[str, ...] = ()
    form: Literal["", "open", "find"] = ""
    links: tuple[Link, ...] = ()
    email: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


def mail_hint() -> str:
    """Where mails go while no mail server is set up; said in the demo only, to everybody alike."""
    known = settings()
    if not known.demo or known.smtp_url:
        return ""
    return _(
        "Demo: mails are not sent. If there is one for this address, it is a file in %(folder)s.",
        folder=known.data_dir / "mail",
    )


def message_page(program: ProgramView, message: Message) -> str:
    """The page in the program's look."""
    return render_template(
        "shopper/message.html",
        program=program,
        look=look_of(program),
        message=message,
        form={"email": message.email},
        errors=message.errors,
    )
