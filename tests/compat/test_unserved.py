"""What of Flower is not served says what to use, and installing both is refused."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from flower.api.tasks import TaskApply
from flower.unserved import NotServed
from flower.utils.broker import Broker
from tests.support.workers import ROOT
from umbel import __version__
from umbel.errors import UmbelError

COMPAT = ROOT / "compat"


@pytest.mark.parametrize(
    ("module", "name", "instead"),
    [
        ("flower.events", "PrometheusMetrics", "GET /metrics"),
        ("flower.events", "get_prometheus_metrics", "GET /metrics"),
        ("flower.views", "BaseHandler", "settings"),
        ("flower.views.auth", "GithubLoginHandler", "settings"),
        ("flower.views.tasks", "TasksView", "flower.utils.tasks"),
        ("flower.views.workers", "WorkersView", "umbel.workers"),
        ("flower.views.broker", "BrokerView", "umbel.queue_lengths"),
        ("flower.views.monitor", "Metrics", "GET /metrics"),
        ("flower.views.error", "NotFoundErrorHandler", "not extended"),
        ("flower.app", "rewrite_handler", "url_prefix"),
        ("flower.api", "BaseApiHandler", "umbel.aio"),
        ("flower.api.tasks", "BaseTaskHandler", "umbel.aio"),
        ("flower.api.control", "ControlHandler", "umbel.aio"),
        ("flower.utils.search", "parse_query", "parse_search_terms"),
    ],
)
def test_a_name_that_is_not_served_says_what_to_use(module: str, name: str, instead: str) -> None:
    with pytest.raises(NotServed, match=instead):
        getattr(importlib.import_module(module), name)


def test_it_is_an_error_of_umbel_and_of_imports() -> None:
    for kind in (UmbelError, ImportError, NotImplementedError):
        assert issubclass(NotServed, kind)
    with pytest.raises(ImportError, match=r"flower\.views\.BaseHandler is not served"):
        exec("from flower.views import BaseHandler")  # noqa: S102  as people write it


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        importlib.import_module("flower.views").nothing_such  # noqa: B018


def test_handlers_are_no_part_of_a_web_application() -> None:
    with pytest.raises(NotServed, match="Umbel serves the same address itself"):
        TaskApply("an application", "a request")


@pytest.mark.parametrize("url", ["sqs://", "memory://", "pyamqp://", "kafka://", ""])
def test_other_brokers_are_not_counted(url: str) -> None:
    with pytest.raises(NotImplementedError, match=r"umbel\.queue_lengths"):
        Broker(url)


def test_both_together_are_refused_in_a_sentence(tmp_path: Path) -> None:
    metadata = tmp_path / "flower-2.0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: flower\nVersion: 2.0.1\n")

    done = subprocess.run(
        [sys.executable, "-c", "import flower"],
        env={"PYTHONPATH": f"{COMPAT / 'src'}:{tmp_path}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "Both flower and umbel-flower are installed" in done.stderr
    assert "pip install umbel-flower" in done.stderr


def test_the_two_distributions_have_one_version() -> None:
    project = tomllib.loads((COMPAT / "pyproject.toml").read_text())["project"]

    assert project["version"] == __version__
    assert project["dependencies"] == [f"umbel=={__version__}"]


def test_every_module_is_on_its_page() -> None:
    page = (COMPAT / "README.md").read_text()
    modules = sorted(
        ".".join(path.relative_to(COMPAT / "src").with_suffix("").parts)
        for path in (COMPAT / "src" / "flower").rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    )
    inner = {"flower.opened", "flower.serving", "flower.urls", "flower.api.control",
             "flower.api.workers", "flower.utils.authentication"}  # fmt: skip

    said = [name for name in modules if name in page or name.startswith("flower.views.")]
    assert [name for name in modules if name not in inner and name not in said] == []


def test_the_command_is_where_celery_looks_for_it() -> None:
    points = tomllib.loads((COMPAT / "pyproject.toml").read_text())["project"]["entry-points"]
    module, _, name = points["celery.commands"]["flower"].partition(":")

    assert getattr(importlib.import_module(module), name).name == "flower"
