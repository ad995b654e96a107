"""`comptoir doctor`: what is right, what is wrong, what to do."""

from __future__ import annotations

import json
import sys

import click

from wallet import clock
from wallet.commands.frame import one_line
from wallet.commands.installation import command_database, make_secret
from wallet.config import Settings
from wallet.doctor import DOCTORS, Check, Installation, speak, worst
from wallet.doctor.language import LANGUAGES, language_of_shell, translator

_MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


@click.command("doctor")
@click.argument("names", nargs=-1, type=click.Choice(tuple(DOCTORS)))
@click.option(
    "--fix",
    is_flag=True,
    help="Make the data folder, its secret key and development identities.",
)
@click.option("--online", is_flag=True, help="Also ask Apple, Google and the public address.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="By default that of the shell.")
@one_line
def doctor_command(
    names: tuple[str, ...], fix: bool, online: bool, as_json: bool, lang: str | None
) -> None:
    """Check the installation, or only the parts NAMES, and say what is missing.

    A part asked for by name looks closer: it asks the world outside as with --online.

    Ends with an error when something does not work; warnings are no error.
    """
    if fix:
        make_secret()
    settings = Settings.read()
    installation = Installation(
        settings, command_database(settings), clock.now(), online or bool(names)
    )
    found = {name: DOCTORS[name](installation) for name in names or DOCTORS}
    show = _as_json if as_json else _as_text
    click.echo(show(found, lang or language_of_shell()))
    if any(worst(checks) == "fail" for checks in found.values()):
        sys.exit(1)


def _as_text(found: dict[str, list[Check]], language: str) -> str:
    lines = []
    for name, checks in found.items():
        lines.append(name)
        for check in checks:
            said = speak(check, translator(language), language)
            lines.append(f"  {_MARKS[said.state]}  {said.sentence}")
            if said.fix:
                lines.append(f"        → {said.fix}")
    return "\n".join(lines)


def _as_json(found: dict[str, list[Check]], language: str) -> str:
    spoken = {
        name: [speak(check, translator(language), language) for check in checks]
        for name, checks in found.items()
    }
    document = {
        name: [
            {"code": one.code, "state": one.state, "sentence": one.sentence, "fix": one.fix}
            for one in said
        ]
        for name, said in spoken.items()
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
