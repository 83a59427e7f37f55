"""Asking workers: once for all who ask, of those who live, and never for long."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from tests.contract.stories import heartbeat
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from tests.support.waiting import wait_until
from umbel.broker.base import Reply
from umbel.errors import BrokerError, BrokerUnreachable
from umbel.services.cluster.inspection import CACHE_S, LISTED_MAX, MAYBE_BUSY_S, Inspection
from umbel.store.memory import MemoryStore

NOW = 1_000_000.0


class Field:
    """Workers that live and answer, and those that do one of the two."""

    def __init__(self, *, beating: Sequence[str] = (), answering: Sequence[str] = ()) -> None:
        self.clock = SetClock(NOW)
        self.store = MemoryStore()
        self.store.apply([heartbeat(name, NOW, active=0, processed=0) for name in beating])
        workers = [MemoryWorker(name) for name in answering]
        for worker in workers:
            worker.says["stats"] = {"of": worker.name}
        self.cluster = MemoryCluster(*workers)
        self.inspection = Inspection(self.store, self.cluster, self.clock)

    def asked(self) -> list[tuple[str, ...] | None]:
        return [command.workers for command in self.cluster.commands]


def test_an_answer_is_kept_for_a_moment() -> None:
    field = Field(beating=["a"], answering=["a"])

    first = field.inspection.inspect("stats")
    again = field.inspection.inspect("stats", ["a"])
    field.clock.time += CACHE_S
    field.inspection.inspect("stats")

    assert first.values == again.values == {"a": {"of": "a"}}
    assert field.asked() == [None, None]


def test_what_was_changed_is_asked_anew() -> None:
    field = Field(beating=["a"], answering=["a"])
    field.inspection.inspect("stats")

    field.inspection.forget()
    field.inspection.inspect("stats")

    assert len(field.asked()) == 2


def test_a_worker_that_was_late_is_not_taken_for_silent_for_long() -> None:
    """What workers have registered hardly changes, and is kept for longer than who runs what."""
    field = Field(beating=["a", "b"], answering=["a"])

    first = field.inspection.inspect("registered")
    field.cluster.workers["b"] = MemoryWorker("b")
    field.clock.time += CACHE_S
    then = field.inspection.inspect("registered")
    field.clock.time += CACHE_S
    field.inspection.inspect("registered")

    assert (first.missing, then.missing) == (("b",), ())
    assert field.asked() == [None, None]


def test_a_worker_that_began_meanwhile_is_not_left_out_for_long() -> None:
    field = Field(beating=["a"], answering=["a"])

    first = field.inspection.inspect("active_queues")
    field.cluster.workers["b"] = MemoryWorker("b")
    field.store.apply([heartbeat("b", NOW, active=0, processed=0)])
    at_once = field.inspection.inspect("active_queues")
    field.clock.time += CACHE_S * 2
    then = field.inspection.inspect("active_queues")
    field.clock.time += CACHE_S * 2
    field.inspection.inspect("active_queues")

    assert set(first.values) == set(at_once.values) == {"a"}
    assert set(then.values) == {"a", "b"}
    assert field.asked() == [None, None]


def test_a_worker_that_lives_and_does_not_answer_is_missing() -> None:
    field = Field(beating=["a", "b"], answering=["a"])

    answers = field.inspection.inspect("stats")

    assert (set(answers.values), answers.missing) == ({"a"}, ("b",))
    assert not answers.answered("b")


def test_a_worker_that_fell_silent_of_late_may_be_busy_and_is_not_awaited() -> None:
    """One with a solo pool sends no heartbeats while it runs a task."""
    field = Field(beating=["busy"], answering=["a"])
    field.clock.time += 60
    field.store.apply([heartbeat("a", field.clock.time, active=0, processed=0)])

    answers = field.inspection.inspect("stats")

    assert (answers.missing, answers.silent, answers.unheard) == ((), ("busy",), ("busy",))
    field.clock.time = NOW + MAYBE_BUSY_S + 1
    assert field.inspection.inspect("stats").silent == ()


def test_who_answers_or_said_goodbye_is_not_silent() -> None:
    field = Field(beating=["a", "b"], answering=["a"])
    goodbye = msgspec.structs.replace(heartbeat("b", NOW + 1), type="worker-offline")
    field.store.apply([goodbye])
    field.clock.time += 60

    assert field.inspection.inspect("stats").unheard == ()


def test_a_worker_without_heartbeats_crowds_out_nobody() -> None:
    field = Field(beating=["b"], answering=["a", "b"])

    first = field.inspection.inspect("stats")
    field.clock.time += CACHE_S
    then = field.inspection.inspect("stats")

    assert set(first.values) == {"a", "b"}
    assert set(then.values) == {"a", "b"}
    assert first.missing == then.missing == ()
    assert field.asked() == [None, ("b",), None]


def test_workers_are_found_where_no_heartbeat_ever_came() -> None:
    field = Field(answering=["a", "b"])

    assert set(field.inspection.ask("stats")) == {"a", "b"}


def test_a_worker_that_refuses_says_why() -> None:
    field = Field(beating=["a"], answering=["a"])
    field.cluster.workers["a"].refuses["stats"] = "not now"

    answers = field.inspection.inspect("stats")

    assert answers.refused == {"a": "not now"}
    assert answers.values == {}
    assert answers.missing == ()


def test_of_a_long_list_the_last_are_kept_and_the_others_counted() -> None:
    field = Field(beating=["a"], answering=["a"])
    field.cluster.workers["a"].says["revoked"] = [str(n) for n in range(LISTED_MAX + 7)]

    answers = field.inspection.inspect("revoked")

    assert answers.left_out == {"a": 7}
    assert answers.values["a"] == [str(n) for n in range(7, LISTED_MAX + 7)]


def test_answers_are_plain_json_values_whatever_came() -> None:
    field = Field(beating=["a"], answering=["a"])
    odd = {1: b"\xff", "x": {2.0}, "nan": float("nan"), "deep": None}
    inner: object = odd
    for _ in range(50):
        inner = [inner]
    field.cluster.workers["a"].says["active"] = [odd, inner]

    answers = field.inspection.inspect("active")

    value: Any = answers.values["a"]
    assert value[0] == {"1": "\\xff", "x": [2.0], "nan": "nan", "deep": None}


def test_a_profile_ends_at_the_first_silence() -> None:
    field = Field(beating=["a"], answering=["a"])
    field.cluster.workers["a"].is_deaf = True

    assert field.inspection.profile("a", ("stats", "conf")) == {}
    assert field.asked() == [("a",)]


def test_profiles_ask_nothing_more_of_who_does_not_answer() -> None:
    field = Field(beating=["a", "b"], answering=["a", "b"])
    field.cluster.workers["b"].is_deaf = True

    stats, conf = field.inspection.profiles(("stats", "conf"))

    assert stats.missing == ("b",)
    assert conf.values.keys() == {"a"}
    assert field.asked()[-1] == ("a",)


def test_profiles_of_a_worker_that_is_not_there_cost_one_question() -> None:
    field = Field(beating=["a"], answering=["a"])

    [stats] = field.inspection.profiles(("stats", "conf", "active"), ["nobody"])

    assert stats.missing == ("nobody",)
    assert field.asked() == [("nobody",)]


class SlowCluster(MemoryCluster):
    """A cluster that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.times = 0
        self.error: Exception | None = None

    def ask(
        self,
        command: str,  # noqa: ARG002
        arguments: Mapping[str, object] | None = None,  # noqa: ARG002
        *,
        workers: Sequence[str] | None = None,  # noqa: ARG002
        limit: int | None = None,  # noqa: ARG002
        timeout_s: float = 1.0,  # noqa: ARG002
        awaited: Sequence[str] = (),  # noqa: ARG002
    ) -> tuple[Reply, ...]:
        self.times += 1
        assert self.may.wait(20)
        if self.error is not None:
            raise self.error
        return (Reply("a", {"of": "a"}),)


@pytest.mark.parametrize("error", [None, BrokerUnreachable("Nobody is there.")])
def test_all_who_ask_meanwhile_share_one_answer(error: Exception | None) -> None:
    cluster = SlowCluster()
    cluster.error = error
    inspection = Inspection(MemoryStore(), cluster, SetClock(NOW))
    entered = threading.Semaphore(0)

    def ask() -> object:
        entered.release()
        try:
            return inspection.ask("stats")
        except BrokerUnreachable as raised:
            return str(raised)

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask) for _ in range(8)]
        for _ in asking:
            assert entered.acquire(timeout=20)
        wait_until(lambda: cluster.times)
        cluster.may.set()
        answers = [future.result(20) for future in asking]

    expected: object = {"a": {"of": "a"}} if error is None else "Nobody is there."
    assert answers == [expected] * 8
    assert cluster.times == 1


class CountingCluster(MemoryCluster):
    """Counts how many questions are under way at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.most = 0
        self._lock = threading.Lock()

    def ask(
        self,
        command: str,  # noqa: ARG002
        arguments: Mapping[str, object] | None = None,  # noqa: ARG002
        *,
        workers: Sequence[str] | None = None,
        limit: int | None = None,  # noqa: ARG002
        timeout_s: float = 1.0,  # noqa: ARG002
        awaited: Sequence[str] = (),  # noqa: ARG002
    ) -> tuple[Reply, ...]:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        threading.Event().wait(0.01)
        with self._lock:
            self.now -= 1
        return tuple(Reply(name, {}) for name in workers or ())


def test_one_question_is_asked_at_a_time_however_many_pages_are_open() -> None:
    cluster = CountingCluster()
    inspection = Inspection(MemoryStore(), cluster, SetClock(NOW))

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: inspection.inspect("stats", [f"w{n}"]), range(40)))

    assert cluster.most == 1
    assert all(len(answer.values) == 1 for answer in answers)


def test_whose_turn_does_not_come_in_time_is_told() -> None:
    cluster = SlowCluster()
    inspection = Inspection(MemoryStore(), cluster, SetClock(NOW), answer_s=0.01)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(inspection.inspect, "stats", ["a"])
        wait_until(lambda: cluster.times)

        with pytest.raises(BrokerError, match="still answering other questions"):
            inspection.inspect("stats", ["b"])
        cluster.may.set()
        assert first.result(20).values


def test_what_hardly_changes_is_asked_seldom_unless_it_was_changed_here() -> None:
    field = Field(beating=["a"], answering=["a"])

    field.inspection.inspect("active_queues")
    field.clock.time += CACHE_S * 2
    field.inspection.inspect("active_queues")
    assert len(field.asked()) == 1
    field.inspection.forget()
    field.inspection.inspect("active_queues")

    assert len(field.asked()) == 2


def test_a_worker_that_was_sought_in_vain_answers_no_more() -> None:
    field = Field(answering=["a", "b"])
    field.inspection.inspect("stats")
    field.cluster.workers["a"].is_deaf = True
    field.clock.time += 60

    field.inspection.probe(["a", "b"])

    wait_until(lambda: set(field.inspection.answering()) == {"b"}, what="b alone to answer")
    assert set(field.inspection.answered()) == {"a", "b"}


def test_strangers_who_answer_first_do_not_hide_who_was_expected() -> None:
    """One message may name many, so there may be more answers than were waited for."""
    field = Field(beating=["a", "b"], answering=["a", "b"])
    whole = field.cluster.ask

    def ask(command: str, arguments: Mapping[str, object] | None = None, **how: Any) -> Any:
        if how.get("workers") is not None:
            return whole(command, arguments, **how)
        return tuple(Reply(f"stranger{n}", {}) for n in range(3))

    field.cluster.ask = ask  # type: ignore[method-assign]

    answers = field.inspection.inspect("stats")

    assert answers.values["a"] == {"of": "a"}
    assert answers.missing == ()


def test_an_answer_that_names_nobody_is_no_worker() -> None:
    """One that is pickled is never read, so nobody knows whose it is."""
    field = Field(beating=["a"], answering=["a"])
    field.cluster.ask = lambda *_, **__: (Reply("", error="It is pickled."),)  # type: ignore[method-assign]

    answers = field.inspection.inspect("stats")

    assert (answers.missing, answers.unread) == (("a",), ("It is pickled.",))
    assert (answers.values, answers.refused) == ({}, {})
    assert field.inspection.answered() == {}
