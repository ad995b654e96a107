"""Who may be one person with two memberships: found by what they share, with a score and the reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

from sqlalchemy.orm import Session

from wallet.actions.enrol import CLAIMED
from wallet.actions.program_view import ProgramView
from wallet.db import unhurried
from wallet.rules.same_person import email_form, name_form, phone_form
from wallet.tables.duplicates import contacts, people, shared_phones
from wallet.tables.member import Member
from wallet.tables.merging import undone_pairs

PAGE = 50
ALIKE_MAX = 8  # more members with one form than that are a family's mailbox or a test, not doubles

# How likely one such thing means one person, in percent; several together make it likelier.
SCORES = {"email": 90, "phone": 80, "name_birthday": 85, "device": 60}
TEXTS: Mapping[str, Mapping[str, str]] = {
    "email": {"fr": "Même adresse e-mail", "en": "Same e-mail address"},
    "phone": {"fr": "Même numéro de téléphone", "en": "Same phone number"},
    "name_birthday": {"fr": "Même nom et même date de naissance", "en": "Same name and birthday"},
    "device": {"fr": "Cartes sur le même téléphone", "en": "Cards on the same phone"},
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two members who may be one. The older one stands first: it would survive."""

    older: Member
    newer: Member
    score: int  # percent
    reasons: tuple[str, ...]  # keys of TEXTS


def suggest_duplicates(
    session: Session, program: ProgramView, start: int = 0, limit: int = PAGE
) -> tuple[Sequence[Suggestion], int | None]:
    """(suggestions from `start`, the likeliest first; where the next page starts).

    Reads every contact of the program once: for somebody at a desk, not for a till. Pairs whose
    merge was undone are not suggested again.
    """
    unhurried(session)
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    claimed = list(contacts(session, program.id, CLAIMED))
    emails = [row for row in claimed if "@" in row[1]]
    phones = [row for row in claimed if "@" not in row[1]]
    for kind, groups in (
        ("email", _groups(chain(contacts(session, program.id, "email"), emails), email_form)),
        ("phone", _groups(chain(contacts(session, program.id, "phone"), phones), phone_form)),
        ("name_birthday", _same_people(session, program.id)),
        ("device", shared_phones(session, program.id)),
    ):
        for pair in _pairs(groups):
            found[pair].add(kind)
    for pair in undone_pairs(session, program.id):
        found.pop(pair, None)
    ranked = sorted(found, key=lambda pair: (-score(found[pair]), pair))
    page = [_suggestion(session, pair, found[pair]) for pair in ranked[start : start + limit]]
    return page, start + limit if len(ranked) > start + limit else None


def score(reasons: Iterable[str]) -> int:
    """In percent, as independent signs add up: two of 80 and 60 make 92."""
    doubt = 1.0
    for reason in reasons:
        doubt *= 1 - SCORES[reason] / 100
    return round(100 * (1 - doubt))


def _suggestion(session: Session, pair: tuple[int, int], reasons: set[str]) -> Suggestion:
    first, second = (session.get_one(Member, number) for number in pair)
    older, newer = sorted((first, second), key=lambda member: (member.joined_at, member.id))
    ordered = tuple(sorted(reasons, key=lambda reason: -SCORES[reason]))
    return Suggestion(older, newer, score(reasons), ordered)


def _groups(rows: Iterable[tuple[int, str]], form: Callable[[str], str]) -> list[set[int]]:
    """Members with equal forms of a contact."""
    by_form: dict[str, set[int]] = defaultdict(set)
    for member_id, value in rows:
        by_form[form(value)].add(member_id)
    return [members for members in by_form.values() if len(members) > 1]


def _same_people(session: Session, program_id: int) -> list[set[int]]:
    by_form: dict[tuple[str, str], set[int]] = defaultdict(set)
    for member_id, name, birthday in people(session, program_id):
        by_form[name_form(name), birthday.isoformat()].add(member_id)
    return [members for members in by_form.values() if len(members) > 1]


def _pairs(groups: Iterable[set[int]]) -> Iterable[tuple[int, int]]:
    for members in groups:
        if len(members) <= ALIKE_MAX:
            yield from combinations(sorted(members), 2)
