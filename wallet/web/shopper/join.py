"""Joining: one field, one button, and the card is on the screen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel import Locale
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from passes.design import Design
from wallet import clock
from wallet.actions.actor import Actor
from wallet.actions.enrol import Enrolment
from wallet.actions.identify import EMAIL_LENGTH_MAX
from wallet.actions.join import held_card, join
from wallet.actions.member_view import card_url
from wallet.actions.program_view import ProgramView, program_view_by_slug
from wallet.actions.throttle import JOIN_PER_ADDRESS, count_attempt
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.web.consents import consents_of
from wallet.web.locale import current_language
from wallet.web.security import client_address
from wallet.web.shopper.look import brand_css, look_of
from wallet.web.shopper.message import mail_hint
from wallet.web.shopper.own_card import card_path, own_card, own_token, remember_join
from wallet.web.shopper.present import detail, perks, tier_rows
from wallet.web.wiring import read, write

BRAND_CSS_SECONDS = 365 * 24 * 3600  # its address changes with its content
# What is left of bytes that are no text (half a character, say): Werkzeug keeps them percent-coded
# in plain forms and replaces them in multipart ones.
_NOT_TEXT = re.compile(r"\ufffd|%[0-9A-F]{2}")
_REF = re.compile(r"[A-Za-z0-9_.-]{1,40}")  # what a poster or a friend's link calls itself


@dataclass(frozen=True, slots=True)
class JoinForm:
    """What was typed, kept as it is so that nothing is lost when it has to be mended."""

    contact: str = ""
    name: str = ""
    consents: frozenset[str] = frozenset()


def join_form(slug: str) -> str:
    """The form."""
    program = read(lambda session: program_view_by_slug(session, slug))
    return _form_page(program, JoinForm(), {})


def join_now(slug: str) -> Response | str | tuple[str, int]:
    """A card, whoever has the address already, or the form again with the reason beside the field.
    The browser that holds the card of this very address goes back to it."""
    program = read(lambda session: program_view_by_slug(session, slug))
    form = JoinForm(
        contact=request.form.get("contact", "").strip(),
        name=request.form.get("name", "").strip(),
        consents=frozenset(
            consent.purpose
            for consent in consents_of(program)
            if request.form.get(f"consent_{consent.purpose}") == "yes"
        ),
    )
    now = clock.now()
    try:
        write(lambda session: count_attempt(session, JOIN_PER_ADDRESS, client_address(), now))
        address = write(lambda session: _join(session, program, form))
    except Refusal as refusal:
        errors = _errors(refusal.code, form, program)
        if not errors:
            raise
        return _form_page(program, form, errors), refusal.status
    flash(_("Welcome! Show this code at the till: it works right now."), "ok")
    if hint := mail_hint():
        flash(hint, "info")
    return remember_join(redirect(card_path(address), 303), program, address)


def privacy(slug: str) -> str:
    """What is kept, what for, and how to have it erased."""
    program = read(lambda session: program_view_by_slug(session, slug))
    language = current_language()
    return render_template(
        "shopper/privacy.html",
        program=program,
        look=look_of(program),
        note=detail(program, "privacy", language),
        contact=detail(program, "contact_email", language),
        privacy_url=detail(program, "privacy_url", language),
    )


def brand(slug: str) -> Response:
    """The program's colours as a stylesheet; the same for everybody, so it may be kept."""
    program = read(lambda session: program_view_by_slug(session, slug))
    css = brand_css(Design.parse(program.design), request.args.get("tier"))
    answer = Response(css, content_type="text/css; charset=utf-8")
    answer.headers["Cache-Control"] = f"public, max-age={BRAND_CSS_SECONDS}, immutable"
    return answer


def _form_page(program: ProgramView, form: JoinForm, errors: Mapping[str, str]) -> str:
    language = current_language()
    kept: dict[str, Any] = {
        key: request.args[key] for key in ("store", "ref") if request.args.get(key)
    }
    return render_template(
        "shopper/join.html",
        program=program,
        look=look_of(program),
        form=form,
        errors=errors,
        action=url_for("shopper.join_now", slug=program.slug, **kept),
        consents=consents_of(program),
        known_card=own_card(program),
        welcome=detail(program, "welcome", language),
        tagline=detail(program, "tagline", language),
        perks=perks(program, language),
        tiers=tier_rows(program, language),
    )


def _join(session: Session, program: ProgramView, form: JoinForm) -> str:
    """The address of the card."""
    is_email = "@" in form.contact
    if _NOT_TEXT.search(form.name):
        raise Refusal("name_invalid")
    enrolment = Enrolment(
        locale=current_language(),
        email=form.contact if is_email else "",
        phone="" if is_email else form.contact,
        name=form.name,
        referral_code=request.args.get("ref", ""),
        consents={
            consent.purpose: consent.sentence
            for consent in consents_of(program)
            if consent.purpose in form.consents
        },
    )
    if known := held_card(session, program, own_token(program), enrolment):
        return known
    return card_url(
        session, program, join(session, program, enrolment, _actor(program), clock.now())
    )


def _actor(program: ProgramView) -> Actor:
    """The shopper, with where the invitation came from: a store's poster, a friend, a campaign."""
    store_id = private_id("sto", request.args.get("store", ""))
    is_ours = any(store.id == store_id for store in program.stores)
    ref = request.args.get("ref", "")
    label = f"self:{ref}" if _REF.fullmatch(ref) else "self"
    return Actor(label, "member", "store" if is_ours else "online", store_id if is_ours else None)


def _errors(code: str, form: JoinForm, program: ProgramView) -> dict[str, str]:
    """What to write beside which field; nothing for refusals that no field can mend."""
    if code == "identifier_missing":
        return {"contact": _("Please type your e-mail or your mobile number.")}
    if code == "email_invalid":
        return {"contact": _email_error(form.contact)}
    if code == "phone_invalid":
        return {"contact": _phone_error(form.contact, program)}
    if code == "name_invalid":
        return {"name": _("Please use up to 64 ordinary letters for the name, or leave it empty.")}
    if code == "too_many_attempts":
        return {
            "form": _(
                "Many people are joining from this network. Please try again in a few minutes."
            )
        }
    return {}


def _email_error(typed: str) -> str:
    if len(typed) > EMAIL_LENGTH_MAX:
        return _("This e-mail address is too long.")
    return _("This e-mail address is not complete. It looks like name@example.com.")


def _phone_error(typed: str, program: ProgramView) -> str:
    if not any(char.isdigit() for char in typed):
        return _("This is neither an e-mail address nor a phone number.")
    country = Locale(current_language()).territories.get(program.country, program.country)
    return _(
        "This phone number is not possible in %(country)s. For another country start with + and its code.",
        country=country,
    )
