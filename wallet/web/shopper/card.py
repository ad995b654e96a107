"""The web card, its state for the page that follows it, and its way into a wallet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from passes.apple.package import Package
from passes.registry import StoredPass
from wallet import clock
from wallet.actions.card_page import CardPage, card_page, card_version
from wallet.actions.insert_first import Held, hold
from wallet.actions.issue_pass import issue_pass, may_hold
from wallet.actions.member_view import MemberView, member_view, member_with_token
from wallet.actions.program_view import ProgramView, all_programs
from wallet.actions.refer import give_referral_code
from wallet.actions.registry import handed_out, stored_pass
from wallet.actions.tills.confirm import Asked, open_for_member
from wallet.errors import Refusal
from wallet.web.locale import current_language
from wallet.web.present import code_picture, tier_progress
from wallet.web.problems import wants_json
from wallet.web.shopper.badges import badges_of
from wallet.web.shopper.confirming import Question, member_has_pin, question_for
from wallet.web.shopper.link import find_message, only_program
from wallet.web.shopper.look import look_of
from wallet.web.shopper.message import Message, message_page
from wallet.web.shopper.own_card import remember_card
from wallet.web.shopper.present import (
    card_face,
    charity_row,
    movement_rows,
    note_rows,
    open_rows,
    perk_rows,
    referral_row,
    reward_rows,
    tier_rows,
    voucher_rows,
)
from wallet.web.shopper.turning import card_code
from wallet.web.wiring import read, settings, write

POLL_SECONDS = 5  # how often an open web card asks whether something moved
PKPASS_MIME_TYPE = "application/vnd.apple.pkpass"
Platform = Literal["apple", "google", "desktop"]


@dataclass(frozen=True, slots=True)
class Wallets:
    """How a stored pass becomes a signed .pkpass, and a held Google pass a save address."""

    pkpass: Callable[[StoredPass, datetime], Package]
    save_url: Callable[[Held], str]


class CardPages:
    """The pages of one card, found by the secret word in their address."""

    def __init__(self, wallets: Wallets) -> None:
        self._wallets = wallets

    def page(self, token: str) -> AnyResponse | tuple[str, int]:
        """The web card."""
        now = clock.now()
        found = read(lambda session: _read_page(session, token, now))
        if found is None:
            return _unknown_card()
        program, page = found
        if (
            program.ruleset.referral
            and page.member.status == "active"
            and not page.member.notes.code
        ):
            page = write(lambda session: _with_code(session, token, now)) or page
        answer = Response(_render(program, page, token))
        answer.headers["X-Robots-Tag"] = "noindex"
        answer.headers["Cache-Control"] = "private, no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"  # the address is the key to the card
        answer.vary.update(["User-Agent", "Cookie", "Accept-Language"])
        return remember_card(answer, program, page.member.card_url)

    def state(self, token: str) -> Response:
        """Whether something changed, in a few bytes; 304 while nothing did."""
        now = clock.now()
        language = current_language()

        def _state(session: Session) -> tuple[str, MemberView | None, ProgramView | None]:
            found = member_with_token(session, token, all_programs(session))
            if found is None:
                raise Refusal("not_found")
            program, member = found
            asked = open_for_member(session, program, member.id, now)
            version = _mark(card_version(session, program, member, now), language, asked)
            if version in request.if_none_match:
                return version, None, None
            return version, member_view(session, program, member, now), program

        version, member, program = read(_state)
        if member is None or program is None:
            answer = Response(status=304)
        else:
            answer = jsonify(_state_body(program, member, version, language))
        answer.set_etag(version)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def apple_pass(self, token: str) -> AnyResponse | tuple[str, int]:
        """The signed pass as a file that an iPhone opens with Wallet."""
        now = clock.now()
        found = write(lambda session: _issue_apple(session, token, now))
        if found is None:
            return _unknown_card()
        program, stored = found
        answer = Response(self._wallets.pkpass(stored, now), content_type=PKPASS_MIME_TYPE)
        answer.headers["Content-Disposition"] = f'attachment; filename="{program.slug}.pkpass"'
        answer.headers["Cache-Control"] = "private, no-store"
        answer.last_modified = stored.modified_at
        return answer

    def google_pass(self, token: str) -> AnyResponse | tuple[str, int]:
        """To the page on which Google asks whether to save the card."""
        now = clock.now()
        held = write(lambda session: _issue_google(session, token, now))
        if held is None:
            return _unknown_card()
        answer = redirect(self._wallets.save_url(held), 302)
        answer.headers["Cache-Control"] = "private, no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer


def platform_of(user_agent: str) -> Platform:
    """Which wallet the phone has. Unknown phones and computers are shown both."""
    if any(word in user_agent for word in ("iPhone", "iPad", "iPod")):
        return "apple"
    return "google" if "Android" in user_agent else "desktop"


def _issue_apple(
    session: Session, token: str, now: datetime
) -> tuple[ProgramView, StoredPass] | None:
    found = member_with_token(session, token, all_programs(session))
    if found is None or not may_hold(found[1]):
        return None
    program, member = found
    wallet_pass = handed_out(issue_pass(session, program, member, "apple", now))
    # Who takes the card in hand sees what it says: nothing is announced, and nothing spent on it.
    return program, stored_pass(session, wallet_pass).silent()


def _issue_google(session: Session, token: str, now: datetime) -> Held | None:
    found = member_with_token(session, token, all_programs(session))
    if found is None or found[1].status != "active":
        return None
    program, member = found
    return hold(session, issue_pass(session, program, member, "google", now), now)


def _read_page(session: Session, token: str, now: datetime) -> tuple[ProgramView, CardPage] | None:
    found = member_with_token(session, token, all_programs(session))
    if found is None:
        return None
    program, member = found
    return program, card_page(session, program, member, now)


def _with_code(session: Session, token: str, now: datetime) -> CardPage | None:
    """The page of a member who joined before there were referrals, with a code from now on."""
    found = member_with_token(session, token, all_programs(session))
    if found is None:
        return None
    program, member = found
    give_referral_code(session, program, member, now)
    return card_page(session, program, member, now)


def _render(program: ProgramView, page: CardPage, token: str) -> str:
    language = current_language()
    member = page.member
    tier = member.standing.tier
    question = question_for(program, member.id)
    sentence, done, goal = tier_progress(program, member, language) or ("", 0, 1)
    return render_template(
        "card/card.html",
        program=program,
        look=look_of(program, tier.key if tier else None),
        card=card_face(program, member, language),
        code=card_code(program, member.id, member.code, is_open=member.status == "active"),
        code_url=url_for("shopper.card_code", token=token),
        rewards=reward_rows(program, member, language),
        notes=note_rows(program, member, language),
        referral=referral_row(program, member, language),
        vouchers=voucher_rows(program, member, language),
        perk_sets=perk_rows(program, page, language),
        charities=charity_row(program, member, language),
        to_open=open_rows(program, page, language),
        token=token,
        tiers=tier_rows(program, language, tier.key if tier else None),
        tier_sentence=sentence,
        tier_done=done,
        tier_goal=goal,
        movements=movement_rows(program, page, language),
        closed=member.status != "active",
        question=question,
        asks_shoppers=program.ruleset.spending.asks_shoppers,
        has_pin=member_has_pin(member.id),
        version=_mark(page.version, language, question),
        state_url=url_for("shopper.card_state", token=token),
        poll_seconds=POLL_SECONDS,
        **_wallet_ways(member, token),
    )


def _wallet_ways(member: MemberView, token: str) -> dict[str, Any]:
    """The wallet buttons, the right one first, and what to say while no real wallet is behind them."""
    known = settings()
    platform = platform_of(request.headers.get("User-Agent", ""))
    is_simulated = known.simulated_apple or known.simulated_google
    return {
        "platform": platform,
        "apple_url": url_for("shopper.apple_pass", token=token),
        "google_url": url_for("shopper.google_pass", token=token),
        "page_qr": code_picture(member.card_url, _("QR code of this page"))
        if platform == "desktop"
        else "",
        "badges": badges_of(current_language()),
        "simulated": is_simulated,
        "simulator_url": f"/simulate/?card={quote(member.card_url, safe='')}"
        if known.simulator_url
        else "",
    }


def _mark(version: str, language: str, asked: Question | Asked | None) -> str:
    """What moves when the page has to be drawn again: also when a till asks something, or no more."""
    return f"{version}-{language}" + (f"-{asked.id}" if asked else "")


def _state_body(
    program: ProgramView, member: MemberView, version: str, language: str
) -> dict[str, Any]:
    face = card_face(program, member, language)
    balance = f"{face.balance_text} {face.balance_word}".strip()
    return {
        "version": version,
        "balance": face.balance,
        "balance_text": balance,
        "tier": face.tier,
        "announcement": _("Your balance is now %(balance)s.", balance=balance),
    }


def _unknown_card() -> tuple[str, int]:
    """Mistyped, forged or retired: a page that offers a fresh link, as far as the program is known."""
    program = only_program()
    if program is None or wants_json():
        raise Refusal("not_found")
    form = find_message(program)
    return message_page(
        program,
        Message(
            icon="credit-card",
            title=_("This card is not here"),
            paragraphs=(
                _("The address is not complete, or it was replaced by a newer one."),
                _("Type the e-mail address you joined with and we send you the right one."),
            ),
            form="find",
            links=form.links,
        ),
    ), 404
