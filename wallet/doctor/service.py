"""Is the installation itself sound: database, schema, address, worker."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from wallet.actions.readiness import worker_seen_at
from wallet.actions.schema_state import schema_state
from wallet.db import is_wal_safe, sqlite_version
from wallet.doctor.check import Check, Installation
from wallet.errors import N_

WORKER_SILENT_MAX = timedelta(seconds=60)


def service_doctor(installation: Installation) -> list[Check]:
    """Database first: without it nothing else can be said."""
    try:
        found, wanted = schema_state(installation.database)
    except SQLAlchemyError as error:
        return [_no_database(installation, error)]
    checks = [_database(installation), _schema(found, wanted)]
    if installation.database.is_sqlite:
        checks.append(_sqlite())
    checks.append(_address(installation))
    if found == wanted:
        checks.append(_worker(installation))
    return checks


def _no_database(installation: Installation, error: SQLAlchemyError) -> Check:
    return Check(
        "database_unreachable",
        "fail",
        N_("The database {address} does not answer ({error})."),
        N_("Start it, or correct COMPTOIR_DATABASE_URL."),
        {"address": _shown(installation), "error": type(error).__name__},
    )


def _database(installation: Installation) -> Check:
    return Check(
        "database",
        "ok",
        N_("The database {address} answers."),
        facts={"address": _shown(installation)},
    )


def _schema(found: str | None, wanted: str) -> Check:
    if found == wanted:
        return Check(
            "schema",
            "ok",
            N_("The tables are those of this release ({wanted})."),
            "",
            {"wanted": wanted},
        )
    return Check(
        "schema_differs",
        "fail",
        N_("The tables are not those of this release (found {found}, wanted {wanted})."),
        N_("Run `comptoir db upgrade`."),
        {"found": found or "–", "wanted": wanted},
    )


def _sqlite() -> Check:
    version = sqlite_version()
    facts = {"version": ".".join(map(str, version))}
    if is_wal_safe(version):
        return Check("sqlite", "ok", N_("SQLite {version}, journal WAL."), "", facts)
    return Check(
        "sqlite_wal_bug",
        "warn",
        N_("SQLite {version} has the WAL-reset bug; the slower journal TRUNCATE is used."),
        N_("Install the package pysqlite3, which brings a sound version."),
        facts,
    )


def _address(installation: Installation) -> Check:
    settings = installation.settings
    facts = {"address": settings.public_url}
    if settings.is_production:
        return Check("address", "ok", N_("The public address is {address}."), "", facts)
    return Check(
        "address_not_public",
        "warn",
        N_("The public address is {address}: phones outside this machine cannot use it."),
        N_(
            "For real cards set COMPTOIR_PUBLIC_URL to an https address. It is part of every card, so choose"
            " it before the first one."
        ),
        facts,
    )


def _worker(installation: Installation) -> Check:
    with installation.database.reading() as session:
        seen = worker_seen_at(session)
    if seen is not None and installation.now - seen < WORKER_SILENT_MAX:
        return Check("worker", "ok", N_("The worker is running."))
    return Check(
        "worker_away",
        "warn",
        N_("No worker has been seen for a minute: sales go on, but cards and mails wait."),
        N_("Start `comptoir worker` and keep it running."),
    )


def _shown(installation: Installation) -> str:
    """Kind and place, without the way to it: the console shows this to owners of one program too."""
    url = installation.database.engine.url
    place = url.host or (url.database or "").rpartition("/")[2]
    return f"{url.get_backend_name()} ({place})"
