"""`comptoir …`: what operators type. Every command has --help and fails with one clear line."""

from __future__ import annotations

import json
import secrets
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path

import click
from granian import Granian
from granian.constants import Interfaces
from sqlalchemy.orm import Session

from passes.qr import qr_terminal
from passes.simulate.server import Place, run_simulators
from wallet import clock
from wallet.actions.api_access import create_key
from wallet.actions.audit import audit
from wallet.actions.create_program import (
    NewProgram,
    create_program,
    starter_design,
    starter_rules,
)
from wallet.actions.load_demo import PASSWORD, STAFF, has_demo, load_demo
from wallet.actions.load_demo import SLUG as DEMO_SLUG
from wallet.actions.program_view import program_view_by_slug
from wallet.actions.publish_design import publish_design
from wallet.actions.publish_rules import publish_rules
from wallet.actions.replay_report import days_between, minor_value, report_json, report_lines
from wallet.actions.replay_rules import replay_rules
from wallet.actions.staff_access import ROLES, NewStaff, create_staff
from wallet.actions.upgrade_database import (
    head_revision,
    require_schema,
    schema_state,
    upgrade_database,
)
from wallet.commands.certs import certs_group
from wallet.commands.doctor import doctor_command
from wallet.commands.fleet import fleet_command
from wallet.commands.frame import one_line, steps
from wallet.commands.google import google_group
from wallet.commands.iphone import iphone_command
from wallet.commands.members import members_group
from wallet.commands.passes import pass_group
from wallet.commands.portability import (
    backup_command,
    export_command,
    import_command,
    restore_command,
)
from wallet.config import Settings, folder_from_environment
from wallet.db import Database
from wallet.errors import Refusal
from wallet.log import configure_logging
from wallet.parts import (
    Parts,
    apple_identity,
    apple_keeper,
    google_identity,
    make_database,
)
from wallet.rules.ruleset import read_ruleset
from wallet.worker import run_worker

# SQLite wants one process with many threads; more processes only wait for each other's lock.
SERVER_THREADS = 16
FINDINGS_SHOWN_MAX = 50
_JSON_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="comptoir")
def main() -> None:
    """Comptoir: one loyalty account for the till, the web shop and the phone's wallet."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option(
    "--processes", default=1, show_default=True, help="More than one only with PostgreSQL."
)
@one_line
def serve(host: str, port: int, processes: int) -> None:
    """Serve the web doors."""
    settings = Settings.read()
    if settings.database.startswith("sqlite") and processes > 1:
        raise click.ClickException("SQLite is served by one process; use PostgreSQL for more")
    require_schema(make_database(settings))
    Granian(
        "app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=processes,
        blocking_threads=SERVER_THREADS,
        log_access=False,
        websockets=False,
        workers_kill_timeout=10,
    ).serve()


@main.command()
@one_line
def worker() -> None:
    """Deliver cards and mails. Stop with SIGINT or SIGTERM."""
    parts = _parts()
    configure_logging(parts.settings.log_format)
    require_schema(parts.database)
    run_worker(parts)


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@one_line
def db_upgrade() -> None:
    """Bring the database to the schema of this release."""
    database = make_database(Settings.read())
    click.echo(f"Database at revision {upgrade_database(database)}.")


@main.command()
@click.option("--demo", "with_demo", is_flag=True, help="Load the demo program too.")
@one_line
def setup(with_demo: bool) -> None:
    """First start and every start: secret, identities, schema, demo. Prints where everything is."""
    _make_secret()
    settings = Settings.read()
    database = make_database(settings)
    if schema_state(database)[0] != head_revision():
        click.echo("Preparing the database …", err=True)
        upgrade_database(database)
    apple_identity(settings)
    google_identity(settings)
    if with_demo:
        _load_demo(database)
    click.echo(_welcome(settings, with_demo=with_demo))


@main.group()
def demo() -> None:
    """The demo program."""


@demo.command("load")
@one_line
def demo_load() -> None:
    """Make "Café Lumière" and live its year."""
    database = make_database(Settings.read())
    require_schema(database)
    visits = _load_demo(database)
    click.echo(f"{visits} visits." if visits else "The demo is already there.")
    for email, name, role in STAFF:
        click.echo(f"{role:9} {email:22} {PASSWORD}   {name}")


@main.group("program")
def program_group() -> None:
    """Programs."""


@program_group.command("create")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--currency", default="EUR", show_default=True)
@click.option("--country", default="FR", show_default=True)
@click.option("--time-zone", default="Europe/Paris", show_default=True)
@one_line
def program_create(slug: str, name: str, currency: str, country: str, time_zone: str) -> None:
    """A program with one point per unit of the currency, to begin with."""
    new = NewProgram(
        slug=slug,
        name=name,
        currency=currency.upper(),
        country=country.upper(),
        time_zone=time_zone,
        rules=starter_rules(),
        design=starter_design(name),
    )
    with _database().transaction() as session:
        created = create_program(session, new, clock.now())
    click.echo(f"Program {created.slug} created. Shoppers join at /p/{created.slug}/join.")


@main.group("design")
def design_group() -> None:
    """How cards look."""


@design_group.command("publish")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--program", "slug", required=True)
@one_line
def design_publish(file: Path, slug: str) -> None:
    """Give every card of a program the design in FILE (JSON); phones follow, scans first."""
    try:
        document = json.loads(file.read_text())
    except ValueError as error:
        raise click.ClickException(f"{file} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise click.ClickException(f"{file} holds no design: it has to be one JSON object.")
    with _database().transaction() as session:
        program = program_view_by_slug(session, slug)
        version = publish_design(session, program.id, document, "system", clock.now())
    click.echo(f"Version {version} published. The worker brings it to every card.")


@main.group("staff")
def staff_group() -> None:
    """People who work for a merchant."""


@staff_group.command("create")
@click.option("--program", "slug", required=True)
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@one_line
def staff_create(slug: str, email: str, name: str, role: str, password: str) -> None:
    """An account for one person."""
    with _database().transaction() as session:
        view = program_view_by_slug(session, slug)
        person = NewStaff(email, name, role, password, view.locale)
        create_staff(session, view.id, person, clock.now())
    click.echo(f"{role} {email} may sign in at /staff/sign-in.")


@main.group("key")
def key_group() -> None:
    """API keys of web shops."""


@key_group.command("create")
@click.option("--program", "slug", required=True)
@click.option("--role", default="shop", show_default=True)
@click.option("--name", default="", help="What the key is for; shown in the console.")
@one_line
def key_create(slug: str, role: str, name: str) -> None:
    """A new key, printed alone on the last line. It cannot be shown again."""
    with _database().transaction() as session:
        view = program_view_by_slug(session, slug)
        key = create_key(session, view.id, role, name, clock.now())
    click.echo(f"Key for {view.name} ({role}). Keep it: it cannot be shown again.", err=True)
    click.echo(key)


@main.group("rules")
def rules_group() -> None:
    """Rule sets: what members earn and which status they have."""


@rules_group.command("show")
@click.option("--program", "slug", required=True)
@one_line
def rules_show(slug: str) -> None:
    """Print the rules in force, as JSON to edit, replay and publish."""
    with _database().reading() as session:
        view = program_view_by_slug(session, slug)
    document = view.ruleset.model_dump(mode="json", exclude_defaults=True)
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    click.echo(f"Version {view.rule_version}.", err=True)


@rules_group.command("publish")
@click.argument("file", type=_JSON_FILE)
@click.option("--program", "slug", required=True)
@click.option("--after", type=int, help="Refuse unless this version is the one in force.")
@one_line
def rules_publish(file: Path, slug: str, after: int | None) -> None:
    """Put the rules of FILE in force for everything that comes."""
    document = json.loads(file.read_text(encoding="utf-8"))

    def _publish(session: Session) -> int:
        view = program_view_by_slug(session, slug)
        now = clock.now()
        return publish_rules(session, view.id, document, "cli", now, after_version=after)

    try:
        version = _database().run(_publish)
    except Refusal as error:
        problems = error.facts.get("problems", ())
        raise click.ClickException("\n  ".join([error.sentence, *problems])) from error
    click.echo(f"Version {version} is in force.")


@main.command("replay")
@click.option("--program", "slug", required=True)
@click.option("--rules", "file", required=True, type=_JSON_FILE, help="The draft, as JSON.")
@click.option("--from", "first", type=_DAY, help="First day; a year ago by default.")
@click.option("--to", "last", type=_DAY, help="Last day; today by default.")
@click.option(
    "--point-value", type=float, help="Cost of one point in the currency; else the cheapest reward."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@one_line
def replay_command(
    slug: str,
    file: Path,
    first: datetime | None,
    last: datetime | None,
    point_value: float | None,
    as_json: bool,
) -> None:
    """Run the sales of a past period through draft rules and compare with what really happened.

    Nothing is written. Says what would have been given and what it would have cost, who would win
    and who would lose.
    """
    rules = read_ruleset(json.loads(file.read_text(encoding="utf-8")))
    with _database().reading() as session:
        view = program_view_by_slug(session, slug)
        period = days_between(
            first.date() if first else None,
            last.date() if last else None,
            view.time_zone,
            clock.now(),
        )
        value = minor_value(point_value, view.currency)
        with click.progressbar(length=100, label="Replay", file=sys.stderr) as bar:
            report = replay_rules(session, view, rules, period, value, steps(bar.update))
        lines = report_lines(view, rules, report)
    if as_json:
        click.echo(json.dumps(report_json(report), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(lines))


@main.command("audit")
@click.option("--program", "slug", default="", help="Only this program.")
@one_line
def audit_command(slug: str) -> None:
    """Replay every account from its first entry and say exactly what is wrong where."""
    database = _database()
    with database.reading() as session:
        program_id = program_view_by_slug(session, slug).id if slug else None
        with click.progressbar(length=100, label="Audit", file=sys.stderr) as bar:
            report = audit(session, program_id=program_id, progress=steps(bar.update))
    for finding in report.findings[:FINDINGS_SHOWN_MAX]:
        click.echo(f"{finding.code}  {finding.where}  {finding.sentence}")
    click.echo(
        f"{report.entries} entries in {report.accounts} accounts: {len(report.findings)} findings."
    )
    if report.findings:
        sys.exit(1)


@main.group()
def simulate() -> None:
    """Stand-ins for Apple, Google and two phones."""


@simulate.command("all")
@click.option("--http-port", default=8001, show_default=True)
@click.option("--apns-port", default=8002, show_default=True)
@click.option(
    "--main-url",
    default="http://127.0.0.1:8000",
    show_default=True,
    help="Where the service listens.",
)
@one_line
def simulate_all(http_port: int, apns_port: int, main_url: str) -> None:
    """Push service, Google Wallet and both phones in one process."""
    settings = Settings.read()
    configure_logging(settings.log_format)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    apple = apple_identity(settings)
    place = Place(
        settings.data_dir, main_url, settings.public_url, apple.pass_type_id, apple.team_id
    )
    run_simulators(place, http_port, apns_port, stop)


def _load_demo(database: Database) -> int:
    with database.reading() as session:
        if has_demo(session):
            return 0
    with click.progressbar(length=100, label="Demo data", file=sys.stderr) as bar:
        return load_demo(database, clock.now(), steps(bar.update))


def _welcome(settings: Settings, *, with_demo: bool) -> str:
    url = settings.public_url
    lines = [
        "",
        f"  Staff sign-in   {url}/staff/sign-in",
        f"  Till            {url}/till/",
        f"  Console         {url}/console/",
        f"  API             {url}/api/docs",
    ]
    if settings.simulator_url:
        lines.append(f"  Phones          {url}/simulate/")
    if with_demo:
        join = f"{url}/p/{DEMO_SLUG}/join"
        lines += [f"  Join            {join}", "", f"  Demo sign-ins, password {PASSWORD}:"]
        lines += [f"    {email:22} {role}" for email, _, role in STAFF]
        lines += ["", qr_terminal(join)]
    return "\n".join(lines)


def _make_secret() -> None:
    """A random secret key in the data folder, readable by its owner only, where there is none."""
    folder = folder_from_environment()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / "secret_key"
    if not target.exists():
        target.touch(mode=0o600)
        target.write_text(f"{secrets.token_urlsafe(48)}\n")
        click.echo(f"Made {target}.", err=True)


def _parts() -> Parts:
    settings = Settings.read()
    return Parts(
        settings,
        make_database(settings),
        apple_keeper(settings),
        google_identity(settings),
        lambda: None,
    )


def _database() -> Database:
    database = make_database(Settings.read())
    require_schema(database)
    return database


main.add_command(certs_group)
main.add_command(pass_group)
for _command in (export_command, import_command, backup_command, restore_command):
    main.add_command(_command)
simulate.add_command(iphone_command)
simulate.add_command(fleet_command)
main.add_command(doctor_command(_make_secret))
main.add_command(google_group)
main.add_command(members_group(_database))
