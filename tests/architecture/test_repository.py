"""What must not be in the repository, and what must not happen at import."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, imports, modules
from tests.support.services import absent

#: Data that others may follow at run time but nobody may pull into this process.
UNPICKLING = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}


def tracked() -> list[Path]:
    """Files under version control, and those that would be added."""
    if shutil.which("git") is None:
        absent("git", "it is not installed.")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("This is no git checkout.")
    return [path for line in done.stdout.splitlines() if (path := ROOT / line).is_file()]


def test_nothing_built_is_committed() -> None:
    built = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if "src/umbel/web/static" in str(path) or "node_modules" in path.parts
    ]

    assert built == []


def test_no_file_names_a_registry_or_a_mirror() -> None:
    registries = re.compile(rb"\"resolved\":|https?://[^\s\"']*(registry\.|pypi\.org)")
    wrong = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path != Path(__file__) and registries.search(path.read_bytes())
    ]

    assert wrong == []


@pytest.mark.parametrize("name", ["lock.txt", "demo.txt"])
def test_every_package_that_is_installed_here_is_known_by_its_hashes(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.startswith("#")]

    assert len(lines) > 20
    assert [line for line in lines if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:", line)] == []


def test_no_module_can_unpickle() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, tree in modules()
        for imported in imports(tree)
        if imported.split(".")[0] in UNPICKLING
    ]

    assert wrong == []


def test_the_celery_plugin_imports_click_alone() -> None:
    """Celery imports every plugin at every start of `celery`."""
    script = (
        "import sys, click; before = set(sys.modules); import umbel.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["umbel", "umbel.plugin"]


def test_the_command_starts_without_celery_and_without_a_web_framework() -> None:
    script = "import sys, umbel.cli.start; print(*sorted(m.split('.')[0] for m in sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"celery", "kombu", "starlette", "uvicorn", "apsw", "redis"})
