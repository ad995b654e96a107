"""Keys of shops: shown once, kept as a hash, gone when revoked."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, Cast
from wallet.actions.api_access import KEY_PREFIX, KeyHolder, create_key, key_holder, note_key_use
from wallet.errors import Refusal
from wallet.tables.staff import ApiKey


def holder(cast: Cast, key: str) -> KeyHolder | None:
    """The shop behind a key."""
    return key_holder(cast.database, key, cast.now)


def test_a_key_names_its_program_and_its_shop(cast: Cast) -> None:
    for slug, program in (("demo", cast.program), ("sillage", cast.other.program)):
        found = holder(cast, cast.keys[slug])
        assert found is not None
        assert (found.program_id, found.role, found.name) == (program.id, "shop", "web shop")
        assert found.actor.channel == "online"
        assert found.actor.label == f"key:{found.key_id}"


def test_what_is_not_exactly_a_key_opens_nothing(cast: Cast) -> None:
    key = cast.keys["demo"]
    for wrong in ("", key[:-1], key + "x", key.upper(), f" {key}", "\x00", "a\ud800", "x" * 10_000):
        assert holder(cast, wrong) is None, wrong


def test_a_revoked_key_opens_nothing(cast: Cast) -> None:
    def revoke(session: Session) -> None:
        found = key_holder(cast.database, cast.keys["demo"], NOW)
        assert found is not None
        session.get_one(ApiKey, found.key_id).revoked_at = NOW

    cast.run(revoke)
    assert holder(cast, cast.keys["demo"]) is None
    assert holder(cast, cast.keys["sillage"]) is not None


def test_a_key_is_long_random_recognisable_and_not_kept(cast: Cast) -> None:
    keys = {
        cast.run(lambda session, n=n: create_key(session, cast.program.id, "shop", n, NOW))  # type: ignore[misc]
        for n in ("a", "b")
    }
    assert len(keys) == 2
    assert all(key.startswith(KEY_PREFIX) and len(key) >= len(KEY_PREFIX) + 43 for key in keys)
    with cast.database.reading() as session:
        assert not {row.secret_hash for row in session.query(ApiKey)} & keys


def test_a_role_that_keys_do_not_have_is_refused(cast: Cast) -> None:
    with pytest.raises(Refusal, match="role_unknown"):
        cast.run(lambda session: create_key(session, cast.program.id, "owner", "", NOW))


def test_the_last_use_is_written_down_now_and_then(cast: Cast) -> None:
    key = cast.keys["demo"]

    def is_stale() -> bool:
        found = holder(cast, key)
        assert found is not None
        return found.is_stale

    assert is_stale()
    cast.run(lambda session: note_key_use(session, key, cast.now))
    assert not is_stale()
    cast.later(minutes=5)
    assert is_stale()
