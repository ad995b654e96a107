"""A card with the draft's design for the marketer's own phone: marked TEST, and refused by every till."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from passes.card import Card, Section
from passes.design import Design, Near
from wallet.actions.issue_pass import issue_pass
from wallet.actions.member_view import card_url
from wallet.actions.program_view import ProgramView
from wallet.actions.sample_cards import sample_card
from wallet.ids import new_id
from wallet.rules.member_code import ID_BITS, make_code, spoken
from wallet.tables.design import CardDesign, forget_test_designs, lowest_version
from wallet.tables.member import TRIAL, Identifier, Member
from wallet.tables.trial import delete_trial, trial_members
from wallet.tables.wallet_pass import WalletPass

LIFETIME = timedelta(days=7)  # long enough to show it around
BY = "designer"
NAME = "TEST"
_TOLD = {
    "title": {"fr": "Carte d’essai", "en": "Test card"},
    "body": {
        "fr": "Cette carte n’est à personne : les caisses la refusent. Elle s’éteint après sept jours.",
        "en": "This card belongs to nobody: tills refuse it. It ends after seven days.",
    },
}


def make_test_card(
    session: Session, program: ProgramView, document: Mapping[str, Any], now: datetime
) -> str:
    """The address of the card's page, from which it goes into either wallet. Also clears away those
    whose time is over."""
    delete_trial(session, trial_members(session, now - LIFETIME, BY), "")
    forget_test_designs(session, program.id)
    design = Design.parse(document)
    row = CardDesign(
        id=new_id(),
        program_id=program.id,
        version=lowest_version(session, program.id) - 1,
        status="test",
        document=design.model_dump(mode="json"),
        created_at=now,
        created_by=BY,
    )
    member = _member(program, now)
    session.add_all([row, member])
    session.flush()
    # A till finds the card, and says what it is: "not known here" would send the marketer searching.
    for kind, value in (("code", member.code), ("number", member.number)):
        session.add(
            Identifier(
                program_id=program.id,
                member_id=member.id,
                kind=kind,
                source="",
                value=value,
                created_at=now,
                verified_at=None,
            )
        )
    session.flush()
    for provider in ("apple", "google"):
        held = issue_pass(session, program, member, provider, now)
        _mark(session, program, held, row.id, design.near)
    return card_url(session, program, member)


def _member(program: ProgramView, now: datetime) -> Member:
    version, key = program.signing_key
    return Member(
        id=new_id(),
        program_id=program.id,
        number=f"0{secrets.randbelow(10**8):08}",  # real numbers do not begin with 0
        code=make_code(program.id, key, version, secrets.randbits(ID_BITS)),
        name=NAME,
        locale=program.locale,
        status=TRIAL,
        birthday=None,
        tier_key=None,
        tier_since=None,
        earned_tier_key=None,
        joined_at=now,
        joined_channel="console",
        joined_store_id=None,
        joined_by=BY,
    )


def _mark(
    session: Session, program: ProgramView, held: WalletPass, design_id: int, near: Near
) -> None:
    """The sample's card with the test member's own code, name and number."""
    own = Card.from_json(held.card)
    shown, tier_key = sample_card(session, program, "regular", near=near)
    told = Section("test", _in(program, _TOLD["title"]), _in(program, _TOLD["body"]))
    said = replace(
        shown,
        code=own.code,
        code_text=spoken(own.code),
        member_name=NAME,
        member_number=own.member_number,
        sections=(told, *own.sections),
    )
    held.card, held.card_hash = said.to_json(), said.content_hash
    held.tier_key, held.design_id = tier_key, design_id


def _in(program: ProgramView, words: Mapping[str, str]) -> dict[str, str]:
    codes = (program.locale, *(code for code in program.locales if code != program.locale))
    return {code: words.get(code, words["en"]) for code in codes}
