"""Which files a page's head names, by its address."""

from __future__ import annotations

import json

import pytest

from umbel.web.ui_pages import Manifest, modules_at


@pytest.mark.parametrize(
    ("path", "one", "none"),
    [
        ("", "overview/OverviewPage", "clusters/ClustersPage"),
        ("tasks", "tasks/TasksPage", "clusters/AllTasksPage"),
        ("tasks/", "tasks/TasksPage", "clusters/AllTasksPage"),
        ("tasks/a/b.js", "task/TaskPage", "clusters/ElsewherePage"),
        ("workers", "workers/WorkersPage", "clusters/ElsewherePage"),
        ("workers/diff", "workers/DiffPage", "clusters/ElsewherePage"),
        ("workers/w1@host", "workers/WorkerPage", "clusters/ElsewherePage"),
        ("docs/alerts.md", "docs/DocPage", "docs/DocPage"),
        ("clusters/diff", "clusters/ClustersDiffPage", "clusters/ClustersDiffPage"),
    ],
)
def test_an_address_has_the_page_of_its_cluster_or_of_all(path: str, one: str, none: str) -> None:
    assert modules_at(path)[0] == f"src/{one}.svelte"
    assert modules_at(path, is_of_one=False)[0] == f"src/{none}.svelte"


def test_what_is_no_page_has_none() -> None:
    assert modules_at("taskss") == ()
    assert modules_at("assets/index.js", is_of_one=False) == ()


def test_a_head_names_what_a_page_needs_beyond_all_pages_and_each_file_once() -> None:
    manifest = Manifest(
        json.dumps(
            {
                "index.html": {"file": "i.js", "imports": ["_base"], "css": ["i.css"]},
                "_base": {"file": "base.js", "css": ["base.css"]},
                "_list": {"file": "list.js", "imports": ["_base", "_loop"], "css": ["list.css"]},
                "_loop": {"file": "loop.js", "imports": ["_list"]},
                "a": {"file": "a.js", "imports": ["_list", "index.html"], "css": ["a.css"]},
                "b": {"file": "b.js", "imports": ["_list"], "isDynamicEntry": True},
            }
        ).encode()
    )

    assert manifest.preloads(("a", "b", "gone")) == (
        '<link rel="modulepreload" crossorigin href="./loop.js" />'
        '<link rel="modulepreload" crossorigin href="./list.js" />'
        '<link rel="modulepreload" crossorigin href="./a.js" />'
        '<link rel="modulepreload" crossorigin href="./b.js" />'
        '<link rel="stylesheet" crossorigin href="./list.css" />'
        '<link rel="stylesheet" crossorigin href="./a.css" />'
    )
    assert manifest.preloads(()) == ""
