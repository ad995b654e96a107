"""`comptoir simulate iphone`: a strict iPhone against this installation, or against any other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
import httpx2

from passes.apple.verify import load_roots, read_pkpass
from passes.simulate.conformance import Conformance, Step
from passes.simulate.iphone_web import PASS_BYTES_MAX
from passes.simulate.pass_face import Files
from passes.words import fill
from wallet.actions.program_view import ProgramView, all_programs, program_view_by_slug
from wallet.commands.frame import one_line
from wallet.commands.installation import command_database
from wallet.config import Settings
from wallet.doctor.language import language_of_shell, translator
from wallet.doctor.trial import sentence_of, try_setup
from wallet.parts import Parts, apple_keeper, google_identity

_MARKS = {"ok": "ok  ", "fail": "FAIL", "skip": "–   "}
DOWNLOAD_SECONDS_MAX = 20.0
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("iphone")
@click.option("--pass", "source", default="", help="A .pkpass file, or where it can be downloaded.")
@click.option("--url", default="", help="Web service to examine; by default the one in the pass.")
@click.option(
    "--root", type=_FILE, help="Authority to trust for the signature; else any chain counts."
)
@click.option(
    "--allow-http", is_flag=True, help="Take http addresses, as an iPhone of developers does."
)
@click.option(
    "--wait",
    type=click.IntRange(0, 600),
    default=0,
    show_default=True,
    help="Seconds to wait for a change of the card, which you make meanwhile.",
)
@click.option("--program", "slug", default="", help="Without --pass: whose cards to try.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a step.")
@one_line
def iphone_command(
    source: str,
    url: str,
    root: Path | None,
    allow_http: bool,
    wait: int,
    slug: str,
    as_json: bool,
) -> None:
    """Examine a pass and its web service as strictly as an iPhone does.

    Without --pass this installation is tried over its own public address with a card for nobody, which
    is gone afterwards. Ends with an error when a step fails.
    """
    language = language_of_shell()
    if source:
        change = _waiter(wait) if wait else None
        phone = Conformance(
            _opener(root),
            allow_http=allow_http,
            web_service_url=url,
            change=change,
            change_seconds_max=float(wait),
        )
        steps = phone.run(_package(source))
    else:
        steps = _own(slug)
    sys.exit(1 if _show(steps, language, as_json=as_json) else 0)


def _show(steps: Iterable[Step], language: str, *, as_json: bool) -> int:
    """Print each step as it ends; how many failed."""
    counts = {"ok": 0, "fail": 0, "skip": 0}
    for step in steps:
        counts[step.state] += 1
        said = fill(translator(language)(sentence_of(step)), step.facts, language)
        if as_json:
            told = {"code": step.code, "state": step.state, "sentence": said, "log": step.log}
            click.echo(json.dumps(told, ensure_ascii=False))
            continue
        click.echo(f"{_MARKS[step.state]}  {said}")
        if step.log:
            click.echo(f"      iPhone: {step.log}")
    if not as_json:
        click.echo(f"{counts['ok']} ok, {counts['fail']} failed, {counts['skip']} not tried")
    return counts["fail"]


def _own(slug: str) -> Iterator[Step]:
    settings = Settings.read()
    database = command_database(settings)
    parts = Parts(
        settings, database, apple_keeper(settings), google_identity(settings), lambda: None
    )
    with database.reading() as session:
        found: list[ProgramView] = (
            [program_view_by_slug(session, slug)] if slug else list(all_programs(session))
        )
    if not found:
        raise click.ClickException("there is no program yet: run `comptoir program create`")
    return try_setup(parts, found[0])


def _package(source: str) -> bytes:
    if not source.startswith(("http://", "https://")):
        return Path(source).read_bytes()
    try:
        with httpx2.Client(
            timeout=DOWNLOAD_SECONDS_MAX, trust_env=False, follow_redirects=True
        ) as http:
            answer = http.get(source)
    except httpx2.HTTPError as error:
        raise click.ClickException(f"{source} cannot be downloaded: {error}") from error
    if answer.status_code != 200:
        raise click.ClickException(f"{source} answered {answer.status_code}")
    if len(answer.content) > PASS_BYTES_MAX:
        raise click.ClickException(f"{source} is too large for a pass")
    return answer.content


def _opener(root: Path | None) -> Callable[[bytes], Files]:
    trusted = load_roots(root) if root else None

    def _open(data: bytes) -> Files:
        return read_pkpass(data, trusted).files

    return _open


def _waiter(seconds: int) -> Callable[[], None]:
    return lambda: click.echo(f"Change the card now; waiting up to {seconds} s …", err=True)
