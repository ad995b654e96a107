"""Styles and scripts under addresses that change with their content, so that browsers never ask twice.

The version stands in the path, before the folders: a script that imports its neighbour, a style that
names a font and a worker beside them all stay within the version that the page began with.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, send_from_directory

VERSION_LENGTH = 12  # hexadecimal digits: 48 bits, of one installation's few releases
YEAR_SECONDS = 365 * 24 * 3600
_VERSIONED = re.compile(rf"^v-([0-9a-f]{{{VERSION_LENGTH}}})/(.+)$")
_KEY = "comptoir-static-version"


def install_static_files(app: Flask, folder: Path) -> None:
    """`url_for('static', filename=…)` names the version; the route serves it for ever."""
    version = content_version(folder)
    app.extensions[_KEY] = version
    app.view_functions["static"] = static_file

    def _versioned(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values:
            values["filename"] = f"v-{version}/{values['filename']}"

    app.url_defaults(_versioned)


def static_version() -> str:
    """That of the running application."""
    return str(current_app.extensions[_KEY])


def content_version(folder: Path) -> str:
    """A digest of every file's path and bytes."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:VERSION_LENGTH]


def plain_path(path: str) -> str:
    """`/static/v-…/css/base.css` → `/static/css/base.css`; other paths as they are."""
    found = _VERSIONED.match(path.removeprefix("/static/"))
    return f"/static/{found[2]}" if path.startswith("/static/") and found else path


def static_file(filename: str) -> Response:
    """The file. Kept for a year under its own version; asked for again each time under none, or
    under that of a release that another process still serves or no longer serves."""
    found = _VERSIONED.match(filename)
    name = found[2] if found else filename
    assert current_app.static_folder is not None
    answer = send_from_directory(current_app.static_folder, name)
    if found and found[1] == current_app.extensions[_KEY]:
        answer.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    else:
        answer.headers["Cache-Control"] = "no-cache"
    return answer
