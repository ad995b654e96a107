"""The way back to a card: asking for a link by e-mail, and using it."""

from __future__ import annotations

from datetime import datetime

from flask import redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wallet import clock
from wallet.actions.card_link import (
    LIFETIME,
    ask_for_card_link,
    open_card_link,
    peek_card_link,
)
from wallet.actions.join import adopt_joined
from wallet.actions.member_view import card_url
from wallet.actions.program_view import ProgramView, all_programs, program_view_by_slug
from wallet.actions.throttle import LINK_PER_ADDRESS, count_attempt
from wallet.errors import Refusal
from wallet.web.security import client_address
from wallet.web.shopper.message import Link, Message, mail_hint, message_page
from wallet.web.shopper.own_card import card_path, joined_token, remember_card
from wallet.web.wiring import read, write


def find_card(slug: str) -> str:
    """The form that asks for the link."""
    program = read(lambda session: program_view_by_slug(session, slug))
    return message_page(program, find_message(program))


def send_link(slug: str) -> str | tuple[str, int]:
    """The same answer for known and unknown addresses."""
    program = read(lambda session: program_view_by_slug(session, slug))
    email = request.form.get("email", "").strip()
    now = clock.now()
    try:
        write(lambda session: count_attempt(session, LINK_PER_ADDRESS, client_address(), now))
        write(lambda session: ask_for_card_link(session, program, email, now))
    except Refusal as refusal:
        errors = _errors(refusal.code)
        if not errors:
            raise
        return message_page(program, find_message(program, email, errors)), refusal.status
    return message_page(
        program,
        Message(
            icon="mail",
            title=_("Look into your mailbox"),
            paragraphs=(
                _(
                    "If %(email)s belongs to a member, a link to the card is on its way.",
                    email=email,
                ),
                _(
                    "It works once, for %(minutes)s minutes. Please look into the spam folder too.",
                    minutes=int(LIFETIME.total_seconds() // 60),
                ),
                *([hint] if (hint := mail_hint()) else []),
            ),
            links=(Link(url_for("shopper.find_card", slug=slug), _("Try another address")),),
        ),
    )


def look_at_link(token: str) -> str | tuple[str, int]:
    """A button. Mail scanners open links; they press no buttons, so looking uses nothing up."""
    now = clock.now()
    try:
        program = read(lambda session: peek_card_link(session, token, now))
    except Refusal as refusal:
        return _spent(refusal)
    return message_page(
        program,
        Message(
            icon="credit-card",
            title=_("Your card is ready"),
            paragraphs=(_("Press the button to open it on this device."),),
            form="open",
        ),
    )


def use_link(token: str) -> Response | tuple[str, int]:
    """Uses the link up and goes to the card."""
    now = clock.now()
    try:
        program, address = write(lambda session: _open(session, token, now))
    except Refusal as refusal:
        spent: tuple[str, int] = _spent(refusal)
        return spent
    return remember_card(redirect(card_path(address), 303), program, address)


def _open(session: Session, token: str, now: datetime) -> tuple[ProgramView, str]:
    program, member = open_card_link(session, token, now)
    if joined := joined_token(program):
        adopt_joined(session, program, member, joined, now)
    return program, card_url(session, program, member)


def find_message(
    program: ProgramView, email: str = "", errors: dict[str, str] | None = None
) -> Message:
    """The words around the form that asks for a link."""
    return Message(
        icon="search",
        title=_("Find my card"),
        paragraphs=(
            _("Type the e-mail address you joined with. We send you a link to your card."),
        ),
        form="find",
        email=email,
        errors=errors or {},
        links=(Link(url_for("shopper.join", slug=program.slug), _("Not a member yet? Join")),),
    )


def only_program() -> ProgramView | None:
    """The program of an installation that has just one: an unknown link can mean no other."""
    found = read(all_programs)
    return found[0] if len(found) == 1 else None


def _spent(refusal: Refusal) -> tuple[str, int]:
    program = only_program()
    if refusal.code != "link_expired" or program is None:
        raise refusal
    return message_page(
        program,
        Message(
            icon="clock",
            title=_("This link no longer works"),
            paragraphs=(
                _("It was already used, or more than 10 minutes have passed. Ask for a fresh one:"),
            ),
            form="find",
        ),
    ), refusal.status


def _errors(code: str) -> dict[str, str]:
    if code == "email_invalid":
        return {"email": _("This e-mail address is not complete. It looks like name@example.com.")}
    if code == "too_many_attempts":
        return {"form": _("Too many links were asked for from here. Please try again in an hour.")}
    return {}
