"""`comptoir pass …`: open a pass file, and check the cards of a program."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import click

from passes.apple.lint import lint_package
from passes.apple.verify import OpenedPass, load_roots, read_pkpass
from passes.finding import Finding, sorted_findings
from wallet.actions.lint_cards import lint_cards
from wallet.actions.program_view import program_view_by_slug
from wallet.commands.frame import one_line
from wallet.commands.installation import command_database
from wallet.config import Settings
from wallet.doctor.language import LANGUAGES, language_of_shell
from wallet.parts import certs_folder

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MARKS = {"proven": "error", "hint": "hint "}
_LANGUAGE = click.option("--lang", type=click.Choice(LANGUAGES), help="By default the shell's.")


@click.group("pass")
def pass_group() -> None:
    """Pass files."""


@pass_group.command("inspect")
@click.argument("file", type=_FILE)
@click.option("--root", type=_FILE, help="Root certificate to trust.")
@_LANGUAGE
@one_line
def pass_inspect(file: Path, root: Path | None, lang: str | None) -> None:
    """Open a .pkpass, check every digest and the signature, and print what it says.

    pass.json goes to the standard output; the files, who signed, and what could be better go to
    the standard error.
    """
    trusted = load_roots(root or certs_folder(Settings.read()) / "apple" / "root.pem")
    opened = read_pkpass(file.read_bytes(), trusted)
    click.echo(json.dumps(opened.document, indent=2, ensure_ascii=False))
    _contents(opened)
    _findings(lint_package(opened.files, opened.document), lang)


@pass_group.command("lint")
@click.option("--program", "slug", required=True)
@click.option(
    "--design", "file", type=_FILE, help="A design to try, as JSON; else the one in force."
)
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON, for programs.")
@_LANGUAGE
@one_line
def pass_lint(slug: str, file: Path | None, as_json: bool, lang: str | None) -> None:
    """Check the newest cards of a program for both wallets.

    Ends with an error when something would keep a wallet from taking a card.
    """
    document = json.loads(file.read_text(encoding="utf-8")) if file else None
    with command_database(Settings.read()).reading() as session:
        count, found = lint_cards(session, program_view_by_slug(session, slug), document)
    if as_json:
        click.echo(json.dumps([one.to_json() for one in found], indent=2, ensure_ascii=False))
    else:
        _findings(found, lang)
    click.echo(f"{count} cards looked at.", err=True)
    if any(one.blocks for one in found):
        raise click.ClickException("Some cards break a rule of a wallet.")


def _contents(opened: OpenedPass) -> None:
    """The files with their sizes, and who signed when."""
    for name, data in sorted(opened.files.items()):
        click.echo(f"{len(data):>9,}  {name}", err=True)
    subject = opened.certificate.subject.rfc4514_string()
    click.echo(f"Signed {opened.signed_at:%Y-%m-%d %H:%M:%S} UTC by {subject}.", err=True)
    click.echo(f"{len(opened.files)} files, digests and signature are right.", err=True)


def _findings(found: Iterable[Finding], lang: str | None) -> None:
    language = lang or language_of_shell()
    ordered = sorted_findings(found)
    for one in ordered:
        click.echo(
            f"{_MARKS[one.severity]}  {one.code}  {one.where}\n       {one.say(language)}", err=True
        )
    if not ordered:
        click.echo("Nothing to mend.", err=True)
