"""Answers of workers, whatever they are made of."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from umbel.broker.base import AWAITED_TIMES, Frame, Reply
from umbel.broker.command_replies import ReplyCollector, replies_in


def answer(value: object, worker: str = "w1@test") -> Frame:
    return Frame(json.dumps({worker: value}).encode())


@pytest.mark.parametrize(
    ("value", "reply"),
    [
        ({"ok": "pong"}, Reply("w1@test", "pong")),
        ({"error": "unknown task"}, Reply("w1@test", error="unknown task")),
        ({"error": {"code": 1}}, Reply("w1@test", error="{'code': 1}")),
        ({"ok": 1, "more": 2}, Reply("w1@test", {"ok": 1, "more": 2})),
        ([], Reply("w1@test", [])),
        (None, Reply("w1@test", None)),
    ],
)
def test_an_answer_is_a_value_or_a_refusal(value: object, reply: Reply) -> None:
    assert replies_in(answer(value)) == (reply,)


def test_python_s_own_json_is_read() -> None:
    frame = Frame(b'{"w1@test": [NaN, Infinity, 1]}')

    assert replies_in(frame) == (Reply("w1@test", [None, None, 1]),)


def test_a_packed_answer_is_opened_up_to_a_bound() -> None:
    packed = {"compression": "application/x-gzip"}
    small = Frame(zlib.compress(b'{"w1@test": {"ok": 1}}'), headers=dict(packed))
    bomb = Frame(zlib.compress(b" " * 100_000_000), headers=dict(packed))

    assert replies_in(small) == (Reply("w1@test", 1),)
    (recent,) = replies_in(bomb)
    assert "was not opened" in str(recent.error)


@pytest.mark.parametrize(
    "frame",
    [
        Frame(b"cos\nsystem\n(S'true'\ntR.", content_type="application/x-python-serialize"),
        Frame(b"- a: 1", content_type="application/x-yaml"),
        Frame(b"rubbish"),
        Frame(b"[" * 100_000),
        Frame(b"[1]"),
        Frame(b"{}"),
        Frame(b"\xff"),
    ],
)
def test_what_cannot_be_read_is_an_answer_of_nobody(frame: Frame) -> None:
    (reply,) = replies_in(frame)

    assert (reply.worker, reply.value) == ("", None)
    assert str(reply.error).startswith("A worker's answer cannot be read.")


@given(some.binary(max_size=200), some.sampled_from(["application/json", "text/plain", ""]))
def test_no_answer_breaks_the_reader(body: bytes, kind: str) -> None:
    assert replies_in(Frame(body, content_type=kind))


def test_each_worker_answers_once() -> None:
    answers = ReplyCollector(limit=2)
    answers.add(answer({"ok": 1}))
    answers.add(answer({"ok": 2}))

    assert not answers.complete
    answers.add(answer({"ok": 3}, "w2@test"))
    assert answers.complete
    assert answers.all() == (Reply("w1@test", 1), Reply("w2@test", 3))


def test_those_who_live_may_be_late() -> None:
    answers = ReplyCollector(limit=None, awaited=["w1@test"])
    answers.add(answer({"ok": 1}, "w2@test"))

    assert answers.wait_s(1.0) == AWAITED_TIMES > 1
    answers.add(answer({"ok": 1}))
    assert answers.wait_s(1.0) == 1.0


def test_without_a_limit_nothing_is_ever_complete() -> None:
    answers = ReplyCollector(limit=None)
    answers.add(answer({"ok": 1}))

    assert not answers.complete


def test_of_a_question_to_some_the_answers_of_others_do_not_count() -> None:
    """Else one message with strange names, or one that nobody can read, hides those who were
    asked and answer a moment later."""
    answers = ReplyCollector(limit=1, workers=["w1@test"])
    answers.add(answer({"ok": 3}, "stranger@test"))
    answers.add(Frame(b"rubbish"))

    assert not answers.complete
    answers.add(answer({"ok": 1}))
    assert answers.complete
    assert answers.all()[0] == Reply("w1@test", 1)
    assert [each.worker for each in answers.all()] == ["w1@test", ""]


def test_of_very_many_answers_that_cannot_be_read_some_are_kept() -> None:
    answers = ReplyCollector(limit=1_000)
    for _ in range(1_000):
        answers.add(Frame(b"rubbish"))

    assert answers.complete
    assert len(answers.all()) == 100
