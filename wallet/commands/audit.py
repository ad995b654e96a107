"""`comptoir audit`: every account from its first entry."""

from __future__ import annotations

import sys

import click

from wallet.actions.audit import audit
from wallet.actions.program_view import program_view_by_slug
from wallet.commands.frame import one_line, steps
from wallet.commands.installation import open_database

FINDINGS_SHOWN_MAX = 50


@click.command("audit")
@click.option("--program", "slug", default="", help="Only this program.")
@one_line
def audit_command(slug: str) -> None:
    """Replay every account from its first entry and say exactly what is wrong where."""
    database = open_database()
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
