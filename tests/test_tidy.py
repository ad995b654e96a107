"""What no single test would notice: dead files, missing French, undocumented settings, committed secrets."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import nodes

from app import create_app
from tests.databases import Sqlite
from tests.doors import NOBODY_LISTENS
from tests.factories import PUBLIC_URL, SECRET_KEY
from wallet import cli
from wallet.cli import main
from wallet.commands import simulate
from wallet.commands.lazy import LazyGroup
from wallet.config import PREFIX, ROOT, Settings
from wallet.web.wiring import wiring

PACKAGES = ("wallet", "passes", "scanner")
LAZY = [*cli.COMMANDS.values(), *simulate.COMMANDS.values()]
ENTRANCES = ("app", "wallet.cli", *(where.split(":")[0] for where, _ in LAZY))
FUNCTION_LINES_MAX = 60  # one screen
FILE_BYTES_MAX = 300_000  # what is larger was made by a machine; the lock files are
CATALOGUES = sorted((ROOT / "translations").glob("*/LC_MESSAGES/messages.po"))
SETTINGS_TABLE = re.compile(r"(?s)<!-- settings: [^\n]* -->\n(.*)<!-- end of settings -->")
# Keys, certificates, databases and what others made: npm and the build bring those.
FOREIGN = {
    *(".pem", ".key", ".p12", ".pfx", ".p8", ".cer", ".crt", ".der", ".csr", ".jks", ".pkpass"),
    *(".sqlite3", ".db", ".mo", ".woff", ".woff2", ".ttf", ".otf", ".wasm", ".whl", ".zip", ".gz"),
}
# With what follows the heading: tests speak of keys that are none.
KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|\s)+[A-Za-z0-9+/=]{40}")
LATER = re.compile(r"\b(TODO|FIXME|HACK|XXX)\b")


@cache
def committed() -> list[Path]:
    """Every file of the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what is committed cannot be told")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


def name_of(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def app(sqlite: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with every door open."""
    made = create_app(
        Settings.read(
            data_dir=tmp_path_factory.mktemp("tidy"),
            database_url=sqlite.migrated(),
            secret_key=SECRET_KEY,
            public_url=PUBLIC_URL,
            simulator_url=NOBODY_LISTENS,
        )
    )
    yield made
    with made.app_context():
        wiring().database.dispose()


# --- Code ----------------------------------------------------------------------------------------


def _modules() -> dict[str, Path]:
    """Dotted name → file, of the product's own modules."""
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    named = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    return {
        "app": ROOT / "app.py",
        **{name.removesuffix(".__init__"): file for name, file in named.items()},
    }


def _imported(file: Path) -> Iterator[str]:
    """What a file may import: packages and modules, and names that may be modules."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_is_reached_from_the_application_or_the_command() -> None:
    modules = _modules()
    waiting, reached = [*ENTRANCES], set[str]()
    while waiting:
        name = waiting.pop()
        parents = [name.rsplit(".", depth)[0] for depth in range(name.count(".") + 1)]
        for one in parents:
            if one in modules and one not in reached:
                reached.add(one)
                waiting.extend(_imported(modules[one]))
    assert sorted(set(modules) - reached) == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{name_of(file)}:{node.lineno} {node.name}"
        for file in committed()
        if file.suffix == ".py" and "migrations" not in file.parts
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_nothing_is_put_off() -> None:
    here = Path(__file__)
    found = [
        f"{name_of(file)}: {match[0]}"
        for file in committed()
        if file != here and file.suffix in {".py", ".mjs", ".js", ".css", ".html", ".md", ".toml"}
        for match in LATER.finditer(file.read_text())
        if not match[0].startswith("XXX")  # how a code is drawn in a sentence
    ]
    assert found == []


# --- Templates, scripts, styles ----------------------------------------------------------------------


def _templates(app: Flask) -> list[str]:
    return sorted(app.jinja_env.list_templates(extensions=["html", "txt"]))


def _calls(app: Flask, name: str) -> Iterator[nodes.Call]:
    """Every call of `url_for` in a template."""
    assert app.jinja_env.loader
    source = app.jinja_env.loader.get_source(app.jinja_env, name)[0]
    for call in app.jinja_env.parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "url_for":
            yield call


def test_every_template_compiles(app: Flask) -> None:
    assert len(_templates(app)) > 20
    for name in _templates(app):
        app.jinja_env.get_template(name)


def test_every_address_in_a_template_exists(app: Flask) -> None:
    seen = set()
    for name in _templates(app):
        for call in _calls(app, name):
            first = call.args[0]
            assert isinstance(first, nodes.Const), f"{name}:{call.lineno}: which endpoint?"
            assert first.value in app.view_functions, f"{name}:{call.lineno}: {first.value}"
            seen.add(first.value)
            for part in call.kwargs:
                if first.value == "static" and isinstance(part.value, nodes.Const):
                    assert (ROOT / "static" / part.value.value).is_file(), (name, part.value.value)
    assert "static" in seen


def test_every_template_script_and_style_is_used() -> None:
    own = [
        file
        for file in committed()
        if file.is_relative_to(ROOT / "templates") or file.is_relative_to(ROOT / "static")
    ]
    sources = [file for file in committed() if file.suffix in {".py", ".html", ".mjs", ".css"}]
    texts = {file: file.read_text() for file in sources if not file.is_relative_to(ROOT / "tests")}
    unused = [
        name_of(file)
        for file in own
        if not any(file.name in text for other, text in texts.items() if other != file)
    ]
    assert unused == []


# --- Words ----------------------------------------------------------------------------------------


def _extracted() -> Catalog:
    """What the source asks to be translated, found as `pybabel extract` does."""
    catalog = Catalog()
    keywords: dict[str, tuple[int, ...] | None] = {
        **dict.fromkeys(("_", "gettext", "lazy_gettext", "N_")),
        "ngettext": (1, 2),
    }
    for folder in (*PACKAGES, "templates"):
        for file, line, message, _comments, _context in extract_from_dir(
            ROOT / folder,
            [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")],
            options_map={"**.html": {"silent": "false"}, "**.txt": {"silent": "false"}},
            keywords=keywords,
        ):
            catalog.add(message, locations=[(f"{folder}/{file}", line)])
    return catalog


def _ids(catalog: Catalog) -> dict[str, Message]:
    """Messages by their (singular) English."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in catalog
        if message.id
    }


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


@pytest.fixture(scope="module", params=CATALOGUES, ids=lambda path: path.parts[-3])
def catalogue(request: pytest.FixtureRequest) -> dict[str, Message]:
    """A language's messages."""
    file: Path = request.param
    with file.open("rb") as po:
        return _ids(read_po(po))


def test_there_is_french() -> None:
    assert [path.parts[-3] for path in CATALOGUES] == ["fr"]


def test_every_text_of_the_source_is_translated(catalogue: dict[str, Message]) -> None:
    wanted = _ids(_extracted())
    assert len(wanted) > 300
    assert sorted(set(wanted) - set(catalogue)) == []
    empty = [key for key in wanted if not all(_strings(catalogue[key]))]
    assert empty == []
    assert [key for key in wanted if catalogue[key].fuzzy] == []


def test_no_translation_is_left_over(catalogue: dict[str, Message]) -> None:
    assert sorted(set(catalogue) - set(_ids(_extracted()))) == []


def test_translations_keep_what_is_filled_in(catalogue: dict[str, Message]) -> None:
    holes = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
    for key, message in catalogue.items():
        for string in _strings(message):
            assert set(holes.findall(string)) == set(holes.findall(key)), key


def test_french_is_set_as_the_french_set_it(catalogue: dict[str, Message]) -> None:
    """A narrow no-break space before ; ! ? and a no-break space before a colon that ends a word."""
    wrong = re.compile(r"[^\s\u202f][;!?](?=\s|$)|[ \u00a0][;!?]|\w:(?=\s|$)|(?<!\u00a0) :(?=\s|$)")
    found = [
        string
        for message in catalogue.values()
        for string in _strings(message)
        if wrong.search(string) or '"' in string
    ]
    assert found == []


# --- Documents ------------------------------------------------------------------------------------


def settings_table() -> str:
    """The settings as docs/operations.md shows them."""
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        shown = "the folder `instance/`" if name == "data_dir" else f"`{field.default}`"
        unset = field.default in ("", None)
        assert field.description, f"{name} says nothing of itself"
        lines.append(
            f"| `{PREFIX}{name.upper()}` | {'' if unset else shown} | {field.description} |"
        )
    return "\n".join(lines) + "\n"


def test_every_setting_is_documented_as_it_is() -> None:
    found = SETTINGS_TABLE.search((ROOT / "docs" / "operations.md").read_text())
    assert found
    assert found[1] == settings_table()


def _documents() -> list[Path]:
    return [file for file in committed() if file.suffix == ".md"]


def test_every_link_between_documents_leads_somewhere() -> None:
    link = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
    broken = [
        f"{name_of(file)}: {target}"
        for file in _documents()
        for target in link.findall(file.read_text())
        if not (file.parent / target).exists()
    ]
    assert broken == []


def _commands(text: str) -> Iterator[list[str]]:
    """The words after each `comptoir` in a block or a span of code."""
    code = re.findall(r"(?s)```[a-z]*\n(.*?)```", text) + re.findall(r"`([^`\n]+)`", text)
    for part in code:
        for words in re.findall(
            r"(?:^|/bin/|[\s=])comptoir ((?:[a-z]+ ?|--?[a-z-]+ ?)+)", part, re.MULTILINE
        ):
            yield words.split()


def _objection(words: list[str]) -> str:
    """What is wrong with a command line, as far as it names commands and options."""
    command: click.Command = main
    for word in words:
        if word.startswith("--"):
            known = {option for one in command.params for option in one.opts} | {"--help"}
            if word not in known:
                return f"{command.name} has no {word}"
        elif isinstance(command, click.Group):
            inner = command.get_command(click.Context(command), word)
            if inner is None:
                return f"{command.name} has no command {word}"
            command = inner
    return ""


def test_every_command_in_the_documents_exists() -> None:
    found = {
        (name_of(file), *words) for file in _documents() for words in _commands(file.read_text())
    }
    assert ("README.md", "key", "create", "--program") in {words[:4] for words in found}
    wrong = {words: said for words in found if (said := _objection(list(words[1:])))}
    assert wrong == {}


def _every_command(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            inner = command.get_command(context, word)
            assert inner
            yield from _every_command(inner, f"{name} {word}")


def test_every_command_has_help() -> None:
    assert [name for name, one in _every_command(main, "comptoir") if not one.help] == []


def test_the_lists_of_commands_say_what_the_commands_say() -> None:
    for name, group in _every_command(main, "comptoir"):
        if not isinstance(group, LazyGroup):
            continue
        for word, (_, said) in group.lazy.items():
            inner = group.get_command(click.Context(group), word)
            assert inner
            assert inner.help
            assert " ".join(inner.help.split("\n\n")[0].split()) == said, f"{name} {word}"


def test_a_command_brings_only_what_it_needs() -> None:
    """`comptoir serve` only watches its child; `comptoir --help` only lists."""
    heavy = ["sqlalchemy", "flask", "cryptography", "alembic", "PIL"]
    asked = "import sys, wallet.cli, wallet.commands.serve; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert [name for name in heavy if name in found.stdout.split()] == []


# --- What must never be committed ------------------------------------------------------------------


def test_no_key_certificate_database_or_third_party_file_is_committed() -> None:
    assert [name_of(file) for file in committed() if file.suffix in FOREIGN] == []
    vendor = ("static/vendor/", "node_modules/", "instance/")
    assert [name for file in committed() if (name := name_of(file)).startswith(vendor)] == []
    assert [name_of(file) for file in committed() if KEY.search(file.read_bytes())] == []


def test_no_committed_file_is_larger_than_people_write() -> None:
    large = [
        name_of(file)
        for file in committed()
        if file.stat().st_size > FILE_BYTES_MAX and file.suffix != ".lock"
    ]
    assert large == []


@pytest.mark.parametrize(
    "path",
    ["certs/pass.key", "certs/apple/pass.pem", "instance/secret_key", "static/vendor/x.js", "a.mo"],
)
def test_git_ignores_what_is_secret_or_made(path: str) -> None:
    committed()
    told = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)
    assert told.returncode == 0
