"""Events over transports that have no fast path."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from celery import Celery

from tests.support.sources import celery_app, dispatcher, events_in, say, source_of, take


@pytest.fixture(params=["memory", "filesystem"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Celery:
    """An application on a broker of the test's own."""
    if request.param == "memory":
        return celery_app("memory://", event_exchange=f"ev-{uuid4().hex}")
    folders = {"data_folder_in": "box", "data_folder_out": "box", "control_folder": "control"}
    options: dict[str, object] = {key: str(tmp_path / name) for key, name in folders.items()}
    for name in set(folders.values()):
        (tmp_path / name).mkdir()
    return celery_app("filesystem://", broker_transport_options=options)


def test_single_and_grouped_events_arrive(app: Celery) -> None:
    with source_of(app) as source, dispatcher(app) as sender:
        sender.send("worker-heartbeat", freq=2.0, active=1, processed=7)
        sender.send("task-received", uuid="a", name="shop.pay")
        sender.send("task-started", uuid="a")
        sender.flush()

        frames = take(source, 2)
        source.settle(frames[-1].tag)
        source.read(0.01)

    kinds = sorted(event.type for event in events_in(frames))
    assert kinds == ["task-received", "task-started", "worker-heartbeat"]


def test_no_more_is_in_hand_than_was_asked_for(app: Celery) -> None:
    with source_of(app) as source:
        say(app, *(str(number) for number in range(50)))

        assert len(events_in(take(source, 50))) == 50


def test_a_box_of_its_own_is_left_empty(tmp_path: Path) -> None:
    box, control = tmp_path / "box", tmp_path / "control"
    box.mkdir()
    control.mkdir()
    options = {
        "data_folder_in": str(box),
        "data_folder_out": str(box),
        "control_folder": str(control),
    }
    app = celery_app("filesystem://", broker_transport_options=options)

    with source_of(app) as source:
        say(app, "a")
        source.settle(take(source, 1)[-1].tag)

    assert list(box.iterdir()) == []
