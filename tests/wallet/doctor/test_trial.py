"""The set-up test over a running installation: it passes, finds what is broken, and leaves nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from passes.simulate.conformance import Step
from passes.simulate.conformance_texts import SENTENCES
from tests.databases import Sqlite
from tests.service import Service, environment, running
from wallet import clock
from wallet.actions.list_members import list_members
from wallet.actions.program_overview import program_overview
from wallet.actions.trial_card import LEFT_BEHIND, make_trial_card
from wallet.cli import main
from wallet.db import Base, Database
from wallet.doctor.trial import TRIAL_SENTENCES, Trial, TrialUnderWay, try_setup
from wallet.parts import Parts, apple_keeper, google_identity
from wallet.tables.member import TRIAL, Member

# They move by themselves while a service runs.
MOVING = {"sequence", "outbox", "provider_alarm"}


@pytest.fixture(scope="module")
def service(sqlite: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(sqlite.migrated(), tmp_path_factory.mktemp("trial")) as one:
        yield one


def parts_of(service: Service, **changes: object) -> Parts:
    settings = service.settings.model_copy(update=changes)
    return Parts(
        settings,
        service.database,
        apple_keeper(settings),
        google_identity(settings),
        lambda: None,
    )


def kept(database: Database) -> dict[str, str]:
    """A digest of every table that stands still."""
    found = {}
    with database.reading() as session:
        for name, table in Base.metadata.tables.items():
            if name not in MOVING:
                rows = session.execute(select(table).order_by(table.c.id)).all()
                found[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


def states(steps: list[Step]) -> dict[str, str]:
    return {step.code: step.state for step in steps}


def test_a_sound_installation_passes_and_keeps_nothing(service: Service) -> None:
    before = kept(service.database)
    steps = list(try_setup(parts_of(service), service.counter.program))
    assert [step.code for step in steps] == ["downloads", *SENTENCES, "pushes"]
    failed = [(step.code, step.facts) for step in steps if step.state != "ok"]
    assert failed == []
    assert kept(service.database) == before


def test_nobody_sees_the_member_while_the_test_runs(service: Service) -> None:
    program, now = service.counter.program, clock.now()
    trial = Trial(parts_of(service), program)
    with service.database.reading() as session:
        before = program_overview(session, program, now, with_people=True)
    seen = set()
    for step in trial.run():
        seen.add(step.code)
        with service.database.reading() as session:
            found = program_overview(session, program, now, with_people=True)
            assert (found.members, found.cards) == (before.members, before.cards)
            assert (
                list_members(session, program).members == list_members(session, program, "").members
            )
            names = [member.name for member in list_members(session, program).members]
            assert not any(name.startswith("Test") for name in names)
    trial.clean()
    assert "registers" in seen


def test_without_apple_it_says_what_could_not_be_tried(service: Service) -> None:
    parts = parts_of(service, apns_url="https://127.0.0.1:1")
    steps = list(try_setup(parts, service.counter.program))
    assert states(steps)["pushes"] == "skip"
    assert states(steps)["change_fetched"] == "ok"
    assert set(states(steps).values()) == {"ok", "skip"}


def test_an_address_that_leads_nowhere_is_told(service: Service) -> None:
    parts = parts_of(service, public_url="http://127.0.0.1:1")
    before = kept(service.database)
    steps = list(try_setup(parts, service.counter.program))
    assert states(steps) == {"downloads": "fail", "pushes": "ok"}
    assert kept(service.database) == before


def test_two_tests_do_not_run_at_once(service: Service) -> None:
    first = try_setup(parts_of(service), service.counter.program)
    next(first)
    with pytest.raises(TrialUnderWay):
        next(try_setup(parts_of(service), service.counter.program))
    first.close()  # type: ignore[attr-defined]
    assert next(try_setup(parts_of(service), service.counter.program)).state == "ok"


def test_what_a_killed_test_left_goes_with_the_next_one(service: Service) -> None:
    program, now = service.counter.program, clock.now()
    before = kept(service.database)
    service.database.run(
        lambda session: make_trial_card(session, program, now - LEFT_BEHIND - timedelta(seconds=1))
    )
    list(try_setup(parts_of(service), program))
    assert kept(service.database) == before
    with service.database.reading() as session:
        assert session.scalars(select(Member).where(Member.status == TRIAL)).all() == []


def test_the_command_examines_this_installation_and_any_other(
    service: Service, tmp_path: Path
) -> None:
    env = {**environment(service.settings), "LC_ALL": "C"}
    own = CliRunner().invoke(main, ["simulate", "iphone"], env=env)
    assert own.exit_code == 0, own.output
    assert "0 failed, 0 not tried" in own.output

    card = service.visitor().join("demo", service.new_contact())
    pkpass = tmp_path / "card.pkpass"
    pkpass.write_bytes(httpx2.get(f"{card}/apple.pkpass", trust_env=False).content)
    words = ["simulate", "iphone", "--pass", str(pkpass)]
    refused = CliRunner().invoke(main, words, env=env)
    assert refused.exit_code == 1
    assert "FAIL  The card names no web service that a phone may use" in refused.output
    taken = CliRunner().invoke(main, [*words, "--allow-http"], env=env)
    assert taken.exit_code == 0, taken.output
    assert "0 failed, 3 not tried" in taken.output
    french = CliRunner().invoke(
        main, [*words, "--allow-http", "--json"], env={**env, "LC_ALL": "fr"}
    )
    assert '"code": "registers", "state": "ok", "sentence": "Un téléphone' in french.output


def test_every_state_has_a_sentence() -> None:
    for sentences in (*SENTENCES.values(), *TRIAL_SENTENCES.values()):
        assert {"ok", "fail"} <= set(sentences)
