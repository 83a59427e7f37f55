"""Answers that never end, or that are too large, end a question all the same."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from umbel.broker.base import Frame
from umbel.broker.command_replies import REPLIES_BYTES, ReplyCollector
from umbel.broker.redis_mailbox import RedisMailbox
from umbel.clock import SystemClock


class Replies:
    """A list of replies as some function gives them."""

    def __init__(self, since: Callable[[int], list[bytes] | None]) -> None:
        self.since = since


def asked(since: Callable[[int], list[bytes] | None], answers: ReplyCollector) -> float:
    """How long a question of 0.1 s takes."""
    mailbox = RedisMailbox(cast("Any", None), SystemClock(), lambda s: threading.Event().wait(s))
    began = time.monotonic()
    mailbox._collect(cast("Any", Replies(since)), answers, 0.1)
    return time.monotonic() - began


def test_strangers_that_answer_without_end_are_heard_for_twice_the_time() -> None:
    stranger = json.dumps({"body": json.dumps({"x@y": {"ok": 1}}), "properties": {}}).encode()

    assert asked(lambda _: [stranger], ReplyCollector(1, ["w@z"])) < 5


def test_replies_that_redis_holds_and_nobody_can_read_are_told() -> None:
    answers = ReplyCollector(1, ["w@z"])

    asked(lambda _: None, answers)

    assert answers.complete
    assert "more than 64 MB" in str(answers.all()[0].error)


def test_of_one_question_a_bounded_amount_is_read() -> None:
    answers = ReplyCollector(None)
    body = json.dumps({"w@z": {"ok": "x" * 10_000_000}}).encode()
    count = 0
    while not answers.complete:
        answers.add(Frame(body.replace(b"w@z", b"w%d@z" % count, 1)))
        count += 1

    assert count == REPLIES_BYTES // len(body) + 1
    *read, told = answers.all()
    assert len(read) == count - 1
    assert "the rest of it was not read" in str(told.error)
