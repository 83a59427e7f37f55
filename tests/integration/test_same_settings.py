"""A data directory is under the same settings whoever opens it: a command or a Python program
obeys what `umbel serve` would."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from umbel.composition import make_store
from umbel.errors import BrokerError, UmbelError
from umbel.python.events import Events
from umbel.python.local import LocalSource
from umbel.python.opening import open_settings
from umbel.services.control.task_sender import Apply
from umbel.services.control.types import ActionRequest
from umbel.settings import load_settings
from umbel.store.ledger import AuditEntry
from umbel.store.opening import open_ledger

pytestmark = pytest.mark.rabbitmq

APPLICATION = '''
from celery import Celery
from kombu import Queue
app = Celery("press", broker="{broker}")
app.conf.task_queues = [Queue("celery"), Queue("reports")]

@app.task(name="press.print", shared=False)
def print_page(page: int, *, copies: int = 1):
    """Print one page."""
'''
DAY_S = 86_400.0

Open = Callable[[], LocalSource]


@pytest.fixture(params=["command", "python"])
def opened(
    request: pytest.FixtureRequest, tmp_path: Path, vhost: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    """Opens a directory by settings in the environment, as a command or as a program does."""
    (tmp_path / "press_of_settings.py").write_text(APPLICATION.format(broker=vhost))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "press_of_settings", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UMBEL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("UMBEL_APP", "press_of_settings:app")
    monkeypatch.setenv("UMBEL_BROKER_API", "http://guest:guest@127.0.0.1:1/api/")
    monkeypatch.setenv("UMBEL_INSPECT_TIMEOUT", "2s")
    monkeypatch.setenv("UMBEL_RETENTION_AUDIT_AGE", "2d")
    settings = load_settings({}, os.environ, tmp_path).settings
    make_store(settings)
    with ExitStack() as closing:

        def open_source() -> LocalSource:
            if request.param == "command":
                source = open_settings(settings)
                closing.callback(source.close)
            else:
                import press_of_settings  # type: ignore[import-not-found]

                events = closing.enter_context(
                    Events(press_of_settings.app, directory=settings.data, collect=False)
                )
                source = events.source
            assert isinstance(source, LocalSource)
            return source

        yield open_source


def test_the_management_api_is_asked(opened: Open) -> None:
    capabilities = opened().services.cluster.capabilities()

    assert "unacknowledged" not in capabilities.missing


def test_a_queue_of_the_own_application_is_declared(opened: Open) -> None:
    source = opened()

    sent = source.apply(Apply(name="press.print", args=[1], queue="reports"))

    assert sent.task_id
    with pytest.raises(UmbelError, match="elsewhere"):
        source.apply(Apply(name="press.print", args=[1], queue="elsewhere"))


def test_the_tasks_of_the_application_are_described(opened: Open) -> None:
    described = opened().services.describe()["press.print"]

    assert described.signature == "(page: int, *, copies: int = 1)"
    assert described.doc == "Print one page."


def test_workers_have_as_long_to_answer_as_the_settings_say(opened: Open) -> None:
    inspection = opened().services.inspection
    began = time.monotonic()

    inspection.inspect("stats", ["nobody@nowhere"])

    assert time.monotonic() - began >= 2.0


def test_old_lines_of_the_audit_are_removed(opened: Open, tmp_path: Path) -> None:
    source = opened()
    ledger = open_ledger(tmp_path / "data")
    for age_s in (3 * DAY_S, DAY_S):
        ledger.record(
            AuditEntry(
                at=time.time() - age_s, actor="ann", address="here", via="cli", action="revoke",
                target=f"{age_s:.0f}",
            )
        )  # fmt: skip
    ledger.close()

    with suppress(BrokerError):
        source.plan(ActionRequest(action="purge", queue="reports"))

    assert [line.target for line in source.audit().items] == [f"{DAY_S:.0f}"]
