"""The page on the SQLite store names what there is, and all that leads from a query to its rows."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.markdown import ROOT
from umbel.store.sqlite.files import damage, paths
from umbel.store.sqlite.files.disk_reserve import DiskReserve

HOME = ROOT / "src" / "umbel" / "store" / "sqlite"
PAGE = (HOME / "README.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"[a-z_/]+\.py\b|(?<=`)[a-z_]+/[a-z_]+/(?=`)", PAGE))


def test_every_file_that_is_named_is_there() -> None:
    homes = (HOME, HOME.parents[1], ROOT)

    assert NAMED
    assert {each for each in NAMED if not any((home / each).exists() for home in homes)} == set()


def test_every_module_is_on_the_page() -> None:
    modules = {str(path.relative_to(HOME)) for path in HOME.rglob("*.py")}

    assert {each for each in modules if not each.endswith("__init__.py")} <= NAMED


def test_every_file_of_a_data_directory_is_on_the_page() -> None:
    there = Path("data")
    made = [
        *(path(there) for path in (paths.meta_path, paths.id_path, paths.cluster_path)),
        paths.ledger_path(there),
        paths.samples_path(there),
        DiskReserve(there).path,
        *(path(there, 1) for path in (paths.tasks_path, paths.text_path, paths.bloom_filter_path)),
    ]
    names = {path.name.replace("000001", "NNNNNN") for path in made}

    others = ("writer.lock", "questions.lock", f"{damage.FOLDER}/")

    assert {each for each in (*names, *others) if each not in PAGE} == set()
