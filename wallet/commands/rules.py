"""`comptoir rules …` and `comptoir replay`: rule sets, and what a draft would have done."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.program_view import program_view_by_slug
from wallet.actions.publish_rules import publish_rules
from wallet.actions.replay_report import days_between, minor_value, report_json, report_lines
from wallet.actions.replay_rules import replay_rules
from wallet.commands.frame import one_line, steps
from wallet.commands.installation import open_database
from wallet.errors import Refusal
from wallet.rules.ruleset import read_ruleset

_JSON_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("rules")
def rules_group() -> None:
    """Rule sets: what members earn and which status they have."""


@rules_group.command("show")
@click.option("--program", "slug", required=True)
@one_line
def rules_show(slug: str) -> None:
    """Print the rules in force, as JSON to edit, replay and publish."""
    with open_database().reading() as session:
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
        version = open_database().run(_publish)
    except Refusal as error:
        problems = error.facts.get("problems", ())
        raise click.ClickException("\n  ".join([error.sentence, *problems])) from error
    click.echo(f"Version {version} is in force.")


@click.command("replay")
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
    with open_database().reading() as session:
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
