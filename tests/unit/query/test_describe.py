"""Queries as sentences."""

from __future__ import annotations

import pytest

from umbel.query.ast import EVERYTHING, And, Not, Or
from umbel.query.describe import describe, spoken_duration
from umbel.query.parse import parse


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "All tasks"),
        ("state:FAILURE", "Failed tasks"),
        (
            "state:FAILURE,RETRY name:shop.* worker:eu runtime:>5s",
            "Failed or retrying tasks whose name begins with shop., on a worker whose name "
            "contains eu, that ran longer than 5 s",
        ),
        ("-state:SUCCESS", "Tasks whose state is not successful"),
        ("name:*.send", "Tasks whose name ends with .send"),
        ("name:*x*,y?", "Tasks whose name contains x or matches y?"),
        ("-name:noise,more", "Tasks whose name does not contain noise or more"),
        ("-name:*x", "Tasks whose name does not end with x"),
        ("queue:a,b worker:=celery@x", "Tasks in queue a or b, on celery@x"),
        ("-worker:eu", "Tasks except those on a worker whose name contains eu"),
        ("group:G chord:C", "Tasks of group G, of the chord that runs task C"),
        ("root:R parent:P id:I", "Tasks of workflow R, sent by task P, with id I"),
        ("args:x kwargs:~y", "Tasks whose positional arguments contain x, whose keyword "
         "arguments contain y"),
        ("args.order_id:4711", "Tasks whose argument order_id is 4711"),
        ("args.mail:*@x.org", "Tasks whose argument mail ends with @x.org"),
        ("wait:..1m runtime:5s..10s", "Tasks that waited at most 1 min, that ran 5 s to 10 s"),
        ("wait:>1s..<2s", "Tasks that waited longer than 1 s and shorter than 2 s"),
        ("retries:1 pid:>=5", "Tasks with 1 retry, with process id at least 5"),
        ("retries:>=3", "Tasks with at least 3 retries"),
        ("received:-2h..", "Tasks received in the last 2 h"),
        ("received:2026-11-22", "Tasks received on 2026-11-22 UTC"),
        ("failed:2026-11-22T10:00..now", "Tasks failed from 2026-11-22 10:00 UTC to now"),
        ("finished:<-1d", "Tasks ended before 1 day ago"),
        ("eta:now..", "Tasks due from now on"),
        ("expires:..+90s", "Tasks expiring before 1 min 30 s from now"),
        ("is:redelivered", "Tasks that were delivered more than once"),
        ("-is:expired", "Tasks except those that expired before they could run"),
        ("has:traceback -has:runtime", "Tasks with a known traceback, without a known runtime"),
        ("has:received,eta", "Tasks either with a known received time or with a known ETA"),
        ('"free text" -x', 'Tasks containing "free text", not containing x'),
        ("a OR b c", "Tasks either containing a or containing b and containing c"),
        ("x" * 80, f"Tasks containing {'x' * 59}…"),
    ],
)  # fmt: skip
def test_a_query_reads_as_a_sentence(text: str, sentence: str) -> None:
    assert describe(parse(text)) == sentence


def test_odd_queries_have_sentences_too() -> None:
    assert describe(Or(())) == "Tasks that cannot exist"
    assert describe(Not(And(()))) == "Tasks except those of any kind"
    assert describe(EVERYTHING) == "All tasks"


@pytest.mark.parametrize(
    ("seconds", "spoken"),
    [
        (0, "0 ms"), (0.2, "200 ms"), (5, "5 s"), (3.1, "3.1 s"), (59.99, "59.99 s"),
        (60, "1 min"), (90, "1 min 30 s"), (7_440, "2 h 4 min"), (86_400, "1 day"),
        (200_000, "2 days 7 h"), (1e12, "11,574,074 days 1 h"),
    ],
)  # fmt: skip
def test_durations_are_spoken_with_sense(seconds: float, spoken: str) -> None:
    assert spoken_duration(seconds) == spoken
