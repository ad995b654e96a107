"""Staff: accounts, sign-in that tells nothing, sessions that end when they should."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from tests.factories import NOW, PASSWORD, Cast
from wallet.actions import staff_access
from wallet.actions.staff_access import (
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
    SESSION_IDLE,
    SESSION_LONGEST,
    NewStaff,
    SignedIn,
    choose_store,
    create_staff,
    is_to_be_renewed,
    renew_session,
    sign_in,
    sign_out,
    signed_in,
)
from wallet.actions.throttle import SIGN_IN_PER_ADDRESS, SIGN_IN_PER_PERSON
from wallet.errors import Refusal
from wallet.tables.staff import Staff, StaffSession, revoke_sessions

DORA = "dora@exemple.test"
PERSON = NewStaff("new@exemple.test", "Nour", "cashier", PASSWORD)


def enter(cast: Cast, email: str = DORA, password: str = PASSWORD, address: str = "1.2.3.4") -> str:
    """Sign in at the cast's time."""
    return sign_in(cast.database, email, password, address, cast.now)


def hire(cast: Cast, new: NewStaff) -> None:
    """Give somebody an account."""
    cast.run(lambda session: create_staff(session, cast.program.id, new, NOW))


def person(cast: Cast, token: str) -> SignedIn | None:
    """Who is behind this cookie."""
    with cast.database.reading() as session:
        return signed_in(session, token, cast.now)


def test_who_signs_in_is_known_with_role_and_store(cast: Cast) -> None:
    found = person(cast, enter(cast, " DORA@exemple.test "))
    assert found is not None
    assert (found.role, found.program_id) == ("cashier", cast.program.id)
    assert found.actor.label == f"staff:{cast.staff['dora']}"
    assert found.actor.store_id == cast.program.stores[0].id


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(cast: Cast) -> None:
    for email, password in (
        (DORA, "wrong"),
        (DORA, ""),
        (DORA, PASSWORD + " "),
        (DORA, PASSWORD.upper()),
        (DORA, "x" * 10_000),
        (DORA, "\x00"),
        (DORA, "a\ud800"),
        ("nobody@exemple.test", PASSWORD),
        ("dora@exemple.test\x00", PASSWORD),
        ("d\ud800@exemple.test", PASSWORD),
        ("x" * 10_000, PASSWORD),
        ("", ""),
    ):
        with pytest.raises(Refusal) as refused:
            enter(cast, email, password, address=email[:9] + password[:9])
        assert refused.value.code == "sign_in_failed", (email, password)


def test_an_unknown_person_takes_as_long_as_a_wrong_password(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real hash on both sides; half of it would already be told apart."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    monkeypatch.setattr(staff_access, "_hasher", hasher)
    hire(cast, PERSON)

    def seconds(email: str) -> float:
        started = time.process_time()
        with pytest.raises(Refusal):
            enter(cast, email, "wrong-wrong-wrong", address=email)
        return time.process_time() - started

    seconds(PERSON.email)
    known = min(seconds(PERSON.email) for _ in range(3))
    unknown = min(seconds("nobody@exemple.test") for _ in range(3))
    assert 0.5 < unknown / known < 2


def test_who_was_let_go_does_not_get_in_nor_stay(cast: Cast) -> None:
    token = enter(cast)
    cast.run(lambda s: setattr(s.get_one(Staff, cast.staff["dora"]), "is_active", False))
    assert person(cast, token) is None
    with pytest.raises(Refusal, match="sign_in_failed"):
        enter(cast)


def test_guessing_is_stopped_for_the_person_and_forgiven_later(cast: Cast) -> None:
    for number in range(SIGN_IN_PER_PERSON.count):
        with pytest.raises(Refusal, match="sign_in_failed"):
            enter(cast, password="wrong", address=f"10.0.0.{number}")
    with pytest.raises(Refusal) as refused:
        enter(cast)  # even the right one, or the answer would tell
    assert refused.value.code == "too_many_attempts"
    assert refused.value.facts["retry_after_seconds"] == 15 * 60 + 1
    cast.now += SIGN_IN_PER_PERSON.window
    enter(cast)


def test_a_success_forgives_the_typos_before_it(cast: Cast) -> None:
    for _ in range(3):
        for _ in range(SIGN_IN_PER_PERSON.count - 1):
            with pytest.raises(Refusal, match="sign_in_failed"):
                enter(cast, password="wrong", address="")
        enter(cast, address="elsewhere")


def test_one_address_does_not_try_everybody(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(SIGN_IN_PER_ADDRESS, count=6)
    monkeypatch.setattr(staff_access, "SIGN_IN_PER_ADDRESS", few)
    for number in range(few.count):
        with pytest.raises(Refusal, match="sign_in_failed"):
            enter(cast, f"p{number}@exemple.test", "wrong")
    with pytest.raises(Refusal, match="too_many_attempts"):
        enter(cast)
    enter(cast, address="5.6.7.8")


def test_a_session_ends_when_idle_and_at_the_longest(cast: Cast) -> None:
    token = enter(cast)
    start = cast.now
    cast.now = start + SESSION_IDLE - timedelta(seconds=1)
    assert person(cast, token)
    cast.run(lambda session: renew_session(session, token, cast.now))
    cast.now += SESSION_IDLE
    assert person(cast, token) is None
    while cast.now < start + SESSION_LONGEST:
        cast.run(lambda session: renew_session(session, token, cast.now))
        cast.now += SESSION_IDLE * 0.99
    cast.run(lambda session: renew_session(session, token, cast.now))
    assert person(cast, token) is None


def test_the_last_use_is_written_down_now_and_then(cast: Cast) -> None:
    token = enter(cast)

    def is_due() -> bool:
        return cast.run(lambda session: is_to_be_renewed(session, token, cast.now))

    assert not is_due()
    cast.later(minutes=5)
    assert is_due()


def test_signing_out_ends_one_session_and_revoking_ends_all(cast: Cast) -> None:
    first, second, third = enter(cast), enter(cast), enter(cast)
    assert len({first, second, third}) == 3
    cast.run(lambda session: sign_out(session, first, cast.now))
    assert (person(cast, first), bool(person(cast, second))) == (None, True)
    cast.run(lambda session: revoke_sessions(session, cast.staff["dora"], cast.now))
    assert person(cast, second) is None
    assert person(cast, third) is None


def test_the_chosen_store_is_where_entries_are_written(cast: Cast) -> None:
    token = enter(cast)
    other = cast.program.stores[1].id
    cast.run(lambda session: choose_store(session, token, other))
    found = person(cast, token)
    assert found is not None
    assert found.actor.store_id == other


def test_a_made_up_cookie_is_nobody(cast: Cast) -> None:
    enter(cast)
    for token in ("", "x", "\x00", "a\ud800", "x" * 10_000):
        assert person(cast, token) is None


def test_neither_passwords_nor_cookies_are_kept(cast: Cast) -> None:
    token = enter(cast)
    with cast.database.reading() as session:
        kept = [row.password_hash for row in session.query(Staff)]
        kept += [row.token_hash for row in session.query(StaffSession)]
    assert all(text.startswith("$argon2id$") or len(text) == 64 for text in kept)
    assert not any(PASSWORD in text or token in text for text in kept)


def test_an_account_that_cannot_be_is_refused(cast: Cast) -> None:
    cases: list[tuple[str, Callable[[NewStaff], NewStaff]]] = [
        ("staff_exists", lambda p: replace(p, email="Dora@exemple.test")),
        ("staff_exists", lambda p: replace(p, email="gaelle@exemple.test")),
        ("role_unknown", lambda p: replace(p, role="admin")),
        ("role_unknown", lambda p: replace(p, role="")),
        ("password_too_short", lambda p: replace(p, password="x" * (PASSWORD_LENGTH_MIN - 1))),
        ("password_too_short", lambda p: replace(p, password="x" * (PASSWORD_LENGTH_MAX + 1))),
        ("email_invalid", lambda p: replace(p, email="nour")),
        ("name_invalid", lambda p: replace(p, name="\x00")),
        ("name_invalid", lambda p: replace(p, name="x" * 10_000)),
    ]
    for code, change in cases:
        with pytest.raises(Refusal) as refused:
            hire(cast, change(PERSON))
        assert refused.value.code == code


def test_the_shortest_and_the_longest_password_work(cast: Cast) -> None:
    for length in (PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX):
        said: Any = replace(PERSON, email=f"p{length}@exemple.test", password="é" * length)
        hire(cast, said)
        assert enter(cast, said.email, said.password)
