"""docs/python-api.md: every example runs, on a real worker; every key and name is told."""

from __future__ import annotations

import contextlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

import umbel
from tests.support.brokers import redis_database, valkey_broker
from tests.support.workers import ROOT, celery_worker

PAGE = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SHOP = """
import os
from celery import Celery

app = Celery("shop", broker=os.environ["SHOP_BROKER"], backend=os.environ["SHOP_BACKEND"])
app.conf.update(task_send_sent_event=True, result_extended=True)


@app.task(name="shop.charge")
def charge(order, currency="EUR"):
    return f"charged {order}"
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Celery]:
    """The application of the examples, with a worker that runs its task."""
    directory = tmp_path_factory.mktemp("python-api-page")
    (directory / "docs_shop.py").write_text(SHOP)
    with contextlib.ExitStack() as running:
        broker = running.enter_context(redis_database())
        backend = running.enter_context(valkey_broker(directory)).url
        environment = {
            "SHOP_BROKER": broker, "SHOP_BACKEND": backend, "PYTHONPATH": str(directory)
        }  # fmt: skip
        running.enter_context(
            celery_worker("docs_shop", environment, directory / "worker.log", pool="threads")
        )
        shop = Celery("shop", broker=broker, backend=backend, set_as_current=False)
        shop.conf.update(task_send_sent_event=True)
        yield shop
        shop.close()


@pytest.mark.redis
def test_every_example_runs(app: Celery) -> None:
    """One after the other, as a reader would try them: later ones use earlier imports."""
    known: dict[str, Any] = {"app": app}

    for example in EXAMPLES:
        code = compile(textwrap.dedent(example), "docs/python-api.md", "exec")
        exec(code, known)  # noqa: S102  it is our own page

    assert len(EXAMPLES) > 7


@pytest.mark.redis
def test_the_reckoning_is_right(app: Celery) -> None:
    known: dict[str, Any] = {"app": app}
    exec("from umbel import Events, iter_tasks", known)  # noqa: S102
    reckoning = next(text for text in EXAMPLES if "def success_rates" in text)
    exec(reckoning, known)  # noqa: S102

    tasks = [
        {"state": "SUCCESS", "name": "a", "runtime": 1.0},
        {"state": "SUCCESS", "name": "a", "runtime": 3.0},
        {"state": "FAILURE", "name": "a", "runtime": 9.0},
        {"state": "FAILURE", "name": "b", "runtime": None},
    ]
    known["iter_tasks"] = lambda events, **_: iter(events)

    assert known["success_rates"](tasks) == {
        "a": {"ended": 3, "rate": 2 / 3, "mean_s": 2.0},
        "b": {"ended": 1, "rate": 0.0, "mean_s": None},
    }


def test_every_key_of_a_task_is_told() -> None:
    told = re.findall(r"`([a-z_]+)`", "\n".join(re.findall(r"^\| (`.*?) \| ", PAGE, re.MULTILINE)))

    assert [key for key in umbel.TaskInfo.__annotations__ if key not in told] == []


def test_every_name_and_state_is_told() -> None:
    assert [name for name in umbel.__all__ if name not in PAGE] == []
    assert [state for state in umbel.TASK_STATES if state not in PAGE] == []


def written_signatures() -> Iterator[tuple[str, dict[str, str]]]:
    """Each function as the page writes it, `name(events, limit=50)`: its parameters with the
    defaults that are told."""
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    for name, inside in re.findall(r"`(\w+)\(([^`]*)\)`", prose):
        if name in umbel.__all__ and inspect.isfunction(getattr(umbel, name)):
            parts = re.findall(r"[\w*.]+(?:=(?:\(\)|[^,(]+))?", " ".join(inside.split()))
            yield name, {part.partition("=")[0]: part.partition("=")[2] for part in parts}


def test_functions_are_written_with_their_parameters() -> None:
    wrong = {}
    for name, written in written_signatures():
        real = {
            f"**{each.name}" if each.kind is each.VAR_KEYWORD else each.name: each.default
            for each in inspect.signature(getattr(umbel, name)).parameters.values()
        }
        defaults = {key: repr(real.get(key)).replace("'", '"') for key in written}
        told = {key: value for key, value in written.items() if value and value != '"..."'}
        if any(defaults[key] != value for key, value in told.items()) or (
            [*real] != [*written] and "..." not in written
        ):
            wrong[name] = written

    assert wrong == {}


def test_errors_are_what_the_page_says() -> None:
    import builtins

    import umbel.errors

    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (?:`(\w+)` )?\|", PAGE, re.MULTILINE)
    named = [(name, also) for names, also in rows for name in re.findall(r"`(\w+)`", names)]
    errors = [(name, also) for name, also in named if hasattr(umbel.errors, name)]
    assert len(errors) > 10
    for name, also in errors:
        if also:
            assert issubclass(getattr(umbel.errors, name), getattr(builtins, also)), name
