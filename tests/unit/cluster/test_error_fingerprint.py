"""Failures are the same error when a person would say so."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest

from tests.support.traceback_groups import SPLIT
from umbel.cluster.error_fingerprint import (
    ID_DIGITS,
    VERSION,
    ErrorFingerprint,
    error_fingerprint,
)
from umbel.cluster.error_message import MESSAGE_MAX, steady_message

CORPUS = Path("tests/fixtures/tracebacks/corpus.jsonl").absolute()
HEADER = "Traceback (most recent call last):\n"
CUT = "… [cut by Umbel, 99,999 characters]"


class Told(msgspec.Struct, frozen=True):
    """What an event says of an error, and which one a person says it is."""

    group: str
    exception: str | None
    traceback: str | None


def corpus() -> list[Told]:
    return [msgspec.json.decode(line, type=Told) for line in CORPUS.read_bytes().splitlines()]


def fingerprint(exception: str | None, traceback: str | None = None) -> ErrorFingerprint:
    found = error_fingerprint(exception, traceback)
    assert found is not None
    return found


def frame(path: str, function: str, line: int = 1) -> str:
    return f'  File "{path}", line {line}, in {function}\n    ...\n'


# -- the groups of real tracebacks -------------------------------------------------------


def test_the_corpus_is_large_and_each_group_in_it_more_than_one_failure() -> None:
    by_group: dict[str, int] = defaultdict(int)
    for told in corpus():
        by_group[told.group] += 1

    assert len(by_group) > 150
    assert sum(by_group.values()) > 300
    assert sum(n > 1 for n in by_group.values()) > 150


def test_failures_are_one_error_exactly_where_a_person_says_so() -> None:
    ids: dict[str, set[str]] = defaultdict(set)
    groups: dict[str, set[str]] = defaultdict(set)
    for told in corpus():
        found = fingerprint(told.exception, told.traceback)
        ids[told.group].add(found.label)
        groups[found.id].add(told.group)

    assert {group: found for group, found in ids.items() if len(found) > 1}.keys() == SPLIT
    assert {each: found for each, found in groups.items() if len(found) > 1} == {}


def test_an_error_that_other_rules_see_alike_keeps_its_id() -> None:
    """What people decided about it would be lost: this id is that of the first rules."""
    text = HEADER + frame("/app/shop/orders.py", "charge") + "ValueError: no stock of 3\n"

    assert fingerprint("ValueError('no stock of 3')", text).id == "6dd0bc530506"


def test_other_lines_make_no_other_error() -> None:
    for told in corpus():
        moved = re.sub(r", line (\d+)", lambda found: f", line {int(found[1]) + 17}",
                       told.traceback or "")  # fmt: skip
        assert (
            fingerprint(told.exception, moved).id == fingerprint(told.exception, told.traceback).id
        ), told.group


def test_an_id_says_which_title_it_has() -> None:
    titles: dict[str, str] = {}
    for told in corpus():
        found = fingerprint(told.exception, told.traceback)
        assert titles.setdefault(found.id, found.title) == found.title
        assert re.fullmatch(f"[0-9a-f]{{{ID_DIGITS}}}", found.id)
        assert len(found.message) <= MESSAGE_MAX
        assert found.version == VERSION


def test_without_its_last_line_a_traceback_is_the_same_error_by_the_exception() -> None:
    tried = 0
    for told in corpus():
        text = (told.traceback or "").rstrip("\n")
        whole = fingerprint(told.exception, told.traceback)
        last = text.rpartition("\n")[2]
        told_same = error_fingerprint(told.exception, None)
        if whole.causes or told_same is None or told_same.title != whole.title:
            continue
        if not whole.frames or not last.partition(":")[0].endswith(whole.type):
            continue
        tried += 1
        cut = text[: -len(last)] + last[:3] + CUT
        assert fingerprint(told.exception, cut).id == whole.id, told.group
    assert tried > 100


# -- single rules ------------------------------------------------------------------------


def test_there_is_no_error_without_texts() -> None:
    assert error_fingerprint(None, None) is None
    assert error_fingerprint("", "") is None


def test_frames_of_libraries_do_not_count() -> None:
    own = frame("/app/shop/orders.py", "charge")
    old = HEADER + own + frame("/venv/lib/python3.11/site-packages/redis/client.py", "get")
    new = HEADER + own + frame("/venv/lib/python3.13/site-packages/redis/core.py", "execute")

    assert fingerprint("E()", old + "E: x\n").id == fingerprint("E()", new + "E: x\n").id
    assert fingerprint("E()", old + "E: x\n").frames == ("shop/orders.py charge",)


def test_frames_of_other_functions_do() -> None:
    first = HEADER + frame("/app/shop/orders.py", "charge") + "E: x\n"
    second = HEADER + frame("/app/shop/orders.py", "refund") + "E: x\n"

    assert fingerprint("E('x')", first).id != fingerprint("E('x')", second).id


@pytest.mark.parametrize(
    "path",
    [
        "/srv/releases/20261128/shop/orders.py",
        "/home/ann/code/shop/orders.py",
        "C:\\work\\shop\\orders.py",
        "shop/orders.py",
    ],
)
def test_where_a_release_lies_does_not_count(path: str) -> None:
    found = fingerprint("E()", HEADER + frame(path, "charge") + "E: x\n")

    assert found.frames == ("shop/orders.py charge",)


def test_the_task_of_a_library_is_known_by_its_first_frame() -> None:
    packages = "/venv/lib/python3.11/site-packages"
    text = (
        HEADER
        + frame(f"{packages}/celery/app/trace.py", "trace_task")
        + frame(f"{packages}/postman/tasks.py", "send")
        + frame("/usr/lib/python3.11/socket.py", "create_connection")
        + "OSError: [Errno 101] Network is unreachable\n"
    )

    assert fingerprint("OSError()", text).frames == ("postman/tasks.py send",)


def test_what_python_guesses_does_not_count() -> None:
    said = "AttributeError: 'Order' object has no attribute 'totl'"
    own = HEADER + frame("/app/shop/orders.py", "charge")

    guessed = fingerprint("AttributeError()", f"{own}{said}. Did you mean: 'total'?\n")

    assert guessed == fingerprint("AttributeError()", f"{own}{said}\n")
    assert guessed.title == said


@pytest.mark.parametrize(
    "folder",
    [
        "/usr/lib/python3/dist-packages", "/usr/lib64/python3.12", "C:\\Python312\\Lib",
        "/root/.local/share/uv/python/cpython-3.12.1-linux/lib/python3.12",
        "/root/.pex/installed_wheels/0/3f/redis-5.0-py3-none-any.whl", "/opt/redis-3.5-py2.7.egg",
    ],
)  # fmt: skip
def test_packages_lie_in_many_places(folder: str) -> None:
    own = frame("/app/shop/orders.py", "charge")
    text = HEADER + own + frame(f"{folder}/redis/client.py", "get") + "E: x\n"

    assert fingerprint("E()", text).frames == ("shop/orders.py charge",)


def test_a_hard_time_limit_is_one_error_by_the_pool_and_by_the_worker() -> None:
    packages = "/venv/lib/python3.11/site-packages"
    last = "billiard.exceptions.TimeLimitExceeded: TimeLimitExceeded({},)\n"
    by_pool = HEADER + frame(f"{packages}/billiard/pool.py", "on_hard_timeout") + last.format(1)
    by_worker = HEADER + frame(f"{packages}/celery/worker/request.py", "on_timeout")

    found = fingerprint("ExceptionWithTraceback()", by_pool)

    assert fingerprint("ExceptionWithTraceback()", by_worker + last.format(300)) == found
    assert found.title == "TimeLimitExceeded"


def test_a_soft_time_limit_is_one_error_wherever_it_strikes() -> None:
    def struck(*functions: str) -> str:
        frames = "".join(frame("/app/shop/orders.py", each) for each in ("work", *functions))
        return (
            f"{HEADER}{frames}billiard.exceptions.SoftTimeLimitExceeded: SoftTimeLimitExceeded()\n"
        )

    ids = {
        fingerprint("SoftTimeLimitExceeded()", struck(*functions)).id
        for functions in ((), ("load",), ("load", "parse"))
    }

    assert len(ids) == 1


def test_an_error_in_a_pool_without_processes_tells_of_the_retried_exception() -> None:
    retry = (
        frame("/app/shop/orders.py", "flaky")
        + "celery.exceptions.Retry: Retry in 1s: KeyError('x')\n"
    )
    threads = fingerprint("Retry(Retry(...), KeyError('x'), 1)", HEADER + retry)
    processes = fingerprint("KeyError('x')", HEADER + retry)

    assert threads.id == processes.id
    assert threads.title == "KeyError: <text>"


@pytest.mark.parametrize(
    ("message", "steady"),
    [
        ("", ""),
        ("no stock", "no stock"),
        ("can't do that, it's don't", "can't do that, it's don't"),
        ("order 4711 of 'Ann O'Neil' costs 1,234.50 EUR", "order <n> of <text> costs <n> EUR"),
        ("[Errno 111] Connection refused", "[Errno 111] Connection refused"),
        ("404 Client Error: Not Found for url: https://a.example/7",
         "404 Client Error: Not Found for url: <url>"),
        ("no offer for 403 EUR", "no offer for <n> EUR"),
        ("500 Internal Server Error or 412 Items", "500 Internal Server Error or <n> Items"),
        ("answered 404: Not Found", "answered 404: Not Found"),
        ("answered 404 page not found", "answered 404 page not found"),
        ("answered 404, conflict of 409", "answered <n>, conflict of <n>"),
        ("HTTP/1.1 503 and http 302", "<path> 503 and http 302"),
        ("a 500 response after 503 s, and 500 response times",
         "a 500 response after <n> s, and <n> response times"),
        ("'404 Not Found' and '404 Umbrellas'", "404 Not Found and <text>"),
        ("Error 111 connecting to redis-7:6379. Connection refused.",
         "Error 111 connecting to <address>. Connection refused."),
        ("(2006, 'MySQL server has gone away')", "2006: MySQL server has gone away"),
        ("must be one of ['a', \"it's\"], got {'a': [1, {}]}.", "must be one of […], got {…}."),
        ("at 2026-11-02T10:00:00.123Z, 10:00:01 and 2026-11-02", "at <time> and <time>"),
        ("<Order object at 0x7f3c2a10> is gone", "<Order object at <n>> is gone"),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301 or 4f3a2bc or cus_9s6XKzkNRiz8i3",
         "<n> or <n> or cus_<n>"),
        ("ann+x@example.com is no address of api.example.com",
         "<address> is no address of <address>"),
        ("cannot read /var/lib/x.csv, C:\\x\\y.txt and ../z", "cannot read <path> and <path>"),
        ("text/html and/or plain", "text/html and/or plain"),
        ("first\nsecond", "first"),
        ("'unclosed", "'unclosed"),
    ],
)  # fmt: skip
def test_what_varies_in_a_message_becomes_a_mark(message: str, steady: str) -> None:
    assert steady_message(message) == steady


def test_names_of_python_stay_where_they_tell_errors_apart() -> None:
    message = "'NoneType' object has no attribute 'total', not 'to tal'"

    assert steady_message(message, names=True) == (
        "'NoneType' object has no attribute 'total', not <text>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "x'" * 500_000, "[" * 1_000_000, "a" * 1_000_000, "'a" * 500_000, "(1, '" * 200_000,
        "{'" * 300_000, '"\\' * 400_000, ":" * 1_000_000, "1.2.3." * 200_000, "a@" * 400_000,
        " " * 1_000_000 + "x", "\n" * 1_000_000, "  | \n" * 200_000, "a.b" * 300_000,
    ],
    ids=lambda text: repr(text[:5]),
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    began = time.perf_counter()
    fingerprint(f"E({text}", f"{HEADER}{text}\nE: {text}")
    fingerprint(text, text)

    assert time.perf_counter() - began < 1.0  # some milliseconds, on a machine that is not busy


def test_a_traceback_of_many_frames_takes_milliseconds() -> None:
    text = HEADER + "".join(frame(f"/app/shop/f{n}.py", f"f{n}") for n in range(1_500)) + "E: x\n"
    began = time.perf_counter()
    found = fingerprint("E('x')", text)

    assert time.perf_counter() - began < 1.0
    assert 0 < len(found.frames) <= 40


def test_the_corpus_is_what_its_table_says() -> None:
    from tests.support.traceback_groups import GROUPS

    assert {told.group for told in corpus()} == GROUPS.keys()
    assert all(json.loads(line)["group"] for line in CORPUS.read_text("utf-8").splitlines())
