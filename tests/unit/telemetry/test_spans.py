"""Spans of attempts, sent to a real receiver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from tests.support.dripping import dripping
from tests.support.otlp_receiver import OtlpReceiver, named, otlp_receiver
from tests.support.waiting import wait_until
from umbel.cluster.events import Event
from umbel.services.telemetry import span_exporter
from umbel.services.telemetry.options import OtlpOptions
from umbel.services.telemetry.otlp_sender import NotSent, OtlpSender
from umbel.services.telemetry.span_exporter import SpanExporter, opened_exporter
from umbel.store.memory import MemoryStore

AT = 1_795_000_000.0
ROOT = "11111111-1111-4111-8111-111111111111"
CHILD = "22222222-2222-4222-8222-222222222222"
GRANDCHILD = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with otlp_receiver() as found:
        yield found


@contextmanager
def exporting(store: MemoryStore, receiver: OtlpReceiver) -> Iterator[SpanExporter]:
    exporter = opened_exporter(store, OtlpOptions(receiver.url, {"x-key": "s3"}, "shop"))
    try:
        yield exporter
    finally:
        exporter.close()


def event(kind: str, uuid: str, after: float, **more: Any) -> Event:
    return Event(type=kind, timestamp=AT + after, hostname="celery@eu-1", uuid=uuid, **more)


def life(uuid: str, name: str = "shop.charge", **more: Any) -> list[Event]:
    return [
        event("task-received", uuid, 1, name=name, **more),
        event("task-started", uuid, 2),
        event("task-succeeded", uuid, 4.5, runtime=2.5, result="1"),
    ]


def store_and_offer(store: MemoryStore, exporter: SpanExporter, events: list[Event]) -> None:
    store.apply(events)
    exporter.offer(events)


def test_an_attempt_that_ended_is_a_span_of_its_worker(receiver: OtlpReceiver) -> None:
    store = MemoryStore()
    with exporting(store, receiver) as exporter:
        store_and_offer(store, exporter, life(ROOT, root_id=ROOT))
        wait_until(receiver.spans)

    [span] = receiver.spans()
    assert (span["name"], span["worker"]) == ("shop.charge", "celery@eu-1")
    assert span["traceId"] == UUID(ROOT).hex
    assert len(span["spanId"]) == 16
    assert span["startTimeUnixNano"] == str(int((AT + 2) * 1e9))
    assert span["endTimeUnixNano"] == str(int((AT + 4.5) * 1e9))
    assert span["status"] == {"code": 1}
    assert "parentSpanId" not in span
    assert named(span["attributes"])["messaging.message.id"] == ROOT
    path, headers, body = receiver.requests[0]
    assert (path, headers["x-key"]) == ("/v1/traces", "s3")
    assert named(body["resourceSpans"][0]["resource"]["attributes"])["service.name"] == "shop"


def test_a_child_is_below_the_task_that_sent_it_in_one_trace(receiver: OtlpReceiver) -> None:
    store = MemoryStore()
    with exporting(store, receiver) as exporter:
        child = life(CHILD, "shop.mail", root_id=ROOT, parent_id=ROOT)
        store_and_offer(store, exporter, [*life(ROOT, root_id=ROOT), *child])
        wait_until(lambda: len(receiver.spans()) == 2)

    by_name = {span["name"]: span for span in receiver.spans()}
    parent, child_span = by_name["shop.charge"], by_name["shop.mail"]
    assert child_span["traceId"] == parent["traceId"]
    assert child_span["parentSpanId"] == parent["spanId"]


def test_a_child_is_below_the_attempt_that_sent_it(receiver: OtlpReceiver) -> None:
    """The worker of the first was killed, so it never ended and is no span; the second was
    delivered again. The first attempt of another was tried again, and its second sent a child."""
    store = MemoryStore()
    again = [
        event("task-received", ROOT, 1, name="shop.charge", root_id=ROOT, retries=0),
        event("task-started", ROOT, 2),
        event("task-received", ROOT, 60, name="shop.charge", root_id=ROOT, retries=0),
        event("task-started", ROOT, 61),
    ]
    child = [
        event("task-received", CHILD, 62, name="shop.mail", root_id=ROOT, parent_id=ROOT),
        event("task-started", CHILD, 62.1),
        event("task-retried", CHILD, 62.2, exception="OSError()"),
        event(
            "task-received", CHILD, 63, name="shop.mail", root_id=ROOT, parent_id=ROOT, retries=1
        ),
        event("task-started", CHILD, 64),
        event("task-received", GRANDCHILD, 64.1, name="shop.log", root_id=ROOT, parent_id=CHILD),
        event("task-started", GRANDCHILD, 64.2),
        event("task-succeeded", GRANDCHILD, 64.3, runtime=0.1, result="1"),
        event("task-succeeded", CHILD, 65, runtime=1.0, result="1"),
    ]
    with exporting(store, receiver) as exporter:
        # What it sent has ended, and is told, while it still runs.
        store_and_offer(store, exporter, [*again, *child])
        wait_until(lambda: len(receiver.spans()) == 3)
        store_and_offer(
            store, exporter, [event("task-succeeded", ROOT, 70, runtime=9.0, result="1")]
        )
        wait_until(lambda: len(receiver.spans()) == 4)

    spans = sorted(receiver.spans(), key=lambda span: str(span["endTimeUnixNano"]))
    first, grandchild, second, root = spans
    assert [each["name"] for each in spans] == [
        "shop.mail", "shop.log", "shop.mail", "shop.charge",
    ]  # fmt: skip
    assert first["parentSpanId"] == second["parentSpanId"] == root["spanId"]
    assert grandchild["parentSpanId"] == second["spanId"] != first["spanId"]


def test_a_retry_is_a_span_of_its_own_that_links_to_the_one_before(receiver: OtlpReceiver) -> None:
    store = MemoryStore()
    events = [
        event("task-received", ROOT, 1, name="shop.charge", retries=0),
        event("task-started", ROOT, 2),
        event("task-retried", ROOT, 3, exception="Timeout()", traceback="Traceback ...\nTimeout"),
        event("task-received", ROOT, 3.5, name="shop.charge", retries=1),
        event("task-started", ROOT, 4),
        event("task-failed", ROOT, 5, exception="ValueError('no')", traceback="Traceback ..."),
    ]
    with exporting(store, receiver) as exporter:
        store_and_offer(store, exporter, events)
        wait_until(lambda: len(receiver.spans()) == 2)

    first, second = sorted(receiver.spans(), key=lambda span: str(span["endTimeUnixNano"]))
    assert second["links"] == [{"traceId": first["traceId"], "spanId": first["spanId"]}]
    assert second["status"] == {"code": 2, "message": "ValueError('no')"}
    [happened] = second["events"]
    assert happened["name"] == "exception"
    assert named(happened["attributes"])["exception.stacktrace"] == "Traceback ..."


def test_a_receiver_that_is_away_gets_everything_when_it_is_back(
    receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    store = MemoryStore()
    receiver.status = 503
    with exporting(store, receiver) as exporter:
        store_and_offer(store, exporter, life(ROOT))
        wait_until(lambda: receiver.refused > 1)
        receiver.status = 200
        wait_until(receiver.spans)
        wait_until(lambda: exporter.totals()["spans.sent"] == 1)

    assert len(receiver.spans()) == 1
    assert sum("Spans are not sent" in each.message for each in caplog.records) == 1


def test_what_a_receiver_refuses_is_counted_and_holds_up_nothing(receiver: OtlpReceiver) -> None:
    store = MemoryStore()
    receiver.status = 400
    with exporting(store, receiver) as exporter:
        store_and_offer(store, exporter, life(ROOT))
        wait_until(lambda: exporter.totals()["spans.refused"] == 1)
        receiver.status = 200
        store_and_offer(store, exporter, life(CHILD))
        wait_until(receiver.spans)

    assert [named(span["attributes"])["messaging.message.id"] for span in receiver.spans()] == [
        CHILD
    ]


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (b'{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "too old"}}', 1),
        (b'{"partialSuccess": {"rejectedSpans": 1}}', 1),
        (b'{"partialSuccess": {"rejectedSpans": 0, "errorMessage": "slow down"}}', 0),
        (b'{"partialSuccess": {}}', 0),
        (b"\x0a\x02\x08\x01", 0),
        (b'{"partialSuccess": {"rejectedSpans": "many"}}', 0),
    ],
)
def test_what_a_receiver_takes_in_part_is_counted_as_it_says(
    receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture, answer: bytes, refused: int
) -> None:
    store = MemoryStore()
    receiver.answer = answer
    with exporting(store, receiver) as exporter:
        store_and_offer(store, exporter, life(ROOT))
        wait_until(lambda: sum(exporter.totals().values()) == 1)

    assert (exporter.totals()["spans.refused"], len(receiver.spans())) == (refused, 1)
    assert ("did not take 1 of them" in caplog.text) == bool(refused)


def test_what_does_not_fit_is_dropped_and_counted(
    receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(span_exporter, "WAITING_MAX", 3)
    monkeypatch.setattr(span_exporter, "EVERY_S", 60.0)
    store = MemoryStore()
    with exporting(store, receiver) as exporter:
        for number in range(5):
            store_and_offer(store, exporter, life(f"{ROOT}-{number}"))
        waiting = exporter.totals()

    assert waiting["spans.dropped"] == 2
    assert len(receiver.spans()) == 3  # what waits is sent at the end


def test_nobody_who_listens_at_the_address_is_said_so(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    exporter = opened_exporter(store, OtlpOptions("http://127.0.0.1:9"))
    store_and_offer(store, exporter, life(ROOT))
    wait_until(lambda: any("cannot be reached" in each.message for each in caplog.records))
    exporter.close()

    assert exporter.totals() == {"spans.sent": 0, "spans.dropped": 1, "spans.refused": 0}


def test_a_receiver_that_answers_a_byte_at_a_time_is_left_when_time_is_up() -> None:
    with (
        dripping(b"HTTP/1.1 200 OK\r\n") as port,
        pytest.raises(NotSent, match="cannot be reached") as caught,
    ):
        OtlpSender(f"http://127.0.0.1:{port}", {}, whole_s=0.3).send("traces", {})

    assert not caught.value.is_final


def test_nobody_is_led_elsewhere_with_the_headers(receiver: OtlpReceiver) -> None:
    where = f"location: {receiver.url}/v1/traces"
    begin = f"HTTP/1.1 302 Found\r\n{where}\r\ncontent-length: 0\r\n\r\n".encode()
    with dripping(begin) as port, pytest.raises(NotSent, match="answers 302"):
        OtlpSender(f"http://127.0.0.1:{port}", {"x-key": "s3cret"}).send("traces", {})
