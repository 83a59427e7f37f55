"""One application of somebody in several clusters: each with addresses of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from umbel.applications import describe_tasks, load_application, named_application, redirected

SHOP = """
from celery import Celery

class Strange(Celery):
    def __init__(self, teapot):
        super().__init__("strange", broker="redis://own/0", set_as_current=False)

app = Celery("shop", broker="redis://own/0", set_as_current=False)
app.conf.task_routes = {"shop.*": {"queue": "orders"}}
app.conf.broker_transport_options = {"visibility_timeout": 60}
app.add_defaults({"task_default_queue": "usual"})
strange = Strange("teapot")

# Every other application of the test process would have a task that is shared.
@app.task(name="shop.order", shared=False)
def order(item):
    "Orders an item."
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module with applications."""
    (tmp_path / "copied_shop.py").write_text(SHOP)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "copied_shop"
    sys.modules.pop("copied_shop", None)


@pytest.mark.parametrize("attribute", ["app", "strange"])
def test_each_cluster_has_the_application_with_its_own_broker(shop: str, attribute: str) -> None:
    name = f"{shop}:{attribute}"

    first = named_application(name, "redis://first/0", "redis://first/1")
    second = named_application(name, "redis://second/0", None, {"socket_timeout": 5})
    own = named_application(name, None, None)

    assert [each.connection_for_write().hostname for each in (first, second, own)] == [
        "first",
        "second",
        "own",
    ]
    assert first.conf.result_backend == "redis://first/1"
    assert own.conf.result_backend is None
    assert "socket_timeout" not in (own.conf.broker_transport_options or {})


def test_a_copy_has_all_else_of_the_application(shop: str) -> None:
    copy = named_application(f"{shop}:app", "redis://other/0", None)
    own = load_application(f"{shop}:app")

    assert isinstance(copy, Celery)
    assert copy.main == "shop"
    assert copy.conf.task_routes == {"shop.*": {"queue": "orders"}}
    assert copy.conf.task_default_queue == "usual"
    assert copy.conf.broker_transport_options == {"visibility_timeout": 60}
    assert describe_tasks(copy)["shop.order"].signature == "(item)"
    assert own.tasks["shop.order"].app is own


def test_without_addresses_it_is_the_application_itself(shop: str) -> None:
    app = load_application(f"{shop}:app")

    assert redirected(app, None, None) is app
